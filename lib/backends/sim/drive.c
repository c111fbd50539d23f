/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sim.h for the program that drives the host: checks what it is given and sets
 * it. Must not know how guests move.
 */
#include <errno.h>
#include <stdlib.h>

#include "structs.h"
#include "world.h"

/* A gap longer than this was a suspended host or a jumping clock. */
#define GAP_MS (UINT64_C(24) * 3600 * 1000)

int balloon_sim_new(const struct balloon_sim_host *host, struct balloon_sim **ret_sim)
{
	struct balloon_sim_host h;
	struct balloon_sim *sim;
	int rc = bl_sim_take(host, &h, sizeof(h));

	if (rc < 0 || (rc = bl_sim_create(&h, &sim)) < 0)
		return rc;
	rc = bl_sim_open_door(sim);
	if (rc < 0) {
		bl_sim_destroy(sim);
		return rc;
	}
	*ret_sim = sim;
	return 0;
}

void balloon_sim_free(struct balloon_sim *sim)
{
	if (!sim)
		return;
	bl_sim_close_door(sim);
	bl_sim_destroy(sim);
}

/* Milliseconds since the origin, with too long a gap cut out. */
int balloon_sim_step(struct balloon_sim *sim, uint64_t now_ns)
{
	uint64_t ms;

	if (!sim->started) {
		sim->started = true;
		sim->origin_ns = now_ns;
	}
	if (now_ns < sim->origin_ns || (now_ns - sim->origin_ns) / MS_NS < sim->ms)
		return -EINVAL;
	ms = (now_ns - sim->origin_ns) / MS_NS;
	if (ms - sim->ms > GAP_MS) {
		sim->origin_ns += (ms - sim->ms - GAP_MS) * MS_NS;
		ms = sim->ms + GAP_MS;
	}
	bl_sim_advance(sim, ms);
	return 0;
}

int balloon_sim_set_host(struct balloon_sim *sim, uint64_t own_bytes, uint64_t cache_bytes)
{
	if (own_bytes > sim->total || cache_bytes > own_bytes)
		return -EINVAL;
	sim->own = own_bytes;
	sim->host_cache = cache_bytes;
	bl_sim_record(sim);
	return 0;
}

void balloon_sim_away(struct balloon_sim *sim, uint64_t for_ns)
{
	uint64_t ms = for_ns / MS_NS;

	sim->away_ms = ms < NEVER - sim->ms ? sim->ms + ms : NEVER;
}

void balloon_sim_nudge(struct balloon_sim *sim)
{
	bl_sim_news(sim);
}

int balloon_sim_remove(struct balloon_sim *sim, uint64_t key)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	bl_sim_remove_index(sim, i);
	return 0;
}

int balloon_sim_restart(struct balloon_sim *sim, uint64_t key, uint32_t how, uint64_t *ret_key)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX || sim->beat[i].flags & ABSENT)
		return -ESRCH;
	if (how > BALLOON_SIM_RESET)
		return -EINVAL;
	bl_sim_restart_index(sim, i, how);
	if (ret_key)
		*ret_key = sim->row[i].key;
	return 0;
}

int balloon_sim_set_fixed(struct balloon_sim *sim, uint64_t key, uint32_t fixed)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	sim->row[i].fixed = fixed;
	return 0;
}

/* Points, or wandering (none), or neither (a demand that stands). */
static void set_course(struct balloon_sim *sim, uint32_t i, struct point *points, size_t n,
                       bool wanders)
{
	struct cold *c = &sim->cold[i];

	free(c->points);
	c->points = points;
	c->points_n = n;
	c->cursor = 0;
	c->wanders = wanders;
	sim->hot[i].killed = 0;
	bl_sim_classify(sim, i);
	bl_sim_touch(sim, i);
}

int balloon_sim_set_demand(struct balloon_sim *sim, uint64_t key, uint64_t demand_bytes,
                           uint64_t hot_bytes)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	if (hot_bytes == BALLOON_UNKNOWN)
		hot_bytes = demand_bytes / 2;
	if (demand_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	if (hot_bytes > demand_bytes)
		return -EINVAL;
	sim->hot[i].demand = demand_bytes;
	sim->hot[i].hot_part = hot_bytes;
	sim->hot[i].killed = 0;
	if (sim->beat[i].flags & MOVING)
		set_course(sim, i, NULL, 0, false);
	else
		bl_sim_touch(sim, i);
	return 0;
}

static int check_points(const struct balloon_sim_point *points, size_t n)
{
	if (!points || !n)
		return -EINVAL;
	for (size_t k = 0; k < n; k++) {
		if (points[k].demand_bytes > BALLOON_BYTES_MAX)
			return -ERANGE;
		if (k && points[k].at_ns / MS_NS <= points[k - 1].at_ns / MS_NS)
			return -EINVAL;
	}
	return 0;
}

int balloon_sim_set_trace(struct balloon_sim *sim, uint64_t key,
                          const struct balloon_sim_point *points, size_t n)
{
	uint32_t i = bl_sim_find(sim, key);
	struct point *copy;
	int rc = check_points(points, n);

	if (i == NO_INDEX)
		return -ESRCH;
	if (rc < 0)
		return rc;
	copy = calloc(n, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t k = 0; k < n; k++)
		copy[k] = (struct point){ points[k].at_ns / MS_NS, points[k].demand_bytes };
	set_course(sim, i, copy, n, false);
	return 0;
}

int balloon_sim_set_wander(struct balloon_sim *sim, uint64_t key)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	set_course(sim, i, NULL, 0, true);
	return 0;
}

int balloon_sim_set_cache(struct balloon_sim *sim, uint64_t key, uint64_t max_bytes,
                          uint64_t bytes_s)
{
	uint32_t i = bl_sim_find(sim, key);

	if (i == NO_INDEX)
		return -ESRCH;
	sim->hot[i].cache_max = max_bytes;
	sim->hot[i].cache_rate = bytes_s < RATE_MAX ? bytes_s : RATE_MAX;
	bl_sim_touch(sim, i);
	return 0;
}

/* Its figures come no later than the new period says. */
static void hasten_figures(struct balloon_sim *sim, uint32_t i)
{
	struct beat *b = &sim->beat[i];
	uint64_t from = sim->ms;

	if (sim->cold[i].boot_until_ms > from)
		from = sim->cold[i].boot_until_ms;
	if (b->figures_ms > from && b->figures_ms - from > b->period_ms)
		b->figures_ms = from + b->period_ms;
}

int balloon_sim_set_behaviour(struct balloon_sim *sim, uint64_t key,
                              const struct balloon_sim_behaviour *behaviour)
{
	struct balloon_sim_behaviour b;
	uint32_t i = bl_sim_find(sim, key);
	int rc = bl_sim_take(behaviour, &b, sizeof(b));

	if (i == NO_INDEX)
		return -ESRCH;
	if (rc < 0)
		return rc;
	if (b.refuse_rc > 0 || b.noise_bp > 10000)
		return -EINVAL;
	sim->cold[i].own = b;
	sim->cold[i].behaviour_ms = sim->ms;
	sim->cold[i].late_ms = NEVER;
	sim->row[i].flags = BALLOON_SAMPLE_RUNNING;
	bl_sim_classify(sim, i);
	hasten_figures(sim, i);
	bl_sim_touch(sim, i);
	return 0;
}
