/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of others who meddle and of guests that cannot be moved: two
 * controllers (F10, W19), drivers that take memory back (W3, W4), devices that
 * pin it (F7, W12), a host that gains nothing (W11), and who can see why (F12).
 */
#include "stage.h"

#include <string.h>

static const struct set a_host = {
	.host_mib = 4096,
	.own_mib = 512,
	.reserve_mib = 256,
};

static void three(struct stage *s, const char *golden, const char *story)
{
	struct set set = a_host;

	set.golden = golden;
	set.story = story;
	stage_set(s, &set);
	stage_enter(s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 900});
	stage_enter(s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	stage_enter(s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 300});
}

/* Behind the library's back, as another controller would. */
static void meddle(struct stage *s, size_t i, uint64_t target_mib)
{
	struct balloon_order o = {.key = s->keys[i], .target_bytes = target_mib * MIB};

	CU_ASSERT_EQUAL(balloon_sim_backend(s->sim)->order(s->sim, s->now_ns, &o, 1), 0);
	CU_ASSERT_EQUAL(o.rc, 0);
}

/* F10: somebody pulls b down each 20 s. The fight is bounded: no order of ours
 * more often than his, and the others do not feel it. */
static void two_controllers(void)
{
	struct stage s;
	uint64_t orders[3];

	three(&s, NULL, "Another controller sets b to 512 MiB each 20 s");
	stage_open(&s);
	stage_play(&s, 60);
	for (size_t i = 0; i < 3; i++)
		orders[i] = s.memories[i].orders;
	for (int k = 0; k < 30; k++) {
		meddle(&s, 1, 512);
		stage_play(&s, 20);
	}
	CU_ASSERT(s.memories[1].orders - orders[1] <= 60);
	CU_ASSERT(s.memories[0].orders - orders[0] <= 4);
	CU_ASSERT(s.memories[2].orders - orders[2] <= 4);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

/* The other one raises b to its full size on a full host: it is charged as
 * what it has, and nobody is promised that memory. */
static void the_other_one_gives_too_much(void)
{
	struct stage s;

	three(&s, NULL, "Another controller sets b to its full size at 60 s");
	s.set.free_falls = 1; /* he promises too much, not we */
	stage_open(&s);
	stage_play(&s, 60);
	meddle(&s, 1, 1536);
	stage_play(&s, 120);
	CU_ASSERT(stage_account(&s).charged_bytes <= stage_account(&s).capacity_bytes);
	CU_ASSERT(stage_host(&s).promised_over_bytes <= MIB);
	stage_end(&s);
}

/* W3, W4: a driver that takes back what it gave (deflate on OOM, a shrinker)
 * tells us something; it is not chased. */
static void memory_is_taken_back(void)
{
	static const char *const habits[] = {"retake", "flutter"};

	for (size_t k = 0; k < 2; k++) {
		struct stage s;
		uint64_t orders;

		three(&s, NULL, habits[k]);
		s.set.free_falls = 1;
		stage_behave(&s, 1, habits[k]);
		stage_open(&s);
		stage_play(&s, 60);
		stage_demand(&s, 1, 900);
		stage_play(&s, 120);
		CU_ASSERT_EQUAL(stage_truth(&s, 1).oom_kills, 0);
		CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
		orders = stage_host(&s).orders;
		stage_play(&s, 300);
		CU_ASSERT(stage_host(&s).orders - orders <= 60);
		stage_end(&s);
	}
}

/* F7, W12: nothing is asked of whoever cannot give, and all it has counts. */
static void the_fixed_are_not_asked(void)
{
	for (uint32_t fixed = BALLOON_FIXED_NO_DEVICE; fixed <= BALLOON_FIXED_OTHER; fixed++) {
		struct stage s;

		stage_set(&s, &a_host);
		s.set.story = balloon_fixed_name(fixed);
		stage_enter(&s, &(struct role){.name = "fixed", .size_mib = 1536,
		                               .demand_mib = 100, .fixed = fixed});
		stage_enter(&s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 900});
		stage_enter(&s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 200});
		stage_open(&s);
		stage_play(&s, 60);
		CU_ASSERT_EQUAL(s.memories[0].orders, 0);
		CU_ASSERT_EQUAL(stage_report(&s, 0).state, BALLOON_STATE_FIXED);
		CU_ASSERT_EQUAL(stage_report(&s, 0).fixed, fixed);
		CU_ASSERT(stage_host(&s).promised_over_bytes <= MIB);
		CU_ASSERT_EQUAL(stage_truth(&s, 1).unmet_bytes, 0);
		stage_end(&s);
	}
}

/* A device is assigned while the guest runs, and taken away again. */
static void fixed_for_a_while(void)
{
	struct stage s;
	uint64_t orders;

	three(&s, NULL, "b gets a device at 40 s and loses it at 100 s");
	stage_open(&s);
	stage_play(&s, 40);
	balloon_sim_set_fixed(s.sim, s.keys[1], BALLOON_FIXED_PASSTHROUGH);
	orders = s.memories[1].orders;
	stage_demand(&s, 0, 1300);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(s.memories[1].orders, orders);
	balloon_sim_set_fixed(s.sim, s.keys[1], BALLOON_FIXED_NOT);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_report(&s, 1).state, BALLOON_STATE_OK);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

/* W11: pages given by an inhibited guest do not reach the host. They are not
 * dealt: the host never runs out. */
static void what_the_host_did_not_gain_is_not_dealt(void)
{
	struct stage s;

	three(&s, NULL, "b gives memory that the host does not get");
	stage_behave(&s, 1, "inhibited+greedy");
	stage_open(&s);
	stage_play(&s, 60);
	stage_demand(&s, 2, 1200);
	stage_play(&s, 200);
	CU_ASSERT_EQUAL(stage_host(&s).over_max_bytes, 0);
	CU_ASSERT(stage_host(&s).available_min_bytes > 0);
	stage_end(&s);
}

/* F12: in every state anybody can be asked why, and the answer has his name,
 * the numbers and a reason. */
static void why_is_always_answered(void)
{
	static const char *const habits[] = {"obey", "stick", "stale", "silent", "hung",
	                                     "paused", "absurd", "refuse", "trickle", "retake"};

	for (size_t k = 0; k < sizeof(habits) / sizeof(habits[0]); k++) {
		struct stage s;
		char why[512];

		three(&s, NULL, habits[k]);
		s.set.free_falls = 1;
		stage_behave(&s, 1, habits[k]);
		stage_open(&s);
		for (int t = 0; t < 60; t++) {
			stage_play(&s, 1);
			CU_ASSERT(balloon_explain(s.b, "b", why, sizeof(why)) < (int)sizeof(why));
			CU_ASSERT_PTR_EQUAL(strstr(why, "b "), why);
			CU_ASSERT_PTR_NOT_NULL(strstr(why, "since "));
			CU_ASSERT_PTR_NULL(strstr(why, "nothing has been decided"));
			CU_ASSERT_NOT_EQUAL(stage_report(&s, 1).reason, BALLOON_REASON_NONE);
		}
		CU_ASSERT(balloon_explain(s.b, "nobody", why, sizeof(why)) < 0);
		stage_end(&s);
	}
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"two controllers", two_controllers},
		{"the other one gives too much", the_other_one_gives_too_much},
		{"memory is taken back", memory_is_taken_back},
		{"the fixed are not asked", the_fixed_are_not_asked},
		{"fixed for a while", fixed_for_a_while},
		{"what the host lacks is not dealt", what_the_host_did_not_gain_is_not_dealt},
		{"why is always answered", why_is_always_answered},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "fights", tests);
}
