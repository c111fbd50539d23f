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

/* A tree of pools, ten to a parent, that is deep enough for "depth 4". */
#define POOLS 1110

struct tree {
	struct balloon_pool pools[POOLS];
	struct balloon_named_allocation *guests;
	char names[POOLS][8];
	char (*guest_names)[12];
};

/* Guests go to the pools that have none below them: four levels with theirs. */
static void plant(struct tree *t, size_t n, struct balloon_policy *policy)
{
	t->guests = calloc(n, sizeof(*t->guests));
	t->guest_names = calloc(n, sizeof(*t->guest_names));
	if (!t->guests || !t->guest_names)
		abort();
	for (size_t k = 0; k < POOLS; k++) {
		snprintf(t->names[k], sizeof(t->names[k]), "p%zu", k);
		t->pools[k] = (struct balloon_pool){
		        .struct_size = sizeof(struct balloon_pool),
		        .name = t->names[k],
		        .parent = k < 10 ? NULL : t->names[k / 10 - 1],
		        .shares = 500 + k % 7 * 300,
		        .reservation_bytes = BALLOON_UNKNOWN,
		        .limit_bytes = BALLOON_UNKNOWN,
		};
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(t->guest_names[i], sizeof(t->guest_names[i]), "g%zu", i);
		t->guests[i] = (struct balloon_named_allocation){
		        t->guest_names[i],
		        {.struct_size = sizeof(struct balloon_allocation),
		         .shares = BALLOON_UNKNOWN,
		         .reservation_bytes = BALLOON_UNKNOWN,
		         .limit_bytes = BALLOON_UNKNOWN,
		         .pool = t->names[110 + i % 1000]}};
	}
	policy->pools = t->pools;
	policy->pools_n = POOLS;
	policy->guests = t->guests;
	policy->guests_n = n;
}

static void add_guests(struct world *w, size_t n, uint64_t *seed, int wander)
{
	for (size_t i = 0; i < n; i++) {
		char name[12];
		struct balloon_sim_guest g = {.struct_size = sizeof(g),
		                              .name = name,
		                              .size_bytes = draw_between(seed, 1, 16) * 256 * MIB,
		                              .actual_bytes = BALLOON_UNKNOWN,
		                              .swap_bytes = BALLOON_UNKNOWN};
		uint64_t key;

		snprintf(name, sizeof(name), "g%zu", i);
		need(balloon_sim_add(w->sim, &g, &key), "add");
		if (wander)
			need(balloon_sim_set_wander(w->sim, key), "wander");
		else
			need(balloon_sim_set_demand(w->sim, key, g.size_bytes / 4, BALLOON_UNKNOWN),
			     "demand");
	}
}

static struct world make(size_t n, int wander, int pools)
{
	static struct tree tree;
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

	if (pools)
		plant(&tree, n, &policy);
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

static struct bench_pair measure(size_t n, unsigned rounds, int pools)
{
	struct world w = make(n, 1, pools);
	struct bench_pair p;

	for (int k = 0; k < 60; k++)
		beat(&w);
	p = bench_against_qsort(NULL, beat, &w, n, rounds);
	drop(&w);
	fprintf(stderr, "%7zu guests%s: %7.1f ns each, qsort %6.1f\n", n,
	        pools ? " in pools" : "", p.work_ns, p.qsort_ns);
	return p;
}

/* Allocations in 100 beats of a world that has come to rest. */
static unsigned long allocations_steady(void)
{
	struct world w = make(1000, 0, 0);
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
	struct bench_pair few = measure(10, 2000, 0), k = measure(1000, 400, 0),
	                  m = measure(10000, 80, 0), l = measure(100000, 12, 0),
	                  deep = measure(10000, 80, 1);

	printf("{\"ns_per_guest_10\": %.1f, \"ns_per_guest_1000\": %.1f, "
	       "\"ns_per_guest_10000\": %.1f, \"ns_per_guest_100000\": %.1f, "
	       "\"vs_qsort_1000\": %.3f, \"vs_qsort_10000\": %.3f, \"vs_qsort_100000\": %.3f, "
	       "\"growth\": %.3f, \"pools_vs_qsort_10000\": %.3f, \"allocs_steady\": %lu}\n",
	       few.work_ns, k.work_ns, m.work_ns, l.work_ns, k.work_ns / k.qsort_ns,
	       m.work_ns / m.qsort_ns, l.work_ns / l.qsort_ns, l.work_ns / k.work_ns,
	       deep.work_ns / deep.qsort_ns,
	       allocations_steady());
	return 0;
}
