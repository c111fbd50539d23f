/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does each behaviour of a simulated guest do what its name says? Knows the
 * public sim.h and the contract only.
 */
#include <errno.h>
#include <stdio.h>

#include "simkit.h"

/* ------------------------------------------------------------- behaviours */

/* A guest of 1 GiB that wants 300 MiB, behaves as name says, and is told
 * 512 MiB; seen after a minute. */
static struct balloon_sim_truth minute(struct world *w, const char *name, uint64_t *ret_key,
                                       int *ret_rc, struct balloon_sample *ret_seen)
{
	uint64_t key;

	make(w, 8 * GIB, 0, 1);
	key = add(w, "a", GIB);
	balloon_sim_set_demand(w->sim, key, 300 * MIB, BALLOON_UNKNOWN);
	see(w, 10 * SEC, key);
	behave(w, key, name, GIB);
	*ret_rc = order(w, key, 512 * MIB);
	see(w, 10 * SEC, key);
	see(w, 35 * SEC, key);
	*ret_seen = *see(w, 70 * SEC, key);
	*ret_key = key;
	return truth(w, key);
}

struct expectation {
	const char *name;
	int rc;
	uint64_t actual, seen_actual;
};

static void drivers_do_as_said(void)
{
	static const struct expectation table[] = {
		{ "obey", 0, 512 * MIB, 512 * MIB },
		{ "slow", 0, GIB - 57 * 4 * MIB, GIB - 57 * 4 * MIB },
		{ "floor", 0, 512 * MIB, 512 * MIB },
		{ "keeps-free", 0, BASE_1G + 428 * MIB, BASE_1G + 428 * MIB },
		{ "stick", 0, GIB, GIB },
		{ "stutter", 0, GIB - 3 * 128 * MIB, GIB - 3 * 128 * MIB },
		{ "trickle", 0, GIB - 12 * 4096, GIB - 12 * 4096 },
		{ "refuse", -EPERM, GIB, GIB },
		{ "deaf", 0, GIB, GIB },
		{ "hung", -ETIMEDOUT, GIB, BALLOON_UNKNOWN },
		{ "claims-target", 0, GIB, 512 * MIB },
		{ "driverless", 0, GIB, GIB },
		{ "paused", 0, GIB, GIB },
		{ "greedy", 0, 512 * MIB, 512 * MIB },
	};

	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		struct balloon_sample seen;
		struct balloon_sim_truth t;
		struct world w;
		uint64_t key;
		int rc;

		t = minute(&w, table[k].name, &key, &rc, &seen);
		if (t.actual_bytes != table[k].actual || seen.actual_bytes != table[k].seen_actual)
			fprintf(stderr, "%s: actual %llu, seen %llu\n", table[k].name,
			        (unsigned long long)t.actual_bytes,
			        (unsigned long long)seen.actual_bytes);
		CU_ASSERT_EQUAL(rc, table[k].rc);
		CU_ASSERT_EQUAL(t.actual_bytes, table[k].actual);
		CU_ASSERT_EQUAL(seen.actual_bytes, table[k].seen_actual);
		CU_ASSERT_EQUAL(t.told_bytes, 512 * MIB);
		unmake(&w);
	}
}

static void hidden_limits_hold(void)
{
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_behaviour("obey", GIB, &b);
	b.floor_bytes = 700 * MIB;
	b.ceiling_bytes = 800 * MIB;
	balloon_sim_set_behaviour(w.sim, key, &b);
	order(&w, key, 300 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 60 * SEC, key), 700 * MIB);
	order(&w, key, GIB);
	CU_ASSERT_EQUAL(actual_at(&w, 120 * SEC, key), 800 * MIB);
	b.flags = BALLOON_SIM_STICK;
	b.stick_at_bytes = 750 * MIB;
	b.floor_bytes = 0;
	balloon_sim_set_behaviour(w.sim, key, &b);
	order(&w, key, 300 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 180 * SEC, key), 750 * MIB);
	order(&w, key, GIB);
	CU_ASSERT_EQUAL(actual_at(&w, 240 * SEC, key), 750 * MIB);
	unmake(&w);
}

