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
