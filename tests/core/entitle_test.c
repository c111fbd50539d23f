/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pure door: known numbers, every small world, and random ones against a
 * slow judge that walks the level up by bisection in long doubles.
 */
#include <balloon/balloon.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/entitle.h"
#include "testkit.h"

#define PAGE BALLOON_PAGE_BYTES

static struct balloon_claimant claimant(uint64_t shares, uint64_t active, uint64_t min,
                                        uint64_t max)
{
	return (struct balloon_claimant){shares, active, min, max};
}

/* Waldspurger's figure 7: design.md section 9. */
static void known_numbers(void)
{
	struct balloon_claimant c[2] = {claimant(1, 15 * MIB, 0, 256 * MIB),
	                                claimant(1, BALLOON_UNKNOWN, 0, 256 * MIB)};
	uint64_t r[2];

	CU_ASSERT_EQUAL(balloon_entitle(c, 2, 358 * MIB, 0, r), 0);
	CU_ASSERT_EQUAL(r[0], 179 * MIB);
	CU_ASSERT_EQUAL(r[1], 179 * MIB);
	CU_ASSERT_EQUAL(balloon_entitle(c, 2, 358 * MIB, 7500, r), 0);
	CU_ASSERT_EQUAL(r[0], 102 * MIB);
	CU_ASSERT_EQUAL(r[1], 256 * MIB);
	c[1].active_bytes = 179 * MIB;
	CU_ASSERT_EQUAL(balloon_entitle(c, 2, 358 * MIB, 7500, r), 0);
	CU_ASSERT_EQUAL(r[0], 117 * MIB + MIB / 2);
	CU_ASSERT_EQUAL(r[1], 240 * MIB + MIB / 2);
}

/* Nobody clamped and everybody partly idle: P = tA + S(C - t sum A)/sum S. */
static void closed_form(void)
{
	struct balloon_claimant c[3] = {claimant(100, 400 * MIB, 0, 8 * GIB),
	                                claimant(200, 800 * MIB, 0, 8 * GIB),
	                                claimant(100, 200 * MIB, 0, 8 * GIB)};
	uint64_t r[3];

	CU_ASSERT_EQUAL(balloon_entitle(c, 3, 4 * GIB, 5000, r), 0);
	CU_ASSERT_EQUAL(r[0], 200 * MIB + (4096 - 700) * MIB / 4);
	CU_ASSERT_EQUAL(r[1], 400 * MIB + (4096 - 700) * MIB / 2);
	CU_ASSERT_EQUAL(r[2], 100 * MIB + (4096 - 700) * MIB / 4);
}

static void no_shares_come_last(void)
{
	struct balloon_claimant c[3] = {claimant(0, 0, 10 * PAGE, 100 * PAGE),
	                                claimant(0, 0, 0, 100 * PAGE),
	                                claimant(7, 0, 0, 50 * PAGE)};
	uint64_t r[3];

	CU_ASSERT_EQUAL(balloon_entitle(c, 3, 40 * PAGE, 0, r), 0);
	CU_ASSERT_EQUAL(r[0], 10 * PAGE);
	CU_ASSERT_EQUAL(r[1], 0);
	CU_ASSERT_EQUAL(r[2], 30 * PAGE);
	CU_ASSERT_EQUAL(balloon_entitle(c, 3, 80 * PAGE, 0, r), 0);
	CU_ASSERT_EQUAL(r[0] + r[1], 30 * PAGE);
	CU_ASSERT_EQUAL(r[2], 50 * PAGE);
}

static void shortfall_and_plenty(void)
{
	struct balloon_claimant c[2] = {claimant(1, 0, 100 * PAGE, 200 * PAGE),
	                                claimant(9, 0, 50 * PAGE, 300 * PAGE)};
	uint64_t r[2];

	CU_ASSERT_EQUAL(balloon_entitle(c, 2, 120 * PAGE, 0, r), 0);
	CU_ASSERT(r[0] == 100 * PAGE && r[1] == 50 * PAGE);
	CU_ASSERT_EQUAL(balloon_entitle(c, 2, 501 * PAGE, 0, r), 0);
	CU_ASSERT(r[0] == 200 * PAGE && r[1] == 300 * PAGE);
	CU_ASSERT_EQUAL(balloon_entitle(NULL, 0, GIB, 0, NULL), 0);
}

