/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory a guest's programs want at a moment: by a trace of points,
 * or wandering as the seed says. A function of time alone, so that how finely
 * time is cut does not matter. Must not know what the guest has.
 */
#include "world.h"

/* A new level each minute: slow enough to follow, quick enough to watch. */
#define LEVEL_MS UINT64_C(60000)

__extension__ typedef unsigned __int128 wide; /* bytes times ms: 2^52 * 2^44 */

/* from + (to - from) * part / whole, part <= whole */
uint64_t bl_sim_between(uint64_t from, uint64_t to, uint64_t part, uint64_t whole)
{
	if (to >= from)
		return from + (uint64_t)((wide)(to - from) * part / whole);
	return from - (uint64_t)((wide)(from - to) * part / whole);
}

/* 1/16 to 15/16 of what the kernel leaves, in whole pages. */
static uint64_t level(const struct balloon_sim *sim, uint32_t i, uint64_t minute)
{
	uint64_t room = sim->hot[i].size - sim->hot[i].base;
	uint64_t span = room / 8 * 7 / BALLOON_PAGE_BYTES + 1;
	uint64_t pages = bl_sim_chance(sim->seed, sim->cold[i].uid, minute) % span;

	return room / 16 + pages * BALLOON_PAGE_BYTES;
}

static uint64_t wander(const struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	uint64_t minute = ms / LEVEL_MS;

	return bl_sim_between(level(sim, i, minute), level(sim, i, minute + 1), ms % LEVEL_MS,
	                      LEVEL_MS);
}

/* The cursor stays at the last point not after ms. */
static uint64_t trace(struct cold *c, uint64_t ms)
{
	const struct point *p;

	while (c->cursor + 1 < c->points_n && c->points[c->cursor + 1].ms <= ms)
		c->cursor++;
	p = &c->points[c->cursor];
	if (ms <= p->ms || c->cursor + 1 == c->points_n)
		return p->bytes;
	return bl_sim_between(p->bytes, p[1].bytes, ms - p->ms, p[1].ms - p->ms);
}

uint64_t bl_sim_demand(struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	struct cold *c = &sim->cold[i];
	uint64_t demand = c->points_n ? trace(c, ms) : wander(sim, i, ms);

	sim->hot[i].hot_part = demand / 2;
	return demand;
}
