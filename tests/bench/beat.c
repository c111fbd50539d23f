/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole beat on the simulated host: its own time step, observation, guard,
 * policy and orders included, with guests that want more than there is and
 * change their minds.
 */
#include <balloon/sim.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "testkit.h"

struct world {
	struct balloon_sim *sim;
	struct balloon *balloon;
	uint64_t now;
};

static void need(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "bench beat: %s: %d\n", what, rc);
		exit(1);
	}
}

static void add_guests(struct world *w, size_t n, uint64_t *seed, int wander)
{
	for (size_t i = 0; i < n; i++) {
		struct balloon_sim_guest g = {.struct_size = sizeof(g),
		                              .name = "g",
		                              .size_bytes = draw_between(seed, 1, 16) * 256 * MIB,
		                              .actual_bytes = BALLOON_UNKNOWN,
		                              .swap_bytes = BALLOON_UNKNOWN};
		uint64_t key;

		need(balloon_sim_add(w->sim, &g, &key), "add");
		if (wander)
			need(balloon_sim_set_wander(w->sim, key), "wander");
		else
			need(balloon_sim_set_demand(w->sim, key, g.size_bytes / 4, BALLOON_UNKNOWN),
			     "demand");
	}
}

static struct world make(size_t n, int wander)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
	                                .total_bytes = n * 16 * 256 * MIB + GIB,
	                                .own_bytes = 256 * MIB,
	                                .capacity_bytes = BALLOON_UNKNOWN,
	                                .seed = 7};
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = n * 6 * 256 * MIB,
	                                .reserve_bytes = BALLOON_UNKNOWN};
	struct balloon_options o = {.struct_size = sizeof(o), .policy = &policy};
	struct world w = {.now = SECOND};
	uint64_t seed = 99;

	need(balloon_sim_new(&host, &w.sim), "new");
	add_guests(&w, n, &seed, wander);
	o.backend = balloon_sim_backend(w.sim);
	need(balloon_open(&o, &w.balloon), "open");
	return w;
}

static void beat(void *arg)
{
	struct world *w = arg;

	w->now += SECOND;
	need(balloon_tick(w->balloon, w->now, NULL), "tick");
}

static void drop(struct world *w)
{
	balloon_close(w->balloon);
	balloon_sim_free(w->sim);
}

static struct bench_pair measure(size_t n, unsigned rounds)
{
	struct world w = make(n, 1);
	struct bench_pair p;

	for (int k = 0; k < 60; k++)
		beat(&w);
	p = bench_against_qsort(NULL, beat, &w, n, rounds);
	drop(&w);
	fprintf(stderr, "%7zu guests: %7.1f ns each, qsort %6.1f\n", n, p.work_ns, p.qsort_ns);
	return p;
}

/* Allocations in 100 beats of a world that has come to rest. */
static unsigned long allocations_steady(void)
{
	struct world w = make(1000, 0);
	unsigned long before;

	for (int k = 0; k < 200; k++)
		beat(&w);
	before = bench_allocations();
	for (int k = 0; k < 100; k++)
		beat(&w);
	before = bench_allocations() - before;
	drop(&w);
	return before;
}

int main(void)
{
	struct bench_pair few = measure(10, 2000), k = measure(1000, 400), m = measure(10000, 80),
	                  l = measure(100000, 12);

	printf("{\"ns_per_guest_10\": %.1f, \"ns_per_guest_1000\": %.1f, "
	       "\"ns_per_guest_10000\": %.1f, \"ns_per_guest_100000\": %.1f, "
	       "\"vs_qsort_1000\": %.3f, \"vs_qsort_10000\": %.3f, \"vs_qsort_100000\": %.3f, "
	       "\"growth\": %.3f, \"allocs_steady\": %lu}\n",
	       few.work_ns, k.work_ns, m.work_ns, l.work_ns, k.work_ns / k.qsort_ns,
	       m.work_ns / m.qsort_ns, l.work_ns / l.qsort_ns, l.work_ns / k.work_ns,
	       allocations_steady());
	return 0;
}
