/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds: left alone while held, capped all together, over by themselves. */
#include <errno.h>
#include <string.h>

#include "stand.h"

static struct balloon_hold hold(uint32_t mode, uint64_t until)
{
	return (struct balloon_hold){.struct_size = sizeof(struct balloon_hold),
	                             .mode = mode,
	                             .owner = "backup",
	                             .reason = "nightly",
	                             .until_ns = until};
}

/* Two idle guests, and a busy third that comes for their memory. */
static void three(struct stand *s)
{
	stand_up(s, 4096);
	stand_guest(s, "a", 2048, 400);
	stand_guest(s, "b", 2048, 400);
	stand_open(s, NULL);
	stand_beats(s, 3);
}

static void a_held_guest_is_left_alone(void)
{
	struct balloon_hold h;
	struct stand s;
	uint64_t had;

	three(&s);
	had = stand_report(s.b, "a").target_bytes;
	h = hold(BALLOON_HOLD_FREEZE, s.now + 20 * SECOND);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), 0);
	stand_guest(&s, "busy", 1024, 1000);
	stand_beats(&s, 10);
	CU_ASSERT_EQUAL(stand_report(s.b, "a").target_bytes, had);
	CU_ASSERT_EQUAL(stand_report(s.b, "a").reason, BALLOON_REASON_HOLD);
	CU_ASSERT(stand_report(s.b, "b").target_bytes < had);
	CU_ASSERT(stand_account(s.b).held_bytes > 0);
	stand_beats(&s, 40);
	CU_ASSERT(stand_report(s.b, "a").target_bytes < had);
	CU_ASSERT_EQUAL(stand_account(s.b).held_bytes, 0);
	stand_down(&s);
}

static void a_full_hold_gives_back(void)
{
	struct balloon_hold h;
	struct stand s;

	three(&s);
	stand_guest(&s, "busy", 768, 700);
	stand_beats(&s, 60);
	CU_ASSERT(stand_report(s.b, "a").actual_bytes < 2000 * MIB);
	h = hold(BALLOON_HOLD_FULL, s.now + 100 * SECOND);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), 0);
	stand_beats(&s, 60);
	CU_ASSERT_EQUAL(stand_report(s.b, "a").actual_bytes, 2048 * MIB);
	CU_ASSERT_EQUAL(balloon_unhold(s.b, "a", "backup"), 0);
	CU_ASSERT_EQUAL(balloon_unhold(s.b, "a", "backup"), -ENOENT);
	stand_down(&s);
}

/* Holds on everybody do not freeze the host: the cap overrides them. */
static void holds_are_capped(void)
{
	struct balloon_hold h;
	struct stand s;

	three(&s);
	h = hold(BALLOON_HOLD_KEEP, s.now + 1000 * SECOND);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), 0);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "b", &h), 0);
	stand_guest(&s, "busy", 2048, 2000);
	stand_beats(&s, 60);
	CU_ASSERT(stand_account(s.b).held_bytes <= stand_account(s.b).capacity_bytes / 4);
	CU_ASSERT(stand_report(s.b, "a").target_bytes < 2048 * MIB ||
	          stand_report(s.b, "b").target_bytes < 2048 * MIB);
	stand_down(&s);
}

static void refusals(void)
{
	struct balloon_hold h;
	struct stand s;

	three(&s);
	h = hold(BALLOON_HOLD_FULL + 1, s.now + SECOND);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), -EINVAL);
	h = hold(BALLOON_HOLD_KEEP, s.now);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), -EINVAL);
	h = hold(BALLOON_HOLD_KEEP, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), -EINVAL);
	h = hold(BALLOON_HOLD_KEEP, s.now + SECOND);
	h.owner = NULL;
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_error(s.b), "who holds"));
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"a held guest is left alone", a_held_guest_is_left_alone},
	        {"a full hold gives back", a_full_hold_gives_back},
	        {"holds are capped", holds_are_capped},
	        {"refusals", refusals},
	        {NULL, NULL},
	};

	return run_tests("holds", tests);
}