static void figures_lie_as_said(void)
{
	struct balloon_sample seen;
	struct world w;
	uint64_t key;
	int rc;

	minute(&w, "full", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.available_bytes, 0);
	CU_ASSERT_EQUAL(seen.total_bytes, 512 * MIB);
	unmake(&w);
	minute(&w, "empty", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.available_bytes, 512 * MIB);
	unmake(&w);
	minute(&w, "silent", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(seen.serial, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(seen.actual_bytes, 512 * MIB);
	unmake(&w);
	minute(&w, "stale", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.serial, 10001);
	CU_ASSERT_EQUAL(seen.total_bytes, GIB);
	CU_ASSERT_EQUAL(seen.actual_bytes, 512 * MIB);
	unmake(&w);
	minute(&w, "late", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.serial, 35001);
	unmake(&w);
	minute(&w, "paused", &key, &rc, &seen);
	CU_ASSERT_EQUAL(seen.flags, 0);
	unmake(&w);
}

static void absurd_figures_are_of_every_kind(void)
{
	struct world w;
	uint64_t key, kinds = 0;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	behave(&w, key, "absurd", GIB);
	for (uint64_t t = SEC; t < 100 * SEC; t += SEC) {
		uint64_t lie = see(&w, t, key)->available_bytes;

		CU_ASSERT(lie > GIB);
		kinds |= lie == UINT64_MAX ? 1 : 0;
		kinds |= lie == (uint64_t)-17591112298496 ? 2 : 0;
		kinds |= lie == 4 * GIB ? 4 : 0;
	}
	CU_ASSERT_EQUAL(kinds, 7);
	unmake(&w);
}

static void noise_is_bounded_and_there(void)
{
	struct world w;
	uint64_t key, honest, off = 0;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 300 * MIB, BALLOON_UNKNOWN);
	honest = see(&w, 0, key)->available_bytes;
	behave(&w, key, "noisy", GIB);
	for (uint64_t t = SEC; t < 60 * SEC; t += SEC) {
		uint64_t said = see(&w, t, key)->available_bytes;

		CU_ASSERT(said >= honest / 100 * 94 && said <= honest / 100 * 106);
		off += said != honest;
	}
	CU_ASSERT(off > 30);
	unmake(&w);
}

static void an_inhibited_guest_gives_the_host_nothing(void)
{
	struct balloon_sample seen;
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 800 * MIB, BALLOON_UNKNOWN);
	behave(&w, key, "inhibited", GIB);
	see(&w, SEC, key);
	balloon_sim_set_demand(w.sim, key, 100 * MIB, BALLOON_UNKNOWN);
	order(&w, key, 512 * MIB);
	seen = *see(&w, 60 * SEC, key);
	CU_ASSERT_EQUAL(seen.actual_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(seen.resident_bytes, BASE_1G + 800 * MIB);
	behave(&w, key, "obey", GIB);
	CU_ASSERT_EQUAL(see(&w, 61 * SEC, key)->resident_bytes, 512 * MIB);
	unmake(&w);
}

static void memory_is_taken_back(void)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_set_demand(w.sim, key, 600 * MIB, BALLOON_UNKNOWN);
	behave(&w, key, "retake", GIB);
	order(&w, key, 256 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 60 * SEC, key), BASE_1G + 600 * MIB);
	behave(&w, key, "flutter", GIB);
	order(&w, key, 800 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 64 * SEC, key), 800 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 69 * SEC, key), 864 * MIB);
	CU_ASSERT_EQUAL(actual_at(&w, 74 * SEC, key), 800 * MIB);
	unmake(&w);
}

static void spikes_come_and_go(void)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	behave(&w, key, "spiky", GIB);
	balloon_sim_step(w.sim, 19 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 256 * MIB);
	balloon_sim_step(w.sim, 20 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G);
	balloon_sim_step(w.sim, 125 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).wants_bytes, BASE_1G + 256 * MIB);
	unmake(&w);
}

static void a_dying_guest_is_gone_at_its_order(void)
{
	struct world w;
	struct balloon_order o[3] = { { .target_bytes = 512 * MIB },
		                      { .target_bytes = 512 * MIB },
		                      { .target_bytes = 512 * MIB } };

	make(&w, 8 * GIB, 0, 1);
	for (int k = 0; k < 3; k++)
		o[k].key = add(&w, "g", GIB);
	behave(&w, o[1].key, "dies", GIB);
	CU_ASSERT_EQUAL(w.backend->order(w.self, 0, o, 3), 0);
	CU_ASSERT_EQUAL(o[0].rc, 0);
	CU_ASSERT_EQUAL(o[1].rc, -ESRCH);
	CU_ASSERT_EQUAL(o[2].rc, 0);
	CU_ASSERT_PTR_NULL(see(&w, SEC, o[1].key));
	CU_ASSERT_EQUAL(actual_at(&w, 10 * SEC, o[2].key), 512 * MIB);
	unmake(&w);
}

int main(void)
{
	static const struct test tests[] = {
		{"drivers do as said", drivers_do_as_said},
		{"hidden limits hold", hidden_limits_hold},
		{"figures lie as said", figures_lie_as_said},
		{"absurd figures are of every kind", absurd_figures_are_of_every_kind},
		{"noise is bounded and there", noise_is_bounded_and_there},
		{"inhibited gives the host nothing", an_inhibited_guest_gives_the_host_nothing},
		{"memory is taken back", memory_is_taken_back},
		{"spikes come and go", spikes_come_and_go},
		{"a dying guest is gone at its order", a_dying_guest_is_gone_at_its_order},
	        {NULL, NULL},
	};

	return run_tests("simulated behaviours", tests);
}
