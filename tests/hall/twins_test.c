/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules that need two hosts to be seen: the same world from the same seed
 * twice, one of them with a difference. Rule 3 (the order of listing never
 * matters), rule 4 (more shares or more active memory never means less).
 */
#include "world.h"

/* Both hosts live through the same, beat by beat. */
static int both(struct world *a, struct world *b)
{
	int one, two;

	happen(a);
	happen(b);
	one = world_beat(a);
	two = world_beat(b);
	CU_ASSERT_EQUAL(one, two);
	return one && two;
}

/* By name: keys of guests that die in the same beat depend on who died first. */
static int guest_of(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		if (!strcmp(w->guests[i].name, name))
			return (int)i;
	}
	return -1;
}

/* ------------------------------------------------------------------ rule 3 */

/* Shows the rows from another end each beat. */
static void shuffle(struct spy *s)
{
	struct world *w = s->arg;
	struct balloon_sample t;

	for (size_t i = s->sheet.guests_n; i > 1; i--) {
		size_t k = (size_t)((w->beat * 31 + i * 17) % i);

		t = s->rows[i - 1];
		s->rows[i - 1] = s->rows[k];
		s->rows[k] = t;
	}
}

static void compare(struct world *a, const struct world *b)
{
	CU_ASSERT_EQUAL(a->tracks_n, b->tracks_n);
	for (size_t i = 0; i < a->tracks_n; i++) {
		int k = guest_of(b, a->guests[i].name);

		CU_ASSERT_FATAL(k >= 0);
		if (a->guests[i].target_bytes != b->guests[k].target_bytes ||
		    a->guests[i].entitlement_bytes != b->guests[k].entitlement_bytes)
			complain(a, a->guests[i].name, "told %llu, listed elsewhere %llu",
			         LLU(a->guests[i].target_bytes), LLU(b->guests[k].target_bytes));
	}
}

static void listing_order(void)
{
	static struct world a, b;
	unsigned faults = 0;

	for (unsigned long k = 0; k < cases(200) && !faults; k++) {
		world_init(&a, 3300000 + k, 2 + k % 30, 0, (int)(k % 2));
		world_init(&b, 3300000 + k, 2 + k % 30, 0, (int)(k % 2));
		b.spy->meddle = shuffle;
		b.spy->arg = &b;
		for (unsigned beat = 0; beat < 80 && !a.faults; beat++) {
			if (both(&a, &b))
				compare(&a, &b);
		}
		faults += a.faults;
		world_fini(&a);
		world_fini(&b);
	}
	CU_ASSERT_EQUAL(faults, 0);
}

/* ------------------------------------------------------------------ rule 4 */

static void not_less(struct world *a, struct world *b, const char *name, const char *what)
{
	for (size_t i = 0; i < a->tracks_n; i++) {
		int k = guest_of(b, a->guests[i].name);

		CU_ASSERT_FATAL(k >= 0);
		if (!strcmp(a->guests[i].name, name) &&
		    b->guests[k].entitlement_bytes < a->guests[i].entitlement_bytes)
			complain(a, name, "with more %s entitled to %llu", what,
			         LLU(b->guests[k].entitlement_bytes));
	}
}

static void more_shares(struct world *w, size_t i)
{
	struct balloon_allocation *a = &w->named[i].allocation;

	if (!a->struct_size)
		*a = nothing_said();
	a->shares = (a->shares == UNKNOWN ? 1000 : a->shares) + 1 + w->seed % 3000;
	CU_ASSERT_EQUAL(balloon_set_policy(w->b, &w->policy), 0);
}

/* The one guest works with more of its memory, by all it says. */
static void busier(struct spy *s)
{
	struct world *w = s->arg;

	for (size_t i = 0; i < s->sheet.guests_n; i++) {
		struct balloon_sample *row = &s->rows[i];

		if (strcmp(row->name, w->names[w->seed % w->n]) || row->available_bytes == UNKNOWN)
			continue;
		row->available_bytes /= 1 + w->seed % 5;
		if (row->active_bytes != UNKNOWN)
			row->active_bytes += (row->actual_bytes - row->active_bytes) / 2;
	}
}

static void twins(unsigned long k, int shares)
{
	static struct world a, b;
	uint64_t seed = 4400000 + k;

	world_init(&a, seed, 2 + k % 30, 0, 0);
	world_init(&b, seed, 2 + k % 30, 0, 0);
	for (unsigned beat = 0; beat < 20 + k % 60; beat++)
		both(&a, &b);
	if (shares) {
		more_shares(&b, seed % b.n);
	} else {
		b.spy->meddle = busier;
		b.spy->arg = &b;
	}
	a.calm = b.calm = 1;
	if (both(&a, &b))
		not_less(&a, &b, a.names[seed % a.n], shares ? "shares" : "active memory");
	CU_ASSERT_EQUAL(a.faults, 0);
	world_fini(&a);
	world_fini(&b);
}

static void rule_4_shares(void)
{
	for (unsigned long k = 0; k < cases(600); k++)
		twins(k, 1);
}

static void rule_4_active(void)
{
	for (unsigned long k = 0; k < cases(600); k++)
		twins(k, 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"3. the order of listing never matters", listing_order},
	        {"4. more shares never mean less", rule_4_shares},
	        {"4. more active memory never means less", rule_4_active},
	        {NULL, NULL},
	};

	return run_chosen("twins", tests, argc, argv);
}
