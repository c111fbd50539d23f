/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From entitlements to orders.
 *
 * Free first: memory is promised only when it has been seen free, and whoever
 * is above its entitlement is shrunk only when somebody waits for it or the
 * pool is to be refilled. So a surplus stays where it is until it is wanted,
 * growing never shrinks anyone by itself, and a steady world gets no orders.
 */
#include "core.h"

#define MIB (UINT64_C(1) << 20)

/* Smaller changes are not worth an order. */
static uint64_t deadband(const struct bl_world *w, const struct bl_guest *g)
{
	return bl_max(MIB, bl_part(g->seen.size, w->rules.deadband_bp));
}

static int can_move(const struct bl_guest *g)
{
	return g->seen.here && g->seen.running && !g->seen.fixed;
}

/* A target out of bounds is put right however small the step. */
static int out_of_bounds(const struct bl_guest *g)
{
	return g->target < g->min || g->target > g->max;
}

/* By how much a guest is to grow; 0 if it is near enough or must not. */
static uint64_t want(const struct bl_world *w, const struct bl_guest *g)
{
	uint64_t more = bl_less(g->entitlement, g->target);

	if (!can_move(g) || !more)
		return 0;
	return more >= deadband(w, g) || out_of_bounds(g) || (g->pressed && more >= MIB) ? more : 0;
}

/* New here and without a driver so far: not squeezed while it comes up. */
static int booting(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	return !g->was_up && now - g->born_ns < w->rules.boot_ns;
}

static int settled(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	return g->grown_ns == BALLOON_UNKNOWN || now - g->grown_ns >= w->rules.settle_ns;
}

/* The rule that forbids to shrink a guest that is above its entitlement, or NONE. */
static uint8_t spared(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (!can_move(g))
		return g->seen.fixed ? BALLOON_REASON_FIXED : BALLOON_REASON_STALE;
	if (booting(w, g, now))
		return BALLOON_REASON_BOOT;
	if (g->stale)
		return BALLOON_REASON_STALE;
	if (g->stuck)
		return BALLOON_REASON_STUCK;
	if (!settled(w, g, now) && !out_of_bounds(g))
		return BALLOON_REASON_SETTLE;
	return BALLOON_REASON_NONE;
}

/* The next target on the way down: a step below what the guest was seen to
 * have, so that one that does not follow is not asked for ever more. */
static void shrink(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t step = bl_max(MIB, bl_part(g->seen.size, w->rules.shrink_step_bp));
	uint64_t next = bl_max(g->entitlement, bl_less(g->actual, step));

	next -= next % BALLOON_PAGE_BYTES;
	next = bl_max(next, g->entitlement);
	g->reason = next > g->entitlement ? BALLOON_REASON_STEP : g->bound;
	if (next < g->target)
		g->order = next;
}

/* Shrinks whoever is above its entitlement. */
static void take(struct bl_world *w, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint8_t why;

		if (bl_less(g->target, g->entitlement) < deadband(w, g) && g->target <= g->max)
			continue;
		why = spared(w, g, now);
		if (why)
			g->reason = why;
		else
			shrink(w, g);
	}
}

/* Deals what was seen free among those who want to grow: all of it to the
 * pressed, to others only what is above the pool. Where it does not go round,
 * everybody gets the same part of his want. */
static void give(struct bl_world *w, uint64_t free, uint64_t wants, int pressed)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = want(w, g), part;

		if (!more || g->pressed != pressed)
			continue;
		part = wants <= free ? more : (uint64_t)((bl_u128)more * free / wants);
		part -= part < more ? part % BALLOON_PAGE_BYTES : 0;
		if (part < more && part < bl_min(deadband(w, g), more)) {
			g->reason = BALLOON_REASON_WAIT;
			continue;
		}
		g->order = g->target + part;
		g->reason = part < more ? BALLOON_REASON_WAIT
		            : pressed   ? BALLOON_REASON_PRESSED
		                        : g->bound;
	}
}

static uint8_t state(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (g->seen.fixed)
		return BALLOON_STATE_FIXED;
	if (g->seen.here && !g->seen.running)
		return BALLOON_STATE_PAUSED;
	if (booting(w, g, now))
		return BALLOON_STATE_BOOTING;
	if (g->stale || !g->seen.here)
		return BALLOON_STATE_STALE;
	if (g->stuck)
		return BALLOON_STATE_STUCK;
	return g->pressed ? BALLOON_STATE_PRESSED : BALLOON_STATE_OK;
}

/* Everybody as he is, before anything is ordered. */
static void rest(struct bl_world *w, uint64_t now, uint64_t wants[2])
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		g->order = BALLOON_UNKNOWN;
		g->state = state(w, g, now);
		g->reason = g->target == g->entitlement ? g->bound : BALLOON_REASON_STEADY;
		if (w->capacity != BALLOON_UNKNOWN)
			wants[g->pressed] += want(w, g);
	}
}

/* A promise that a guest turned out unable to take is withdrawn. */
static void withdraw(struct bl_world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (can_move(g) && g->target > g->ceiling && g->order == BALLOON_UNKNOWN) {
			g->order = bl_max(g->ceiling, g->min);
			g->reason = BALLOON_REASON_STUCK;
		}
	}
}

void bl_plan(struct bl_world *w, uint64_t now)
{
	uint64_t wants[2] = {0, 0}, free;

	rest(w, now, wants);
	if (w->capacity == BALLOON_UNKNOWN)
		return;
	free = bl_less(w->capacity, w->charged);
	withdraw(w);
	if (wants[0] + wants[1] + w->pool > free || w->charged > w->capacity)
		take(w, now);
	give(w, free, wants[1], 1);
	free = bl_less(free, bl_max(bl_min(wants[1], free), w->pool));
	give(w, free, wants[0], 0);
}

void bl_release(struct bl_world *w)
{
	uint64_t free = bl_less(w->host_room, w->charged);

	if (w->host_room == BALLOON_UNKNOWN)
		free = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = can_move(g) ? bl_min(bl_less(g->max, g->target), free) : 0;

		g->order = more ? g->target + more : BALLOON_UNKNOWN;
		g->reason = more ? BALLOON_REASON_RELEASED : g->reason;
		free -= more;
	}
}
