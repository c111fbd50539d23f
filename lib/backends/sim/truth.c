/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What really is, for the program that drives the host. Must not change it.
 */
#include <errno.h>

#include "structs.h"
#include "world.h"

static void tell_memory(const struct hot *h, struct balloon_sim_truth *t)
{
	t->size_bytes = h->size;
	t->actual_bytes = h->actual;
	t->wants_bytes = h->wants;
	t->used_bytes = h->used;
	t->cache_bytes = h->cache;
	t->unmet_bytes = h->unmet;
	t->resident_bytes = h->resident;
	t->swap_in_bytes = h->swap_in;
	t->swap_out_bytes = h->swap_out;
	t->major_faults = h->faults;
	t->pressure_bp = h->pressure_bp;
}

static void tell_means(const struct balloon_sim *sim, uint32_t i, struct balloon_sim_truth *t)
{
	const struct hot *h = &sim->hot[i];
	const struct press *p = &sim->press[i];

	t->stall_bp = h->stall_bp;
	t->node = bl_sim_node(sim, i);
	t->hot_bytes = bl_sim_hot(h);
	t->cold_bytes = bl_sim_cold(h);
	t->swapped_bytes = h->out;
	t->compressed_bytes = h->zipped;
	t->refault_bytes = p->refault;
	t->shared_bytes = h->shared;
	t->share_told = p->told[BALLOON_MEANS_SHARE];
	t->compress_told = p->told[BALLOON_MEANS_COMPRESS];
	t->swap_told = p->told[BALLOON_MEANS_SWAP];
	t->ceiling_told = p->told[BALLOON_MEANS_CEILING];
	t->means_orders = p->orders;
}

static void tell_story(const struct cold *c, struct balloon_sim_truth *t)
{
	t->actual_min_bytes = c->actual_min;
	t->told_bytes = c->told;
	t->unmet_kib_s = c->unmet_kib_ms / 1000;
	t->oom_kills = c->oom_kills;
	t->orders = c->orders;
	t->moves = c->moves;
	t->reversals = c->reversals;
	t->refused = c->refused;
	t->lives = c->lives;
}

int balloon_sim_truth(struct balloon_sim *sim, uint64_t key, struct balloon_sim_truth *ret_truth)
{
	struct balloon_sim_truth t = { .struct_size = sizeof(t) };
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	t.present = !(sim->beat[i].flags & ABSENT);
	tell_memory(&sim->hot[i], &t);
	tell_story(&sim->cold[i], &t);
	tell_means(sim, i, &t);
	return bl_sim_give(&t, sizeof(t), ret_truth);
}

static void tell_sums(const struct balloon_sim *sim, struct balloon_sim_host_truth *t)
{
	t->promised_bytes = sim->promised;
	if (sim->promised > sim->capacity)
		t->promised_over_bytes = sim->promised - sim->capacity;
	t->promised_over_max_bytes = sim->promised_over_max;
	t->promised_over_kib_s = sim->over_kib_s;
	t->wants_kib_s = sim->wants_kib_s;
	t->unmet_kib_s = sim->unmet_kib_s;
	t->orders = sim->orders;
	t->moves = sim->moves;
	t->reversals = sim->reversals;
	t->refused = sim->refused;
	t->oom_kills = sim->oom_kills;
	t->swap_used_bytes = sim->out - sim->zipped;
	t->compress_used_bytes = bl_sim_pool(sim);
	t->shared_bytes = sim->shared;
	t->refault_bytes = sim->refault;
	t->means_orders = sim->means_orders;
	t->stall_bp = sim->stall_bp < 10000 ? (uint32_t)sim->stall_bp : 10000;
}

int balloon_sim_host_truth(struct balloon_sim *sim, struct balloon_sim_host_truth *ret_truth)
{
	struct balloon_sim_host_truth t = { .struct_size = sizeof(t) };

	t.away = sim->ms < sim->away_ms;
	t.guests_n = sim->n - sim->absent_n;
	t.clock_ns = sim->ms * MS_NS;
	t.available_bytes = bl_sim_available(sim);
	t.available_min_bytes = sim->available_min;
	t.over_max_bytes = sim->over_max;
	tell_sums(sim, &t);
	return bl_sim_give(&t, sizeof(t), ret_truth);
}
