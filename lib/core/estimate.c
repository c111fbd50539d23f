/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory a guest works with, and how much it needs.
 *
 * Active memory is the larger of a slow and a fast average that a rise enters
 * at once: quick up, slow down (Waldspurger 5.3). What a guest says of itself
 * can only be as large as what it has, so a lie gains it what its shares would
 * give a busy guest and no more.
 */
#include "core.h"

#define MIB (UINT64_C(1) << 20)

/* Least relief for a guest that is pressed: a small one is not helped by less. */
#define RELIEF (64 * MIB)

/* One figure for memory in use now, best source first; UNKNOWN without any. */
uint64_t bl_in_use(const struct bl_guest *g)
{
	uint64_t used;

	if (g->seen.active != BALLOON_UNKNOWN)
		return bl_min(g->seen.active, g->actual);
	if (g->seen.available == BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	used = bl_less(g->actual, g->seen.available);
	return g->seen.resident == BALLOON_UNKNOWN ? used : bl_min(used, g->seen.resident);
}

/* The average v, dt later, having seen now. */
static uint64_t average(uint64_t v, uint64_t now, uint64_t dt, uint64_t tau)
{
	uint32_t weight = dt >= tau ? 10000 : (uint32_t)(dt * 10000 / tau);

	return now > v ? v + bl_part(now - v, weight) : v - bl_part(v - now, weight);
}

static void follow(const struct bl_world *w, struct bl_guest *g, uint64_t used)
{
	if (g->fast == BALLOON_UNKNOWN || g->since_ns == BALLOON_UNKNOWN) {
		g->fast = g->slow = used;
	} else {
		g->fast = bl_max(used, average(g->fast, used, g->since_ns, w->rules.fast_ns));
		g->slow = average(g->slow, used, g->since_ns, w->rules.slow_ns);
	}
	g->active = bl_max(g->fast, g->slow);
}

/* Pressed: nearly nothing left to use, or reading back what it had swapped. Left
 * again at twice the mark, so that it does not flicker. */
static int pressed(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t total = g->seen.total == BALLOON_UNKNOWN ? g->actual : g->seen.total;
	uint64_t mark = bl_part(total, w->rules.pressed_bp * (g->pressed ? 2 : 1));
	uint64_t before = g->swap_in;
	int swaps;

	g->swap_in = g->seen.swap_in;
	swaps = before != BALLOON_UNKNOWN && g->swap_in != BALLOON_UNKNOWN &&
	        bl_less(g->swap_in, before) >= MIB;
	g->choked = swaps || (g->seen.available != BALLOON_UNKNOWN &&
	                      g->seen.available < bl_part(total, w->rules.pressed_bp / 3));
	return g->choked || (g->seen.available != BALLOON_UNKNOWN && g->seen.available < mark);
}

/*
 * What a guest needs: what it works with and room to breathe. One that is
 * choked cannot show how much more it could use, so it is given a quarter more
 * at once, and another in the next beat if that did not do: a quarter is about
 * the headroom it turns out to need if it was just full. It goes by what the
 * guest was told, which is ours, not by what it has, which lags.
 */
static uint64_t need(const struct bl_world *w, const struct bl_guest *g)
{
	uint64_t calm = g->active + bl_part(g->active, w->rules.headroom_bp);

	if (!g->choked)
		return calm;
	return bl_max(calm, g->target + bl_max(g->target / 4, RELIEF));
}

void bl_estimate(const struct bl_world *w, struct bl_guest *g)
{
	if (g->fresh) {
		g->pressed = (uint8_t)pressed(w, g);
		follow(w, g, bl_in_use(g));
	}
	if (g->stale) {
		g->pressed = g->choked = 0;
		g->active = g->actual; /* nothing is taken on faith */
		g->need = g->actual;
		return;
	}
	g->active = bl_min(g->active, g->actual);
	g->need = need(w, g);
}
