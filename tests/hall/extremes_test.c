/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rule 8: no input overflows anything, and a shortfall is told exactly. The
 * sanitizer build runs the same tests.
 */
#include "spy.h"

#define GUESTS 24

struct chaos {
	struct spy *spy;
	struct balloon *b;
	uint64_t seed;
	uint64_t sizes[GUESTS]; /* the one the library goes by */
	unsigned faults;
};

/* The values that broke somebody once, and noise. */
static uint64_t garbage(uint64_t *seed)
{
	static const uint64_t values[] = {0,
	                                  1,
	                                  4095,
	                                  4096,
	                                  MIB,
	                                  GIB,
	                                  UINT64_MAX,
	                                  UINT64_MAX - 1,
	                                  (uint64_t)INT64_C(-17591112298496),
	                                  UINT64_C(1) << 63,
	                                  BALLOON_BYTES_MAX,
	                                  BALLOON_BYTES_MAX + 1,
	                                  BALLOON_BYTES_MAX / 2,
	                                  INT64_MAX};
	uint64_t pick = draw(seed) % 24;

	return pick < 14 ? values[pick] : draw(seed) >> draw(seed) % 64;
}

static void spoil(uint64_t *seed, uint64_t *field, unsigned odds)
{
	uint64_t g = garbage(seed);

	if (draw(seed) % odds == 0)
		*field = g;
}

static void garbage_row(struct chaos *c, size_t i, unsigned odds)
{
	struct balloon_sample *s = &c->spy->rows[i];
	uint64_t size = (i + 1) * 128 * MIB;

	*s = honest(i + 1, "guest", size, size / 2 + size / 2 / (1 + draw(&c->seed) % 3), size / 4);
	s->serial = draw(&c->seed);
	s->flags = draw(&c->seed) % 8 ? BALLOON_SAMPLE_RUNNING : (uint32_t)draw(&c->seed);
	s->fixed = draw(&c->seed) % 8 ? 0 : (uint32_t)draw(&c->seed);
	spoil(&c->seed, &s->size_bytes, odds * 4);
	spoil(&c->seed, &s->actual_bytes, odds);
	spoil(&c->seed, &s->total_bytes, odds);
	spoil(&c->seed, &s->available_bytes, odds);
	spoil(&c->seed, &s->unused_bytes, odds);
	spoil(&c->seed, &s->cache_bytes, odds);
	spoil(&c->seed, &s->swap_in_bytes, odds);
	spoil(&c->seed, &s->swap_out_bytes, odds);
	spoil(&c->seed, &s->major_faults, odds);
	spoil(&c->seed, &s->resident_bytes, odds);
	spoil(&c->seed, &s->active_bytes, odds);
	spoil(&c->seed, &s->serial, odds);
}

static void garbage_sheet(struct chaos *c)
{
	unsigned odds = (unsigned)(1 + draw(&c->seed) % 12);
	struct balloon_sheet *s = &c->spy->sheet;

	s->guests = c->spy->rows;
	s->guests_n = GUESTS;
	s->total_bytes = 16 * GIB;
	s->available_bytes = 4 * GIB;
	spoil(&c->seed, &s->total_bytes, odds * 4);
	spoil(&c->seed, &s->available_bytes, odds * 4);
	for (size_t i = 0; i < GUESTS; i++)
		garbage_row(c, i, odds);
}

static int garbage_answer(struct spy *s, struct balloon_order *orders, size_t n)
{
	static const int32_t answers[] = {0, 0, 0, -EPERM, -ETIMEDOUT, 1, INT32_MAX, INT32_MIN, -1};
	struct chaos *c = s->arg;

	for (size_t k = 0; k < n; k++)
		orders[k].rc = answers[draw(&c->seed) % 9];
	return draw(&c->seed) % 8 ? 0 : answers[draw(&c->seed) % 9];
}

