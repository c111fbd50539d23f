/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets and levers, by numbers: what a guest would then have is worked out here
 * from Hyper-V's documented rule, not from steer.c's. */
#include "../../../lib/backends/hyperv/steer.h"

#include "testkit.h"

static const struct bl_hyperv_rules host_2016 = {.resizes = true};

static struct bl_hyperv_memory dynamic(uint64_t least, uint64_t most, uint64_t buffer)
{
	return (struct bl_hyperv_memory){.dynamic = true, .reservation = least, .limit = most,
	                                 .quantity = least, .weight = 5000, .buffer = buffer};
}

static struct bl_hyperv_course steer(const struct bl_hyperv_memory *m, uint64_t demand,
                                     uint64_t target, const struct bl_hyperv_rules *rules)
{
	struct bl_hyperv_case c = {.now = m, .version = 9, .usage = 1000, .demand = demand,
	                           .target = target, .fresh = true};
	struct bl_hyperv_course course;

	bl_hyperv_steer(&c, rules, &course);
	return course;
}

/* Microsoft's formula for what is assigned. */
static uint64_t assigned(uint64_t demand, uint64_t buffer, uint64_t least, uint64_t most)
{
	uint64_t ideal = demand + demand * buffer / 100;

	return ideal < least ? least : ideal > most ? most : ideal;
}

static void a_target_becomes_a_buffer(void)
{
	struct bl_hyperv_memory m = dynamic(512, 4096, 20);
	struct bl_hyperv_course c = steer(&m, 800, 1200, &host_2016);

	CU_ASSERT_EQUAL(c.change.set, BL_HYPERV_BUFFER);
	CU_ASSERT_EQUAL(c.change.buffer, 50);
	CU_ASSERT_EQUAL(c.expected, 1200);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_NO_SNAG);
	CU_ASSERT_EQUAL(c.floor, 840);
	CU_ASSERT_EQUAL(c.ceiling, 4096);
}

static void what_stands_is_not_sent(void)
{
	struct bl_hyperv_memory m = dynamic(512, 4096, 50);

	CU_ASSERT_EQUAL(steer(&m, 800, 1200, &host_2016).change.set, 0);
}

/* Half a percent of noise in demand is no reason; a tenth is. */
static void small_drifts_are_let_be(void)
{
	struct bl_hyperv_memory m = dynamic(512, 4096, 50);
	struct bl_hyperv_case c = {.now = &m, .version = 9, .usage = 1200, .target = 1200};
	struct bl_hyperv_course course;

	c.demand = 804;
	bl_hyperv_steer(&c, &host_2016, &course);
	CU_ASSERT_EQUAL(course.change.set, 0);
	c.demand = 880;
	bl_hyperv_steer(&c, &host_2016, &course);
	CU_ASSERT_EQUAL(course.change.set, BL_HYPERV_BUFFER);
	CU_ASSERT_EQUAL(course.change.buffer, 36);
}

static void the_floor_is_told(void)
{
	struct bl_hyperv_memory m = dynamic(512, 4096, 20);
	struct bl_hyperv_course c = steer(&m, 800, 600, &host_2016);

	CU_ASSERT_EQUAL(c.change.buffer, 5);
	CU_ASSERT_EQUAL(c.floor, 840);
	CU_ASSERT_EQUAL(c.expected, 840);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_AT_DEMAND);
	c = steer(&m, 300, 400, &host_2016);
	CU_ASSERT_EQUAL(c.floor, 512);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_AT_MINIMUM);
	CU_ASSERT_EQUAL(c.expected, 512);
}

