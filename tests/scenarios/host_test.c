/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stories of the host itself (F4, F9, W17, W24, W27, W32): its daemon goes
 * away, its own use grows, its cache counts as free, reservations exceed it,
 * its clock jumps.
 */
#include "stage.h"

#include <errno.h>

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
	stage_enter(s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 1000});
	stage_enter(s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	stage_enter(s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 300});
	stage_open(s);
}

/* W17, F4: nothing is decided while nothing is seen, it is said so, and it
 * goes on by itself. */
static void the_daemon_goes_away(void)
{
	struct stage s;
	uint64_t next = 0;

	three(&s, "away", "The daemon is away from 10 to 19 s; b wants more meanwhile.");
	stage_play(&s, 9);
	balloon_sim_away(s.sim, 11 * SECOND);
	CU_ASSERT_EQUAL(balloon_tick(s.b, s.now_ns, &next), -EAGAIN);
	CU_ASSERT(next > s.now_ns && next <= s.now_ns + 10 * SECOND);
	CU_ASSERT_STRING_NOT_EQUAL(balloon_error(s.b), "");
	stage_demand(&s, 1, 900);
	stage_play(&s, 31);
	CU_ASSERT_EQUAL(stage_truth(&s, 1).unmet_bytes, 0);
	CU_ASSERT(stage_account(&s).lost_beats >= 10);
	stage_end(&s);
}

/* The host's own use grows: the guests make room, down to their floors and no
 * further, and what lacks is said. */
static void the_host_wants_more_itself(void)
{
	struct stage s;

	three(&s, "host-grows", "The host's own use grows from 512 to 1536 MiB at 20 s.");
	s.set.free_falls = 1; /* capacity moves under what was promised */
	stage_play(&s, 19);
	CU_ASSERT_EQUAL(balloon_sim_set_host(s.sim, 1536 * MIB, 0), 0);
	stage_play(&s, 41);
	CU_ASSERT(stage_host(&s).available_bytes >= 256 * MIB);
	CU_ASSERT(stage_account(&s).charged_bytes <= stage_account(&s).capacity_bytes);
	CU_ASSERT_EQUAL(stage_truth(&s, 1).swap_out_bytes, 0);
	stage_end(&s);
}

/* F9: cache the host can drop at once is as good as free. */
static void host_cache_counts_as_free(void)
{
	struct stage s;
	uint64_t orders;

	three(&s, NULL, "The host fills its free memory with cache");
	stage_play(&s, 60);
	orders = stage_host(&s).orders;
	CU_ASSERT_EQUAL(balloon_sim_set_host(s.sim, 2048 * MIB, 1536 * MIB), 0);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_host(&s).orders, orders);
	stage_end(&s);
}

/* W24: 3 x 1400 reserved on 3328: reservations stand, the lack is reported to
 * the byte, nobody is squeezed to hide it. */
static void reservations_exceed_the_host(void)
{
	static const char *const names[] = {"a", "b", "c"};
	struct stage s;

	stage_set(&s, &a_host);
	s.set.story = "Three guests of 1400 reserved MiB where there are 3328";
	for (size_t k = 0; k < 3; k++)
		stage_enter(&s, &(struct role){.name = names[k], .size_mib = 1536,
		                               .demand_mib = 500, .reservation_mib = 1400});
	stage_open(&s);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_account(&s).shortfall_bytes, (3 * 1400 - 3328) * MIB);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(stage_actual_mib(&s, i), 1400);
	stage_end(&s);
}

/* W32: the control plane is idle most of the time and has a hard floor. */
static void the_control_plane_keeps_its_floor(void)
{
	struct stage s;

	stage_set(&s, &a_host);
	s.set.story = "control is idle and reserved, two others want all there is";
	stage_enter(&s, &(struct role){.name = "control", .size_mib = 1536, .demand_mib = 50,
	                               .reservation_mib = 1200});
	stage_enter(&s, &(struct role){.name = "x", .size_mib = 2048, .demand_mib = 1900});
	stage_enter(&s, &(struct role){.name = "y", .size_mib = 2048, .demand_mib = 1900});
	stage_open(&s);
	stage_play(&s, 300);
	CU_ASSERT(stage_truth(&s, 0).actual_min_bytes >= 1200 * MIB);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	stage_end(&s);
}

/* A budget is held though the host has more. */
static void a_budget_is_held(void)
{
	struct stage s;

	stage_set(&s, &(struct set){.story = "2560 MiB for three guests", .host_mib = 8192,
	                            .own_mib = 512, .reserve_mib = 256, .budget_mib = 2560});
	stage_enter(&s, &(struct role){.name = "a", .size_mib = 1536, .demand_mib = 1000});
	stage_enter(&s, &(struct role){.name = "b", .size_mib = 1536, .demand_mib = 300});
	stage_enter(&s, &(struct role){.name = "c", .size_mib = 1536, .demand_mib = 300});
	stage_open(&s);
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_account(&s).capacity_bytes, 2560 * MIB);
	CU_ASSERT(stage_host(&s).promised_bytes <= 2560 * MIB);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

/* W27: the host slept for an hour. What is known is an hour old; the first
 * beat after it takes nothing for granted. */
static void the_host_slept(void)
{
	struct stage s;

	three(&s, NULL, "The host sleeps for an hour at 30 s");
	stage_play(&s, 30);
	s.now_ns += 3600 * SECOND;
	stage_play(&s, 60);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	CU_ASSERT_EQUAL(balloon_tick(s.b, s.now_ns - 10 * SECOND, NULL), -EINVAL);
	stage_play(&s, 1);
	stage_end(&s);
}

/* A guest is added to a host that is full: nobody is over-promised for it. */
static void one_more_on_a_full_host(void)
{
	struct stage s;
	size_t extra;

	three(&s, NULL, "A fourth guest starts on a full host");
	stage_play(&s, 60);
	extra = stage_enter(&s, &(struct role){.name = "d", .size_mib = 1024,
	                                       .demand_mib = 500});
	stage_play(&s, 120);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, extra).unmet_bytes, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, 0).unmet_bytes, 0);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"the daemon goes away", the_daemon_goes_away},
		{"the host wants more itself", the_host_wants_more_itself},
		{"host cache counts as free", host_cache_counts_as_free},
		{"reservations exceed the host", reservations_exceed_the_host},
		{"the control plane keeps its floor", the_control_plane_keeps_its_floor},
		{"a budget is held", a_budget_is_held},
		{"the host slept", the_host_slept},
		{"one more on a full host", one_more_on_a_full_host},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "host", tests);
}
