/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a guest shows that it suffers, what is done about it, and what is
 * remembered of it.
 */
#include <string.h>

#include "hall.h"
#include "puppet.h"
#include "stand.h"

/* A puppet's host of 8 GiB with one guest of 1 GiB that uses 500 MiB. */
static struct balloon *one(struct puppet *p)
{
	*p = (struct puppet){.sheet = {.struct_size = sizeof(p->sheet),
	                               .total_bytes = 8 * GIB,
	                               .available_bytes = 4 * GIB,
	                               .guests_n = 1}};
	p->guests[0] = puppet_guest(1, "a", GIB, GIB, 524 * MIB);
	p->guests[0].refault_bytes = BALLOON_UNKNOWN;
	p->guests[0].swapped_bytes = BALLOON_UNKNOWN;
	p->guests[0].stall_bp = BALLOON_UNKNOWN;
	return puppet_beat(p);
}

static const struct bl_guest *next(struct balloon *b, struct puppet *p)
{
	p->guests[0].serial++;
	CU_ASSERT_EQUAL(balloon_tick(b, p->guests[0].serial * SECOND, NULL), 0);
	return &b->world.guests[0];
}

static void time_lost_is_pressure(void)
{
	struct puppet p;
	struct balloon *b = one(&p);

	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].stall_bp = 99;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].stall_bp = 100;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 1);
	CU_ASSERT_EQUAL(b->world.guests[0].choked, 0);
	p.guests[0].stall_bp = 60; /* left again at half of it */
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 1);
	p.guests[0].stall_bp = 49;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].stall_bp = 1000;
	CU_ASSERT_EQUAL(next(b, &p)->choked, 1);
	CU_ASSERT_EQUAL(b->world.guests[0].need, GIB + GIB / 4);
	p.guests[0].stall_bp = 10001; /* nobody loses more than all */
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	balloon_close(b);
}

static void what_comes_back_is_pressure(void)
{
	struct puppet p;
	struct balloon *b = one(&p);

	p.guests[0].refault_bytes = 77 * MIB; /* the first is no rise */
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].refault_bytes += MIB - 1;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].refault_bytes += MIB;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 1);
	CU_ASSERT_EQUAL(b->world.guests[0].choked, 0); /* it shows in what it uses */
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].refault_bytes = 0; /* another life of the counter */
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].refault_bytes = BALLOON_UNKNOWN;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	p.guests[0].refault_bytes = 500 * MIB;
	CU_ASSERT_EQUAL(next(b, &p)->pressed, 0);
	balloon_close(b);
}

/* What the host took is memory it works with, if it says so; the host's word
 * still bounds what a guest can claim. */
static void what_is_swapped_was_touched(void)
{
	struct puppet p;
	struct balloon *b = one(&p);

	p.guests[0].resident_bytes = 200 * MIB;
	CU_ASSERT_EQUAL(bl_in_use(next(b, &p)), 200 * MIB);
	p.guests[0].swapped_bytes = 250 * MIB;
	CU_ASSERT_EQUAL(bl_in_use(next(b, &p)), 450 * MIB);
	p.guests[0].swapped_bytes = GIB;
	CU_ASSERT_EQUAL(bl_in_use(next(b, &p)), 500 * MIB);
	balloon_close(b);
}

/* ------------------------------------------------------------------ learnt */

/* Two guests, one idle and one a little short of a surplus, on too small a host. */
static void two(struct stand *s, uint64_t idle_mib, uint64_t busy_mib)
{
	struct balloon_policy policy = stand_policy();

	policy.budget_bytes = 1600 * MIB;
	stand_up(s, 8192);
	stand_guest(s, "idle", 1024, idle_mib);
	stand_guest(s, "busy", 1024, busy_mib);
	stand_open(s, &policy);
}

static void demand(struct stand *s, size_t i, uint64_t mib)
{
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[i], mib * MIB, BALLOON_UNKNOWN), 0);
}

static struct balloon_why why(struct stand *s, const char *guest)
{
	struct balloon_why w = {.struct_size = sizeof(w)};

	CU_ASSERT_EQUAL(balloon_why(s->b, guest, &w), 0);
	return w;
}

