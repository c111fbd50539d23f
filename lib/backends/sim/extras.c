/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What only a host with more than balloons tells of its guests: filled in when
 * somebody looks, not while time goes by. Must not change what it tells.
 */
#include <errno.h>
#include <stdlib.h>

#include "world.h"

static int make_room(struct balloon_sim *sim)
{
	uint64_t *misses, *node_bytes;

	if (sim->extras_room >= sim->room)
		return 0;
	misses = calloc(sim->room, (BALLOON_MISSES + 1) * sizeof(*misses));
	node_bytes = calloc(sim->room, BALLOON_NODES_MAX * sizeof(*node_bytes));
	if (!misses || !node_bytes) {
		free(misses);
		free(node_bytes);
		return -ENOMEM;
	}
	free(sim->misses);
	free(sim->node_bytes);
	sim->misses = misses;
	sim->node_bytes = node_bytes;
	sim->extras_room = sim->room;
	return 0;
}

uint32_t bl_sim_node(const struct balloon_sim *sim, uint32_t i)
{
	return sim->nodes_n ? (uint32_t)((sim->cold[i].uid - 1) % sim->nodes_n) : 0;
}

/* Each node has its part of the host and of its own use. */
static void clear_nodes(struct balloon_sim *sim)
{
	uint64_t own = (sim->own - sim->host_cache) / sim->nodes_n;

	for (uint32_t k = 0; k < sim->nodes_n; k++) {
		sim->nodes[k].total_bytes = sim->total / sim->nodes_n;
		sim->nodes[k].available_bytes = sim->total / sim->nodes_n - own;
	}
}

static void lie_on_node(struct balloon_sim *sim, uint32_t i)
{
	uint64_t *bytes = &sim->node_bytes[i * BALLOON_NODES_MAX];
	uint32_t at = bl_sim_node(sim, i);
	uint64_t *free_bytes = &sim->nodes[at].available_bytes;
	uint64_t takes = sim->hot[i].resident - sim->hot[i].shared;

	for (uint32_t k = 0; k < sim->nodes_n; k++)
		bytes[k] = k == at ? sim->hot[i].resident : 0;
	*free_bytes -= *free_bytes < takes ? *free_bytes : takes;
	sim->row[i].node_bytes = bytes;
}

/* With so much memory it would read so much again each second, in the terms of
 * step.c: a hot page each second, a cold one each hundred, as the disk can. */
static uint64_t misses_at(const struct hot *h, uint64_t memory)
{
	uint64_t unmet = h->wants > memory ? h->wants - memory : 0;
	uint64_t hot_wanted = h->base + h->hot_part;
	uint64_t cold = h->wants > hot_wanted ? h->wants - hot_wanted : 0;
	uint64_t hot = unmet > cold ? unmet - cold : 0;
	uint64_t rate = hot + (unmet - hot) / 100;

	return rate < DISK_BYTES_S ? rate : DISK_BYTES_S;
}

static void draw_curve(struct balloon_sim *sim, uint32_t i)
{
	uint64_t *curve = &sim->misses[i * (BALLOON_MISSES + 1)];
	const struct hot *h = &sim->hot[i];

	for (uint32_t k = 0; k <= BALLOON_MISSES; k++)
		curve[k] = misses_at(h, h->size / BALLOON_MISSES * k);
	sim->row[i].misses = curve;
}

static void show_means(struct balloon_sim *sim, uint32_t i)
{
	struct balloon_sample *row = &sim->row[i];
	const struct hot *h = &sim->hot[i];
	uint64_t equal = h->resident / 10000 * sim->share_bp;

	row->means = bl_sim_means(sim, i);
	if (sim->swap_max || sim->pool_max) {
		row->cold_bytes = bl_sim_cold(h);
		row->swapped_bytes = h->out;
		row->refault_bytes = sim->press[i].refault;
	}
	if (sim->pool_max)
		row->compress_bp = sim->compress_bp;
	if (sim->share_bp) {
		row->shared_bytes = h->shared;
		row->shareable_bytes = equal > h->shared ? equal - h->shared : 0;
	}
}

int bl_sim_extras(struct balloon_sim *sim)
{
	bool nodes = sim->nodes_n > 1, curves = sim->features & BALLOON_SIM_TELLS_MISSES;

	if (!sim->means && !nodes && !curves)
		return 0;
	if (make_room(sim) < 0)
		return -ENOMEM;
	if (nodes)
		clear_nodes(sim);
	for (uint32_t i = 0; i < sim->n; i++) {
		if (sim->means)
			show_means(sim, i);
		if (curves)
			draw_curve(sim, i);
		if (nodes && !(sim->beat[i].flags & ABSENT))
			lie_on_node(sim, i);
	}
	return 0;
}
