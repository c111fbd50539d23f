/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree of pools. To its parent a pool is a guest whose active memory and
 * bounds are the sums of what is below it, within its own reservation and
 * limit; what it is entitled to is divided again among those it holds. The sum
 * at every pool is exact, so no level loses a page.
 */
#include "core.h"

static void join(struct bl_pool *p, bl_u128 owed, uint64_t min, uint64_t max, uint64_t active)
{
	p->owed += owed;
	p->min = bl_min(p->min + min, BALLOON_BYTES_MAX);
	p->max = bl_min(p->max + max, BALLOON_BYTES_MAX);
	p->active = bl_min(p->active + active, BALLOON_BYTES_MAX);
}

/* The pool's own bounds around the sums. A limit below what its members were
 * promised does not break the promises; a reservation above what they could
 * ever use is worth no more than that. */
static void bound(struct bl_pool *p)
{
	uint64_t promised = p->min;

	p->max = bl_max(bl_min(p->limit, p->max), promised);
	if (p->reservation != BALLOON_UNKNOWN)
		p->min = bl_max(promised, bl_min(p->reservation, p->max));
	if (p->min > promised)
		p->owed += p->min - promised;
	p->active = bl_min(p->active, p->max);
}

void bl_pools_sum(struct bl_world *w)
{
	for (size_t k = 0; k < w->pools_n; k++)
		w->pools[k].owed = w->pools[k].min = w->pools[k].max = w->pools[k].active = 0;
	for (size_t k = w->pools_n; k-- > 0;) {
		struct bl_pool *p = &w->pools[k];

		for (uint32_t m = 0; m < p->guests_n; m++) {
			struct bl_claimant c = bl_claim(w, &w->guests[w->members[p->guests + m]]);

			join(p, c.min, c.min, c.max, c.active);
		}
		bound(p);
		if (k)
			join(&w->pools[p->parent], p->owed, p->min, p->max, p->active);
	}
}

static struct bl_claimant claim(const struct bl_world *w, const struct bl_pool *p)
{
	return (struct bl_claimant){
	        .shares = p->shares,
	        .active = p->active,
	        .min = p->min,
	        .max = p->max,
	        .tax_bp = w->rules.tax_bp,
	};
}

/* Its pools first, then its guests. */
static void divide(struct bl_world *w, const struct bl_pool *p)
{
	size_t n = 0;

	for (uint32_t k = 0; k < p->pools_n; k++)
		w->claimants[n++] = claim(w, &w->pools[p->pools + k]);
	for (uint32_t m = 0; m < p->guests_n; m++)
		w->claimants[n++] = bl_claim(w, &w->guests[w->members[p->guests + m]]);
	bl_entitle(w->claimants, n, p->entitlement, w->scratch, w->entitled);
	n = 0;
	for (uint32_t k = 0; k < p->pools_n; k++)
		w->pools[p->pools + k].entitlement = w->entitled[n++];
	for (uint32_t m = 0; m < p->guests_n; m++)
		w->guests[w->members[p->guests + m]].goal = w->entitled[n++];
	bl_curves_deal(w, p);
}

void bl_pools_divide(struct bl_world *w, uint64_t capacity)
{
	w->pools[0].entitlement = capacity;
	for (size_t k = 0; k < w->pools_n; k++)
		divide(w, &w->pools[k]);
}

/* What a pool's members have or were promised, and those of its pools. */
static void charge(struct bl_world *w)
{
	for (size_t k = 0; k < w->pools_n; k++)
		w->pools[k].charged = 0;
	for (size_t k = w->pools_n; k-- > 0;) {
		struct bl_pool *p = &w->pools[k];
		uint64_t sum = p->charged;

		for (uint32_t m = 0; m < p->guests_n; m++)
			sum = bl_min(sum + bl_charge(&w->guests[w->members[p->guests + m]]),
			             BALLOON_BYTES_MAX);
		p->charged = sum;
		if (k)
			w->pools[p->parent].charged =
			        bl_min(w->pools[p->parent].charged + sum, BALLOON_BYTES_MAX);
	}
}

void bl_pools_crowd(struct bl_world *w)
{
	charge(w);
	for (size_t k = 0; k < w->pools_n; k++) {
		struct bl_pool *p = &w->pools[k];

		p->crowded = p->charged > p->limit || (k && w->pools[p->parent].crowded);
		for (uint32_t m = 0; m < p->guests_n; m++)
			w->guests[w->members[p->guests + m]].crowded = p->crowded;
	}
}
