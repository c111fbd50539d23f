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
#include "lend.h"

#define MIB (UINT64_C(1) << 20)

/* Smaller changes are not worth an order. */
static uint64_t deadband(const struct bl_world *w, const struct bl_guest *g)
{
	return bl_max(MIB, bl_part(g->seen.size, w->rules.deadband_bp));
}

int bl_can_move(const struct bl_guest *g)
{
	return g->seen.here && g->seen.running && !g->seen.fixed;
}

/* A target out of bounds is put right however small the step. */
static int out_of_bounds(const struct bl_guest *g)
{
	return g->target < g->min || g->target > g->max;
}

/* Long enough since then to go the other way. */
static int settled(const struct bl_world *w, uint64_t then, uint64_t now)
{
	return then == BALLOON_UNKNOWN || now - then >= w->rules.settle_ns;
}

/* An order that was overridden is repeated when things have settled, one that
 * is not followed far more rarely: the guest may have a floor of its own. */
static int retell_due(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	uint64_t wait = w->rules.settle_ns * (g->drifted ? 1 : 6);

	if (!g->drifted && !g->stuck)
		return 0;
	return g->retold_ns == BALLOON_UNKNOWN || now - g->retold_ns >= wait;
}

int bl_frozen(const struct bl_guest *g)
{
	return g->hold == BL_HOLD_FREEZE && !g->overridden;
}

/* By how much a guest is to grow; 0 if it is near enough or must not. Below its
 * bounds, or pressed, it does not wait; without figures it gets what is over. */
static uint64_t want(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	uint64_t more = bl_less(bl_min(g->goal, g->max), g->target);

	if (!bl_can_move(g) || bl_frozen(g) || !more)
		return 0;
	if (g->target < g->min)
		return more;
	if (g->hold == BL_HOLD_FULL && !g->overridden)
		return more;
	if (g->pin)
		return 0; /* its goal is what it has, so that nobody counts on it */
	if (g->pressed && !w->plenty) /* relief now; a surplus when it breathes again */
		more = bl_less(bl_min(g->goal, g->need), g->target);
	if (more < deadband(w, g) || (g->stale && !w->plenty))
		return 0;
	return g->pressed || settled(w, g->shrunk_ns, now) ? more : 0;
}

/* The rule that forbids to shrink a guest that is above its entitlement, or NONE. */
uint8_t bl_spared(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (!bl_can_move(g))
		return g->seen.fixed ? BALLOON_REASON_FIXED : BALLOON_REASON_STALE;
	if (g->hold && !g->overridden)
		return BALLOON_REASON_HOLD;
	if (bl_booting(w, g, now))
		return BALLOON_REASON_BOOT;
	if (g->stale)
		return BALLOON_REASON_STALE;
	if (g->stuck || g->hollow)
		return BALLOON_REASON_STUCK;
	if (!settled(w, g->grown_ns, now) && !out_of_bounds(g))
		return BALLOON_REASON_SETTLE;
	return BALLOON_REASON_NONE;
}

/* The next target on the way down: a step below what the guest was seen to
 * have, so that one that does not follow is not asked for ever more. */
static void shrink(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t step = bl_max(MIB, bl_part(g->seen.size, w->rules.shrink_step_bp));
	uint64_t next = bl_max(g->goal, bl_less(g->actual, step));
	uint64_t learnt = w->needy || g->crowded ? 0 : bl_min(g->learnt, g->target);

	/* Memory in use goes to the guest's swap, or kills what uses it where
	 * there is none: it is taken slowly, unless more was promised than there is;
	 * of one that is short already, unless that is the host's, not a budget's. */
	if (w->charged <= w->capacity || (g->pressed && w->charged <= w->host_room))
		next = bl_max(next, bl_min(g->active, bl_less(g->actual, bl_max(MIB, step / 16))));
	next -= next % BALLOON_PAGE_BYTES;
	next = bl_min(bl_max(bl_max(next, learnt - learnt % BALLOON_PAGE_BYTES), g->goal), g->max);
	g->reason = next <= g->goal  ? g->bound
	            : next <= learnt ? BALLOON_REASON_LEARNT
	                             : BALLOON_REASON_STEP;
	if (next < g->target)
		g->order = next;
}

/* Shrinks whoever is above its limit, and, if somebody waits for it or a pool's
 * limit says so, whoever is above its entitlement. */
static void take(struct bl_world *w, int wanted, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint8_t why;

		if (g->order != BALLOON_UNKNOWN ||
		    ((!(wanted || g->crowded) ||
		      bl_less(g->target, g->goal) < deadband(w, g)) &&
		     g->target <= g->max))
			continue;
		why = bl_spared(w, g, now);
		if (why)
			g->reason = why;
		else
			shrink(w, g);
	}
}

void bl_grow(struct bl_guest *g, uint64_t part, uint8_t why)
{
	g->order = g->target + part;
	g->reason = why;
}

/* Deals what was seen free among those who want to grow: all of it to the
 * pressed, to others only what is above the spare. Where it does not go round,
 * everybody gets the same part of his want. */
