/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of the guest that does not follow (F3, W7, W20 and squeezed's own
 * list: ideal, hidden lower limit, hidden upper limit, stuck, now and then
 * stuck). It is charged for what it keeps; the others neither pay for it in
 * turns nor wait for it; and it recovers by moving.
 */
#include "stage.h"

#include <string.h>

enum { ODD, BUSY, CALM, IDLE };

static const struct set host_for_four = {
	.host_mib = 5120,
	.own_mib = 512,
	.reserve_mib = 256,
};

static void four(struct stage *s, const char *golden, const char *story, const char *behaviour)
{
	struct set set = host_for_four;

	set.golden = golden;
	set.story = story;
	/* What a liar truly has, nobody can know who only hears it. */
	set.free_falls = strstr(behaviour, "claims-target") != NULL;
	stage_set(s, &set);
	stage_enter(s, &(struct role){.name = "odd", .size_mib = 1536, .demand_mib = 100,
	                              .behaviour = behaviour});
	stage_enter(s, &(struct role){.name = "busy", .size_mib = 1536, .demand_mib = 1100});
	stage_enter(s, &(struct role){.name = "calm", .size_mib = 1536, .demand_mib = 500});
	stage_enter(s, &(struct role){.name = "idle", .size_mib = 1536, .demand_mib = 100});
	stage_open(s);
}

/* The others come to rest: no one of them turns, none is short of what it
 * wants, and after a while none is told anything any more. */
static void the_others_rest(struct stage *s)
{
	uint64_t orders[4];

	for (size_t i = BUSY; i <= IDLE; i++)
		orders[i] = stage_truth(s, i).orders;
	stage_play(s, 240);
	for (size_t i = BUSY; i <= IDLE; i++) {
		struct balloon_sim_truth t = stage_truth(s, i);

		if (t.orders - orders[i] > 2 || t.reversals > 1 || t.unmet_bytes)
			stage_broken(s, "%s: %llu late orders, %llu turns, %llu MiB unmet",
			             s->roles[i].name, (unsigned long long)(t.orders - orders[i]),
			             (unsigned long long)t.reversals,
			             (unsigned long long)(t.unmet_bytes / MIB));
	}
}

static void whoever_does_not_follow(void)
{
	static const char *const habits[] = {
		"stick",  "stutter", "trickle", "deaf",       "refuse",
		"hung",   "floor",   "ceiling", "keeps-free", "driverless",
		"slow",   "claims-target",
	};

	for (size_t k = 0; k < sizeof(habits) / sizeof(habits[0]); k++) {
		struct stage s;

		four(&s, NULL, habits[k], habits[k]);
		stage_play(&s, 120);
		the_others_rest(&s);
		CU_ASSERT_EQUAL(stage_host(&s).oom_kills, 0);
		CU_ASSERT_EQUAL(stage_host(&s).over_max_bytes, 0);
		stage_end(&s);
	}
}

/* What it keeps is charged to it, not dealt twice. */
static void a_stuck_guest_is_charged(void)
{
	struct stage s;

	four(&s, "stuck", "odd gives nothing from the start and obeys from 40 s on.", "stick");
	stage_play(&s, 39);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_STUCK);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).reason, BALLOON_REASON_STUCK);
	CU_ASSERT(stage_report(&s, ODD).lag_ns >= 30 * SECOND);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, ODD), 1536);
	CU_ASSERT(stage_account(&s).charged_bytes >=
	          1536 * MIB + stage_truth(&s, BUSY).actual_bytes);
	stage_behave(&s, ODD, "obey");
	stage_play(&s, 31);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_OK);
	CU_ASSERT(stage_actual_mib(&s, ODD) < 1100);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).lag_ns, 0);
	stage_end(&s);
}

/* squeezed never found these two out: a page each 5 s, and 1 s in 20. */
static void a_smiling_refusal_is_found_out(void)
{
	struct stage s;

	four(&s, NULL, "odd gives a page each 5 s", "trickle");
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_STUCK);
	stage_end(&s);
	four(&s, NULL, "odd gives 1 s in 20", "stutter");
	stage_play(&s, 38);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_STUCK);
	stage_play(&s, 160);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_OK);
	stage_end(&s);
}

/* W7: a driver with a floor of its own answers in part. That is no fault: it
 * is told once and left there. */
static void a_partial_answer_is_taken(void)
{
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};
	struct stage s;
	uint64_t orders;

	four(&s, NULL, "odd keeps 1000 MiB whatever it is told", "obey");
	CU_ASSERT_EQUAL(balloon_sim_behaviour("obey", 0, &b), 0);
	b.floor_bytes = 1000 * MIB;
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s.sim, s.keys[ODD], &b), 0);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, ODD), 1000);
	orders = stage_truth(&s, ODD).orders;
	stage_play(&s, 600);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, ODD), 1000);
	CU_ASSERT(stage_truth(&s, ODD).orders - orders <= 10);
	stage_end(&s);
}

/* A guest that cannot take more is not promised more than it takes: others
 * may have it. */
static void a_hidden_ceiling_frees_its_promise(void)
{
	struct stage s;

	four(&s, NULL, "odd cannot grow above half of its size", "ceiling");
	stage_play(&s, 30);
	CU_ASSERT(stage_actual_mib(&s, ODD) < 1100);
	stage_demand(&s, ODD, 1200);
	stage_demand(&s, BUSY, 400);
	stage_play(&s, 60);
	CU_ASSERT(stage_told_mib(&s, ODD) <= stage_actual_mib(&s, ODD) + 16);
	stage_demand(&s, BUSY, 1300);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_truth(&s, BUSY).unmet_bytes, 0);
	stage_end(&s);
}

/* One liar says it gave: the host's own figures say it did not, and nobody is
 * given what is not there (the Spin model of one liar). */
static void a_claimed_release_is_not_dealt(void)
{
	struct stage s;

	four(&s, NULL, "odd claims to be where it was told and touches all it has",
	     "claims-target+greedy");
	stage_play(&s, 60);
	stage_demand(&s, CALM, 1300);
	stage_play(&s, 200);
	CU_ASSERT_EQUAL(stage_host(&s).over_max_bytes, 0);
	CU_ASSERT(stage_host(&s).available_min_bytes > 0);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"whoever does not follow", whoever_does_not_follow},
		{"a stuck guest is charged", a_stuck_guest_is_charged},
		{"a smiling refusal is found out", a_smiling_refusal_is_found_out},
		{"a partial answer is taken", a_partial_answer_is_taken},
		{"a hidden ceiling frees its promise", a_hidden_ceiling_frees_its_promise},
		{"a claimed release is not dealt", a_claimed_release_is_not_dealt},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "stuck", tests);
}