/* One-way on a running guest: by permission only, in one direction only. */
static void bounds_move_one_way(void)
{
	struct bl_hyperv_rules may = {.resizes = true, .lower_reservation = true,
	                              .raise_limit = 6000};
	struct bl_hyperv_memory m = dynamic(512, 4096, 20);
	struct bl_hyperv_course c = steer(&m, 300, 401, &may);

	CU_ASSERT_EQUAL(c.change.set, BL_HYPERV_RESERVATION); /* and the buffer will do */
	CU_ASSERT_EQUAL(c.change.reservation, 400);
	CU_ASSERT_EQUAL(assigned(300, m.buffer, 400, 4096), 400);
	c = steer(&m, 3000, 5001, &may);
	CU_ASSERT_EQUAL(c.change.limit, 5000);
	CU_ASSERT(c.change.set & BL_HYPERV_LIMIT);
	c = steer(&m, 3000, 9000, &may);
	CU_ASSERT_EQUAL(c.change.limit, 6000);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_AT_MAXIMUM);
	c = steer(&m, 3000, 1000, &may);
	CU_ASSERT_FALSE(c.change.set & (BL_HYPERV_LIMIT | BL_HYPERV_RESERVATION));
	c = steer(&m, 300, 401, &host_2016);
	CU_ASSERT_FALSE(c.change.set & (BL_HYPERV_LIMIT | BL_HYPERV_RESERVATION));
	c = steer(&m, 3000, 9000, &host_2016);
	CU_ASSERT_FALSE(c.change.set & (BL_HYPERV_LIMIT | BL_HYPERV_RESERVATION));
}

static void paging_stops_reclaim(void)
{
	struct bl_hyperv_rules rules = {.resizes = true, .paging = true, .lower_reservation = true};
	struct bl_hyperv_memory m = dynamic(512, 4096, 50), s = {.quantity = 2048};
	struct bl_hyperv_course c = steer(&m, 800, 400, &rules);

	CU_ASSERT_EQUAL(c.change.set, 0);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_PAGING);
	CU_ASSERT_EQUAL(steer(&m, 800, 2000, &rules).change.set, BL_HYPERV_BUFFER);
	CU_ASSERT_EQUAL(steer(&s, BL_HYPERV_UNKNOWN, 1024, &rules).change.set, 0);
	CU_ASSERT_EQUAL(steer(&s, BL_HYPERV_UNKNOWN, 4096, &rules).change.set,
	                BL_HYPERV_QUANTITY);
	CU_ASSERT_FALSE(bl_hyperv_caps(&m, 9, &rules) & BL_HYPERV_CAN_SHRINK);
}

static void static_memory_has_its_lever(void)
{
	struct bl_hyperv_rules old = {.resizes = false};
	struct bl_hyperv_memory s = {.quantity = 2048};
	struct bl_hyperv_memory huge = {.quantity = 2048, .huge_pages = true};
	struct bl_hyperv_course c = steer(&s, BL_HYPERV_UNKNOWN, 1501, &host_2016);

	CU_ASSERT_EQUAL(c.change.set, BL_HYPERV_QUANTITY);
	CU_ASSERT_EQUAL(c.change.quantity, 1500);
	CU_ASSERT_EQUAL(bl_hyperv_caps(&s, 9, &host_2016),
	                BL_HYPERV_CAN_TARGET | BL_HYPERV_CAN_SHRINK | BL_HYPERV_CAN_GROW);
	CU_ASSERT_EQUAL(bl_hyperv_caps(&s, 5, &host_2016), 0);
	CU_ASSERT_EQUAL(bl_hyperv_caps(&s, 9, &old), 0);
	CU_ASSERT_EQUAL(bl_hyperv_caps(&huge, 9, &host_2016), 0);
	c = steer(&s, BL_HYPERV_UNKNOWN, 1501, &old);
	CU_ASSERT_EQUAL(c.change.set, 0);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_NO_LEVER);
}

static void no_demand_no_lever(void)
{
	struct bl_hyperv_memory m = dynamic(512, 4096, 20);
	struct bl_hyperv_course c = steer(&m, BL_HYPERV_UNKNOWN, 1200, &host_2016);

	CU_ASSERT_EQUAL(c.change.set, 0);
	CU_ASSERT_EQUAL(c.snag, BL_HYPERV_NO_DEMAND);
	CU_ASSERT_EQUAL(bl_hyperv_demand(1000, INT32_MAX), BL_HYPERV_UNKNOWN);
	CU_ASSERT_EQUAL(bl_hyperv_demand(1000, INT64_MAX), BL_HYPERV_UNKNOWN);
	CU_ASSERT_EQUAL(bl_hyperv_demand(BL_HYPERV_UNKNOWN, 20), BL_HYPERV_UNKNOWN);
	CU_ASSERT_EQUAL(bl_hyperv_demand(1000, 101), BL_HYPERV_UNKNOWN);
	CU_ASSERT_EQUAL(bl_hyperv_demand(1000, 17), 830);
	CU_ASSERT_EQUAL(bl_hyperv_demand(1000, -20), 1200);
}