/* Taken down to little, it begins to work, is pressed, and that is remembered. */
static void make_it_suffer(struct stand *s)
{
	two(s, 150, 900);
	stand_beats(s, 30);
	CU_ASSERT_EQUAL(why(s, "idle").learnt_bytes, 0);
	demand(s, 0, 600);
	stand_beats(s, 20);
}

static void suffering_is_remembered_and_wears_off(void)
{
	struct balloon_why w;
	uint64_t before;
	struct stand s;

	make_it_suffer(&s);
	w = why(&s, "idle");
	CU_ASSERT(w.learnt_bytes > 0 && w.learnt_bytes < 700 * MIB);
	CU_ASSERT(w.entitlement_bytes > w.learnt_bytes); /* it counts for nothing there */
	demand(&s, 0, 60);
	stand_beats(&s, 60);
	before = why(&s, "idle").learnt_bytes;
	CU_ASSERT(before > 0);
	stand_beats(&s, 60);
	CU_ASSERT(why(&s, "idle").learnt_bytes < before - before / 20);
	CU_ASSERT(why(&s, "idle").learnt_bytes > before / 2);
	stand_beats(&s, 7200);
	CU_ASSERT(why(&s, "idle").learnt_bytes < MIB);
	stand_down(&s);
}

/* Two worlds that differ by a memory alone. */
static void it_keeps_a_surplus_but_nobodys_need(void)
{
	for (int needy = 0; needy < 2; needy++) {
		struct balloon_policy policy = stand_policy();
		struct bl_guest *idle;
		struct stand s;
		char text[512];

		policy.budget_bytes = 1600 * MIB;
		stand_up(&s, 8192);
		stand_guest(&s, "idle", 1024, 150);
		stand_guest(&s, "busy", 1024, needy ? 950 : 200);
		stand_open(&s, &policy);
		stand_beats(&s, 1);
		idle = &s.b->world.guests[0];
		idle->learnt = 800 * MIB;
		stand_beats(&s, 30);
		CU_ASSERT_EQUAL(s.b->world.needy, 0);
		if (needy) {
			CU_ASSERT(idle->actual < 650 * MIB);
			CU_ASSERT(stand_report(s.b, "busy").actual_bytes > 950 * MIB);
		} else {
			CU_ASSERT(idle->actual >= 700 * MIB);
			CU_ASSERT(balloon_explain(s.b, "idle", text, sizeof(text)) > 0);
		}
		stand_down(&s);
	}
}

static void it_is_told(void)
{
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = stand_policy();
	uint64_t before;
	struct balloon_why w;
	struct stand s;
	char text[600];

	CU_ASSERT_EQUAL(balloon_profile("balanced", &profile), 0);
	policy.budget_bytes = 1900 * MIB;
	stand_up(&s, 8192);
	stand_guest(&s, "idle", 1024, 150);
	stand_guest(&s, "other", 1024, 200);
	stand_open(&s, &policy);
	stand_beats(&s, 10);
	before = stand_report(s.b, "idle").target_bytes;
	s.b->world.guests[0].learnt = s.b->world.guests[1].learnt = 1000 * MIB;
	profile.pool_bp = 1000; /* a larger spare can wait */
	policy.profile = &profile;
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), 0);
	stand_beats(&s, 10);
	CU_ASSERT_EQUAL(stand_report(s.b, "idle").target_bytes, before);
	CU_ASSERT(stand_report(s.b, "idle").entitlement_bytes < before - 50 * MIB);
	w = why(&s, "idle");
	CU_ASSERT_EQUAL(w.rule, BALLOON_REASON_LEARNT);
	CU_ASSERT(w.clamps & BALLOON_CLAMP_LEARNT);
	CU_ASSERT(balloon_explain(s.b, "idle", text, sizeof(text)) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it suffered below that a while ago"));
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"time lost is pressure", time_lost_is_pressure},
	        {"what comes back is pressure", what_comes_back_is_pressure},
	        {"what is swapped was touched", what_is_swapped_was_touched},
	        {"suffering is remembered and wears off", suffering_is_remembered_and_wears_off},
	        {"it keeps a surplus but nobody's need", it_keeps_a_surplus_but_nobodys_need},
	        {"it is told", it_is_told},
	        {NULL, NULL},
	};

	return run_tests("suffering", tests);
}
