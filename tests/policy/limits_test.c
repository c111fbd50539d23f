/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits bind also where there is plenty; and what asks on a copy, sees it all. */
#include <errno.h>

#include "puppet.h"
#include "stand.h"

static void two_guests(struct stand *s)
{
	stand_up(s, 8192);
	stand_guest(s, "a", 1024, 200);
	stand_guest(s, "b", 1024, 200);
	stand_open(s, NULL);
	stand_beats(s, 3);
}

static void a_guests_limit(void)
{
	struct balloon_named_allocation a = {.guest = "a", .allocation = stand_allocation(NULL, 100)};
	struct balloon_policy p = stand_policy();
	struct stand s;

	two_guests(&s);
	a.allocation.limit_bytes = 512 * MIB;
	p.guests = &a;
	p.guests_n = 1;
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &p), 0);
	stand_beats(&s, 60);
	CU_ASSERT_EQUAL(stand_report(s.b, "a").actual_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(stand_report(s.b, "b").actual_bytes, 1024 * MIB);
	stand_down(&s);
}

static void a_pools_limit(void)
{
	struct balloon_pool pool = {.struct_size = sizeof(pool), .name = "p", .shares = 1000,
	                            .reservation_bytes = BALLOON_UNKNOWN,
	                            .limit_bytes = 1024 * MIB};
	struct balloon_policy p = stand_policy();
	struct stand s;

	two_guests(&s);
	p.pools = &pool;
	p.pools_n = 1;
	p.fallback = stand_allocation("p", 100);
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &p), 0);
	stand_beats(&s, 120);
	CU_ASSERT(stand_report(s.b, "a").actual_bytes + stand_report(s.b, "b").actual_bytes <=
	          1024 * MIB + 2 * 20 * MIB); /* a deadband each */
	stand_down(&s);
}

/* Before, the first listed got all that was free. */
static void release_knows_no_order(void)
{
	struct puppet host = {.sheet = {.struct_size = sizeof(host.sheet),
	                                .total_bytes = 16 * GIB,
	                                .available_bytes = 3 * GIB + 1234567,
	                                .guests_n = 2,
	                                .swap_bytes = BALLOON_UNKNOWN},
	                      .guests = {puppet_guest(1, "a", 4 * GIB, GIB, GIB / 2),
	                                 puppet_guest(2, "b", 4 * GIB, GIB, GIB / 2)}};
	struct balloon *b = puppet_beat(&host);
	struct balloon_policy tight = stand_policy();
	struct balloon_guest_report g[2];

	balloon_close(b);
	b = puppet_beat(&host);
	tight.budget_bytes = 2 * GIB;
	CU_ASSERT_EQUAL(balloon_set_policy(b, &tight), 0);
	CU_ASSERT_EQUAL(balloon_release(b, 2 * SECOND), 0);
	CU_ASSERT_EQUAL(balloon_guests(b, g, sizeof(g[0]), 2), 2);
	CU_ASSERT_EQUAL(g[0].target_bytes, g[1].target_bytes);
	CU_ASSERT(g[0].target_bytes > GIB);
	CU_ASSERT_EQUAL(g[0].target_bytes % BALLOON_PAGE_BYTES, 0);
	balloon_close(b);
}

/* A host that says nothing any more has nothing free for a claim. */
static void blind_is_not_ready(void)
{
	struct balloon_request r = {.struct_size = sizeof(r), .reservation_bytes = GIB,
	                            .size_bytes = BALLOON_UNKNOWN};
	struct puppet host = {.sheet = {.struct_size = sizeof(host.sheet),
	                                .total_bytes = 8 * GIB,
	                                .available_bytes = 4 * GIB,
	                                .guests_n = 1,
	                                .swap_bytes = BALLOON_UNKNOWN},
	                      .guests = {puppet_guest(1, "a", 2 * GIB, 2 * GIB, GIB)}};
	struct balloon *b = puppet_beat(&host);
	uint64_t claim = 0, missing = 0;

	CU_ASSERT_EQUAL(balloon_claim(b, &r, "new", 100 * SECOND, &claim), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, 2 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_claim_ready(b, claim, &missing), 0);
	host.sheet.available_bytes = BALLOON_UNKNOWN;
	CU_ASSERT_EQUAL(balloon_tick(b, 3 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_claim_ready(b, claim, &missing), -EAGAIN);
	CU_ASSERT_EQUAL(missing, GIB);
	balloon_close(b);
}

/* A view keeps holds and claims, can be asked at once, and can have a view. */
static void a_view_is_whole(void)
{
	struct balloon_hold h = {.struct_size = sizeof(h), .mode = BALLOON_HOLD_KEEP,
	                         .owner = "backup"};
	struct balloon_request r = {.struct_size = sizeof(r), .reservation_bytes = 64 * MIB,
	                            .size_bytes = BALLOON_UNKNOWN};
	struct balloon *view, *other;
	struct stand s;
	uint64_t claim;

	two_guests(&s);
	h.until_ns = s.now + 1000 * SECOND;
	CU_ASSERT_EQUAL(balloon_hold(s.b, "a", &h), 0);
	CU_ASSERT_EQUAL(balloon_claim(s.b, &r, "new", s.now + 1000 * SECOND, &claim), 0);
	stand_beats(&s, 1);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(s.b, &view), 0);
	CU_ASSERT_EQUAL(stand_account(view).capacity_bytes, stand_account(s.b).capacity_bytes);
	CU_ASSERT_EQUAL(stand_report(view, "a").target_bytes, 1024 * MIB);
	CU_ASSERT_EQUAL(balloon_admit(view, &r, NULL), balloon_admit(s.b, &r, NULL));
	CU_ASSERT_EQUAL(balloon_unhold(view, "a", "backup"), 0);
	CU_ASSERT_EQUAL(balloon_claim_release(view, claim), 0);
	CU_ASSERT_EQUAL(balloon_what_if_gone(view, ""), -ENOENT);
	CU_ASSERT_EQUAL(balloon_what_if_guest(view, "x", 256 * MIB, 0), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(view, &other), 0);
	CU_ASSERT_EQUAL(balloon_what_if_guest(other, "y", 256 * MIB, 0), 0);
	CU_ASSERT_EQUAL(balloon_tick(other, s.now, NULL), 0);
	balloon_close(other);
	balloon_close(view);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"a guest's limit binds in plenty", a_guests_limit},
	        {"a pool's limit binds in plenty", a_pools_limit},
	        {"release knows no order", release_knows_no_order},
	        {"blind is not ready", blind_is_not_ready},
	        {"a view is whole", a_view_is_whole},
	        {NULL, NULL},
	};

	return run_tests("limits", tests);
}
