/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes and unmakes a host, and finds a guest by its key. Must not know what
 * guests do in time.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "world.h"

int bl_sim_create(const struct balloon_sim_host *host, struct balloon_sim **ret_sim)
{
	struct balloon_sim *sim;

	if (host->total_bytes > BALLOON_BYTES_MAX || host->swap_bytes > BALLOON_BYTES_MAX ||
	    host->compress_max_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	if (host->own_bytes > host->total_bytes || host->cache_bytes > host->own_bytes ||
	    host->faults_bp > 10000 || host->compress_bp > 10000 || host->share_bp > 10000 ||
	    host->nodes > BALLOON_NODES_MAX ||
	    host->features > (BALLOON_SIM_TELLS_MISSES << 1) - 1)
		return -EINVAL;
	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return -ENOMEM;
	sim->seed = host->seed;
	sim->faults_bp = host->faults_bp;
	sim->total = host->total_bytes;
	sim->own = host->own_bytes;
	sim->host_cache = host->cache_bytes;
	sim->capacity = host->capacity_bytes;
	if (sim->capacity == BALLOON_UNKNOWN)
		sim->capacity = sim->total - sim->own + sim->host_cache;
	sim->swap_max = host->swap_bytes;
	sim->pool_max = host->compress_max_bytes;
	sim->compress_bp = host->compress_bp;
	sim->share_bp = host->share_bp;
	sim->nodes_n = host->nodes;
	sim->features = host->features;
	sim->means = sim->swap_max || sim->pool_max || sim->share_bp ||
	             sim->features & BALLOON_SIM_CEILINGS;
	sim->available_min = BALLOON_UNKNOWN;
	sim->event_fd = -1;
	sim->door = -1;
	bl_sim_record(sim);
	*ret_sim = sim;
	return 0;
}

void bl_sim_destroy(struct balloon_sim *sim)
{
	for (size_t i = 0; i < sim->n; i++) {
		bl_sim_unblock(sim->cold[i].names);
		free(sim->cold[i].points);
		free(sim->cold[i].fault);
	}
	bl_sim_forget_graves(sim);
	if (sim->event_fd >= 0)
		close(sim->event_fd);
	free(sim->beat);
	free(sim->hot);
	bl_sim_unblock(sim->row);
	free(sim->cold);
	free(sim->press);
	free(sim->misses);
	free(sim->node_bytes);
	free(sim->slot_index);
	free(sim->slot_generation);
	free(sim->free_slots);
	free(sim->shown);
	free(sim);
}

/* A key is the generation of its slot, above the slot's own number. */
uint32_t bl_sim_find(const struct balloon_sim *sim, uint64_t key)
{
	uint64_t slot = key & SLOT_MASK;
	uint32_t i;

	if (slot >= sim->slots)
		return NO_INDEX;
	i = sim->slot_index[slot];
	return i != NO_INDEX && sim->row[i].key == key ? i : NO_INDEX;
}

/* A block that can be buried: a grave before what the caller sees. */
void *bl_sim_block(size_t size)
{
	struct grave *grave = calloc(1, sizeof(*grave) + size);

	return grave ? grave + 1 : NULL;
}

void bl_sim_unblock(void *block)
{
	if (block)
		free((struct grave *)block - 1);
}

/* Rows and names handed out stay good until the next observe, also when the
 * program that drives the host removes a guest in between. */
void bl_sim_bury(struct balloon_sim *sim, void *block)
{
	struct grave *grave;

	if (!block)
		return;
	grave = (struct grave *)block - 1;
	grave->next = sim->graves;
	sim->graves = grave;
}

void bl_sim_forget_graves(struct balloon_sim *sim)
{
	while (sim->graves) {
		struct grave *grave = sim->graves;

		sim->graves = grave->next;
		free(grave);
	}
}

void bl_sim_news(struct balloon_sim *sim)
{
	if (sim->event_fd >= 0)
		(void)eventfd_write(sim->event_fd, 1);
}
