/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conservative profile on the simulated host, point by point beside Hyper-V's
 * own balancer as documented (and played by hvsim): demand and a fifth while memory
 * lasts, added fast, removed slowly; never below the minimum, and weight only in a
 * shortage. Both worlds have the same guests, minima, weights and demands.
 *
 * Where they differ, it is on purpose: ours leaves a surplus where it is until
 * somebody wants it, so a guest may have more than Hyper-V would leave it.
 */
#include "hvkit.h"

#include <balloon/sim.h>

#include "testkit.h"

#define GUESTS 3
#define SIZE 2048
#define MINIMUM 512

/* Both add 1 GiB/s; ours sees a beat later, and its figures are a second old. */
#define FAST_S 5

/* Hyper-V's figures are rounded; ours leaves smaller differences be than the dead
 * band of its profile, a twentieth of a guest's size. */
#define SLACK 24
#define BAND (SIZE / 20 + SLACK)

static struct hvkit kit;

static const struct {
	const char *name;
	double weight; /* shares = weight / 5 */
} cast[GUESTS] = {{"light", 2500}, {"middle", 5000}, {"heavy", 7500}};

struct worlds {
	struct balloon_sim *sim;
	struct balloon *b;
	uint64_t key[GUESTS], now;
	double demand[GUESTS];
	double ours[GUESTS], theirs[GUESTS];
};

/* What a kernel needs on the simulated host, which is part of demand here. */
static uint64_t kernel(void)
{
	return 64 + SIZE / 50;
}

static void set_demand(struct worlds *w, int i, double mib)
{
	w->demand[i] = mib;
	balloon_sim_set_demand(w->sim, w->key[i], ((uint64_t)mib - kernel()) * MIB,
	                       BALLOON_UNKNOWN);
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"%s\", \"demand\": %f}", cast[i].name, mib);
}

static double assigned(const struct worlds *w, int i)
{
	struct balloon_sim_truth t = {.struct_size = sizeof(t)};

	balloon_sim_truth(w->sim, w->key[i], &t);
	return (double)t.actual_bytes / (double)MIB;
}

static void second(struct worlds *w)
{
	w->now += SECOND;
	CU_ASSERT_EQUAL(balloon_tick(w->b, w->now, NULL), 0);
	hvkit_ask(&kit, "{\"do\": \"step\"}");
	hvkit_ask(&kit, "{\"do\": \"state\"}");
	for (int i = 0; i < GUESTS; i++) {
		w->ours[i] = assigned(w, i);
		w->theirs[i] = hvkit_number(&kit, cast[i].name, "assigned");
	}
}

static void open_worlds(struct worlds *w, double capacity)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
	                                .total_bytes = (uint64_t)capacity * MIB, .seed = 1,
	                                .capacity_bytes = BALLOON_UNKNOWN};
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_named_allocation named[GUESTS];
	struct balloon_policy policy = {
		.struct_size = sizeof(policy), .profile = &profile, .budget_bytes = BALLOON_UNKNOWN,
		.fallback = {.struct_size = sizeof(policy.fallback), .shares = BALLOON_UNKNOWN,
		             .reservation_bytes = MINIMUM * MIB, .limit_bytes = BALLOON_UNKNOWN},
		.guests = named, .guests_n = GUESTS,
	};
	struct balloon_options o = {.struct_size = sizeof(o), .policy = &policy};

	balloon_profile("conservative", &profile);
	profile.pool_bp = 0;      /* hvsim keeps nothing free either */
	profile.boot_ns = SECOND; /* both worlds begin with guests that are up */
	profile.balloon_max_bp = 10000; /* the minimum is the operator's, as with Hyper-V */
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &w->sim), 0);
	w->now = SECOND;
	for (int i = 0; i < GUESTS; i++) {
		struct balloon_sim_guest g = {.struct_size = sizeof(g), .name = cast[i].name,
		                              .size_bytes = SIZE * MIB, .actual_bytes = 1024 * MIB,
		                              .swap_bytes = BALLOON_UNKNOWN};

		CU_ASSERT_EQUAL_FATAL(balloon_sim_add(w->sim, &g, &w->key[i]), 0);
		named[i] = (struct balloon_named_allocation){cast[i].name, policy.fallback};
		named[i].allocation.shares = (uint64_t)(cast[i].weight / 5);
		hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"%s\", \"assigned\": 1024}",
		          cast[i].name);
		set_demand(w, i, 400);
	}
	hvkit_ask(&kit, "{\"do\": \"host\", \"memory\": %f, \"root\": 0}", capacity);
	o.backend = balloon_sim_backend(w->sim);
	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &w->b), 0);
}

static void close_worlds(struct worlds *w)
{
	balloon_close(w->b);
	balloon_sim_free(w->sim);
}

