/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exact entitlement solve.
 *
 * Claimant i with shares S, active memory A, tax t and bounds m..M gets
 *
 *	P(x) = clamp(x <= A ? x : A + (1 - t)(x - A), m, M),  x = S * level
 *
 * where level, the same for all, is such that the sum of all P is the capacity.
 * This is where page-by-page revocation from the claimant with the fewest
 * shares per (taxed) page comes to rest: Waldspurger, OSDI 2002, 5.1 and 5.2.
 *
 * P rises with level through four regions: at m, by S, by (1-t)S, at M. The
 * three levels between them are its breakpoints. The search takes one
 * undecided breakpoint as a pivot, asks whether the capacity lies above or
 * below it, and drops every claimant whose region is known from then on: linear
 * in claimants, like quickselect. Between the breakpoints that are left the
 * sum is a straight line, so the level is one exact fraction.
 *
 * Shares are divided in basis points and the level is never rounded; only
 * P is, down to a page, and the pages left over go to the largest remainders.
 * That keeps "more shares or more active memory never means less" true to the
 * page: a larger remainder is never overtaken by more claimants than there are
 * pages to deal to them.
 *
 * Why nothing overflows: bytes <= 2^52, bp < 2^13.3, shares < 2^26, n <= 2^20,
 * so a breakpoint is at most 2^65.3 / 2^39.3, the sum of all weights 2^59.3,
 * and the widest product below 2^126.
 */
#include "entitle.h"

#include <balloon/balloon.h>

#define BP 10000u

/* A level: bytes a share. */
struct level {
	bl_u128 num;
	uint64_t den;
};

/* Sum of P over claimants, times BP, as a straight line in level. */
struct line {
	bl_u128 fixed;
	bl_u128 slope;
};

enum { AT_MIN, ACTIVE, IDLE, AT_MAX };

static uint64_t clamp(uint64_t v, uint64_t lo, uint64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* The level at which P reaches v. */
static struct level level_of(const struct bl_claimant *c, uint64_t v)
{
	uint64_t keep = BP - c->tax_bp;

	if (v <= c->active)
		return (struct level){v, c->shares};
	return (struct level){(bl_u128)v * BP - (bl_u128)c->active * c->tax_bp, keep * c->shares};
}

/* The level that ends region r. */
static struct level breakpoint(const struct bl_claimant *c, unsigned r)
{
	if (r == AT_MIN)
		return level_of(c, c->min);
	if (r == ACTIVE)
		return level_of(c, clamp(c->active, c->min, c->max));
	return level_of(c, c->max);
}

/* a < b, and a <= b where or_equal. */
static int below(struct level a, struct level b, int or_equal)
{
	bl_u128 l = a.num * b.den, r = b.num * a.den;

	return l < r || (or_equal && l == r);
}

/* The region of a claimant at level, among lo..hi; at a breakpoint the one
 * above it, or the one below where under. */
static unsigned region(const struct bl_claimant *c, struct level at, unsigned lo, unsigned hi,
                       int under)
{
	while (lo < hi && below(breakpoint(c, lo), at, !under))
		lo++;
	return lo;
}

static void add(struct line *sum, const struct bl_claimant *c, unsigned r)
{
	if (r == AT_MIN) {
		sum->fixed += (bl_u128)c->min * BP;
	} else if (r == ACTIVE) {
		sum->slope += c->shares * BP;
	} else if (r == IDLE) {
		sum->fixed += (bl_u128)c->active * c->tax_bp;
		sum->slope += c->shares * (BP - c->tax_bp);
	} else {
		sum->fixed += (bl_u128)c->max * BP;
	}
}

/* The middle of three undecided breakpoints: near enough to the median that
 * each round drops about half, and the same for every run. */
static struct level pivot(const struct bl_claimant *c, const struct bl_scratch *s, size_t n)
{
	const struct bl_scratch *pick[3] = {s, s + n / 2, s + n - 1};
	struct level l[3];

	for (int k = 0; k < 3; k++)
		l[k] = breakpoint(&c[pick[k]->i], (pick[k]->lo + pick[k]->hi) / 2u);
	for (int k = 0; k < 3; k++) {
		struct level a = l[(k + 1) % 3], b = l[(k + 2) % 3];

		if (below(a, l[k], 1) != below(b, l[k], 0))
			return l[k];
	}
	return l[0];
}

/* Narrows undecided claimants to the side of the pivot *at on which the
 * capacity lies; those whose region is then known move into *sum. Returns how
 * many are left. A pivot below the capacity is remembered in *floor. */
static size_t narrow(const struct bl_claimant *c, struct bl_scratch *s, size_t n,
                     bl_u128 capacity, struct line *sum, struct level *floor)
{
	struct level at = pivot(c, s, n);
	struct line here = *sum;
	size_t left = 0;
	int under;

	for (size_t k = 0; k < n; k++) {
		unsigned r = region(&c[s[k].i], at, s[k].lo, s[k].hi, 0);

		s[k].key = r;
		add(&here, &c[s[k].i], r);
	}
	under = here.fixed * at.den + here.slope * at.num > capacity * at.den;
	if (!under)
		*floor = at;
	for (size_t k = 0; k < n; k++) {
		struct bl_scratch g = s[k];

		if (under)
			g.hi = (uint8_t)region(&c[g.i], at, g.lo, (unsigned)g.key, 1);
		else
			g.lo = (uint8_t)g.key;
		if (g.lo == g.hi)
			add(sum, &c[g.i], g.lo);
		else
			s[left++] = g;
	}
	return left;
}

/* The level at which the sum of all P is the capacity. */
static struct level search(const struct bl_claimant *c, size_t n, bl_u128 capacity,
                           struct bl_scratch *s)
{
	struct level at = {0, 1};
	struct line sum = {0, 0};
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		if (c[i].min == c[i].max || !c[i].shares)
			add(&sum, &c[i], AT_MIN);
		else
			s[left++] = (struct bl_scratch){.i = (uint32_t)i, .lo = AT_MIN, .hi = AT_MAX};
	}
	while (left)
		left = narrow(c, s, left, capacity, &sum, &at);
	if (sum.slope)
		at = (struct level){capacity - sum.fixed, (uint64_t)sum.slope};
	return at; /* without a slope the capacity is met by the breakpoint itself */
}