static void give(struct bl_world *w, uint64_t free, uint64_t wants, int pressed, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = want(w, g, now), part;

		if (!more || g->pressed != pressed || g->target < g->min)
			continue;
		part = wants <= free ? more : (uint64_t)((bl_u128)more * free / wants);
		part -= part < more ? part % BALLOON_PAGE_BYTES : 0;
		if (part < more && part < bl_min(deadband(w, g), more))
			g->reason = BALLOON_REASON_WAIT;
		else
			bl_grow(g, part, part < more ? BALLOON_REASON_WAIT
			              : pressed   ? BALLOON_REASON_PRESSED
			                          : g->bound);
	}
}

static uint8_t state(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (g->seen.fixed)
		return BALLOON_STATE_FIXED;
	if (g->seen.here && !g->seen.running)
		return BALLOON_STATE_PAUSED;
	if (bl_booting(w, g, now))
		return BALLOON_STATE_BOOTING;
	if (g->stale || !g->seen.here)
		return BALLOON_STATE_STALE;
	if (g->stuck || g->hollow)
		return BALLOON_STATE_STUCK;
	return g->pressed ? BALLOON_STATE_PRESSED : BALLOON_STATE_OK;
}

/* Everybody as he is, before anything is ordered. */
static void rest(struct bl_world *w, uint64_t now, uint64_t wants[2])
{
	w->needy = w->charged > w->capacity;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more;

		g->order = BALLOON_UNKNOWN;
		g->state = state(w, g, now);
		g->reason = g->pin ? bl_spared(w, g, now)
		            : g->target == g->goal || w->capacity == BALLOON_UNKNOWN
		                    ? g->bound
		                    : BALLOON_REASON_STEADY;
		if (w->capacity == BALLOON_UNKNOWN || g->target < g->min)
			continue;
		more = want(w, g, now);
		wants[g->pressed] += more;
		w->needy |= more && bl_less(g->need, g->target) >= deadband(w, g);
	}
}

/* A promise that a guest turned out unable to take is withdrawn. */
static void withdraw(struct bl_world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		uint64_t most = bl_max(bl_max(g->ceiling, g->actual), g->min);

		if (bl_can_move(g) && !g->stale && g->target > most && most <= g->max) {
			g->order = most;
			g->reason = BALLOON_REASON_STUCK;
		}
	}
}

/* A guest that went away from its target was told otherwise by somebody else
 * (or takes memory back), and to one that does not follow the order may have
 * been lost: it is told again, now and then. */
static void retell(struct bl_world *w, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (!bl_can_move(g) || g->order != BALLOON_UNKNOWN || out_of_bounds(g) ||
		    !retell_due(w, g, now))
			continue;
		g->drifted = 0;
		g->retold_ns = now;
		g->order = g->target;
	}
}

/* Where not all can have all they may, a profile that lends leads by demand. */
static int lends(const struct bl_world *w)
{
	return (w->rules.flags & BALLOON_PROFILE_LEND) && !w->plenty;
}

static void lend(struct bl_world *w, uint64_t free, uint64_t now)
{
	withdraw(w);
	bl_lend(w, bl_restore(w, free), now);
	retell(w, now);
}

void bl_plan(struct bl_world *w, uint64_t now)
{
	uint64_t wants[2] = {0, 0}, free, left, lacking;

	rest(w, now, wants);
	if (w->capacity == BALLOON_UNKNOWN)
		return;
	free = bl_less(w->capacity, w->charged);
	if (lends(w)) {
		lend(w, free, now);
		return;
	}
	withdraw(w);
	bl_pools_crowd(w);
	lacking = bl_missing(w, BALLOON_BYTES_MAX);
	w->needy |= lacking != 0;
	take(w, lacking + wants[0] + wants[1] + w->spare > free ||
	             w->charged > w->capacity, now);
	left = bl_restore(w, free);
	give(w, left, wants[1], 1, now);
	left = bl_less(left, bl_max(bl_min(wants[1], left), w->spare));
	give(w, left, wants[0], 0, now);
	retell(w, now);
}

/* What a guest lacks of all it may have. */
static uint64_t lacks(const struct bl_guest *g)
{
	return bl_can_move(g) && !bl_frozen(g) ? bl_less(g->max, g->target) : 0;
}

/* Its part of what is free, in whole pages: all of it if that goes round. */
static uint64_t released(const struct bl_guest *g, uint64_t free, bl_u128 sum)
{
	uint64_t more = lacks(g);

	if (sum <= free)
		return more;
	more = (uint64_t)((bl_u128)more * free / sum);
	return more - bl_min(more, (g->target + more) % BALLOON_PAGE_BYTES);
}

void bl_release(struct bl_world *w)
{
	uint64_t free = bl_less(w->host_room, w->charged);
	bl_u128 sum = 0;

	if (w->host_room == BALLOON_UNKNOWN)
		free = 0;
	for (size_t i = 0; i < w->n; i++)
		sum += lacks(&w->guests[i]);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = released(g, free, sum);

		if (g->target + more < g->min)
			more = 0; /* an order below a reservation is never given */
		g->order = more ? g->target + more : BALLOON_UNKNOWN;
		g->reason = more ? BALLOON_REASON_RELEASED : g->reason;
	}
}
