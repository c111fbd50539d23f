/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why: the sentences, to the letter, and the numbers behind them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stand.h"

static void says(struct stand *s, const char *guest, const char *expected)
{
	char text[512] = "";
	int n = balloon_explain(s->b, guest, text, sizeof(text));

	CU_ASSERT_EQUAL(n, (int)strlen(text));
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected))
		printf("\n  is:  %s\n  was: %s\n", text, expected);
}

static struct balloon_why why(struct stand *s, const char *guest)
{
	struct balloon_why w = {.struct_size = sizeof(w)};

	CU_ASSERT_EQUAL(balloon_why(s->b, guest, &w), 0);
	return w;
}

static void plenty(void)
{
	struct stand s;

	stand_up(&s, 8192);
	stand_guest(&s, "web", 1024, 300);
	stand_open(&s, NULL);
	stand_beats(&s, 2);
	says(&s, "web",
	     "web has 1024 MiB and is told 1024 MiB, since there is enough for every guest "
	     "(active 300 MiB; entitled to 1024 MiB of 7808 MiB for 1 guests; shares 1000, "
	     "reservation 358 MiB, limit 1024 MiB; own figures 0.0 s old); nobody else wants more; "
	     "looked at again in 1 s.");
	CU_ASSERT_EQUAL(why(&s, "web").rule, BALLOON_REASON_PLENTY);
	CU_ASSERT_EQUAL(why(&s, "web").source, BALLOON_SOURCE_GUEST);
	CU_ASSERT_EQUAL(why(&s, "web").confidence_bp, 8000);
	CU_ASSERT_EQUAL(balloon_why(s.b, "nobody", &(struct balloon_why){.struct_size = 8}), -ENOENT);
	CU_ASSERT_EQUAL(balloon_why(s.b, "web", &(struct balloon_why){0}), -EINVAL);
	stand_down(&s);
}

static void shortage(void)
{
	struct balloon_policy policy = stand_policy();
	struct stand s;

	policy.budget_bytes = 1500 * MIB;
	stand_up(&s, 8192);
	stand_guest(&s, "idle", 1024, 200);
	stand_guest(&s, "busy", 1024, 1000);
	stand_open(&s, &policy);
	stand_beats(&s, 12);
	says(&s, "idle",
	     "idle has 435 MiB and is told 435 MiB, since its idle memory is taxed (active 200 MiB; "
	     "entitled to 435 MiB of 1500 MiB for 2 guests; shares 1000, reservation 358 MiB, limit "
	     "1024 MiB; own figures 0.0 s old); nobody else wants more; looked at again in 1 s.");
	CU_ASSERT_EQUAL(why(&s, "idle").bound, BALLOON_REASON_TAX);
	CU_ASSERT_EQUAL(why(&s, "idle").goal_bytes, why(&s, "idle").entitlement_bytes);
	stand_down(&s);
}

static void held(void)
{
	struct balloon_hold h = {.struct_size = sizeof(h),
	                         .owner = "backup",
	                         .reason = "nightly",
	                         .until_ns = 100 * SECOND};
	struct balloon_policy policy = stand_policy();
	char text[512];
	struct stand s;

	policy.budget_bytes = 1700 * MIB;
	stand_up(&s, 8192);
	stand_guest(&s, "idle", 1024, 200);
	stand_guest(&s, "busy", 1024, 1000);
	stand_open(&s, &policy);
	CU_ASSERT_EQUAL(balloon_hold(s.b, "idle", &h), 0);
	stand_beats(&s, 10);
	CU_ASSERT(balloon_explain(s.b, "idle", text, sizeof(text)) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "somebody holds it (backup: nightly, for 90 s more)"));
	CU_ASSERT(why(&s, "idle").clamps & BALLOON_CLAMP_HOLD);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"plenty", plenty},
	        {"shortage", shortage},
	        {"held", held},
	        {NULL, NULL},
	};

	return run_tests("why", tests);
}
