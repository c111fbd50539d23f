/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Leading guests by demand: the profile "lending".
 *
 * Entitlements say what guests could insist on; most of the time they need not,
 * and memory is lent to whoever will use it next. While all demands fit
 * (plenty) every guest gets headroom by how much its demand moves, and nobody
 * is cut but to refill the pool. When they do not fit (scarce) what idles is
 * taken and given to those who are short, and shares and pools decide between
 * those who use all they have. The two modes have a file each.
 */
#include "lend.h"

/* May it be led: known, here, nobody's hold on it? Others count with what they
 * have, whatever they demand. */
static int led(const struct bl_guest *g)
{
	if (!bl_can_move(g) || g->stale || g->pin || g->used == BALLOON_UNKNOWN)
		return 0;
	return !bl_frozen(g);
}

/* What it demands now, and what it will before an order given now is seen to
 * have taken: two beats. */
static void survey(struct bl_world *w, uint64_t *ret_demand, uint64_t *ret_base)
{
	*ret_demand = *ret_base = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t demand = bl_charge(g);

		g->part = 0;
		g->led = (uint8_t)led(g);
		g->base = g->claim = demand;
		if (g->led) {
			demand = bl_max(g->min, bl_min(bl_most(g), g->demand));
			g->base = bl_max(g->min, bl_min(bl_most(g), g->demand + 2 * bl_rise(g)));
		}
		*ret_demand = bl_min(*ret_demand + demand, BALLOON_BYTES_MAX);
		*ret_base = bl_min(*ret_base + g->base, BALLOON_BYTES_MAX);
	}
}

/* Scarce as soon as demands do not fit or soon will not (or the pool runs dry:
 * see plenty); plenty again when half a percent lies free, so that nobody is
 * left waiting at the change. */
static void mode(struct bl_world *w, uint64_t free, uint64_t demand, uint64_t base)
{
	uint64_t keep = bl_part(w->capacity, w->rules.pool_bp);

	if (demand >= w->capacity || base >= w->capacity - keep)
		w->scarce = 1;
	else if (free > w->capacity / 200)
		w->scarce = 0;
}

/* How much of the last days it was scarce: what is longer ago counts less. */
static void remember(struct bl_world *w)
{
	uint64_t dt = bl_min(w->since_ns, BL_LEND_DAYS_NS);

	w->scarce_ns -= (uint64_t)((bl_u128)w->scarce_ns * dt / BL_LEND_DAYS_NS);
	if (w->scarce)
		w->scarce_ns = bl_min(w->scarce_ns + dt, BL_LEND_DAYS_NS);
}

void bl_lend_divide(struct bl_world *w)
{
	w->by_demand = 1;
	bl_pools_sum(w);
	bl_pools_divide(w, w->capacity);
	if (w->nodes_n)
		bl_numa(w, w->capacity);
	w->by_demand = 0;
}

uint64_t bl_lend_grow(struct bl_guest *g, uint64_t part, uint8_t why)
{
	uint64_t odd = (g->target + part) % BALLOON_PAGE_BYTES;

	if (part < bl_less(g->max, g->target)) /* a bound need not be a whole page */
		part = bl_less(part, odd);
	if (part < BL_LEND_LEAST || g->target + part < g->min)
		return 0; /* an order below a reservation is never given */
	g->order = g->target + part;
	g->grant = part;
	g->reason = why;
	return part;
}

uint64_t bl_lend_cut(const struct bl_world *w, struct bl_guest *g, uint64_t to, uint8_t why,
                     uint64_t now)
{
	uint64_t step = bl_max(BL_LEND_LEAST, bl_part(g->seen.size, w->rules.shrink_step_bp));
	uint8_t spared = bl_spared(w, g, now);

	to = bl_max(to, bl_less(g->actual, step));
	to += BALLOON_PAGE_BYTES - 1;
	to = bl_min(bl_max(to - to % BALLOON_PAGE_BYTES, g->min), g->max);
	if (bl_less(g->target, to) < BL_LEND_LEAST && g->target <= g->max)
		return 0;
	g->reason = spared ? spared : why;
	if (spared || to >= g->target)
		return 0;
	g->order = to;
	return g->target - to;
}

/* Held full, or above its limit: led there whatever anybody demands. */
static uint64_t put_right(struct bl_world *w, uint64_t free, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = bl_min(free, bl_less(g->max, g->target));

		if (g->order != BALLOON_UNKNOWN || !bl_can_move(g))
			continue;
		if (g->target > g->max)
			bl_lend_cut(w, g, g->max, BALLOON_REASON_LIMIT, now);
		else if (g->hold == BL_HOLD_FULL && !g->overridden)
			free -= bl_lend_grow(g, more, BALLOON_REASON_HOLD);
	}
	return free;
}

/* A reason for who gets no order. */
static void word(struct bl_world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (g->order != BALLOON_UNKNOWN || !g->led || g->reason != BALLOON_REASON_STEADY)
			continue;
		if (w->scarce && bl_full(g) && g->target < bl_most(g))
			g->reason = BALLOON_REASON_WAIT;
		else if (w->scarce && g->target < g->entitlement)
			g->reason = BALLOON_REASON_LENT;
	}
}

void bl_lend(struct bl_world *w, uint64_t free, uint64_t now)
{
	uint64_t demand, base;

	if (!w->n)
		return;
	survey(w, &demand, &base);
	remember(w);
	mode(w, free, demand, base);
	free = put_right(w, free, now);
	if (w->scarce)
		bl_lend_scarce(w, free, now);
	else
		bl_lend_plenty(w, free, base, now);
	word(w);
}
