/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What there is to divide, and who is entitled to how much of it. Bounds come
 * from the operator alone: nothing a guest says moves a reservation or limit.
 */
#include "core.h"

/* Guests that cannot be moved are entitled to what they hold, whatever it is. */
static void bounds(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t size = g->seen.size, floor;

	if (g->seen.fixed) {
		g->min = g->max = bl_charge(g);
		return;
	}
	floor = g->reservation == BALLOON_UNKNOWN ? bl_floor(size) : g->reservation;
	floor = bl_max(floor, size - bl_part(size, w->rules.balloon_max_bp));
	g->max = bl_min(g->limit, size);
	g->min = bl_min(floor, g->max);
}

static struct bl_claimant claim(const struct bl_world *w, const struct bl_guest *g)
{
	uint64_t most = bl_min(g->max, bl_max(g->ceiling, g->min));

	return (struct bl_claimant){
	        .shares = g->shares,
	        .active = bl_min(g->need, most),
	        .min = g->min,
	        .max = most,
	        .tax_bp = w->rules.tax_bp,
	};
}

/* Host memory behind a guest. What is not resident (never touched, swapped) is
 * not there to be divided yet. */
static uint64_t backed(const struct bl_guest *g)
{
	return bl_min(g->actual, g->seen.resident);
}

/* What guests have and could have: what is behind them and what is free. */
static void host_room(struct bl_world *w)
{
	uint64_t sum = 0;

	w->kept = w->reserve != BALLOON_UNKNOWN ? w->reserve
	          : w->total == BALLOON_UNKNOWN ? 0
	                                        : bl_min_free(w->total);
	w->host_room = BALLOON_UNKNOWN;
	if (w->available == BALLOON_UNKNOWN)
		return;
	for (size_t i = 0; i < w->n; i++)
		sum = bl_min(sum + backed(&w->guests[i]), BALLOON_BYTES_MAX);
	w->host_room = bl_min(bl_less(sum + w->available, w->kept), BALLOON_BYTES_MAX);
	if (w->total != BALLOON_UNKNOWN)
		w->host_room = bl_min(w->host_room, bl_less(w->total, w->kept));
}

/* Which rule an entitlement rests on. */
static uint8_t rule(const struct bl_world *w, const struct bl_guest *g)
{
	if (g->seen.fixed)
		return BALLOON_REASON_FIXED;
	if (w->plenty)
		return BALLOON_REASON_PLENTY;
	if (g->entitlement <= g->min)
		return BALLOON_REASON_RESERVATION;
	if (g->entitlement >= g->max)
		return BALLOON_REASON_LIMIT;
	if (g->entitlement > g->need && w->rules.tax_bp)
		return BALLOON_REASON_TAX;
	return BALLOON_REASON_SHARE;
}

/* The pool is kept out of the deal, but not when there is plenty for all, nor
 * at the price of a reservation. */
static uint64_t to_deal(struct bl_world *w, uint64_t min, uint64_t max)
{
	w->plenty = max <= w->capacity;
	w->pool = w->plenty ? 0 : bl_part(w->capacity, w->rules.pool_bp);
	w->pool = bl_min(w->pool, bl_less(w->capacity, min));
	w->shortfall = bl_less(min, w->capacity);
	return w->capacity - w->pool;
}

void bl_arbitrate(struct bl_world *w)
{
	uint64_t min = 0, max = 0, deal;

	host_room(w);
	w->capacity = bl_min(w->budget, w->host_room);
	w->charged = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		bounds(w, g);
		w->claimants[i] = claim(w, g);
		w->charged = bl_min(w->charged + bl_charge(g), BALLOON_BYTES_MAX);
		min += g->min;
		max += w->claimants[i].max;
	}
	if (w->capacity == BALLOON_UNKNOWN) {
		w->shortfall = 0;
		return;
	}
	deal = to_deal(w, min, max);
	bl_entitle(w->claimants, w->n, deal, w->scratch, w->entitled);
	for (size_t i = 0; i < w->n; i++) {
		w->guests[i].entitlement = w->entitled[i];
		w->guests[i].bound = rule(w, &w->guests[i]);
	}
}
