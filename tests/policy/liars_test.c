/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lying does not pay. Each program is a seed: four guests whose work comes and
 * goes, and one of them says now and then that it uses all, or nothing, or
 * nonsense, or falls silent. The same world is played with it honest.
 *
 * Gain is memory put to use: what a guest holds and does not use is none. It is
 * summed over two hours, some 180 changes of work a guest: over two minutes one
 * change that comes a beat sooner decides, and two honest runs half a MiB apart
 * differ by more than a lie brings.
 */
#include <stdlib.h>
#include <string.h>

#include "stand.h"

#define GUESTS 4
#define BEATS  7200
#define WARM   30

/* A thousand in all, in four worlds; CASES is for more in each, SEED for others.
 * Sanitizers look for other faults and are too slow for so many. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROGRAMS 10
#endif
#endif
#ifndef PROGRAMS
#define PROGRAMS 250
#endif

struct world {
	const char *profile;
	int means; /* the host swaps, and tells of stalls */
	unsigned long programs;
};

struct outcome {
	uint64_t used[GUESTS]; /* MiB, summed over beats */
	uint64_t due[GUESTS];  /* the least of what it wanted and its plain share */
};

static void lie(struct stand *s, uint64_t *luck)
{
	static const char *const lies[] = {"obey",   "full",  "full",  "empty",
					   "absurd", "stale", "silent"};
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL(balloon_sim_behaviour(lies[draw(luck) % 7], GIB, &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s->sim, s->keys[0], &b), 0);
}

static void work(struct stand *s, uint64_t *luck)
{
	for (size_t i = 0; i < GUESTS; i++) {
		if (draw(luck) % 40 == 0)
			balloon_sim_set_demand(s->sim, s->keys[i],
					       draw_between(luck, 50, 850) * MIB, BALLOON_UNKNOWN);
	}
}

/* By shares alone, with nobody's idle memory taxed: what nobody can lie away. */
static void plain_shares(uint64_t capacity, uint64_t *ret)
{
	struct balloon_claimant c[GUESTS];

	for (size_t i = 0; i < GUESTS; i++)
		c[i] = (struct balloon_claimant){1000, BALLOON_UNKNOWN, 0, GIB};
	CU_ASSERT_EQUAL(balloon_entitle(c, GUESTS, capacity, 0, ret), 0);
}

static void count(struct stand *s, const uint64_t *share, struct outcome *o)
{
	for (size_t i = 0; i < GUESTS; i++) {
		struct balloon_sim_truth t = {.struct_size = sizeof(t)};

		CU_ASSERT_EQUAL(balloon_sim_truth(s->sim, s->keys[i], &t), 0);
		o->used[i] += t.used_bytes / MIB;
		o->due[i] += (t.wants_bytes < share[i] ? t.wants_bytes : share[i]) / MIB;
	}
}

static void host_up(struct stand *s, const struct world *w)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
					.total_bytes = 8 * GIB,
					.own_bytes = 256 * MIB,
					.capacity_bytes = BALLOON_UNKNOWN,
					.seed = 1,
					.features = BALLOON_SIM_TELLS_STALL,
					.swap_bytes = 16 * GIB};

	if (!w->means) {
		stand_up(s, 8192);
		return;
	}
	memset(s, 0, sizeof(*s));
	CU_ASSERT_EQUAL(balloon_sim_new(&host, &s->sim), 0);
}

static struct outcome play(const struct world *w, uint64_t seed, int lying)
{
	static const char *const names[GUESTS] = {"liar", "a", "b", "c"};
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = stand_policy();
	uint64_t luck = seed * 2 + 1, whim = seed * 7 + 3, share[GUESTS];
	struct outcome o;
	struct stand s;

	memset(&o, 0, sizeof(o));
	CU_ASSERT_EQUAL(balloon_profile(w->profile, &profile), 0);
	policy.profile = &profile;
	policy.budget_bytes = draw_between(&luck, 1600, 3200) * MIB;
	plain_shares(policy.budget_bytes / 100 * 97, share);
	host_up(&s, w);
	for (size_t i = 0; i < GUESTS; i++)
		stand_guest(&s, names[i], 1024, draw_between(&luck, 150, 950));
	stand_open(&s, &policy);
	for (int beat = 0; beat < BEATS; beat++) {
		work(&s, &luck);
		if (lying && draw(&whim) % 30 == 0)
			lie(&s, &whim);
		stand_beats(&s, 1);
		if (beat >= WARM)
			count(&s, share, &o);
	}
	stand_down(&s);
	return o;
}

/* What an honest guest is short of: of its due, and of what it had to use when
 * nobody lied, the lesser. */
static int loses(const struct outcome *h, const struct outcome *l, size_t i)
{
	uint64_t whole = h->due[i] < h->used[i] ? h->due[i] : h->used[i];

	return l->used[i] < whole - whole / 100;
}

static void lying_does_not_pay(const struct world *w)
{
	unsigned long winners = 0, losers = 0, programs = cases(w->programs);
	const char *base = getenv("SEED");
	unsigned long seed = base ? strtoul(base, NULL, 10) : 0;
	double most = 0, sum = 0;

	for (unsigned long last = seed + programs; seed++ < last;) {
		struct outcome h = play(w, seed, 0), l = play(w, seed, 1);
		double gain = 100.0 * (double)l.used[0] / (double)h.used[0] - 100;

		sum += gain;
		if (gain > most)
			most = gain;
		if (gain > 1) {
			winners++;
			printf("\n  seed %lu: %.2f %% ahead\n", seed, gain);
		}
		for (size_t i = 1; i < GUESTS; i++)
			losers += loses(&h, &l, i) ? 1ul : 0;
	}
	printf("\n  %s%s: %lu liars gain %.2f %% in the mean, the luckiest %.2f %%; %lu came out "
	       "more than 1 %% ahead; %lu honest guests lost more\n",
	       w->profile, w->means ? " with means" : "", programs, sum / (double)programs, most,
	       winners, losers);
	CU_ASSERT_EQUAL(winners, 0);
	CU_ASSERT_EQUAL(losers, 0);
}

static void balanced(void)
{
	lying_does_not_pay(&(struct world){"balanced", 0, PROGRAMS});
}

static void balanced_with_means(void)
{
	lying_does_not_pay(&(struct world){"balanced", 1, PROGRAMS});
}

static void lending(void)
{
	lying_does_not_pay(&(struct world){"lending", 0, PROGRAMS});
}

static void lending_with_means(void)
{
	lying_does_not_pay(&(struct world){"lending", 1, PROGRAMS});
}

int main(void)
{
	static const struct test tests[] = {
		{"lying does not pay", balanced},
		{"nor where the host can press", balanced_with_means},
		{"nor where idle memory is lent", lending},
		{"nor with both", lending_with_means},
		{NULL, NULL},
	};

	return run_tests("liars", tests);
}