static void refusals(void)
{
	struct balloon_claimant c = claimant(1, 0, 2, 1);
	uint64_t r = 77;

	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, PAGE, 0, &r), -EINVAL);
	c = claimant(1, 0, 0, PAGE);
	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, PAGE, 10000, &r), -EINVAL);
	CU_ASSERT_EQUAL(balloon_entitle(NULL, 1, PAGE, 0, &r), -EINVAL);
	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, PAGE, 0, NULL), -EINVAL);
	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, BALLOON_BYTES_MAX + 1, 0, &r), -ERANGE);
	c.shares = BALLOON_SHARES_MAX + 1;
	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, PAGE, 0, &r), -ERANGE);
	c = claimant(1, BALLOON_BYTES_MAX + 1, 0, PAGE);
	CU_ASSERT_EQUAL(balloon_entitle(&c, 1, PAGE, 0, &r), -ERANGE);
	CU_ASSERT_EQUAL(r, 77); /* outputs are left alone on failure */
}

/* The widest world does not overflow: rule 8. */
static void widest_world(void)
{
	size_t n = 4096;
	struct balloon_claimant *c = calloc(n, sizeof(*c));
	uint64_t *r = calloc(n, sizeof(*r)), sum = 0;

	CU_ASSERT_FATAL(c && r);
	for (size_t i = 0; i < n; i++)
		c[i] = claimant(BALLOON_SHARES_MAX - i % 2, BALLOON_BYTES_MAX - i, i % 3,
		                i % 5 ? BALLOON_UNKNOWN : BALLOON_BYTES_MAX);
	CU_ASSERT_EQUAL(balloon_entitle(c, n, BALLOON_BYTES_MAX - 1, 9999, r), 0);
	for (size_t i = 0; i < n; i++)
		sum += r[i];
	CU_ASSERT_EQUAL(sum, BALLOON_BYTES_MAX - 1);
	free(c);
	free(r);
}

/* ------------------------------------------------------- every small world */

#define SMALL 4

static unsigned long faults;

static uint64_t expected_sum(const struct balloon_claimant *c, uint64_t capacity)
{
	uint64_t min = 0, max = 0;

	for (int i = 0; i < SMALL; i++) {
		min += c[i].reservation_bytes;
		max += c[i].limit_bytes;
	}
	return capacity < min ? min : capacity > max ? max : capacity;
}

static void judge_small(struct balloon_claimant *c, uint64_t capacity, uint64_t unit)
{
	uint64_t r[SMALL], more[SMALL], sum = 0;

	if (balloon_entitle(c, SMALL, capacity, 7500, r) < 0)
		faults++;
	for (int i = 0; i < SMALL; i++) {
		faults += r[i] < c[i].reservation_bytes || r[i] > c[i].limit_bytes;
		sum += r[i];
	}
	faults += sum != expected_sum(c, capacity);
	c[0].shares++;
	balloon_entitle(c, SMALL, capacity, 7500, more);
	faults += more[0] < r[0];
	c[0].shares--;
	c[0].active_bytes += unit;
	balloon_entitle(c, SMALL, capacity, 7500, more);
	faults += more[0] < r[0];
	c[0].active_bytes -= unit;
}

/* Claimants in another order get the same, unless they are alike. */
static void judge_order(const struct balloon_claimant *c, uint64_t capacity)
{
	struct balloon_claimant turned[SMALL];
	uint64_t r[SMALL], t[SMALL];

	for (int i = 0; i < SMALL; i++)
		turned[i] = c[SMALL - 1 - i];
	balloon_entitle(c, SMALL, capacity, 7500, r);
	balloon_entitle(turned, SMALL, capacity, 7500, t);
	for (int i = 0; i < SMALL; i++) {
		int alike = 0;

		for (int k = 0; k < SMALL; k++)
			alike += !memcmp(&c[i], &c[k], sizeof(c[i]));
		faults += alike == 1 && r[i] != t[SMALL - 1 - i];
	}
}

/* A claimant's worlds: floor <= limit in 0..5, shares 0..2, active 0, 2 or 4. */
#define KINDS (21 * 3 * 3)

