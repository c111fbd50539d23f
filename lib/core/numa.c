/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NUMA nodes have budgets of their own. A guest's memory is spread over nodes
 * as it was seen; growing or shrinking it is taken to keep the spread. Where
 * what guests are led to exceeds what a node has, that node is divided by the
 * same solve among those on it, which caps them, and the whole is divided
 * again: what the capped leave goes to guests elsewhere. A node once divided
 * stays within its room, so there are no more rounds than nodes.
 */
#include "core.h"

static uint64_t on_node(const struct bl_world *w, size_t i, uint32_t k, uint64_t bytes)
{
	return bl_part(bytes, w->node_bp[i * w->nodes_n + k]);
}

/* What a node has for guests: what they have on it and what is free of it,
 * less its part of what the host keeps. */
static uint64_t room(const struct bl_world *w, uint32_t k)
{
	uint64_t free = 0, sum = 0;

	for (uint32_t j = 0; j < w->nodes_n; j++)
		free = bl_min(free + w->node_free[j], BALLOON_BYTES_MAX);
	for (size_t i = 0; i < w->n; i++)
		sum = bl_min(sum + on_node(w, i, k, bl_min(w->guests[i].actual, w->guests[i].resident)),
		             BALLOON_BYTES_MAX);
	if (free)
		sum += w->node_free[k] -
		       bl_min(w->node_free[k],
		              (uint64_t)((bl_u128)w->kept * w->node_free[k] / free));
	return bl_min(sum, BALLOON_BYTES_MAX);
}

static uint64_t load(const struct bl_world *w, uint32_t k)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++)
		sum = bl_min(sum + on_node(w, i, k, w->guests[i].goal), BALLOON_BYTES_MAX);
	return sum;
}

/* The node that is overloaded most, or nodes_n. */
static uint32_t fullest(const struct bl_world *w)
{
	uint64_t worst = 0;
	uint32_t which = w->nodes_n;

	for (uint32_t k = 0; k < w->nodes_n; k++) {
		uint64_t over = bl_less(load(w, k), room(w, k));

		if (over > worst) {
			worst = over;
			which = k;
		}
	}
	return which;
}

/* Divides node k among those on it, and caps all of them: also those who want
 * less, or the next division would hand them what the others left. */
static void divide(struct bl_world *w, uint32_t k)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_claimant c = bl_claim(w, &w->guests[i]);

		c.active = on_node(w, i, k, c.active);
		c.min = on_node(w, i, k, c.min);
		c.max = on_node(w, i, k, c.max);
		w->claimants[i] = c;
	}
	bl_entitle(w->claimants, w->n, room(w, k), w->scratch, w->entitled);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint16_t bp = w->node_bp[i * w->nodes_n + k];

		if (bp)
			g->cap = bl_min(g->cap, w->entitled[i] / bp * 10000);
	}
}

void bl_numa(struct bl_world *w, uint64_t capacity)
{
	for (uint32_t round = 0; round < w->nodes_n; round++) {
		uint32_t k = fullest(w);

		if (k == w->nodes_n)
			return;
		divide(w, k);
		bl_pools_sum(w);
		bl_pools_divide(w, capacity);
	}
}
