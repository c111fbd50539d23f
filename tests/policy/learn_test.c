/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that was shrunk too far is not shrunk so far again, for a while. */
#include "stand.h"

static void work(struct stand *s, size_t guest, uint64_t mib)
{
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[guest], mib * MIB, BALLOON_UNKNOWN),
	                0);
}

/* Both want more and less in turns, each when the other rests. */
static uint64_t turns(struct stand *s, int times)
{
	struct balloon_sim_host_truth before = {.struct_size = sizeof(before)}, after = before;

	CU_ASSERT_EQUAL(balloon_sim_host_truth(s->sim, &before), 0);
	while (times-- > 0) {
		work(s, 0, 700);
		work(s, 1, 100);
		stand_beats(s, 90);
		work(s, 0, 100);
		work(s, 1, 700);
		stand_beats(s, 90);
	}
	CU_ASSERT_EQUAL(balloon_sim_host_truth(s->sim, &after), 0);
	return after.reversals - before.reversals;
}

static void lessons(void)
{
	struct balloon_policy policy = stand_policy();
	struct balloon_guest_report g;
	struct stand s;

	policy.budget_bytes = 1500 * MIB;
	stand_up(&s, 8192);
	stand_guest(&s, "a", 1024, 200);
	stand_guest(&s, "b", 1024, 200);
	stand_open(&s, &policy);
	stand_beats(&s, 60);
	g = stand_report(s.b, "a");
	CU_ASSERT(g.need_bytes <= g.active_bytes + g.active_bytes / 5);
	turns(&s, 2);
	work(&s, 0, 100);
	work(&s, 1, 100);
	stand_beats(&s, 400);
	g = stand_report(s.b, "a");
	CU_ASSERT(g.active_bytes < 300 * MIB);
	CU_ASSERT(g.need_bytes > 2 * g.active_bytes); /* it remembers */
	stand_beats(&s, 4 * 3600);
	g = stand_report(s.b, "a");
	CU_ASSERT(g.need_bytes <= g.active_bytes + g.active_bytes / 5); /* and forgets */
	stand_down(&s);
}

/* Two guests whose work comes in turns stop being turned around by it. */
static void calm_comes_with_age(void)
{
	struct balloon_policy policy = stand_policy();
	uint64_t young, old;
	struct stand s;

	policy.budget_bytes = 1500 * MIB;
	stand_up(&s, 8192);
	stand_guest(&s, "a", 1024, 200);
	stand_guest(&s, "b", 1024, 200);
	stand_open(&s, &policy);
	stand_beats(&s, 60);
	young = turns(&s, 4);
	old = turns(&s, 4);
	CU_ASSERT(young > 0);
	CU_ASSERT(old <= young);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"lessons", lessons},
	        {"calm comes with age", calm_comes_with_age},
	        {NULL, NULL},
	};

	return run_tests("learn", tests);
}
