/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is the simulated host the one its manual describes? Rates, sums and lives,
 * by numbers. Knows the public sim.h and the contract only.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "simkit.h"

/* ------------------------------------------------------------------ obey */

static void rates_are_exact(void)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	CU_ASSERT_EQUAL(order(&w, key, 512 * MIB), 0);
	CU_ASSERT_EQUAL(actual_at(&w, 0, key), GIB);
	CU_ASSERT_EQUAL(actual_at(&w, SEC, key), GIB - 128 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, SEC + MS, key), GIB - 128 * MIB - 128 * MIB / 1000);
	CU_ASSERT_EQUAL(actual_at(&w, 4 * SEC - MS, key), 512 * MIB + 128 * MIB / 1000 + 1);
	CU_ASSERT_EQUAL(actual_at(&w, 4 * SEC, key), 512 * MIB);
	CU_ASSERT_EQUAL(order(&w, key, GIB), 0);
	CU_ASSERT_EQUAL(actual_at(&w, 4 * SEC + 250 * MS, key), 768 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 9 * SEC, key), GIB);
	unmake(&w);
}

static void latency_delays_a_driver_at_rest_only(void)
{
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_behaviour("obey", GIB, &b);
	b.latency_ns = 2 * SEC;
	balloon_sim_set_behaviour(w.sim, key, &b);
	order(&w, key, 512 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 2 * SEC, key), GIB);
	CU_ASSERT_EQUAL(actual_at(&w, 3 * SEC, key), GIB - 128 * MIB);
	order(&w, key, 600 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 4 * SEC, key), GIB - 256 * MIB);
	unmake(&w);
}

static void never_below_what_the_kernel_needs(void)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	CU_ASSERT_EQUAL(order(&w, key, 4096), 0);
	CU_ASSERT_EQUAL(actual_at(&w, 60 * SEC, key), BASE_1G);
	CU_ASSERT_EQUAL(truth(&w, key).told_bytes, 4096);
	CU_ASSERT_EQUAL(truth(&w, key).actual_min_bytes, BASE_1G);
	unmake(&w);
}

static void used_is_what_it_wants_and_has(void)
{
	struct world w;
	const struct balloon_sample *s;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 300 * MIB, BALLOON_UNKNOWN);
	s = see(&w, 0, key);
	CU_ASSERT_EQUAL(s->total_bytes, GIB);
	CU_ASSERT_EQUAL(s->available_bytes, GIB - BASE_1G - 300 * MIB);
	CU_ASSERT_EQUAL(s->unused_bytes, s->available_bytes);
	CU_ASSERT_EQUAL(s->resident_bytes, BASE_1G + 300 * MIB);
	CU_ASSERT_EQUAL(s->active_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(w.sheet.available_bytes, 8 * GIB - 256 * MIB - s->resident_bytes);
	unmake(&w);
}

static void cache_grows_into_free_memory_and_yields(void)
{
	struct world w;
	const struct balloon_sample *s;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 300 * MIB, BALLOON_UNKNOWN);
	balloon_sim_set_cache(w.sim, key, 200 * MIB, 10 * MIB);
	s = see(&w, 5 * SEC, key);
	CU_ASSERT_EQUAL(s->cache_bytes, 50 * MIB);
	s = see(&w, 60 * SEC, key);
	CU_ASSERT_EQUAL(s->cache_bytes, 200 * MIB);
	CU_ASSERT_EQUAL(s->available_bytes - s->unused_bytes, 200 * MIB);
	CU_ASSERT_EQUAL(s->resident_bytes, BASE_1G + 500 * MIB);
	order(&w, key, BASE_1G + 400 * MIB);
	s = see(&w, 120 * SEC, key);
	CU_ASSERT_EQUAL(s->cache_bytes, 100 * MIB);
	CU_ASSERT_EQUAL(s->unused_bytes, 0);
	CU_ASSERT_EQUAL(s->swap_in_bytes, 0);
	unmake(&w);
}

