/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of giving back: the balloon that never deflates (F1), relief that
 * stalls because it starts from a lagging actual (F2, W2), the guest squeezed
 * until its OOM killer runs (F11, W1), and calm in a steady world.
 */
#include "stage.h"

static const struct set small_host = {
	.host_mib = 4096,
	.own_mib = 512,
	.reserve_mib = 256,
};

static struct set named(const char *golden, const char *story)
{
	struct set set = small_host;

	set.golden = golden;
	set.story = story;
	return set;
}

/* One guest works, its memory comes from the idle; when it is done and another
 * works, that one is served likewise. */
static void memory_goes_where_the_work_is(void)
{
	struct set set = named("work-moves",
	                       "Three guests on a host for two: web works until 20 s, then db.");
	struct stage s;
	size_t web, db;

	stage_set(&s, &set);
	web = stage_enter(&s, &(struct role){.name = "web", .size_mib = 1536, .demand_mib = 1100});
	db = stage_enter(&s, &(struct role){.name = "db", .size_mib = 1536, .demand_mib = 200});
	stage_enter(&s, &(struct role){.name = "idle", .size_mib = 1536, .demand_mib = 200});
	stage_open(&s);
	stage_play(&s, 20);
	CU_ASSERT_EQUAL(stage_truth(&s, web).unmet_bytes, 0);
	stage_demand(&s, web, 200);
	stage_demand(&s, db, 1100);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_truth(&s, db).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, db).pressure_bp, 0);
	CU_ASSERT_EQUAL(stage_host(&s).oom_kills, 0);
	stage_end(&s);
}

/* F1: when there is room again, everybody has it back, to the last page. */
static void the_balloon_is_given_back(void)
{
	struct set set = named("given-back",
	                       "Two guests are squeezed for a third, which leaves at 30 s.");
	struct stage s;
	size_t a, b, c;

	stage_set(&s, &set);
	a = stage_enter(&s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 300});
	b = stage_enter(&s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	c = stage_enter(&s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 1300});
	stage_open(&s);
	stage_play(&s, 29);
	CU_ASSERT(stage_actual_mib(&s, a) + stage_actual_mib(&s, b) <= 3328 - 1300);
	stage_leave(&s, c);
	stage_play(&s, 11);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, a), 1536);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, b), 1536);
	CU_ASSERT_EQUAL(stage_report(&s, a).reason, BALLOON_REASON_PLENTY);
	stage_end(&s);
}

/* F2, W2: a guest that takes 16 MiB a second is told once where it may go; the
 * next order does not start from where it has got to. */
static void relief_is_one_order(void)
{
	struct set set = named("relief",
	                       "slow follows at 4 MiB/s down and 16 up");
	struct stage s;
	uint64_t orders;
	size_t slow;

	set.golden = NULL;
	stage_set(&s, &set);
	slow = stage_enter(&s, &(struct role){.name = "slow", .size_mib = 1536, .demand_mib = 100});
	stage_behave(&s, slow, "slow");
	stage_enter(&s, &(struct role){.name = "busy", .size_mib = 1536, .demand_mib = 1200});
	stage_enter(&s, &(struct role){.name = "calm", .size_mib = 1536, .demand_mib = 200});
	stage_open(&s);
	stage_play(&s, 140);
	CU_ASSERT(stage_actual_mib(&s, slow) < 1100);
	orders = stage_truth(&s, slow).orders;
	stage_demand(&s, slow, 1000);
	stage_play(&s, 90);
	CU_ASSERT_EQUAL(stage_truth(&s, slow).unmet_bytes, 0);
	CU_ASSERT(stage_truth(&s, slow).orders - orders <= 6);
	stage_end(&s);
}

/* F11, W1: however hard the others press, none goes below its reservation or
 * the floor for its size, and nobody's OOM killer runs. */
static void nobody_falls_through_the_floor(void)
{
	struct set set = named("floor", "Six guests want twice what there is; one is reserved.");
	struct stage s;
	size_t first;

	set.golden = NULL;
	stage_set(&s, &set);
	first = stage_enter(&s, &(struct role){.name = "first", .size_mib = 1024,
	                                       .demand_mib = 900, .reservation_mib = 1000});
	for (int k = 0; k < 5; k++) {
		static const char *const names[] = {"b", "c", "d", "e", "f"};

		stage_enter(&s, &(struct role){.name = names[k], .size_mib = 1024,
		                               .demand_mib = 900});
	}
	stage_open(&s);
	stage_play(&s, 120);
	CU_ASSERT(stage_truth(&s, first).actual_min_bytes >= 1000 * MIB);
	CU_ASSERT_EQUAL(stage_truth(&s, first).unmet_bytes, 0);
	for (size_t i = 1; i < 6; i++)
		CU_ASSERT(stage_truth(&s, i).actual_min_bytes >= balloon_floor(1024 * MIB));
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	CU_ASSERT_EQUAL(stage_host(&s).oom_kills, 0);
	stage_end(&s);
}

