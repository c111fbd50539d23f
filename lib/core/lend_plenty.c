/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lending while there is enough for all demands.
 *
 * What is left over the bases is headroom. Guest i, with weight
 *
 *	W_i = 2 * vol_i + size_i / 100 (+ used_i / 50 where it is full)
 *
 * has headroom H_i = W_i * (.99 C - sum of bases) / sum of W. It is grown when
 * it would soon be without: below base + H_i / 10; then to base + H_i, so that
 * it is left alone for long. One that is full gets a twentieth of what it uses at
 * least, however little headroom there is, while shortage is rare. Nobody is cut
 * as long as the pool of free memory lasts: only when it falls under 1 % (pool_bp)
 * are those cut who have most above base + H_i / 2, until it is one and a half of
 * that. So orders are few.
 */
#include "lend.h"

/* A rise is believed for so many beats: five minutes of a ten-second beat. */
#define HORIZON 30

/* What guests' headrooms divide, and by what. */
struct room {
	uint64_t bytes;
	bl_u128 weights;
	uint64_t rises; /* of all guests */
	uint64_t free;
	int rare; /* shortage */
};

static bl_u128 weight(const struct bl_guest *g)
{
	if (!g->led)
		return 0;
	return 2 * (bl_u128)g->vol + g->seen.size / 100 + (bl_full(g) ? g->used / 50 : 0);
}

static struct room measure(const struct bl_world *w, uint64_t free, uint64_t base)
{
	uint64_t keep = bl_part(w->capacity, w->rules.pool_bp);
	struct room r = {
	        .bytes = bl_less(w->capacity - keep, base), .free = free, .rare = bl_rare(w)};

	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];

		r.weights += weight(g);
		if (g->led)
			r.rises = bl_min(r.rises + bl_rise(g), BALLOON_BYTES_MAX);
	}
	return r;
}

static uint64_t headroom(const struct room *r, const struct bl_guest *g)
{
	bl_u128 most = (bl_u128)r->bytes * weight(g);

	return r->weights ? (uint64_t)(most / r->weights) : 0;
}

/* Who rises gets its rise for the horizon; all together, of what is free, a
 * third at most. */
static uint64_t ahead(const struct room *r, const struct bl_guest *g)
{
	uint64_t rise = bl_rise(g);
	bl_u128 part = (bl_u128)r->free * 3 / 10 * rise;

	if (!rise)
		return 0;
	return bl_min(bl_min(rise, BALLOON_BYTES_MAX) * HORIZON, (uint64_t)(part / r->rises));
}

/* So much more of what a full guest uses, since what it misses does not show. */
static uint64_t hidden(const struct room *r, const struct bl_guest *g, uint64_t one_in)
{
	return r->rare && bl_full(g) ? g->target + g->used / one_in : 0;
}

/* The least g should have, and what it is given when it has less. */
static uint64_t least(const struct room *r, const struct bl_guest *g)
{
	return bl_min(bl_most(g), bl_max(g->base + headroom(r, g) / 10, hidden(r, g, 100)));
}

static uint64_t goal(const struct room *r, const struct bl_guest *g)
{
	uint64_t more = bl_max(headroom(r, g), ahead(r, g));

	return bl_min(bl_most(g), bl_max(g->base + more, hidden(r, g, 20)));
}

/* One that is not yet full waits until an order is worth it: a fifth of what a
 * guest has on average. */
static int grows(const struct bl_world *w, const struct room *r, const struct bl_guest *g)
{
	uint64_t worth = bl_full(g) ? 0 : w->capacity / w->n / 5;

	return g->led && g->target < least(r, g) &&
	       bl_less(goal(r, g), g->target) >= bl_max(BL_LEND_LEAST, worth);
}

/* With pools or nodes what each is to have passes the division by them, which
 * caps it. A guest above what they have for it goes there at once. */
