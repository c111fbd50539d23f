/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a simulated host the same from the same seed, and the same however finely
 * time is cut, where its manual promises that? Knows the public sim.h only.
 */
#include <string.h>

#include "simkit.h"

/* All that is shown and true of a seeded host with every fault, as a number. */
static uint64_t story(uint64_t seed, uint32_t faults_bp)
{
	struct world w;
	uint64_t sum = 14695981039346656037u;

	make(&w, 32 * GIB, faults_bp, seed);
	for (int k = 0; k < 30; k++)
		balloon_sim_set_wander(w.sim, add(&w, "g", GIB));
	for (uint64_t beat = 0; beat < 300; beat++) {
		if (w.backend->observe(w.self, beat * 7 * SEC, &w.sheet) < 0)
			continue;
		for (size_t i = 0; i < w.sheet.guests_n; i++) {
			struct balloon_sample s = w.sheet.guests[i];
			const unsigned char *bytes = (const unsigned char *)&s;

			order(&w, s.key, 200 * MIB + (beat * 31 + i * 17) % 800 * MIB);
			s.name = s.uuid = NULL;
			for (size_t k = 0; k < sizeof(s); k++)
				sum = (sum ^ bytes[k]) * 1099511628211u;
		}
		sum += w.sheet.available_bytes + host_truth(&w).unmet_kib_s;
	}
	unmake(&w);
	return sum;
}

static void same_seed_same_bytes(void)
{
	CU_ASSERT_EQUAL(story(1, 0), story(1, 0));
	CU_ASSERT_NOT_EQUAL(story(1, 0), story(2, 0));
	CU_ASSERT_EQUAL(story(1, 2000), story(1, 2000));
	CU_ASSERT_NOT_EQUAL(story(1, 2000), story(1, 0));
}

/* Movement in steps of step_ns, for two minutes with a turn in the middle. */
static void walk(const char *name, uint64_t step_ns, uint64_t *ret_ways)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 3);
	key = add(&w, "a", GIB);
	behave(&w, key, name, GIB);
	order(&w, key, 333333333);
	for (uint64_t t = step_ns; t <= 120 * SEC; t += step_ns) {
		balloon_sim_step(w.sim, t);
		if (t % (20 * SEC) == 0)
			ret_ways[t / (20 * SEC) - 1] = truth(&w, key).actual_bytes;
		if (t == 60 * SEC)
			order(&w, key, 999999999);
	}
	unmake(&w);
}

static void steps_may_be_cut_finer(void)
{
	static const char *const names[] = { "obey",    "slow",    "floor", "ceiling",
		                             "stutter", "trickle", "deaf",  "greedy" };

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		uint64_t coarse[6] = { 0 }, fine[6] = { 0 };

		walk(names[k], 20 * SEC, coarse);
		walk(names[k], 125 * MS, fine);
		CU_ASSERT_EQUAL(memcmp(coarse, fine, sizeof(coarse)), 0);
	}
}

static void wandering_does_not_depend_on_steps(void)
{
	struct world a, b;
	uint64_t ka, kb;

	make(&a, 8 * GIB, 0, 9);
	make(&b, 8 * GIB, 0, 9);
	ka = add(&a, "a", GIB);
	kb = add(&b, "a", GIB);
	balloon_sim_set_wander(a.sim, ka);
	balloon_sim_set_wander(b.sim, kb);
	balloon_sim_step(a.sim, 1000 * SEC);
	for (uint64_t t = SEC; t <= 1000 * SEC; t += SEC)
		balloon_sim_step(b.sim, t);
	CU_ASSERT_EQUAL(truth(&a, ka).wants_bytes, truth(&b, kb).wants_bytes);
	CU_ASSERT(truth(&a, ka).wants_bytes > BASE_1G);
	unmake(&a);
	unmake(&b);
}

int main(void)
{
	static const struct test tests[] = {
		{"same seed, same bytes", same_seed_same_bytes},
		{"steps may be cut finer", steps_may_be_cut_finer},
		{"wandering does not depend on steps", wandering_does_not_depend_on_steps},
		{NULL, NULL},
	};

	return run_tests("simulated chance", tests);
}
