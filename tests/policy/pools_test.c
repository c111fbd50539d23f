/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools: exact at every depth, bounds kept, and admission through them. */
#include <errno.h>
#include <string.h>

#include "stand.h"

static struct balloon_pool pool(const char *name, const char *parent, uint64_t shares,
                                uint64_t reservation_mib, uint64_t limit_mib, uint32_t flags)
{
	return (struct balloon_pool){
	        .struct_size = sizeof(struct balloon_pool),
	        .flags = flags,
	        .name = name,
	        .parent = parent,
	        .shares = shares,
	        .reservation_bytes = reservation_mib * MIB,
	        .limit_bytes = limit_mib == UINT64_MAX ? BALLOON_UNKNOWN : limit_mib * MIB,
	};
}

static uint64_t entitled(struct stand *s, const char *name)
{
	return stand_report(s->b, name).entitlement_bytes;
}

/* Shares of pools count first, then those of their guests: two pools of 1:3
 * get 1:3 whatever they hold, where all is busy. */
static void shares_go_down_the_tree(void)
{
	struct balloon_pool pools[] = {pool("gold", NULL, 3000, 0, UINT64_MAX, 0),
	                               pool("iron", NULL, 1000, 0, UINT64_MAX, 0)};
	struct balloon_named_allocation guests[] = {{"a", stand_allocation("gold", 0)},
	                                            {"b", stand_allocation("gold", 0)},
	                                            {"c", stand_allocation("iron", 0)}};
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = stand_policy();
	struct stand s;

	CU_ASSERT_EQUAL(balloon_profile("balanced", &profile), 0);
	profile.balloon_max_bp = 10000;
	profile.pool_bp = 0;
	policy.profile = &profile;
	policy.budget_bytes = 2000 * MIB;
	policy.pools = pools;
	policy.pools_n = 2;
	policy.guests = guests;
	policy.guests_n = 3;
	stand_up(&s, 8192);
	stand_guest(&s, "a", 2048, 2000);
	stand_guest(&s, "b", 2048, 2000);
	stand_guest(&s, "c", 2048, 2000);
	stand_open(&s, &policy);
	stand_beats(&s, 1);
	CU_ASSERT_EQUAL(entitled(&s, "a"), 750 * MIB);
	CU_ASSERT_EQUAL(entitled(&s, "b"), 750 * MIB);
	CU_ASSERT_EQUAL(entitled(&s, "c"), 500 * MIB);
	stand_down(&s);
}

/* A pool's limit binds the sum of its guests, its reservation is theirs. */
static void bounds_of_pools(void)
{
	struct balloon_pool pools[] = {pool("lim", NULL, 9000, 0, 700, 0),
	                               pool("res", NULL, 1, 900, UINT64_MAX, 0)};
	struct balloon_named_allocation guests[] = {{"a", stand_allocation("lim", 0)},
	                                            {"b", stand_allocation("lim", 0)},
	                                            {"c", stand_allocation("res", 0)},
	                                            {"d", stand_allocation(NULL, 0)}};
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = stand_policy();
	struct stand s;

	CU_ASSERT_EQUAL(balloon_profile("balanced", &profile), 0);
	profile.balloon_max_bp = 10000;
	profile.pool_bp = 0;
	policy.profile = &profile;
	policy.budget_bytes = 2000 * MIB;
	policy.pools = pools;
	policy.pools_n = 2;
	policy.guests = guests;
	policy.guests_n = 4;
	stand_up(&s, 8192);
	stand_guest(&s, "a", 1024, 1000);
	stand_guest(&s, "b", 1024, 1000);
	stand_guest(&s, "c", 1024, 1000);
	stand_guest(&s, "d", 1024, 1000);
	stand_open(&s, &policy);
	stand_beats(&s, 1);
	CU_ASSERT_EQUAL(entitled(&s, "a") + entitled(&s, "b"), 700 * MIB);
	CU_ASSERT(entitled(&s, "c") >= 900 * MIB);
	CU_ASSERT_EQUAL(entitled(&s, "a") + entitled(&s, "b") + entitled(&s, "c") +
	                        entitled(&s, "d"),
	                2000 * MIB);
	stand_down(&s);
}