static void within_pools(struct bl_world *w, const struct room *r, uint64_t now)
{
	if (w->pools_n < 2 && !w->nodes_n)
		return;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (g->led)
			g->claim = grows(w, r, g) ? goal(r, g)
			                          : bl_min(g->target, g->base + headroom(r, g));
	}
	bl_lend_divide(w);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (g->led && g->order == BALLOON_UNKNOWN && g->goal < bl_min(g->claim, g->target))
			bl_lend_cut(w, g, g->goal, BALLOON_REASON_SHARE, now);
	}
}

/* What each is to be given goes to part. Sums: of all parts, and of what those
 * miss to the least they should have. */
static void want(struct bl_world *w, const struct room *r, uint64_t *ret_all, uint64_t *ret_least)
{
	int capped = w->pools_n > 1 || w->nodes_n;

	*ret_all = *ret_least = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		g->part = 0;
		if (g->order != BALLOON_UNKNOWN || !grows(w, r, g))
			continue;
		g->part = bl_less(capped ? bl_min(g->goal, goal(r, g)) : goal(r, g), g->target);
		*ret_all = bl_min(*ret_all + g->part, BALLOON_BYTES_MAX);
		*ret_least += bl_min(g->part, bl_less(least(r, g), g->target));
	}
}

/* All of it if it goes round, else the least and a part of the rest. */
static uint64_t dealt(uint64_t part, uint64_t least, uint64_t free, uint64_t sum, uint64_t sum_least)
{
	if (sum <= free)
		return part;
	if (sum_least >= free)
		return (uint64_t)((bl_u128)least * free / sum_least);
	return least + (uint64_t)((bl_u128)(part - least) * (free - sum_least) / (sum - sum_least));
}

static void give(struct bl_world *w, const struct room *r, uint64_t sum, uint64_t sum_least)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t low, part;

		if (!g->part)
			continue;
		low = bl_min(g->part, bl_less(least(r, g), g->target));
		part = dealt(g->part, low, r->free, sum, sum_least);
		g->reason = BALLOON_REASON_WAIT;
		bl_lend_grow(g, part, g->pressed ? BALLOON_REASON_PRESSED
		                      : part < g->part ? BALLOON_REASON_WAIT
		                                       : BALLOON_REASON_PLENTY);
	}
}

/* Those with more than base and half of their headroom, by more than a
 * ten-thousandth of all, whom no rule spares. */
static size_t excess(struct bl_world *w, const struct room *r, uint64_t now, uint64_t *ret_sum)
{
	size_t n = 0;

	*ret_sum = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = bl_less(g->target, bl_max(g->min, g->base + headroom(r, g) / 2));

		if (!g->led || g->order != BALLOON_UNKNOWN || more <= w->capacity / 10000 ||
		    more < BL_LEND_LEAST || bl_spared(w, g, now))
			continue;
		g->part = more;
		w->scratch[n++] = (struct bl_scratch){.key = more, .i = (uint32_t)i};
		*ret_sum = bl_min(*ret_sum + more, BALLOON_BYTES_MAX);
	}
	return n;
}

/* What full guests miss does not show, so what demands seem to come to may fit
 * while it does not: if the pool is all but dry and cannot be refilled, it is
 * scarce from the next beat on. */
static void refill(struct bl_world *w, const struct room *r, uint64_t wanted, uint64_t now)
{
	uint64_t low = bl_part(w->capacity, w->rules.pool_bp), all = wanted, sum;
	size_t n;

	all = bl_min(all + bl_less(w->charged, w->capacity), BALLOON_BYTES_MAX);
	if (r->free >= all + low)
		return;
	n = excess(w, r, now, &sum);
	if (r->free < low / 4 && r->free < wanted && sum < wanted - r->free)
		w->scarce = 1;
	n = bl_pick(w, w->scratch, n, all + low + low / 2 - r->free);
	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];

		bl_lend_cut(w, g, g->target - g->part, BALLOON_REASON_LENT, now);
	}
}

void bl_lend_plenty(struct bl_world *w, uint64_t free, uint64_t base, uint64_t now)
{
	struct room r = measure(w, free, base);
	uint64_t sum, sum_least;

	within_pools(w, &r, now);
	want(w, &r, &sum, &sum_least);
	give(w, &r, sum, sum_least);
	refill(w, &r, sum, now);
}
