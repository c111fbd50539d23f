/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What if: the same engine on copies; the host is not touched. */
#include <errno.h>
#include <string.h>

#include "stand.h"

static void three(struct stand *s)
{
	struct balloon_policy policy = stand_policy();

	policy.budget_bytes = 2400 * MIB;
	stand_up(s, 8192);
	stand_guest(s, "a", 1024, 900);
	stand_guest(s, "b", 1024, 900);
	stand_guest(s, "c", 1024, 200);
	stand_open(s, &policy);
	stand_beats(s, 60);
}

static void the_present_is_the_same(void)
{
	struct balloon *view;
	struct stand s;

	stand_up(&s, 4096);
	stand_open(&s, NULL);
	CU_ASSERT_EQUAL(balloon_what_if(s.b, &view), -EAGAIN);
	stand_down(&s);
	three(&s);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(s.b, &view), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	for (const char *name = "a\0b\0c\0"; *name; name += 2) {
		CU_ASSERT_EQUAL(stand_report(view, name).entitlement_bytes,
		                stand_report(s.b, name).entitlement_bytes);
		CU_ASSERT_EQUAL(stand_report(view, name).active_bytes,
		                stand_report(s.b, name).active_bytes);
	}
	CU_ASSERT_EQUAL(stand_account(view).dry_run, 1);
	balloon_close(view);
	stand_down(&s);
}

static void other_shares(void)
{
	struct balloon_named_allocation guests[] = {{"a", stand_allocation(NULL, 0)}};
	struct balloon_policy policy = stand_policy();
	struct balloon_report before, after;
	struct balloon *view;
	struct stand s;

	three(&s);
	before = stand_account(s.b);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(s.b, &view), 0);
	policy.budget_bytes = 2400 * MIB;
	guests[0].allocation.shares = 8000;
	policy.guests = guests;
	policy.guests_n = 1;
	CU_ASSERT_EQUAL(balloon_set_policy(view, &policy), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT(stand_report(view, "a").entitlement_bytes >
	          stand_report(s.b, "a").entitlement_bytes);
	balloon_close(view);
	after = stand_account(s.b);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
	stand_down(&s);
}

static void another_guest_and_a_lost_dimm(void)
{
	struct balloon_policy policy = stand_policy();
	struct balloon *view;
	struct stand s;

	three(&s);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(s.b, &view), 0);
	CU_ASSERT_EQUAL(balloon_what_if_guest(view, "new", 1024 * MIB, 900 * MIB), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT_EQUAL(stand_account(view).guests_n, 4);
	CU_ASSERT(stand_report(view, "a").entitlement_bytes <
	          stand_report(s.b, "a").entitlement_bytes);
	CU_ASSERT_EQUAL(balloon_what_if_gone(view, "new"), 0);
	CU_ASSERT_EQUAL(balloon_what_if_gone(view, "new"), -ENOENT);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT_EQUAL(stand_report(view, "a").entitlement_bytes,
	                stand_report(s.b, "a").entitlement_bytes);
	CU_ASSERT_EQUAL(balloon_set_policy(view, &policy), 0);
	CU_ASSERT_EQUAL(balloon_what_if_host(view, 3072 * MIB, 256 * MIB), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT(stand_account(view).capacity_bytes < 2944 * MIB);
	CU_ASSERT_EQUAL(balloon_what_if_host(s.b, GIB, GIB), -EINVAL);
	balloon_close(view);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"the present is the same", the_present_is_the_same},
	        {"other shares", other_shares},
	        {"another guest, and a lost DIMM", another_guest_and_a_lost_dimm},
	        {NULL, NULL},
	};

	return run_tests("what if", tests);
}
