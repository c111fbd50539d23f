/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory a guest works with, and how much it needs.
 *
 * Active memory is the larger of a slow and a fast average that a rise enters
 * at once: quick up, slow down (Waldspurger 5.3). What a guest says of itself
 * can only be as large as what it has, so a lie gains it what its shares would
 * give a busy guest and no more.
 *
 * That it suffers shows in many ways, and any one will do: little available,
 * swap-ins of its own, what the host took coming back (refaults), time lost
 * (stalls). The host counts refaults itself; the rest is the guest's word.
 */
#include "core.h"

#define MIB (UINT64_C(1) << 20)

/* Least relief for a guest that is pressed: a small one is not helped by less. */
#define RELIEF (64 * MIB)

/* Of its time, lost for want of memory. Senpai holds services at a thousandth,
 * where nobody notices; a hundredth is felt; at a tenth a guest does little else
 * than to wait, and what it would use cannot be seen any more. */
#define STALL_PRESSED 100u
#define STALL_CHOKED 1000u

/* A learnt floor wears off in so many slow averages: a guest is not tried anew
 * every minute, nor is the job of one night remembered in the next. */
#define FORGET 10u

/* One figure for memory in use now, best source first; UNKNOWN without any. */
uint64_t bl_in_use(const struct bl_guest *g)
{
	uint64_t used, touched;

	if (g->seen.active != BALLOON_UNKNOWN)
		return bl_min(g->seen.active, g->actual);
	if (g->seen.available == BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	used = bl_less(g->actual, g->seen.available);
	if (g->seen.resident == BALLOON_UNKNOWN)
		return used;
	touched = g->seen.resident + (g->seen.swapped == BALLOON_UNKNOWN ? 0 : g->seen.swapped);
	return bl_min(used, touched);
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

/* A counter that is now another; did it rise by enough to be no accident? */
static int rose(uint64_t *counter, uint64_t now)
{
	uint64_t before = *counter;

	*counter = now;
	return before != BALLOON_UNKNOWN && now != BALLOON_UNKNOWN && bl_less(now, before) >= MIB;
}

static int stalls(const struct bl_guest *g, uint64_t bp)
{
	return g->seen.stall_bp != BALLOON_UNKNOWN && g->seen.stall_bp >= bp;
}

static int has_less(const struct bl_guest *g, uint64_t mark)
{
	return g->seen.available != BALLOON_UNKNOWN && g->seen.available < mark;
}

/*
 * Pressed: nearly nothing left to use, or reading back what was swapped, by
 * itself or by the host, or losing time. Left again at twice the mark or half
 * the time, so that it does not flicker. What comes back from the host shows in
 * what it uses; only what is missing inside it does not, and chokes it.
 */
static int pressed(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t total = g->seen.total == BALLOON_UNKNOWN ? g->actual : g->seen.total;
	uint64_t mark = bl_part(total, w->rules.pressed_bp * (g->pressed ? 2 : 1));
	int refaults = rose(&g->refault, g->seen.refault);
	int swaps = rose(&g->swap_in, g->seen.swap_in);

	g->choked = swaps || stalls(g, STALL_CHOKED) ||
	            has_less(g, bl_part(total, w->rules.pressed_bp / 3));
	return g->choked || refaults || stalls(g, STALL_PRESSED / (g->pressed ? 2 : 1)) ||
	       has_less(g, mark);
}

/* What a guest had when it began to suffer from being shrunk is remembered, and
 * wears off while it is calm. */
static void learn(const struct bl_world *w, struct bl_guest *g, int was_pressed)
{
	uint64_t now = g->fresh_ns, slow = w->rules.slow_ns;

	if (g->pressed && !was_pressed && g->shrunk_ns != BALLOON_UNKNOWN &&
	    now - g->shrunk_ns <= slow)
		g->learnt = bl_max(g->learnt, g->actual);
	else if (!g->pressed && g->learnt && g->since_ns != BALLOON_UNKNOWN)
		g->learnt = average(g->learnt, 0, g->since_ns, FORGET * slow);
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
		int was = g->pressed;

		g->pressed = (uint8_t)pressed(w, g);
		follow(w, g, bl_in_use(g));
		learn(w, g, was);
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