static struct balloon_claimant kind(unsigned k, uint64_t unit)
{
	static const uint8_t pairs[21][2] = {{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {1, 1},
	                                     {1, 2}, {1, 3}, {1, 4}, {1, 5}, {2, 2}, {2, 3}, {2, 4},
	                                     {2, 5}, {3, 3}, {3, 4}, {3, 5}, {4, 4}, {4, 5}, {5, 5}};

	return claimant(k / 21 % 3, k / 63 * 2 * unit, pairs[k % 21][0] * unit,
	                pairs[k % 21][1] * unit);
}

/* With activity all worlds of four would be 20 billion; the walk takes every
 * pair of neighbours and strides through the other two with coprime steps. */
static void small_worlds(uint64_t unit)
{
	unsigned long limit = cases(60000);

	faults = 0;
	for (unsigned long k = 0; k < limit; k++) {
		struct balloon_claimant c[SMALL] = {
		        kind((unsigned)(k % KINDS), unit), kind((unsigned)(k / KINDS % KINDS), unit),
		        kind((unsigned)(k * 101 % KINDS), unit),
		        kind((unsigned)(k * 53 / 7 % KINDS), unit)};

		for (uint64_t capacity = 0; capacity <= 14; capacity++)
			judge_small(c, capacity * unit, unit);
		judge_order(c, k % 15 * unit);
	}
	CU_ASSERT_EQUAL(faults, 0);
}

static void small_worlds_in_pages(void)
{
	small_worlds(PAGE);
}

static void small_worlds_in_bytes(void)
{
	small_worlds(1);
}

/*
 * Without activity, all worlds there are: four claimants of floor <= limit in
 * 0..5 and shares 0..2, at every capacity 0..14. That is 236 million; since the
 * order does not matter (judged above, and here for each of them turned round)
 * each set of four stands for all its orders: 10.8 million.
 */
static void solve(const struct bl_claimant *c, uint64_t capacity, uint64_t *ret)
{
	struct bl_claimant copy[SMALL];
	struct bl_scratch scratch[SMALL];

	memcpy(copy, c, sizeof(copy));
	bl_entitle(copy, SMALL, capacity, scratch, ret);
}

static struct bl_claimant plain_kind(unsigned k)
{
	struct balloon_claimant c = kind(k, PAGE);

