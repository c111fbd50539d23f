/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What there is to divide, and who is entitled to how much of it. Bounds come
 * from the operator alone: nothing a guest says moves a reservation or limit.
 */
#include "core.h"

/* Guests that can never be moved are entitled to what they hold,
 * unless the host has other means to take from them. */
static void bounds(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t size = g->seen.size, floor;

	g->pin = 0;
	g->cap = BALLOON_UNKNOWN;
	if (g->seen.fixed && !bl_pressable(g)) {
		g->min = g->max = bl_charge(g);
		return;
	}
	floor = g->reservation == BALLOON_UNKNOWN ? g->floor : g->reservation;
	floor = bl_max(floor, size - bl_part(size, w->rules.balloon_max_bp));
	g->max = bl_min(g->limit, size);
	g->min = bl_min(floor, g->max);
}

/* Holds more than it is entitled to, and it cannot be had: the guest refuses,
 * or cannot be asked, or nothing is known of it. */
static int cannot_give(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (g->seen.fixed)
		return bl_pressable(g) && bl_charge(g) > g->entitlement;
	return bl_charge(g) > g->entitlement &&
	       (g->stuck || g->stale || !g->seen.here || !g->seen.running ||
	        bl_booting(w, g, now));
}

/* Its own rate; a progressive one rises with the part of it that idles, up to
 * the whole rate (ESX's Mem.IdleTaxType 1). */
static uint32_t rate(const struct bl_world *w, const struct bl_guest *g)
{
	uint64_t idle = bl_less(g->actual, g->need);

	if (!(w->rules.flags & BALLOON_PROFILE_PROGRESSIVE_TAX) || !g->actual)
		return g->tax_bp;
	return (uint32_t)((bl_u128)g->tax_bp * idle / g->actual);
}

/* Where guests are led by demand they claim that and no more, all of it active. */
static struct bl_claimant demand(const struct bl_world *w, const struct bl_guest *g,
                                 uint64_t most)
{
	most = bl_max(bl_max(bl_min(g->claim, most), g->min), g->pin);
	return (struct bl_claimant){
	        .shares = g->shares,
	        .active = most,
	        .min = bl_max(g->min, g->pin),
	        .max = most,
	        .tax_bp = rate(w, g),
	};
}

struct bl_claimant bl_claim(const struct bl_world *w, const struct bl_guest *g)
{
	uint64_t most = bl_most(g);

	if (w->by_demand)
		return demand(w, g, most);
	return (struct bl_claimant){
	        .shares = g->shares,
	        .active = bl_min(g->need, most),
	        .min = bl_max(g->min, g->pin),
	        .max = bl_max(most, g->pin),
	        .tax_bp = rate(w, g),
	};
}

/* What the host keeps for itself. Where it does not say how large it is, it is
 * at least what guests have and what is free. */
static uint64_t reserve(const struct bl_world *w, uint64_t guests)
{
	if (w->reserve != BALLOON_UNKNOWN)
		return w->reserve;
	if (w->total != BALLOON_UNKNOWN)
		return bl_min_free(w->total);
	return w->available == BALLOON_UNKNOWN ? 0 : bl_min_free(guests + w->available);
}

/* What guests have and could have: what is behind them and what is free. */
static void host_room(struct bl_world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++)
		sum = bl_min(sum + bl_backed(&w->guests[i]), BALLOON_BYTES_MAX);
	w->kept = reserve(w, sum);
	w->host_room = BALLOON_UNKNOWN;
	if (w->available == BALLOON_UNKNOWN)
		return;
	w->host_room = bl_min(bl_less(sum + w->available, w->kept), BALLOON_BYTES_MAX);
	if (w->total != BALLOON_UNKNOWN)
		w->host_room = bl_min(w->host_room, bl_less(w->total, w->kept));
}