/* A size is one that was shown, now or before; not one it could not be. */
static void judge_sizes(struct chaos *c, const struct balloon_guest_report *g)
{
	for (size_t i = 0; i < GUESTS; i++) {
		uint64_t size = g[i].size_bytes, shown = c->spy->rows[i].size_bytes;

		if (size != c->sizes[i] &&
		    (size != shown || size < BALLOON_PAGE_BYTES || size > BALLOON_BYTES_MAX))
			c->faults++;
		c->sizes[i] = size;
	}
}

static void judge_orders(struct chaos *c)
{
	struct balloon_guest_report g[GUESTS];

	CU_ASSERT_EQUAL_FATAL(balloon_guests(c->b, g, sizeof(g[0]), GUESTS), GUESTS);
	judge_sizes(c, g);
	for (size_t k = 0; k < c->spy->orders_n; k++) {
		const struct balloon_order *o = &c->spy->orders[k];
		uint64_t size = c->sizes[o->key - 1];

		if (o->target_bytes > size || o->target_bytes < balloon_floor(size))
			c->faults++;
	}
	c->spy->orders_n = 0;
}

/* Σ entitlements and the shortfall, in arithmetic that cannot overflow. */
static void judge_sums(struct chaos *c)
{
	struct balloon_report r = report_of(c->b);
	struct balloon_guest_report g[GUESTS];
	__extension__ unsigned __int128 min = 0, sum = 0, max = 0;

	if (r.capacity_bytes == UNKNOWN)
		return;
	CU_ASSERT_EQUAL_FATAL(balloon_guests(c->b, g, sizeof(g[0]), GUESTS), GUESTS);
	for (size_t i = 0; i < GUESTS; i++) {
		min += g[i].reservation_bytes;
		max += g[i].limit_bytes;
		sum += g[i].entitlement_bytes;
	}
	c->faults += sum < min || sum > max || (sum > r.capacity_bytes && sum != min);
	c->faults += r.shortfall_bytes !=
	             (min > r.capacity_bytes ? (uint64_t)(min - r.capacity_bytes) : 0);
	c->faults += r.clamped != 0;
}

static void random_garbage(void)
{
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = UNKNOWN,
	                                .reserve_bytes = UNKNOWN};

	for (unsigned long k = 0; k < cases(400); k++) {
		struct chaos c = {.spy = spy_new(GUESTS * 2), .seed = 8800000 + k};
		uint64_t now = 0;

		memset(c.sizes, 0xff, sizeof(c.sizes)); /* unknown */
		c.b = spy_handle(c.spy, &policy, 0);
		c.spy->answer = garbage_answer;
		c.spy->arg = &c;
		for (unsigned beat = 0; beat < 60 && !c.faults; beat++) {
			garbage_sheet(&c);
			now += draw(&c.seed) % 16 ? SECOND : draw(&c.seed) >> 24;
			CU_ASSERT_EQUAL(balloon_tick(c.b, now, NULL), 0);
			judge_orders(&c);
			judge_sums(&c);
			if (c.faults)
				printf("\n  seed %lu beat %u", 8800000 + k, beat);
		}
		CU_ASSERT_EQUAL(balloon_release(c.b, now), 0);
		CU_ASSERT_EQUAL_FATAL(c.faults, 0);
		balloon_close(c.b);
		spy_free(c.spy);
	}
}

static struct balloon_allocation reserving(uint64_t bytes)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = UNKNOWN,
	                                   .reservation_bytes = bytes,
	                                   .limit_bytes = UNKNOWN};
}