/* Hyper-V's rule while memory lasts. */
static double rule(const struct worlds *w, int i)
{
	double ideal = w->demand[i] * 1.2;

	return ideal < MINIMUM ? MINIMUM : ideal > SIZE ? SIZE : ideal;
}

/* Plays on and looks at every point: from FAST_S on, nobody has less than the rule
 * gives in either world, nor with us less than with Hyper-V; nor ever below the
 * minimum. */
static void both_serve(struct worlds *w, int seconds)
{
	for (int s = 0; s < seconds; s++) {
		second(w);
		for (int i = 0; i < GUESTS; i++) {
			bool served = w->ours[i] >= rule(w, i) - BAND &&
			              w->theirs[i] >= rule(w, i) - SLACK &&
			              w->ours[i] >= w->theirs[i] - BAND;

			if (s >= FAST_S && !served) {
				printf("second %d, %s: rule %.0f, Hyper-V %.0f, ours %.0f\n", s,
				       cast[i].name, rule(w, i), w->theirs[i], w->ours[i]);
				CU_FAIL("not served");
			}
			CU_ASSERT(w->ours[i] >= MINIMUM - 1 && w->theirs[i] >= MINIMUM - 1);
		}
	}
}

static void added_fast(void)
{
	struct worlds w;

	open_worlds(&w, 4600);
	both_serve(&w, 30);
	set_demand(&w, 1, 1400); /* what it gains, nobody has to give */
	both_serve(&w, 60);
	close_worlds(&w);
}

/* When demand falls and nobody waits, neither world takes at once: Hyper-V slowly,
 * ours not at all. When somebody waits both do. */
static void removed_slowly(void)
{
	struct worlds w;
	double before[GUESTS];

	open_worlds(&w, 4600);
	set_demand(&w, 1, 1400);
	both_serve(&w, 60);
	set_demand(&w, 1, 500);
	second(&w);
	for (int i = 0; i < GUESTS; i++)
		before[i] = w.ours[i];
	both_serve(&w, 10);
	CU_ASSERT(w.theirs[1] > rule(&w, 1) + SLACK);
	CU_ASSERT(w.ours[1] >= before[1] - SLACK);
	both_serve(&w, 120);
	CU_ASSERT_DOUBLE_EQUAL(w.theirs[1], rule(&w, 1), SLACK);
	CU_ASSERT(w.ours[1] >= before[1] - SLACK);
	set_demand(&w, 0, 1600);
	set_demand(&w, 2, 1500);
	for (int s = 0; s < 240; s++)
		second(&w);
	CU_ASSERT(w.ours[1] < before[1] - SLACK);
	both_serve(&w, 30);
	close_worlds(&w);
}

/* Weight has no say while memory lasts, and decides who goes short when not. */
static void weight_in_shortage_only(void)
{
	struct worlds w;
	double ours = 0, theirs = 0;

	open_worlds(&w, 4600);
	for (int i = 0; i < GUESTS; i++)
		set_demand(&w, i, 1200);
	both_serve(&w, 60);
	for (int i = 0; i < GUESTS; i++)
		set_demand(&w, i, 1900);
	for (int s = 0; s < 400; s++)
		second(&w);
	for (int i = 0; i < GUESTS; i++) {
		ours += w.ours[i];
		theirs += w.theirs[i];
		CU_ASSERT(w.ours[i] >= MINIMUM - 1);
	}
	CU_ASSERT(w.ours[0] < w.ours[1] && w.ours[1] < w.ours[2]);
	CU_ASSERT(w.theirs[0] < w.theirs[1] && w.theirs[1] < w.theirs[2]);
	for (int i = 0; i < GUESTS; i++)
		CU_ASSERT_DOUBLE_EQUAL(w.ours[i], w.theirs[i], BAND);
	CU_ASSERT_DOUBLE_EQUAL(theirs, 4600, SLACK);
	CU_ASSERT(ours <= 4600 && ours >= 4600 - BAND);
	close_worlds(&w);
}

int main(void)
{
	static const struct test tests[] = {
		{"memory is added fast", added_fast},
		{"memory is removed slowly", removed_slowly},
		{"weight counts in a shortage only", weight_in_shortage_only},
		{NULL, NULL},
	};
	int rc;

	if (!hvkit_start(&kit, "{\"name\": \"HV1\", \"vms\": ["
	                 "{\"name\": \"light\", \"weight\": 2500, \"maximum\": 2048},"
	                 "{\"name\": \"middle\", \"weight\": 5000, \"maximum\": 2048},"
	                 "{\"name\": \"heavy\", \"weight\": 7500, \"maximum\": 2048}]}", false))
		return 77;
	rc = run_tests("hyperv balancer", tests);
	hvkit_stop(&kit);
	return rc;
}
