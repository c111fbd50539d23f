/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The solve alone, through its public door, over mixed guests. */
#include <balloon/balloon.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "testkit.h"

struct world {
	struct balloon_claimant *claimants;
	uint64_t *granted;
	size_t n;
	uint64_t capacity;
	uint64_t seed;
};

/* New guests for every round: a processor's branch predictor learns a thousand
 * of them by heart when it meets them again. */
static void redraw(void *arg)
{
	struct world *w = arg;

	w->capacity = 0;
	for (size_t i = 0; i < w->n; i++) {
		uint64_t size = draw_between(&w->seed, 1, 64) * 256 * MIB;

		w->claimants[i] = (struct balloon_claimant){
		        .shares = draw_between(&w->seed, 1, 4000),
		        .active_bytes = draw_between(&w->seed, 0, size),
		        .reservation_bytes = size / 4,
		        .limit_bytes = size,
		};
		w->capacity += size / 10 * 6;
	}
}

static void solve(void *arg)
{
	struct world *w = arg;

	if (balloon_entitle(w->claimants, w->n, w->capacity, 7500, w->granted) < 0)
		abort();
}

static struct bench_pair measure(size_t n, unsigned rounds)
{
	struct world w = {calloc(n, sizeof(*w.claimants)), calloc(n, sizeof(uint64_t)), n, 0, 42};
	struct bench_pair p;

	if (!w.claimants || !w.granted)
		abort();
	p = bench_against_qsort(redraw, solve, &w, n, rounds);
	free(w.claimants);
	free(w.granted);
	fprintf(stderr, "%7zu claimants: %6.1f ns each, qsort %6.1f\n", n, p.work_ns, p.qsort_ns);
	return p;
}

int main(void)
{
	struct bench_pair k = measure(1000, 400), m = measure(10000, 100), l = measure(100000, 20);

	printf("{\"ns_per_guest_1000\": %.1f, \"ns_per_guest_10000\": %.1f, "
	       "\"ns_per_guest_100000\": %.1f, \"vs_qsort_1000\": %.3f, \"vs_qsort_10000\": %.3f, "
	       "\"vs_qsort_100000\": %.3f, \"growth\": %.3f}\n",
	       k.work_ns, m.work_ns, l.work_ns, k.work_ns / k.qsort_ns, m.work_ns / m.qsort_ns,
	       l.work_ns / l.qsort_ns, l.work_ns / k.work_ns);
	return 0;
}