static void unmet_demand_swaps(void)
{
	struct world w;
	struct balloon_sim_truth t;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 400 * MIB, 200 * MIB);
	order(&w, key, BASE_1G + 300 * MIB);
	balloon_sim_step(w.sim, 60 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.unmet_bytes, 100 * MIB);
	CU_ASSERT_EQUAL(t.swap_out_bytes >= 100 * MIB, 1);
	/* Only cold pages are out: 1 MiB a second of them is asked for. */
	CU_ASSERT_EQUAL(t.swap_in_bytes, 60 * MIB);
	CU_ASSERT_EQUAL(t.major_faults, 60 * MIB / 4096);
	CU_ASSERT_EQUAL(t.pressure_bp, 100);
	order(&w, key, GIB);
	balloon_sim_step(w.sim, 120 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.unmet_bytes, 0);
	CU_ASSERT_EQUAL(t.swap_in_bytes, 160 * MIB);
	CU_ASSERT_EQUAL(t.oom_kills, 0);
	unmake(&w);
}

static void a_full_swap_kills(void)
{
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = "small swap",
		.size_bytes = GIB,
		.actual_bytes = BALLOON_UNKNOWN,
		.swap_bytes = 50 * MIB,
	};
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	balloon_sim_add(w.sim, &g, &key);
	balloon_sim_set_demand(w.sim, key, 400 * MIB, BALLOON_UNKNOWN);
	order(&w, key, BASE_1G + 300 * MIB);
	balloon_sim_step(w.sim, 20 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).oom_kills, 1);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 350 * MIB);
	balloon_sim_step(w.sim, 40 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).oom_kills, 1);
	CU_ASSERT_EQUAL(host_truth(&w).oom_kills, 1);
	unmake(&w);
}

static void a_trace_is_linear_between_points(void)
{
	const struct balloon_sim_point points[] = {
		{ 10 * SEC, 100 * MIB },
		{ 20 * SEC, 300 * MIB },
		{ 30 * SEC, 0 },
	};
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	CU_ASSERT_EQUAL(balloon_sim_set_trace(w.sim, key, points, 3), 0);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 100 * MIB);
	balloon_sim_step(w.sim, 15 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 200 * MIB);
	balloon_sim_step(w.sim, 29 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 30 * MIB);
	balloon_sim_step(w.sim, 90 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G);
	CU_ASSERT_EQUAL(balloon_sim_set_trace(w.sim, key, points, 0), -EINVAL);
	unmake(&w);
}

/* ------------------------------------------------------------------ host */

/* What guests lose the host gains, to the byte, through everything. */
static void nothing_is_lost_or_made(void)
{
	struct world w;
	uint64_t keys[20];

	make(&w, 16 * GIB, 0, 7);
	for (int k = 0; k < 20; k++) {
		keys[k] = add(&w, "g", GIB);
		balloon_sim_set_wander(w.sim, keys[k]);
	}
	for (uint64_t beat = 1; beat <= 400; beat++) {
		uint64_t resident = 0, promised = 0, seen_promised;

		see(&w, beat * 3 * SEC, 0);
		seen_promised = host_truth(&w).promised_bytes;
		for (size_t i = 0; i < w.sheet.guests_n; i++) {
			struct balloon_sim_truth t = truth(&w, w.sheet.guests[i].key);

			resident += t.resident_bytes;
			CU_ASSERT_EQUAL(t.used_bytes + t.unmet_bytes, t.wants_bytes);
			CU_ASSERT(t.used_bytes + t.cache_bytes <= t.actual_bytes);
			CU_ASSERT(t.resident_bytes <= t.actual_bytes);
			promised += t.told_bytes != BALLOON_UNKNOWN && t.told_bytes > t.actual_bytes
			                    ? t.told_bytes
			                    : t.actual_bytes;
		}
		for (uint64_t k = beat % 5; k < 20; k += 5)
			order(&w, keys[k], 256 * MIB + (beat * 37 + k * 11) % 768 * MIB);
		CU_ASSERT_EQUAL(w.sheet.available_bytes + resident + 256 * MIB, 16 * GIB);
		CU_ASSERT_EQUAL(seen_promised, promised);
	}
	unmake(&w);
}

static void promises_above_capacity_are_counted(void)
{
	struct world w;
	uint64_t a, b;

	make(&w, 2 * GIB + 256 * MIB, 0, 1);
	a = add(&w, "a", GIB);
	b = add(&w, "b", 2 * GIB);
	CU_ASSERT_EQUAL(host_truth(&w).promised_bytes, 3 * GIB);
	CU_ASSERT_EQUAL(host_truth(&w).promised_over_bytes, GIB);
	order(&w, b, GIB);
	balloon_sim_step(w.sim, 8 * SEC);
	CU_ASSERT_EQUAL(host_truth(&w).promised_over_bytes, 0);
	CU_ASSERT_EQUAL(host_truth(&w).promised_over_max_bytes, GIB);
	order(&w, a, 512 * MIB); /* promised until given */
	CU_ASSERT_EQUAL(host_truth(&w).promised_bytes, 2 * GIB);
	order(&w, b, 2 * GIB);
	CU_ASSERT_EQUAL(host_truth(&w).promised_over_bytes, GIB);
	unmake(&w);
}

