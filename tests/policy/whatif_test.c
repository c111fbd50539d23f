/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What if: the same engine on copies; the host is not touched. */
#include <errno.h>
#include <string.h>

#include "hall.h"
#include "puppet.h"
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

/* A curve and the memory of nodes are the backend's: a view has its own, though
 * what it copied from changes under its hands. */
static void a_view_has_curves_and_nodes_of_its_own(void)
{
	uint64_t misses[BALLOON_MISSES + 1] = {16, 8, 4, 2}, on[2] = {512 * MIB, 0};
	struct balloon_node nodes[2] = {{GIB, GIB / 2}, {GIB, GIB}};
	struct puppet p = {.sheet = {.struct_size = sizeof(p.sheet),
	                             .total_bytes = 2 * GIB,
	                             .available_bytes = GIB,
	                             .guests_n = 1,
	                             .nodes = nodes,
	                             .nodes_n = 2,
	                             .swap_bytes = GIB,
	                             .swap_free_bytes = GIB / 4,
	                             .compress_free_bytes = MIB,
	                             .stall_bp = 77}};
	struct balloon *b, *view;

	p.guests[0] = puppet_guest(1, "a", 512 * MIB, 512 * MIB, 100 * MIB);
	p.guests[0].misses = misses;
	p.guests[0].node_bytes = on;
	p.guests[0].means = 1u << BALLOON_MEANS_SWAP;
	p.guests[0].cold_bytes = 5 * MIB;
	p.guests[0].refault_bytes = 6 * MIB;
	b = puppet_beat(&p);
	memset(misses, 0xff, sizeof(misses));
	memset(on, 0xff, sizeof(on));
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(b, &view), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, 2 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(view->world.guests[0].seen.curve, 1);
	CU_ASSERT_EQUAL(bl_curve(&view->world, 0)[1], 8);
	CU_ASSERT_EQUAL(view->world.guests[0].seen.means, 1u << BALLOON_MEANS_SWAP);
	CU_ASSERT_EQUAL(view->world.guests[0].seen.cold, 5 * MIB);
	CU_ASSERT_EQUAL(view->world.guests[0].seen.refault, 6 * MIB);
	CU_ASSERT_EQUAL(view->world.swap_free, GIB / 4);
	CU_ASSERT_EQUAL(view->world.compress_free, MIB);
	CU_ASSERT_EQUAL(view->world.stall_bp, 77);
	CU_ASSERT_EQUAL(view->world.nodes_n, 2);
	CU_ASSERT_EQUAL(view->world.node_free[0], GIB / 2);
	CU_ASSERT(view->world.node_bp[0] > 9900);
	CU_ASSERT_EQUAL(view->world.node_bp[1], 0);
	balloon_close(view);
	balloon_close(b);
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
	        {"a view has curves and nodes of its own", a_view_has_curves_and_nodes_of_its_own},
	        {"another guest, and a lost DIMM", another_guest_and_a_lost_dimm},
	        {NULL, NULL},
	};

	return run_tests("what if", tests);
}