/* Which rule an entitlement rests on. */
static uint8_t rule(const struct bl_world *w, const struct bl_guest *g)
{
	if (g->seen.fixed && !bl_pressable(g))
		return BALLOON_REASON_FIXED;
	if (w->plenty)
		return BALLOON_REASON_PLENTY;
	if (g->cap < g->max && g->entitlement >= g->cap - g->cap % BALLOON_PAGE_BYTES)
		return BALLOON_REASON_NODE;
	if (g->entitlement <= g->min)
		return BALLOON_REASON_RESERVATION;
	if (g->entitlement >= g->max)
		return BALLOON_REASON_LIMIT;
	if (g->curved)
		return BALLOON_REASON_MISSES;
	if (g->entitlement > g->need && g->tax_bp)
		return BALLOON_REASON_TAX;
	return BALLOON_REASON_SHARE;
}

/* The spare is kept out of the deal, but not when there is plenty for all, nor
 * at the price of a reservation. */
static uint64_t to_deal(struct bl_world *w)
{
	const struct bl_pool *root = &w->pools[0];

	w->plenty = root->max <= w->capacity;
	w->spare = w->plenty ? 0 : bl_part(w->capacity, w->rules.pool_bp);
	w->spare = bl_min(w->spare, bl_less(w->capacity, root->min));
	w->shortfall = 0;
	if (root->owed > w->capacity)
		w->shortfall = root->owed - w->capacity < UINT64_MAX
		                       ? (uint64_t)(root->owed - w->capacity)
		                       : UINT64_MAX - 1;
	return w->capacity - w->spare;
}

/* For guests about to start: what they reserve in any case, and of the rest
 * that they could use what nobody has reserved. */
static void set_aside(struct bl_world *w)
{
	uint64_t spare = bl_less(w->capacity, w->pools[0].min);

	if (w->capacity == BALLOON_UNKNOWN)
		return;
	w->claimed = bl_max(w->claims, bl_min(w->claims_max, spare));
	w->capacity = bl_less(w->capacity, w->claimed);
}

/* Nothing to divide is known: nobody is entitled to anything one could name. */
static void blind(struct bl_world *w)
{
	w->plenty = 0;
	w->spare = 0;
	for (size_t i = 0; i < w->n; i++) {
		w->guests[i].entitlement = w->guests[i].goal = BALLOON_UNKNOWN;
		w->guests[i].bound = BALLOON_REASON_BLIND;
	}
}

/* What the rules grant, were everybody to obey. */
static void entitle(struct bl_world *w)
{
	uint64_t deal = to_deal(w);

	bl_pools_divide(w, deal);
	if (w->nodes_n)
		bl_numa(w, deal);
	for (size_t i = 0; i < w->n; i++) {
		w->guests[i].entitlement = w->guests[i].goal;
		w->guests[i].bound = rule(w, &w->guests[i]);
	}
}

/*
 * What is held by those who cannot give it is not there. Until they do, the
 * others lend it out of what they are entitled to and do not use; never out of
 * what they need. Where the host has a means to take it, it does that instead.
 */
static void lend(struct bl_world *w, uint64_t now)
{
	size_t pins = bl_hold(w);

	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (!g->pin && cannot_give(w, g, now) && !bl_can_press(w, i, now)) {
			g->pin = bl_charge(g);
			pins++;
		}
	}
	if (!pins)
		return;
	bl_pools_sum(w);
	bl_pools_divide(w, w->capacity - w->spare);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		g->goal = bl_max(g->goal, bl_min(g->entitlement, g->need));
		if (g->goal < g->entitlement && !g->pin)
			g->bound = BALLOON_REASON_LENT;
	}
}

void bl_arbitrate(struct bl_world *w, uint64_t now)
{
	w->by_demand = 0;
	host_room(w);
	w->state = bl_host_state(w->state, w->available, w->kept);
	w->capacity = bl_min(w->budget, w->host_room);
	w->charged = w->held = w->claimed = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		bounds(w, g);
		w->charged = bl_min(w->charged + bl_charge(g), BALLOON_BYTES_MAX);
	}
	bl_pools_sum(w);
	w->shortfall = 0;
	set_aside(w);
	if (w->capacity == BALLOON_UNKNOWN) {
		blind(w);
		return;
	}
	entitle(w);
	lend(w, now);
}