static void moves_and_reversals_are_counted(void)
{
	struct world w;
	struct balloon_sim_truth t;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	order(&w, key, GIB - MIB / 2); /* too small to be a move */
	order(&w, key, GIB - 10 * MIB);
	order(&w, key, GIB - 20 * MIB);
	order(&w, key, GIB - 15 * MIB);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.orders, 4);
	CU_ASSERT_EQUAL(t.moves, 3);
	CU_ASSERT_EQUAL(t.reversals, 1);
	CU_ASSERT_EQUAL(order(&w, key, GIB + 4096), -EINVAL);
	CU_ASSERT_EQUAL(truth(&w, key).refused, 1);
	unmake(&w);
}

static void host_memory_can_run_out(void)
{
	struct world w;
	uint64_t key;

	make(&w, GIB, 0, 1);
	key = add(&w, "a", 2 * GIB);
	balloon_sim_set_demand(w.sim, key, GIB, BALLOON_UNKNOWN);
	see(&w, SEC, key);
	CU_ASSERT_EQUAL(w.sheet.available_bytes, 0);
	CU_ASSERT_EQUAL(host_truth(&w).available_min_bytes, 0);
	CU_ASSERT_EQUAL(host_truth(&w).over_max_bytes,
	                256 * MIB + truth(&w, key).resident_bytes - GIB);
	CU_ASSERT_EQUAL(balloon_sim_set_host(w.sim, 256 * MIB, 128 * MIB), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_host(w.sim, 2 * GIB, 0), -EINVAL);
	unmake(&w);
}

static void away_is_away(void)
{
	struct world w;
	struct balloon_order o = { .target_bytes = 512 * MIB };

	make(&w, 4 * GIB, 0, 1);
	o.key = add(&w, "a", GIB);
	balloon_sim_away(w.sim, 10 * SEC);
	CU_ASSERT_EQUAL(w.backend->observe(w.self, 5 * SEC, &w.sheet), -EAGAIN);
	CU_ASSERT_EQUAL(w.backend->order(w.self, 5 * SEC, &o, 1), -EAGAIN);
	CU_ASSERT_EQUAL(truth(&w, o.key).orders, 0);
	CU_ASSERT_STRING_NOT_EQUAL(w.backend->error(w.self), "");
	CU_ASSERT_EQUAL(w.backend->observe(w.self, 10 * SEC, &w.sheet), 0);
	CU_ASSERT_STRING_EQUAL(w.backend->error(w.self), "");
	unmake(&w);
}

/* ------------------------------------------------------------------ lives */

static void keys_name_one_life(void)
{
	struct world w;
	const struct balloon_sample *s;
	uint64_t a, b, again;

	make(&w, 8 * GIB, 0, 1);
	a = add(&w, "a", GIB);
	b = add(&w, "b", GIB);
	order(&w, a, 512 * MIB);
	balloon_sim_step(w.sim, 10 * SEC);
	CU_ASSERT_EQUAL(balloon_sim_restart(w.sim, a, BALLOON_SIM_RESTART, &again), 0);
	CU_ASSERT_NOT_EQUAL(a, again);
	CU_ASSERT_EQUAL(order(&w, a, 512 * MIB), -ESRCH);
	CU_ASSERT_EQUAL(truth(&w, again).actual_bytes, GIB);
	CU_ASSERT_EQUAL(truth(&w, again).lives, 2);
	CU_ASSERT_EQUAL(balloon_sim_remove(w.sim, again), 0);
	CU_ASSERT_EQUAL(balloon_sim_remove(w.sim, again), -ESRCH);
	s = see(&w, 20 * SEC, b);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(s->name, "b");
	CU_ASSERT_EQUAL(w.sheet.guests_n, 1);
	CU_ASSERT_NOT_EQUAL(add(&w, "c", GIB), a);
	CU_ASSERT_EQUAL(order(&w, a, GIB), -ESRCH);
	CU_ASSERT_EQUAL(order(&w, b, 768 * MIB), 0);
	unmake(&w);
}

