/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of coming and going (W5, W8, W15, W18, W30, W31, F6): guests that
 * boot, are reset, restart, die under an order, are paused for a backup, or
 * never had a driver. Each life is met anew and left alone while it boots.
 */
#include "stage.h"

#include <errno.h>

static const struct set full_host = {
	.host_mib = 4096,
	.own_mib = 512,
	.reserve_mib = 256,
};

static void three(struct stage *s, const char *golden, const char *story)
{
	struct set set = full_host;

	set.golden = golden;
	set.story = story;
	stage_set(s, &set);
	stage_enter(s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 800,
	                              .boot_s = 8});
	stage_enter(s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	stage_enter(s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 300});
}

/* W8: a new guest is not squeezed before it is up; room for it is made by the
 * others. */
static void a_new_guest_boots_in_peace(void)
{
	struct stage s;
	size_t late;

	three(&s, "boot", "late starts at 20 s and takes 8 s to boot.");
	late = stage_enter(&s, &(struct role){.name = "late", .size_mib = 1024,
	                                      .demand_mib = 200, .start_s = 20, .boot_s = 8});
	stage_open(&s);
	stage_play(&s, 39);
	CU_ASSERT_EQUAL(stage_truth(&s, late).actual_min_bytes, 1024 * MIB);
	CU_ASSERT_EQUAL(stage_report(&s, late).reason, BALLOON_REASON_BOOT);
	stage_play(&s, 31);
	CU_ASSERT(stage_actual_mib(&s, late) < 1024);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	stage_end(&s);
}

/* W5: after a reset the old target and the old figure survive while the guest
 * has all of its size. Its new life is told what it may have, or left alone,
 * but not squeezed on figures of the old one. */
static void a_reset_is_another_life(void)
{
	struct stage s;
	uint64_t key, had;

	three(&s, NULL, "a is reset at 30 s");
	s.set.free_falls = 1; /* a reset guest has all, whatever it was told */
	stage_open(&s);
	stage_play(&s, 30);
	key = s.keys[0];
	had = stage_told_mib(&s, 0);
	stage_restart(&s, 0, BALLOON_SIM_RESET);
	CU_ASSERT_NOT_EQUAL(s.keys[0], key);
	stage_play(&s, 5);
	CU_ASSERT_EQUAL(stage_report(&s, 0).key, s.keys[0]);
	CU_ASSERT_EQUAL(stage_report(&s, 0).state, BALLOON_STATE_BOOTING);
	CU_ASSERT(stage_told_mib(&s, 0) >= had);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_report(&s, 0).state, BALLOON_STATE_OK);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

static void a_restart_is_another_life(void)
{
	struct stage s;

	three(&s, NULL, "c is restarted each 40 s");
	stage_open(&s);
	for (int k = 0; k < 10; k++) {
		stage_play(&s, 40);
		stage_restart(&s, 2, BALLOON_SIM_RESTART);
	}
	stage_play(&s, 100);
	CU_ASSERT_EQUAL(stage_truth(&s, 2).lives, 11);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	stage_end(&s);
}

/* W18: gone between the plan and the act, and its place taken by another. */
static void a_guest_dies_under_its_order(void)
{
	struct stage s;
	size_t heir;

	three(&s, NULL, "b dies when it is first told something");
	stage_behave(&s, 1, "dies");
	stage_open(&s);
	stage_play(&s, 10);
	CU_ASSERT_PTR_NULL(stage_report(&s, 1).name);
	CU_ASSERT_EQUAL(balloon_sim_remove(s.sim, s.keys[1]), -ESRCH);
	heir = stage_enter(&s, &(struct role){.name = "heir", .size_mib = 1536,
	                                      .demand_mib = 200});
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_report(&s, heir).key, s.keys[heir]);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, 2).unmet_bytes, 0);
	stage_end(&s);
}

/* F6, W14: a guest that does not run (backup, snapshot, migration) is left as
 * it is, and taken up again afterwards without a jump. */
static void a_paused_guest_is_left_alone(void)
{
	struct stage s;
	uint64_t orders, had;

	three(&s, "paused", "b is paused from 15 to 44 s, a wants more from 20 s on.");
	stage_open(&s);
	stage_play(&s, 14);
	stage_behave(&s, 1, "paused");
	stage_play(&s, 1);
	orders = stage_truth(&s, 1).orders;
	had = stage_actual_mib(&s, 1);
	stage_play(&s, 4);
	stage_demand(&s, 0, 1300);
	stage_play(&s, 25);
	CU_ASSERT_EQUAL(stage_truth(&s, 1).orders, orders);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, 1), had);
	CU_ASSERT_EQUAL(stage_report(&s, 1).state, BALLOON_STATE_PAUSED);
	stage_behave(&s, 1, "obey");
	stage_play(&s, 16);
	CU_ASSERT_EQUAL(stage_report(&s, 1).state, BALLOON_STATE_OK);
	stage_end(&s);
}

/* W16: one guest's calls time out, its figures are unknown. It keeps what it
 * has; the others go on. */
static void a_hung_guest_costs_itself(void)
{
	struct stage s;

	three(&s, NULL, "b hangs from 15 to 75 s");
	stage_open(&s);
	stage_play(&s, 14);
	stage_behave(&s, 1, "hung");
	stage_play(&s, 6);
	stage_demand(&s, 0, 1300);
	stage_play(&s, 54);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_report(&s, 1).state, BALLOON_STATE_STALE);
	stage_behave(&s, 1, "obey");
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_report(&s, 1).state, BALLOON_STATE_OK);
	CU_ASSERT_EQUAL(stage_truth(&s, 1).unmet_bytes, 0);
	stage_end(&s);
}

/* W30: without a driver it is counted at full size and not asked to shrink. */
static void without_a_driver_it_counts_in_full(void)
{
	struct stage s;

	three(&s, NULL, "b never gets a driver");
	stage_behave(&s, 1, "driverless");
	stage_open(&s);
	stage_play(&s, 120);
	CU_ASSERT_EQUAL(stage_actual_mib(&s, 1), 1536);
	CU_ASSERT(stage_told_mib(&s, 1) >= 1536);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

/* W31: arrived from elsewhere with somebody else's balloon in it: what it has
 * is taken as it is, nobody is robbed for it, and it gets its part. */
static void an_arrival_brings_its_balloon(void)
{
	struct balloon_sim_guest guest = {
		.struct_size = sizeof(guest),
		.name = "arrived",
		.size_bytes = 1536 * MIB,
		.actual_bytes = 300 * MIB,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	struct stage s;

	three(&s, NULL, "a guest arrives with 300 of its 1536 MiB");
	stage_open(&s);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(balloon_sim_add(s.sim, &guest, &s.keys[s.n]), 0);
	s.roles[s.n++] = (struct role){.name = guest.name, .size_mib = 1536};
	stage_demand(&s, 3, 400);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_truth(&s, 3).unmet_bytes, 0);
	CU_ASSERT(stage_actual_mib(&s, 3) >= balloon_floor(1536 * MIB) / MIB);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"a new guest boots in peace", a_new_guest_boots_in_peace},
		{"a reset is another life", a_reset_is_another_life},
		{"a restart is another life", a_restart_is_another_life},
		{"a guest dies under its order", a_guest_dies_under_its_order},
		{"a paused guest is left alone", a_paused_guest_is_left_alone},
		{"a hung guest costs itself", a_hung_guest_costs_itself},
		{"without a driver it counts in full", without_a_driver_it_counts_in_full},
		{"an arrival brings its balloon", an_arrival_brings_its_balloon},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "lives", tests);
}
