/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests of which it is known how much they would have to read again with less
 * memory: among them it goes where it saves most.
 *
 * What they are entitled to together is settled before, by shares and tax like
 * everybody's. Within that sum, memory is worth to a guest what the next part of
 * its size saves, times its shares, and it is dealt until all who would take more
 * would save equally little with it. Curves are made convex first, so the dearest
 * parts come first, no order of dealing saves more, and with each guest's own
 * bounds it saves at least what the tax alone would have.
 *
 * A price is misses a second and share, for a byte: all parts that save more than
 * the price are had, none that save less. The lowest price at which what must be
 * had fits is found by halving; parts worth just that much are divided by the
 * same solve as everything else, exactly.
 */
#include "core.h"

/* No disk gives as much a second; what is said beyond it is not believed. */
#define MOST (UINT64_C(1) << 40)

/* A smaller guest's parts are too small to be worth anything; with it a price
 * has 64 bits: 2^40 misses * 2^26 shares * 2^12 / 2^16 bytes. */
#define SMALLEST (UINT64_C(1) << 20)
#define SCALE 12

/* Values between two corners, on the straight line between them and not below it. */
static void straighten(uint64_t *curve, size_t from, size_t to)
{
	for (size_t k = from + 1; k < to; k++) {
		uint64_t fall = curve[from] - curve[to];

		curve[k] = curve[from] - fall * (k - from) / (to - from);
	}
}

static int bulges(const uint64_t *curve, size_t a, size_t b, size_t c)
{
	return (curve[a] - curve[b]) * (c - b) < (curve[b] - curve[c]) * (b - a);
}

/* The lower hull, as Graham marches along it; of a hull, the same. */
static void make_convex(uint64_t *curve)
{
	size_t corners[BL_MISSES + 1], n = 0;

	for (size_t k = 0; k <= BL_MISSES; k++) {
		curve[k] = bl_min(curve[k], MOST);
		while (n > 1 && bulges(curve, corners[n - 2], corners[n - 1], k))
			n--;
		corners[n++] = k;
	}
	for (size_t c = 1; c < n; c++)
		straighten(curve, corners[c - 1], corners[c]);
}

/* So many parts save it more than the price, in whole units of that; with
 * or_equal, or just as much. */
static uint64_t parts(const struct bl_guest *g, const uint64_t *curve, uint64_t price, int or_equal)
{
	bl_u128 mark = ((bl_u128)price + !or_equal) * (g->seen.size / BL_MISSES);
	uint64_t k = 0;

	while (k < BL_MISSES &&
	       ((bl_u128)(curve[k] - curve[k + 1]) * g->shares) << SCALE >= mark)
		k++;
	return k;
}

static uint64_t had(const struct bl_world *w, size_t i, const struct bl_claimant *c,
                    uint64_t price, int or_equal)
{
	const struct bl_guest *g = &w->guests[i];
	uint64_t bytes = g->seen.size / BL_MISSES * parts(g, bl_curve(w, i), price, or_equal);

	if (or_equal && !price)
		return c->max;
	return bl_min(bl_max(bytes - bytes % BALLOON_PAGE_BYTES, c->min), c->max);
}

static int takes_part(const struct bl_world *w, size_t i)
{
	return w->guests[i].seen.curve && w->guests[i].seen.size >= SMALLEST;
}

/* What all must have at that price. */
static uint64_t must(const struct bl_world *w, const struct bl_pool *p, uint64_t price)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (uint32_t m = 0; m < p->guests_n; m++) {
		size_t i = w->members[p->guests + m];

		if (takes_part(w, i))
			sum = bl_min(sum + had(w, i, &w->claimants[n++], price, 0),
			             BALLOON_BYTES_MAX);
	}
	return sum;
}

static uint64_t lowest_price(const struct bl_world *w, const struct bl_pool *p, uint64_t total)
{
	uint64_t too_low = 0, fits = UINT64_MAX;

	if (must(w, p, 0) <= total)
		return 0;
	while (fits - too_low > 1) {
		uint64_t price = too_low + (fits - too_low) / 2;

		if (must(w, p, price) <= total)
			fits = price;
		else
			too_low = price;
	}
	return fits;
}

/* Their claims, and what they are entitled to together; how many they are. */
static size_t gather(struct bl_world *w, const struct bl_pool *p, uint64_t *ret_total)
{
	size_t n = 0;

	*ret_total = 0;
	for (uint32_t m = 0; m < p->guests_n; m++) {
		size_t i = w->members[p->guests + m];

		w->guests[i].curved = 0;
		if (!takes_part(w, i))
			continue;
		make_convex(bl_curve(w, i));
		w->claimants[n++] = bl_claim(w, &w->guests[i]);
		*ret_total += w->guests[i].goal;
	}
	return n;
}

void bl_curves_deal(struct bl_world *w, const struct bl_pool *p)
{
	uint64_t total, price;
	size_t n = gather(w, p, &total), k = 0;

	if (n < 2 || w->by_demand)
		return;
	price = lowest_price(w, p, total);
	for (uint32_t m = 0; m < p->guests_n; m++) {
		size_t i = w->members[p->guests + m];
		struct bl_claimant *c = &w->claimants[k];

		if (!takes_part(w, i))
			continue;
		*c = (struct bl_claimant){c->shares, c->active, had(w, i, c, price, 0),
		                          had(w, i, c, price, 1), c->tax_bp};
		k++;
	}
	bl_entitle(w->claimants, n, total, w->scratch, w->entitled);
	k = 0;
	for (uint32_t m = 0; m < p->guests_n; m++) {
		size_t i = w->members[p->guests + m];

		if (!takes_part(w, i))
			continue;
		w->guests[i].goal = w->entitled[k++];
		w->guests[i].curved = 1;
	}
}