/* Random trees, four deep: the sum is exact, every bound is kept. */
static void random_trees(void)
{
	uint64_t seed = 77;

	for (unsigned long k = 0; k < cases(200); k++) {
		struct balloon_pool pools[8];
		struct balloon_named_allocation guests[12];
		char names[12][8], pool_names[8][8];
		struct balloon_policy policy = stand_policy();
		uint64_t sum = 0, min = 0;
		struct balloon_report r;
		struct stand s;

		stand_up(&s, 65536);
		for (size_t i = 0; i < 8; i++) {
			size_t parent = i ? draw(&seed) % i : 0;

			snprintf(pool_names[i], 8, "p%zu", i);
			pools[i] = pool(pool_names[i],
			                i && draw(&seed) % 4 ? pool_names[parent] : NULL,
			                draw_between(&seed, 0, 4000), draw_between(&seed, 0, 100),
			                draw(&seed) % 3 ? UINT64_MAX : draw_between(&seed, 200, 4000), 0);
		}
		for (size_t i = 0; i < 12; i++) {
			uint64_t size = draw_between(&seed, 1, 8) * 256;

			snprintf(names[i], 8, "g%zu", i);
			guests[i] = (struct balloon_named_allocation){
			        names[i], stand_allocation(draw(&seed) % 8 ? pool_names[draw(&seed) % 8]
			                                                   : NULL,
			                                   draw_between(&seed, 0, 64))};
			guests[i].allocation.shares = draw_between(&seed, 0, 4000);
			stand_guest(&s, names[i], size, draw_between(&seed, 0, size));
		}
		policy.budget_bytes = draw_between(&seed, 1000, 20000) * MIB;
		policy.pools = pools;
		policy.pools_n = 8;
		policy.guests = guests;
		policy.guests_n = 12;
		stand_open(&s, &policy);
		stand_beats(&s, 2);
		r = stand_account(s.b);
		for (size_t i = 0; i < 12; i++) {
			struct balloon_guest_report g = stand_report(s.b, names[i]);

			CU_ASSERT(g.entitlement_bytes >= g.reservation_bytes);
			CU_ASSERT(g.entitlement_bytes <= g.limit_bytes);
			sum += g.entitlement_bytes;
			min += g.reservation_bytes;
		}
		CU_ASSERT(sum <= r.capacity_bytes || r.shortfall_bytes);
		if (!r.shortfall_bytes && sum < r.capacity_bytes - r.spare_bytes)
			/* less than there is only where pool limits say so */
			CU_ASSERT(min <= sum);
		stand_down(&s);
	}
}

/* design.md section 9: B reserves 30 of at most 35, expandable; its child C
 * holds 20, its guests 10; C asks for 10 more: denied, 40 > 35. */
static void the_worked_example(void)
{
	struct balloon_pool pools[] = {
	        pool("B", NULL, 1000, 3000, 3500, BALLOON_POOL_EXPANDABLE),
	        pool("C", "B", 1000, 2000, UINT64_MAX, BALLOON_POOL_EXPANDABLE)};
	struct balloon_named_allocation guests[] = {{"b1", stand_allocation("B", 1000)},
	                                            {"c1", stand_allocation("C", 2000)}};
	struct balloon_request ask = {.struct_size = sizeof(ask),
	                              .pool = "C",
	                              .reservation_bytes = 1000 * MIB,
	                              .size_bytes = BALLOON_UNKNOWN};
	struct balloon_policy policy = stand_policy();
	uint64_t missing = 0;
	struct stand s;

	policy.pools = pools;
	policy.pools_n = 2;
	policy.guests = guests;
	policy.guests_n = 2;
	stand_up(&s, 16384);
	stand_guest(&s, "b1", 1024, 500);
	stand_guest(&s, "c1", 2048, 500);
	stand_open(&s, &policy);
	CU_ASSERT_EQUAL(balloon_admit(s.b, &ask, &missing), -EAGAIN);
	stand_beats(&s, 1);
	CU_ASSERT_EQUAL(balloon_admit(s.b, &ask, &missing), -ENOSPC);
	CU_ASSERT_EQUAL(missing, 500 * MIB);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_error(s.b), "pool B is short of 500 MiB"));
	ask.reservation_bytes = 500 * MIB;
	CU_ASSERT_EQUAL(balloon_admit(s.b, &ask, &missing), 0);
	ask.pool = "X";
	CU_ASSERT_EQUAL(balloon_admit(s.b, &ask, &missing), -ENOENT);
	stand_down(&s);
}

static void bad_trees(void)
{
	struct balloon_pool pools[] = {pool("a", "b", 1, 0, UINT64_MAX, 0),
	                               pool("b", NULL, 1, 0, UINT64_MAX, 0)};
	struct balloon_policy policy = stand_policy();
	struct stand s;

	stand_up(&s, 4096);
	stand_open(&s, NULL);
	policy.pools = pools;
	policy.pools_n = 2;
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_error(s.b), "pool a"));
	pools[0] = pool("b", NULL, 1, 0, UINT64_MAX, 0);
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), -EINVAL);
	pools[0] = pool("a", NULL, 1, 20, 10, 0);
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), -EINVAL);
	pools[0] = pool("a", NULL, 1, 0, UINT64_MAX, 8);
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), -EINVAL);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"shares go down the tree", shares_go_down_the_tree},
	        {"bounds of pools", bounds_of_pools},
	        {"random trees", random_trees},
	        {"the worked example", the_worked_example},
	        {"bad trees", bad_trees},
	        {NULL, NULL},
	};

	return run_tests("pools", tests);
}