static void a_reset_keeps_the_target(void)
{
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = "a",
		.size_bytes = GIB,
		.actual_bytes = BALLOON_UNKNOWN,
		.boot_ns = 20 * SEC,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	struct world w;
	const struct balloon_sample *s;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	balloon_sim_add(w.sim, &g, &key);
	CU_ASSERT_EQUAL(see(&w, 19 * SEC, key)->serial, BALLOON_UNKNOWN);
	CU_ASSERT_NOT_EQUAL(see(&w, 20 * SEC, key)->serial, BALLOON_UNKNOWN);
	order(&w, key, 512 * MIB);
	balloon_sim_step(w.sim, 30 * SEC);
	balloon_sim_restart(w.sim, key, BALLOON_SIM_RESET, &key);
	s = see(&w, 40 * SEC, key);
	CU_ASSERT_EQUAL(s->actual_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(s->available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(truth(&w, key).actual_bytes, GIB);
	s = see(&w, 51 * SEC, key);
	CU_ASSERT_EQUAL(s->actual_bytes, GIB - 128 * MIB);
	s = see(&w, 60 * SEC, key);
	CU_ASSERT_EQUAL(s->actual_bytes, 512 * MIB);
	CU_ASSERT_NOT_EQUAL(s->available_bytes, BALLOON_UNKNOWN);
	unmake(&w);
}

static void a_guest_starts_when_it_starts(void)
{
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = "later",
		.size_bytes = GIB,
		.actual_bytes = BALLOON_UNKNOWN,
		.start_at_ns = 30 * SEC,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	balloon_sim_add(w.sim, &g, &key);
	add(&w, "now", GIB);
	CU_ASSERT_PTR_NULL(see(&w, 29 * SEC, key));
	CU_ASSERT_EQUAL(w.sheet.guests_n, 1);
	CU_ASSERT_EQUAL(order(&w, key, GIB), -ESRCH);
	CU_ASSERT_EQUAL(truth(&w, key).present, 0);
	CU_ASSERT_PTR_NOT_NULL(see(&w, 30 * SEC, key));
	CU_ASSERT_EQUAL(w.sheet.guests_n, 2);
	unmake(&w);
}

static void news_make_the_descriptor_readable(void)
{
	struct world w;
	struct pollfd p = { .events = POLLIN };

	make(&w, 8 * GIB, 0, 1);
	p.fd = w.backend->fd(w.self);
	CU_ASSERT(p.fd >= 0);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	add(&w, "a", GIB);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 1);
	see(&w, SEC, 0);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	balloon_sim_nudge(w.sim);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 1);
	unmake(&w);
}

/* A program removes a guest between the beat and the report: what observe()
 * handed out must stay readable (run under a sanitizer to be told). */
static void names_outlive_their_guests(void)
{
	struct world w;
	const struct balloon_sample *rows;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "brief", GIB);
	see(&w, SEC, key);
	rows = w.sheet.guests;
	for (int k = 0; k < 100; k++)
		add(&w, "more", GIB);
	balloon_sim_remove(w.sim, key);
	CU_ASSERT_EQUAL(rows[0].key, key);
	CU_ASSERT_STRING_EQUAL(rows[0].name, "brief");
	CU_ASSERT_EQUAL(strlen(rows[0].uuid), 36);
	unmake(&w);
}

int main(void)
{
	static const struct test tests[] = {
		{"rates are exact", rates_are_exact},
		{"latency delays a driver at rest only", latency_delays_a_driver_at_rest_only},
		{"never below what the kernel needs", never_below_what_the_kernel_needs},
		{"used is what it wants and has", used_is_what_it_wants_and_has},
		{"cache grows into what is free", cache_grows_into_free_memory_and_yields},
		{"unmet demand swaps", unmet_demand_swaps},
		{"a full swap kills", a_full_swap_kills},
		{"a trace is linear between points", a_trace_is_linear_between_points},
		{"nothing is lost or made", nothing_is_lost_or_made},
		{"promises above capacity are counted", promises_above_capacity_are_counted},
		{"moves and reversals are counted", moves_and_reversals_are_counted},
		{"host memory can run out", host_memory_can_run_out},
		{"away is away", away_is_away},
		{"keys name one life", keys_name_one_life},
		{"a reset keeps the target", a_reset_keeps_the_target},
		{"a guest starts when it starts", a_guest_starts_when_it_starts},
		{"news make the descriptor readable", news_make_the_descriptor_readable},
		{"names outlive their guests", names_outlive_their_guests},
	        {NULL, NULL},
	};

	return run_tests("simulated host", tests);
}
