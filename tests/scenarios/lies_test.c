/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of figures that are old, absurd or false (F5, W9, W10, W28): they
 * cost the guest that gives them, and nobody else; nothing is taken on them;
 * and who claims to use everything gains what a busy guest would, no more.
 */
#include "stage.h"

#include <string.h>

enum { ODD, BUSY, CALM, IDLE };

static void four(struct stage *s, const char *golden, const char *story, const char *behaviour)
{
	struct set set = {
		.golden = golden,
		.story = story,
		.host_mib = 5120,
		.own_mib = 512,
		.reserve_mib = 256,
		.free_falls = strstr(behaviour, "actual") != NULL,
	};

	stage_set(s, &set);
	stage_enter(s, &(struct role){.name = "odd", .size_mib = 1536, .demand_mib = 300,
	                              .behaviour = behaviour});
	stage_enter(s, &(struct role){.name = "busy", .size_mib = 1536, .demand_mib = 1100});
	stage_enter(s, &(struct role){.name = "calm", .size_mib = 1536, .demand_mib = 500});
	stage_enter(s, &(struct role){.name = "idle", .size_mib = 1536, .demand_mib = 100});
	stage_open(s);
}

/* The others are served as if odd were one of them. */
static void the_others_are_served(struct stage *s)
{
	for (size_t i = BUSY; i <= IDLE; i++) {
		CU_ASSERT_EQUAL(stage_truth(s, i).unmet_bytes, 0);
		CU_ASSERT(stage_truth(s, i).reversals <= 2);
		CU_ASSERT_EQUAL(stage_report(s, i).lost_samples, 0);
	}
	CU_ASSERT_EQUAL(stage_host(s).over_max_bytes, 0);
}

static void whatever_it_says(void)
{
	static const char *const lies[] = {"full",  "empty",  "absurd",       "noisy", "stale",
	                                   "silent", "late", "late+noisy",   "absurd+noisy"};

	for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
		struct stage s;

		four(&s, NULL, lies[k], lies[k]);
		stage_play(&s, 120);
		stage_demand(&s, CALM, 900);
		stage_play(&s, 60);
		the_others_are_served(&s);
		stage_end(&s);
	}
}

/* Statistics that were polled and never came, or came once: the guest keeps
 * what it has (W9: "the same numbers for ever"). */
static void old_figures_take_nothing(void)
{
	struct stage s;
	uint64_t had;

	four(&s, "stale", "odd's figures stop at 10 s and go on at 45 s.",
	     "obey");
	stage_play(&s, 9);
	stage_behave(&s, ODD, "stale");
	stage_play(&s, 11);
	had = stage_actual_mib(&s, ODD);
	stage_play(&s, 24);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_STALE);
	CU_ASSERT(stage_actual_mib(&s, ODD) >= had);
	/* Nor is silence worth memory: nobody gives up his for a guess. */
	CU_ASSERT(stage_told_mib(&s, ODD) <= had + 32);
	CU_ASSERT(stage_report(&s, ODD).age_ns >= 30 * SECOND);
	stage_behave(&s, ODD, "obey");
	stage_play(&s, 10);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_OK);
	stage_end(&s);
}

/* 2^64-1, -17591112298496 and their like: the sample is lost, the guest is
 * not, and nobody else notices. */
static void absurd_figures_are_lost(void)
{
	struct stage s;

	four(&s, "absurd", "odd says 2^64-1, -17591112298496, four times its size, noise.",
	     "absurd");
	stage_play(&s, 30);
	CU_ASSERT(stage_report(&s, ODD).lost_samples >= 15);
	CU_ASSERT_EQUAL(stage_report(&s, ODD).state, BALLOON_STATE_STALE);
	CU_ASSERT_EQUAL(stage_account(&s).lost_samples, stage_report(&s, ODD).lost_samples);
	the_others_are_served(&s);
	stage_end(&s);
}

/* An actual that cannot be is not believed, whatever it is. */
static void an_absurd_actual_is_not_believed(void)
{
	static const uint64_t lies[] = {0, 4096, (uint64_t)-268435456,
	                                (uint64_t)INT64_C(-17591112298496), BALLOON_BYTES_MAX};

	for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
		struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};
		struct stage s;

		four(&s, NULL, "odd claims an actual that cannot be", "obey");
		balloon_sim_behaviour("obey", 0, &b);
		b.flags = BALLOON_SIM_CLAIM_ACTUAL | BALLOON_SIM_TOUCHES_ALL;
		b.claim_actual_bytes = lies[k];
		CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s.sim, s.keys[ODD], &b), 0);
		s.set.free_falls = 1;
		stage_play(&s, 120);
		the_others_are_served(&s);
		CU_ASSERT(stage_report(&s, ODD).actual_bytes <= 1536 * MIB);
		stage_end(&s);
	}
}

/* Two alike, one says it uses all it has: it gains no more than a truly busy
 * one would have been given. */
static void a_liar_gains_what_a_busy_one_would(void)
{
	uint64_t has[2];

	for (int honest = 0; honest < 2; honest++) {
		struct stage s;

		four(&s, NULL, "odd claims to use all it has", honest ? "obey" : "full");
		if (honest)
			stage_demand(&s, ODD, 1536);
		stage_play(&s, 200);
		has[honest] = stage_told_mib(&s, ODD);
		stage_end(&s);
	}
	CU_ASSERT(has[0] <= has[1] + 32);
}

/* More says itself poor than there is: reservations stand, the host lives. */
static void a_house_full_of_liars(void)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
	struct stage s;

	stage_set(&s, &(struct set){.story = "Six guests claim to use all", .host_mib = 4096,
	                            .own_mib = 512, .reserve_mib = 256});
	for (size_t k = 0; k < 6; k++)
		stage_enter(&s, &(struct role){.name = names[k], .size_mib = 1024,
		                               .demand_mib = 100, .behaviour = "full"});
	stage_open(&s);
	stage_play(&s, 200);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	CU_ASSERT_EQUAL(stage_host(&s).over_max_bytes, 0);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"whatever it says", whatever_it_says},
		{"old figures take nothing", old_figures_take_nothing},
		{"absurd figures are lost", absurd_figures_are_lost},
		{"an absurd actual is not believed", an_absurd_actual_is_not_believed},
		{"a liar gains what a busy one would", a_liar_gains_what_a_busy_one_would},
		{"a house full of liars", a_house_full_of_liars},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "lies", tests);
}
