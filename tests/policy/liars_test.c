/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lying does not pay. Each program is a seed: four guests whose work comes and
 * goes, and one of them says now and then that it uses all, or nothing, or
 * nonsense, or falls silent. The same world is played with it honest. What
 * counts is memory put to use: what a guest holds and does not use is no gain.
 */
#include <string.h>

#include "stand.h"

#define GUESTS 4
#define BEATS 240
#define WARM 30

struct outcome {
	uint64_t used[GUESTS]; /* MiB, summed over beats */
	uint64_t due[GUESTS];  /* the least of what it wanted and its plain share */
};

static void lie(struct stand *s, uint64_t *luck)
{
	static const char *const lies[] = {"obey", "full", "full", "empty", "absurd", "stale",
	                                   "silent"};
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL(balloon_sim_behaviour(lies[draw(luck) % 7], GIB, &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s->sim, s->keys[0], &b), 0);
}

static void work(struct stand *s, uint64_t *luck)
{
	for (size_t i = 0; i < GUESTS; i++) {
		if (draw(luck) % 40 == 0)
			balloon_sim_set_demand(s->sim, s->keys[i], draw_between(luck, 50, 850) * MIB,
			                       BALLOON_UNKNOWN);
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

static struct outcome play(uint64_t seed, int lying)
{
	static const char *const names[GUESTS] = {"liar", "a", "b", "c"};
	struct balloon_policy policy = stand_policy();
	uint64_t luck = seed * 2 + 1, whim = seed * 7 + 3, share[GUESTS];
	struct outcome o;
	struct stand s;

	memset(&o, 0, sizeof(o));
	policy.budget_bytes = draw_between(&luck, 1600, 3200) * MIB;
	plain_shares(policy.budget_bytes / 100 * 97, share);
	stand_up(&s, 8192);
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

static void lying_does_not_pay(void)
{
	uint64_t honest = 0, lying = 0, due = 0, got = 0;
	unsigned long winners = 0;
	double most = 0;

	for (unsigned long seed = 1; seed <= cases(1000); seed++) {
		struct outcome h = play(seed, 0), l = play(seed, 1);

		honest += h.used[0];
		lying += l.used[0];
		winners += l.used[0] > h.used[0] + h.used[0] / 100;
		if ((double)l.used[0] / (double)h.used[0] > most)
			most = (double)l.used[0] / (double)h.used[0];
		for (size_t i = 1; i < GUESTS; i++) {
			due += l.due[i];
			got += l.used[i] < l.due[i] ? l.used[i] : l.due[i];
		}
	}
	printf("\n  a liar puts %.2f %% of what it would have had to use; the honest get %.2f %% "
	       "of what is due\n",
	       100.0 * (double)lying / (double)honest, 100.0 * (double)got / (double)due);
	printf("  of single liars, %lu came out more than 1 %% ahead, the luckiest by %.1f %%\n",
	       winners, 100 * most - 100);
	CU_ASSERT(lying <= honest + honest / 100);
	CU_ASSERT(got >= due - due / 100);
}

int main(void)
{
	static const struct test tests[] = {
	        {"lying does not pay", lying_does_not_pay},
	        {NULL, NULL},
	};

	return run_tests("liars", tests);
}
