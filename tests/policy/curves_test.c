/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where figures come from and how far they are trusted: the guest, the host, or
 * a curve of misses; and what a curve changes on a host that is too small.
 */
#include <string.h>

#include "puppet.h"
#include "stand.h"

static uint64_t steep[BALLOON_MISSES + 1], flat[BALLOON_MISSES + 1];

/* Two guests of 2 GiB on a host for half of that, both with all of it in use. */
static void furnish(struct puppet *p)
{
	*p = (struct puppet){.sheet = {.struct_size = sizeof(p->sheet),
	                               .total_bytes = 4 * GIB,
	                               .available_bytes = 0,
	                               .guests_n = 2,
	                               .swap_bytes = BALLOON_UNKNOWN}};
	for (uint64_t i = 0; i < 2; i++)
		p->guests[i] = puppet_guest(i + 1, i ? "flat" : "steep", 2 * GIB, GIB, 0);
	for (uint64_t k = 0; k <= BALLOON_MISSES; k++) {
		steep[k] = (BALLOON_MISSES - k) * 100 * MIB;
		flat[k] = (BALLOON_MISSES - k) * MIB;
	}
}

static struct balloon_why why_of(struct balloon *b, const char *guest)
{
	struct balloon_why w = {.struct_size = sizeof(w)};

	CU_ASSERT_EQUAL(balloon_why(b, guest, &w), 0);
	return w;
}

/* Both are entitled to as much, but for an odd page. */
static int like(struct balloon *b)
{
	uint64_t x = why_of(b, "steep").entitlement_bytes, y = why_of(b, "flat").entitlement_bytes;

	return (x > y ? x - y : y - x) <= BALLOON_PAGE_BYTES;
}

static void memory_goes_where_it_saves(void)
{
	struct balloon_why has, lacks;
	struct balloon *b;
	struct puppet p;
	char text[600];

	furnish(&p);
	b = puppet_beat(&p);
	CU_ASSERT(like(b));
	balloon_close(b);

	p.guests[0].misses = steep;
	p.guests[1].misses = flat;
	b = puppet_beat(&p);
	has = why_of(b, "steep");
	lacks = why_of(b, "flat");
	CU_ASSERT_EQUAL(lacks.entitlement_bytes, lacks.reservation_bytes);
	CU_ASSERT(has.entitlement_bytes > GIB);
	CU_ASSERT_EQUAL(has.bound, BALLOON_REASON_MISSES);
	CU_ASSERT_EQUAL(has.source, BALLOON_SOURCE_CURVE);
	CU_ASSERT_EQUAL(has.confidence_bp, 10000);
	CU_ASSERT(balloon_explain(b, "steep", text, sizeof(text)) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "own figures 0.0 s old beside a curve of its misses"));
	balloon_close(b);

	p.guests[1].misses = NULL; /* one alone has nobody to compare with */
	b = puppet_beat(&p);
	CU_ASSERT_EQUAL(why_of(b, "steep").source, BALLOON_SOURCE_GUEST);
	CU_ASSERT(like(b));
	balloon_close(b);
}

static void a_curve_that_cannot_be_is_none(void)
{
	for (int kind = 0; kind < 3; kind++) {
		struct balloon *b;
		struct puppet p;

		furnish(&p);
		p.guests[0].misses = steep;
		p.guests[1].misses = flat;
		if (kind == 0)
			steep[BALLOON_MISSES] = 1000 * MIB; /* it rises */
		if (kind == 1)
			steep[0] = BALLOON_UNKNOWN;
		if (kind == 2)
			steep[8] = BALLOON_UNKNOWN;
		b = puppet_beat(&p);
		CU_ASSERT_EQUAL(why_of(b, "steep").source, BALLOON_SOURCE_GUEST);
		CU_ASSERT_EQUAL(why_of(b, "flat").source, BALLOON_SOURCE_GUEST);
		balloon_close(b);
	}
}

/* Age and confidence of guest's figures and host's, from new to stale. */
static void trust_fades_with_age(void)
{
	for (int host = 0; host < 2; host++) {
		uint64_t full = host ? 10000 : 8000;
		struct balloon_why w;
		struct balloon *b;
		struct puppet p;

		furnish(&p);
		p.guests[0].active_bytes = host ? GIB / 2 : BALLOON_UNKNOWN;
		b = puppet_beat(&p);
		w = why_of(b, "steep");
		CU_ASSERT_EQUAL(w.source, host ? BALLOON_SOURCE_HOST : BALLOON_SOURCE_GUEST);
		CU_ASSERT_EQUAL(w.confidence_bp, full);
		CU_ASSERT_EQUAL(w.age_ns, 0);
		CU_ASSERT_EQUAL(balloon_tick(b, 6 * SECOND, NULL), 0);
		w = why_of(b, "steep");
		CU_ASSERT_EQUAL(w.age_ns, 5 * SECOND);
		CU_ASSERT_EQUAL(w.confidence_bp, full / 2);
		CU_ASSERT_EQUAL(balloon_tick(b, 12 * SECOND, NULL), 0);
		w = why_of(b, "steep");
		CU_ASSERT_EQUAL(w.source, BALLOON_SOURCE_NONE);
		CU_ASSERT_EQUAL(w.confidence_bp, 0);
		CU_ASSERT_EQUAL(w.active_bytes, w.actual_bytes);
		balloon_close(b);
	}
}

/* Four guests that all want more than there is; one touches nearly all of it
 * always, the others a little. What all of them read again, in MiB. */
static uint64_t misses_of(uint32_t features, uint64_t seed)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
	                                .total_bytes = 8 * GIB,
	                                .own_bytes = 256 * MIB,
	                                .capacity_bytes = BALLOON_UNKNOWN,
	                                .seed = seed,
	                                .features = features};
	static const char *const names[] = {"a", "b", "c", "d"};
	struct balloon_policy policy = stand_policy();
	uint64_t sum = 0;
	struct stand s;

	memset(&s, 0, sizeof(s));
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &s.sim), 0);
	for (size_t i = 0; i < 4; i++) {
		stand_guest(&s, names[i], 1024, 900);
		CU_ASSERT_EQUAL(balloon_sim_set_demand(s.sim, s.keys[i], 800 * MIB,
		                                       draw_between(&seed, 10, 790) * MIB), 0);
	}
	policy.budget_bytes = draw_between(&seed, 2000, 3400) * MIB;
	stand_open(&s, &policy);
	stand_beats(&s, 300);
	for (size_t i = 0; i < 4; i++) {
		struct balloon_sim_truth t = {.struct_size = sizeof(t)};

		CU_ASSERT_EQUAL(balloon_sim_truth(s.sim, s.keys[i], &t), 0);
		sum += t.swap_in_bytes / MIB;
	}
	stand_down(&s);
	return sum;
}

static void curves_save_reading(void)
{
	uint64_t with = 0, without = 0;

	for (unsigned long seed = 1; seed <= cases(30); seed++) {
		without += misses_of(0, seed);
		with += misses_of(BALLOON_SIM_TELLS_MISSES, seed);
	}
	printf("\n  %llu MiB read again with curves, %llu by the tax alone\n",
	       (unsigned long long)with, (unsigned long long)without);
	CU_ASSERT(with < without);
}

int main(void)
{
	static const struct test tests[] = {
	        {"memory goes where it saves", memory_goes_where_it_saves},
	        {"a curve that cannot be is none", a_curve_that_cannot_be_is_none},
	        {"trust fades with age", trust_fades_with_age},
	        {"curves save reading", curves_save_reading},
	        {NULL, NULL},
	};

	return run_tests("curves of misses", tests);
}