/* Reservations of three guests, on a host that has less. */
static void exact_shortfall(void)
{
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_named_allocation named[3] = {
	        {"a", reserving(3 * GIB + 5)},
	        {"b", reserving(2 * GIB)},
	        {"c", reserving(GIB + 4096)}};
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .profile = &profile,
	                                .budget_bytes = 5 * GIB + 3,
	                                .reserve_bytes = 0,
	                                .guests = named,
	                                .guests_n = 3};
	struct spy *s = spy_new(4);
	struct balloon *b;

	CU_ASSERT_EQUAL(balloon_profile("balanced", &profile), 0);
	profile.balloon_max_bp = 10000; /* the reservations alone count */
	b = spy_handle(s, &policy, 0);
	s->rows[0] = honest(1, "a", 4 * GIB, 3 * GIB, GIB);
	s->rows[1] = honest(2, "b", 4 * GIB, 3 * GIB, GIB);
	s->rows[2] = honest(3, "c", 4 * GIB, 3 * GIB, GIB);
	s->sheet.total_bytes = 16 * GIB;
	s->sheet.available_bytes = 7 * GIB;
	s->sheet.guests = s->rows;
	s->sheet.guests_n = 3;
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
	CU_ASSERT_EQUAL(report_of(b).shortfall_bytes, GIB + 4096 + 5 - 3);
	policy.budget_bytes = 6 * GIB + 4101;
	CU_ASSERT_EQUAL(balloon_set_policy(b, &policy), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, 2 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(report_of(b).shortfall_bytes, 0);
	balloon_close(b);
	spy_free(s);
}

/* n guests of 2 PiB that have just what they must. */
static uint64_t shortfall_of(size_t n, uint32_t *ret_reason, uint64_t *ret_min)
{
	uint64_t size = BALLOON_BYTES_MAX / 2;
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = GIB,
	                                .reserve_bytes = UNKNOWN,
	                                .fallback = reserving(size)};
	struct spy *s = spy_new(n);
	struct balloon *b = spy_handle(s, &policy, 0);
	struct balloon_guest_report g = {0};
	uint64_t shortfall;

	for (size_t i = 0; i < n; i++)
		s->rows[i] = honest(i + 1, "g", size, size, 0);
	s->sheet.total_bytes = BALLOON_BYTES_MAX;
	s->sheet.available_bytes = BALLOON_BYTES_MAX;
	s->sheet.guests = s->rows;
	s->sheet.guests_n = n;
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_guests(b, &g, sizeof(g), 1), (int)n);
	*ret_reason = g.reason;
	*ret_min = g.reservation_bytes;
	shortfall = report_of(b).shortfall_bytes;
	balloon_close(b);
	spy_free(s);
	return shortfall;
}

/* Sums that 64 bits just hold are exact; sums they do not hold do not come
 * round again as small ones, and 8192 guests of 2 PiB are not plenty. */
static void sums_beyond_64_bits(void)
{
	uint64_t min, most;
	uint32_t reason;

	most = shortfall_of(8191, &reason, &min);
	CU_ASSERT_EQUAL(most, 8191 * min - GIB);
	CU_ASSERT_NOT_EQUAL(reason, BALLOON_REASON_PLENTY);
	for (size_t n = 8193; n <= 32769; n += 4096) {
		CU_ASSERT(shortfall_of(n, &reason, &min) >= most);
		CU_ASSERT_NOT_EQUAL(reason, BALLOON_REASON_PLENTY);
	}
}

/* The clock at its end. */
static void end_of_time(void)
{
	struct spy *s = spy_new(2);
	struct balloon *b = spy_handle(s, NULL, 0);

	s->rows[0] = honest(1, "a", GIB, GIB, 0);
	s->sheet.total_bytes = 4 * GIB;
	s->sheet.available_bytes = GIB;
	s->sheet.guests = s->rows;
	s->sheet.guests_n = 1;
	CU_ASSERT_EQUAL(balloon_tick(b, 0, NULL), 0);
	s->rows[0].serial++;
	CU_ASSERT_EQUAL(balloon_tick(b, UINT64_MAX - 1, NULL), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, UINT64_MAX, NULL), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, 1, NULL), -EINVAL);
	CU_ASSERT(strstr(balloon_error(b), "time went back") != NULL);
	balloon_close(b);
	spy_free(s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"8. random garbage", random_garbage},
	        {"8. a shortfall to the byte", exact_shortfall},
	        {"8. sums beyond 64 bits", sums_beyond_64_bits},
	        {"8. the end of time", end_of_time},
	        {NULL, NULL},
	};

	return run_chosen("extremes", tests, argc, argv);
}