/*
 * P at the level, rounded down to a page but not below min. What was cut off,
 * in fractions of BP * level.den, goes to *ret_rest.
 */
static uint64_t round_down(const struct bl_claimant *c, struct level at, bl_u128 *ret_rest)
{
	bl_u128 den = (bl_u128)at.den * BP, idle, p;
	uint64_t v, page;

	p = (bl_u128)c->shares * at.num;
	if (p <= (bl_u128)c->active * at.den) {
		p *= BP;
	} else {
		idle = p * (BP - c->tax_bp);
		p = (bl_u128)c->active * at.den * c->tax_bp + idle;
	}
	if (p <= den * c->min)
		return c->min;
	if (p >= den * c->max)
		return c->max;
	v = (uint64_t)(p / den);
	page = v - v % BALLOON_PAGE_BYTES;
	page = page < c->min ? c->min : page;
	*ret_rest = p - den * page;
	return page;
}

/* Who is served first when remainders tie: nothing that depends on the place
 * in the list, as long as there is any other difference. */
static int ahead(const struct bl_claimant *c, const struct bl_scratch *a,
                 const struct bl_scratch *b)
{
	const struct bl_claimant *x = &c[a->i], *y = &c[b->i];

	if (a->key != b->key)
		return a->key > b->key;
	if (x->shares != y->shares)
		return x->shares > y->shares;
	if (x->active != y->active)
		return x->active > y->active;
	if (x->min != y->min)
		return x->min < y->min;
	if (x->max != y->max)
		return x->max < y->max;
	return a->i < b->i;
}

/* What takes v to its next page. */
static uint64_t odd_page(const struct bl_claimant *c, uint64_t v)
{
	uint64_t up = BALLOON_PAGE_BYTES - v % BALLOON_PAGE_BYTES;

	return up < c->max - v ? up : c->max - v;
}

static void swap(struct bl_scratch *a, struct bl_scratch *b)
{
	struct bl_scratch t = *a;

	*a = *b;
	*b = t;
}

/* Moves those ahead of or equal to s[n/2] to the front; returns how many. */
static size_t split(const struct bl_claimant *c, struct bl_scratch *s, size_t n)
{
	size_t front = 0;

	swap(&s[n / 2], &s[n - 1]);
	for (size_t k = 0; k + 1 < n; k++) {
		if (ahead(c, &s[k], &s[n - 1]))
			swap(&s[k], &s[front++]);
	}
	swap(&s[front], &s[n - 1]);
	return front + 1;
}

/* Deals the bytes that rounding left over, a page each, to the first in line. */
static void deal(const struct bl_claimant *c, struct bl_scratch *s, size_t n, uint64_t left,
                 uint64_t *ret)
{
	while (n && left) {
		size_t front = split(c, s, n);
		uint64_t before = 0, up;

		for (size_t k = 0; k + 1 < front; k++)
			before += odd_page(&c[s[k].i], ret[s[k].i]);
		if (before > left) {
			n = front - 1;
			continue;
		}
		for (size_t k = 0; k < front; k++) {
			up = odd_page(&c[s[k].i], ret[s[k].i]);
			up = up < left ? up : left;
			ret[s[k].i] += up;
			left -= up;
		}
		s += front;
		n -= front;
	}
}

/* The solve for a capacity between the sums of all min and all max. */
static void solve(const struct bl_claimant *c, size_t n, uint64_t capacity,
                  struct bl_scratch *s, uint64_t *ret)
{
	struct level at = search(c, n, (bl_u128)capacity * BP, s);
	uint64_t left = capacity;
	size_t odd = 0;

	for (size_t i = 0; i < n; i++) {
		bl_u128 rest = 0;

		ret[i] = c[i].shares ? round_down(&c[i], at, &rest) : c[i].min;
		left -= ret[i];
		if (rest)
			s[odd++] = (struct bl_scratch){.key = rest, .i = (uint32_t)i};
	}
	deal(c, s, odd, left, ret);
}

static void all(const struct bl_claimant *c, size_t n, int max, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = max ? c[i].max : c[i].min;
}

void bl_entitle(struct bl_claimant *c, size_t n, uint64_t capacity, struct bl_scratch *scratch,
                uint64_t *ret)
{
	bl_u128 min = 0, weighty = 0, max = 0;

	for (size_t i = 0; i < n; i++) {
		min += c[i].min;
		max += c[i].max;
		weighty += c[i].shares ? c[i].max : c[i].min;
	}
	if (capacity <= min) {
		all(c, n, 0, ret);
		return;
	}
	if (capacity >= max) {
		all(c, n, 1, ret);
		return;
	}
	if (capacity > weighty) { /* those without shares divide what is left */
		for (size_t i = 0; i < n; i++) {
			c[i].min = c[i].shares ? c[i].max : c[i].min;
			c[i].shares = !c[i].shares;
		}
	}
	solve(c, n, capacity, scratch, ret);
}
