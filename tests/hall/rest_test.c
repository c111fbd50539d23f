/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules with an ending. Rule 6: a world in which nothing changes gets no more
 * orders. Rule 7: a stuck guest makes nobody turn back and forth, and recovers
 * by moving. Rule 9: balloon_release() lowers nobody and gives what is free.
 */
#include "world.h"

/* ------------------------------------------------------------------ rule 6 */

/* Behaviour that does not change by itself. */
static void constant(struct world *w, size_t i)
{
	static const char *const names[] = {"obey",   "obey",       "obey",   "slow",  "floor",
	                                    "stick",  "driverless", "silent", "paused", "greedy",
	                                    "stale"};
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL(balloon_sim_behaviour(names[draw(&w->chance) % 11], w->sizes[i], &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(w->sim, w->keys[i], &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_demand(w->sim, w->keys[i],
	                                       between(w, 0, w->sizes[i] / 2), UNKNOWN),
	                0);
}

static void settle_down(struct world *w, unsigned beats)
{
	for (unsigned k = 0; k < beats; k++)
		world_beat(w);
}

static void still(struct world *w, unsigned beats)
{
	for (unsigned k = 0; k < beats && !w->faults; k++) {
		world_beat(w);
		for (size_t i = 0; i < w->tracks_n; i++) {
			const struct balloon_order *o = spy_find(w->spy, w->guests[i].key);

			/* One that does not follow may be told again. */
			if (o && (o->target_bytes != w->before[i].told || !astray(w, i)))
				complain(w, w->guests[i].name, "at rest, and told %llu",
				         LLU(o->target_bytes));
		}
	}
}

/* Ten slow averages of the slowest profile are 3000 s. */
static void at_rest(void)
{
	static struct world w;
	unsigned faults = 0;

	for (unsigned long k = 0; k < cases(60) && faults < 3; k++) {
		world_init(&w, 6600000 + k, 1 + k % 24, 1, 0);
		w.step = 4 * SECOND;
		for (size_t i = 0; i < w.n; i++)
			constant(&w, i);
		settle_down(&w, 800);
		still(&w, 100);
		faults += w.faults;
		world_fini(&w);
	}
	CU_ASSERT_EQUAL(faults, 0);
}

/* ------------------------------------------------------------------ rule 7 */

static void behave(struct world *w, size_t i, const char *name)
{
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL(balloon_sim_behaviour(name, w->sizes[i], &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(w->sim, w->keys[i], &b), 0);
}

/* One idle guest among busy ones, on a host too small for all. */
static void crowded(struct world *w, uint64_t seed)
{
	size_t n = 3 + seed % 10;
	uint64_t sizes = 0;

	world_init(w, seed, n, 1, 0);
	for (size_t i = 0; i < n; i++) {
		sizes += w->sizes[i];
		w->named[i].allocation.struct_size = 0;
		CU_ASSERT_EQUAL(balloon_sim_set_demand(w->sim, w->keys[i],
		                                       i ? w->sizes[i] * 3 / 4 : 0, UNKNOWN),
		                0);
	}
	CU_ASSERT_EQUAL(balloon_sim_set_fixed(w->sim, w->keys[0], BALLOON_FIXED_NOT), 0);
	CU_ASSERT_EQUAL(balloon_profile("balanced", &w->profile), 0);
	w->policy.budget_bytes = sizes * 3 / 4;
	CU_ASSERT_EQUAL(balloon_set_policy(w->b, &w->policy), 0);
	w->step = SECOND;
}

static uint64_t reversals(struct world *w, size_t i)
{
	struct balloon_sim_truth t = {.struct_size = sizeof(t)};

	CU_ASSERT_EQUAL(balloon_sim_truth(w->sim, w->keys[i], &t), 0);
	return t.reversals;
}

static size_t listed(const struct world *w, size_t i)
{
	for (size_t k = 0; k < w->tracks_n; k++) {
		if (w->guests[k].key == w->keys[i])
			return k;
	}
	CU_FAIL_FATAL("the guest is gone");
	return 0;
}

static void stuck_world(uint64_t seed, unsigned long *seen)
{
	static struct world w;
	uint64_t before[ROOM];
	size_t k;

	crowded(&w, seed);
	behave(&w, 0, "stick");
	settle_down(&w, 120);
	k = listed(&w, 0);
	*seen += w.guests[k].state == BALLOON_STATE_STUCK;
	for (size_t i = 1; i < w.n; i++)
		before[i] = reversals(&w, i);
	settle_down(&w, 120);
	for (size_t i = 1; i < w.n; i++) {
		if (reversals(&w, i) > before[i])
			complain(&w, w.names[i], "turned back and forth beside a stuck guest");
	}
	behave(&w, 0, "obey");
	settle_down(&w, 120);
	k = listed(&w, 0);
	if (w.guests[k].state == BALLOON_STATE_STUCK || w.guests[k].lag_ns)
		complain(&w, w.guests[k].name, "moves, and has not recovered");
	CU_ASSERT_EQUAL(w.faults, 0);
	world_fini(&w);
}

static void rule_7(void)
{
	unsigned long seen = 0;

	for (unsigned long k = 0; k < cases(60); k++)
		stuck_world(7700000 + k, &seen);
	CU_ASSERT(seen > 0);
}

/* ------------------------------------------------------------------ rule 9 */

/* Free on the host, beyond the reserve and what was promised. */
static uint64_t free_room(const struct world *w)
{
	uint64_t sum = w->spy->sheet.available_bytes, total = w->spy->sheet.total_bytes;
	uint64_t reserve = w->policy.reserve_bytes, had = 0;

	if (reserve == UNKNOWN)
		reserve = balloon_min_free(total);
	for (size_t i = 0; i < w->tracks_n; i++) {
		sum += least(w->before[i].actual, w->before[i].resident);
		had += most(w->before[i].actual, w->before[i].told);
	}
	return less(least(less(sum, reserve), less(total, reserve)), had);
}

static int can_move(const struct world *w, size_t i)
{
	return !w->guests[i].fixed && (w->spy->rows[i].flags & BALLOON_SAMPLE_RUNNING);
}

static void judge_release(struct world *w)
{
	uint64_t room = free_room(w), gave = 0, wanted = 0;

	for (size_t i = 0; i < w->tracks_n; i++) {
		const struct balloon_order *o = spy_find(w->spy, w->guests[i].key);
		uint64_t min, max, told = w->before[i].told;

		bounds_of(w, i, &min, &max);
		if (o && o->target_bytes <= told)
			complain(w, w->guests[i].name, "lowered on release");
		if (o && (o->target_bytes > max || o->target_bytes < min))
			complain(w, w->guests[i].name, "released out of bounds");
		gave += o ? o->target_bytes - told : 0;
		wanted += can_move(w, i) ? less(max, told) : 0;
	}
	if (gave > room)
		complain(w, "host", "released %llu, free were %llu", LLU(gave), LLU(room));
	if (wanted <= room && gave < wanted)
		complain(w, "host", "released %llu of %llu wanted, free were %llu", LLU(gave),
		         LLU(wanted), LLU(room));
	if (w->report.clamped)
		complain(w, "host", "the guard had to correct %llu", LLU(w->report.clamped));
}

/* The same as world_beat(), with a release for the tick. */
static int let_go(struct world *w)
{
	spy_forget(w->spy);
	w->now += w->step;
	if (balloon_release(w->b, w->now) < 0)
		return 0;
	w->report = report_of(w->b);
	balloon_guests(w->b, w->guests, sizeof(w->guests[0]), ROOM);
	look(w);
	return 1;
}

static void rule_9(void)
{
	static struct world w;
	unsigned long raised = 0;
	unsigned faults = 0;

	for (unsigned long k = 0; k < cases(400) && faults < 4; k++) {
		world_init(&w, 9900000 + k, 1 + k % MOST, 0, 0);
		for (unsigned beat = 0; beat < 20 + k % 60; beat++) {
			happen(&w);
			world_beat(&w);
		}
		w.faults = 0;
		if (let_go(&w))
			judge_release(&w);
		raised += w.spy->orders_n;
		faults += w.faults;
		world_fini(&w);
	}
	CU_ASSERT_EQUAL(faults, 0);
	CU_ASSERT(raised > 0);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"6. a world at rest gets no orders", at_rest},
	        {"7. a stuck guest recovers by moving", rule_7},
	        {"9. release lowers nobody", rule_9},
	        {NULL, NULL},
	};

	return run_chosen("rest", tests, argc, argv);
}