	return (struct bl_claimant){
	        .shares = c.shares,
	        .active = c.limit_bytes,
	        .min = c.reservation_bytes,
	        .max = c.limit_bytes,
	};
}

static void judge_all(struct bl_claimant *c, uint64_t capacity)
{
	uint64_t r[SMALL], more[SMALL], sum = 0, min = 0, max = 0;

	solve(c, capacity, r);
	for (int i = 0; i < SMALL; i++) {
		faults += r[i] < c[i].min || r[i] > c[i].max || r[i] % PAGE;
		sum += r[i];
		min += c[i].min;
		max += c[i].max;
	}
	faults += sum != (capacity < min ? min : capacity > max ? max : capacity);
	for (int i = 0; i < SMALL; i++) {
		c[i].shares++;
		solve(c, capacity, more);
		faults += more[i] < r[i];
		c[i].shares--;
	}
}

static int alike(const struct bl_claimant *a, const struct bl_claimant *b)
{
	return a->shares == b->shares && a->min == b->min && a->max == b->max;
}

static void judge_turned(const struct bl_claimant *c, uint64_t capacity)
{
	struct bl_claimant turned[SMALL] = {c[2], c[3], c[1], c[0]};
	uint64_t r[SMALL], t[SMALL];

	solve(c, capacity, r);
	solve(turned, capacity, t);
	faults += r[2] != t[0] && !alike(&c[2], &c[3]) && !alike(&c[2], &c[1]) &&
	          !alike(&c[2], &c[0]);
	faults += r[0] + r[1] + r[2] + r[3] != t[0] + t[1] + t[2] + t[3];
}

#define PLAIN (21 * 3)
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#define STEP 7 /* ten times slower, and gcc's run has seen them all */
#else
#define STEP 1
#endif

static void all_small_worlds(void)
{
	struct bl_claimant c[SMALL];

	faults = 0;
	for (unsigned i = 0; i < PLAIN; i += STEP)
		for (unsigned j = i; j < PLAIN; j++)
			for (unsigned k = j; k < PLAIN; k++)
				for (unsigned l = k; l < PLAIN; l++) {
					c[0] = plain_kind(i);
					c[1] = plain_kind(j);
					c[2] = plain_kind(k);
					c[3] = plain_kind(l);
					for (uint64_t pages = 0; pages <= 14; pages++)
						judge_all(c, pages * PAGE);
					judge_turned(c, (i + j + k + l) % 15 * PAGE);
				}
	CU_ASSERT_EQUAL(faults, 0);
}

/* --------------------------------------------------- against a slow judge */

static long double at_level(const struct balloon_claimant *c, long double level, uint32_t tax_bp)
{
	long double a = c->active_bytes < c->limit_bytes ? (long double)c->active_bytes
	                                                 : (long double)c->limit_bytes;
	long double x = (long double)c->shares * level;
	long double p = x <= a ? x : a + (10000 - (long double)tax_bp) / 10000 * (x - a);

	return fminl(fmaxl(p, (long double)c->reservation_bytes), (long double)c->limit_bytes);
}

static long double find_level(const struct balloon_claimant *c, size_t n, uint64_t capacity,
                              uint32_t tax_bp)
{
	long double lo = 0, hi = 0x1p80L;

	for (int k = 0; k < 200; k++) {
		long double mid = (lo + hi) / 2, sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += at_level(&c[i], mid, tax_bp);
		if (sum <= (long double)capacity)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

static void random_world(uint64_t *seed, struct balloon_claimant *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t max = draw_between(seed, 1, 4096) * MIB;

		c[i] = claimant(draw_between(seed, 1, 4000),
		                draw(seed) % 8 ? draw_between(seed, 0, max) : BALLOON_UNKNOWN,
		                draw(seed) % 3 ? draw_between(seed, 0, max / PAGE) * PAGE : 0, max);
	}
}

static void random_worlds(void)
{
	struct balloon_claimant c[64];
	uint64_t seed = 20021209, r[64];
	unsigned long bad = 0;

	for (unsigned long k = 0; k < cases(2000); k++) {
		size_t n = (size_t)draw_between(&seed, 1, 64);
		uint32_t tax = (uint32_t)draw_between(&seed, 0, 9999);
		uint64_t capacity = draw_between(&seed, 0, n * 4 * GIB / PAGE) * PAGE;
		uint64_t min = 0, max = 0, sum = 0;
		long double level;

		random_world(&seed, c, n);
		for (size_t i = 0; i < n; i++) {
			min += c[i].reservation_bytes;
			max += c[i].limit_bytes;
		}
		capacity = capacity < min ? min : capacity > max ? max : capacity;
		level = find_level(c, n, capacity, tax);
		CU_ASSERT_EQUAL_FATAL(balloon_entitle(c, n, capacity, tax, r), 0);
		for (size_t i = 0; i < n; i++) {
			bad += fabsl(at_level(&c[i], level, tax) - (long double)r[i]) >
			       (long double)PAGE + 1;
			sum += r[i];
		}
		bad += sum != capacity;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* Curves the profiles lean on: design.md section 9. */
static void curves(void)
{
	CU_ASSERT_EQUAL(balloon_floor(128 * MIB), 72 * MIB);
	CU_ASSERT_EQUAL(balloon_floor(512 * MIB), 168 * MIB);
	CU_ASSERT_EQUAL(balloon_floor(2048 * MIB), 360 * MIB);
	CU_ASSERT_EQUAL(balloon_floor(8192 * MIB), 744 * MIB);
	CU_ASSERT_EQUAL(balloon_floor(32768 * MIB), 1512 * MIB);
	CU_ASSERT_EQUAL(balloon_min_free(28 * GIB) * 10 / MIB, 9011);
	CU_ASSERT_EQUAL(balloon_min_free(96 * GIB) * 10 / MIB, 15974);
}

int main(void)
{
	static const struct test tests[] = {
	        {"known numbers", known_numbers},
	        {"closed form", closed_form},
	        {"no shares come last", no_shares_come_last},
	        {"shortfall and plenty", shortfall_and_plenty},
	        {"refusals", refusals},
	        {"widest world", widest_world},
	        {"small worlds in pages", small_worlds_in_pages},
	        {"small worlds in bytes", small_worlds_in_bytes},
	        {"all small worlds", all_small_worlds},
	        {"random worlds", random_worlds},
	        {"curves", curves},
	        {NULL, NULL},
	};

	return run_tests("entitle", tests);
}