/* Rule 6: what is in balance is left alone. */
static void a_steady_world_gets_no_orders(void)
{
	struct set set = named(NULL, "Four guests in balance.");
	static const char *const names[] = {"a", "b", "c", "d"};
	struct stage s;
	uint64_t orders;

	stage_set(&s, &set);
	for (uint64_t k = 0; k < 4; k++)
		stage_enter(&s, &(struct role){.name = names[k], .size_mib = 1024,
		                               .demand_mib = 150 + 200 * k});
	stage_open(&s);
	stage_play(&s, 300);
	orders = stage_host(&s).orders;
	stage_play(&s, 600);
	CU_ASSERT_EQUAL(stage_host(&s).orders, orders);
	CU_ASSERT_EQUAL(stage_host(&s).reversals, 0);
	stage_end(&s);
}

/* Cache in a guest grows into whatever it is given. It is not need. */
static void cache_is_not_need(void)
{
	struct set set = named(NULL, "hoard fills its memory with clean cache, work needs it.");
	struct stage s;
	size_t hoard, work;

	stage_set(&s, &set);
	hoard = stage_enter(&s, &(struct role){.name = "hoard", .size_mib = 2048,
	                                       .demand_mib = 200});
	work = stage_enter(&s, &(struct role){.name = "work", .size_mib = 2048,
	                                      .demand_mib = 300});
	balloon_sim_set_cache(s.sim, s.keys[hoard], 2048 * MIB, 64 * MIB);
	stage_open(&s);
	stage_play(&s, 60);
	stage_demand(&s, work, 1800);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_truth(&s, work).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, hoard).swap_out_bytes, 0);
	stage_end(&s);
}

/* A spike is met from the pool or from the idle, within a few beats. */
static void a_spike_is_met(void)
{
	struct set set = named("spike", "spiky wants a quarter of its size more each two minutes.");
	struct stage s;
	size_t spiky;

	stage_set(&s, &set);
	spiky = stage_enter(&s, &(struct role){.name = "spiky", .size_mib = 1536,
	                                       .demand_mib = 500});
	stage_enter(&s, &(struct role){.name = "calm", .size_mib = 1536, .demand_mib = 500});
	stage_enter(&s, &(struct role){.name = "idle", .size_mib = 1536, .demand_mib = 100});
	stage_open(&s);
	stage_play(&s, 25);
	stage_demand(&s, spiky, 900);
	stage_play(&s, 3);
	CU_ASSERT_EQUAL(stage_truth(&s, spiky).unmet_bytes, 0);
	stage_play(&s, 20);
	stage_demand(&s, spiky, 500);
	stage_play(&s, 12);
	stage_end(&s);
}

/* Rule 9: let go, everybody is safe as far as memory reaches. */
static void release_leaves_everybody_safe(void)
{
	struct set set = named(NULL, "Two squeezed guests are let go after the third left.");
	struct stage s;
	size_t a, c;

	stage_set(&s, &set);
	a = stage_enter(&s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 300});
	stage_enter(&s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	c = stage_enter(&s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 1300});
	stage_open(&s);
	stage_play(&s, 30);
	stage_leave(&s, c);
	CU_ASSERT_EQUAL(balloon_release(s.b, s.now_ns), 0);
	CU_ASSERT_EQUAL(stage_told_mib(&s, a), 1536);
	CU_ASSERT_EQUAL(stage_told_mib(&s, 1), 1536);
	CU_ASSERT_EQUAL(stage_report(&s, a).reason, BALLOON_REASON_RELEASED);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"memory goes where the work is", memory_goes_where_the_work_is},
		{"the balloon is given back", the_balloon_is_given_back},
		{"relief is one order", relief_is_one_order},
		{"nobody falls through the floor", nobody_falls_through_the_floor},
		{"a steady world gets no orders", a_steady_world_gets_no_orders},
		{"cache is not need", cache_is_not_need},
		{"a spike is met", a_spike_is_met},
		{"release leaves everybody safe", release_leaves_everybody_safe},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "giving", tests);
}