/* In a shortage, Hyper-V's division by weight must be what the targets say. */
static void weights_divide_a_shortage(void)
{
	struct bl_hyperv_rules rules = {.resizes = true,
	                                .weight_unit = bl_hyperv_weight_unit(3000)};
	static const uint64_t targets[] = {3512, 1512, 912};
	struct bl_hyperv_memory m = dynamic(512, 8192, 20);
	uint64_t weights = 0, weight[3];

	CU_ASSERT_EQUAL(rules.weight_unit, 4096);
	for (int i = 0; i < 3; i++) {
		struct bl_hyperv_course c = steer(&m, 6000, targets[i], &rules);

		CU_ASSERT(c.change.set & BL_HYPERV_WEIGHT);
		weight[i] = c.change.weight;
		weights += weight[i];
	}
	for (int i = 0; i < 3; i++) {
		double got = 512 + 4400.0 * (double)weight[i] / (double)weights;

		CU_ASSERT_DOUBLE_EQUAL(got, (double)targets[i], 5);
	}
}

/* Any case at all: levers within their ranges, one way, even, and where the
 * target can be reached, it is, to a percent of demand and a granule. */
static void anything_goes_by_the_rules(void)
{
	uint64_t seed = 7;

	for (unsigned long i = 0, n = cases(20000); i < n; i++) {
		uint64_t least = 2 * draw_between(&seed, 16, 4096);
		struct bl_hyperv_memory m = dynamic(least, least + 2 * draw_between(&seed, 0, 8192),
		                                    draw_between(&seed, 5, 2000));
		struct bl_hyperv_rules rules = {
			.resizes = true, .lower_reservation = draw(&seed) & 1,
			.raise_limit = draw(&seed) & 1 ? 2 * draw_between(&seed, 16, 20000) : 0,
			.weight_unit = draw_between(&seed, 0, 20000),
			.paging = draw(&seed) % 8 == 0,
		};
		uint64_t demand = draw_between(&seed, 0, 20000);
		uint64_t target = draw_between(&seed, 1, 30000);
		struct bl_hyperv_course c = steer(&m, demand, target, &rules);
		uint64_t lo = c.change.set & BL_HYPERV_RESERVATION ? c.change.reservation : least;
		uint64_t hi = c.change.set & BL_HYPERV_LIMIT ? c.change.limit : m.limit;
		uint64_t buffer = c.change.set & BL_HYPERV_BUFFER ? c.change.buffer : m.buffer;
		uint64_t gets = assigned(demand, buffer, lo, hi), slack = demand / 100 + 4;

		if (lo > least || hi < m.limit || lo % 2 || hi % 2 || lo < 32 || lo > hi ||
		    buffer < 5 || buffer > 2000 || c.floor > c.ceiling || gets != c.expected ||
		    (rules.paging && (lo < least || buffer < m.buffer)) ||
		    (!c.snag && !rules.paging && gets + slack < target) ||
		    (!c.snag && !rules.paging && gets > target + slack))
			CU_FAIL("a rule was broken");
		if (c.change.set & BL_HYPERV_WEIGHT)
			CU_ASSERT(c.change.weight >= 1 && c.change.weight <= 10000);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"a target becomes a buffer", a_target_becomes_a_buffer},
		{"what stands is not sent", what_stands_is_not_sent},
		{"small drifts are let be", small_drifts_are_let_be},
		{"the floor is told", the_floor_is_told},
		{"bounds move one way", bounds_move_one_way},
		{"paging stops reclaim", paging_stops_reclaim},
		{"static memory has its lever", static_memory_has_its_lever},
		{"no demand, no lever", no_demand_no_lever},
		{"weights divide a shortage", weights_divide_a_shortage},
		{"anything goes by the rules", anything_goes_by_the_rules},
		{NULL, NULL},
	};

	return run_tests("hyperv steer", tests);
}
