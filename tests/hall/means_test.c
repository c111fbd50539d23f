/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that always hold, where hosts have means beyond the balloon: random
 * hosts with a pool, swap, ceilings and sharing, judged by what an onlooker sees
 * on the wire and by what the simulated host says is true in the end.
 */
#include "world.h"

typedef void judge(struct world *w);

static unsigned long pressed, raised;

static size_t row_of(const struct world *w, const struct balloon_order *o)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		if (w->guests[i].key == o->key)
			return i;
	}
	CU_FAIL_FATAL("an order to nobody");
	return 0;
}

static void count(const struct world *w)
{
	for (size_t k = 0; k < w->levels_n; k++) {
		pressed += w->levels[k].target_bytes != UNKNOWN;
		raised += w->levels[k].target_bytes == UNKNOWN;
	}
}

/* Closes the library, which has to lift whatever is in force, on the wire. */
static void close_and_look(struct world *w)
{
	size_t n = w->spy->orders_n;

	balloon_close(w->b);
	w->b = NULL;
	for (; n < w->spy->orders_n; n++) {
		w->spy->orders[n].rc = 0; /* told is told: nobody is asked twice any more */
		hear_level(w, &w->spy->orders[n]);
	}
	for (size_t i = 0; i < w->tracks_n; i++) {
		for (uint32_t m = BALLOON_MEANS_COMPRESS; m < BALLOON_MEANS_N; m++) {
			if (w->tracks[i].levels[m] != UNKNOWN)
				complain(w, "host", "guest %zu is held down by %s after close", i,
				         balloon_means_name(m));
		}
	}
}

static void run_worlds(uint64_t base, unsigned long n, judge *verdict)
{
	unsigned faults = 0;

	pressed = raised = 0;
	for (unsigned long k = 0; k < cases(n) && faults < 8; k++) {
		static struct world w;
		uint64_t seed = base * 100000 + k;
		unsigned beats;

		world_init(&w, seed, (size_t)(1 + seed * 7 % MOST), 0, 1);
		beats = (unsigned)between(&w, 60, 200);
		for (unsigned beat = 0; beat < beats && w.faults < 3; beat++) {
			happen(&w);
			if (!world_beat(&w))
				continue;
			verdict(&w);
			count(&w);
		}
		close_and_look(&w);
		faults += w.faults;
		world_fini(&w);
	}
	CU_ASSERT_EQUAL(faults, 0);
	if (!faults)
		CU_ASSERT(pressed > cases(n) && raised > cases(n) / 4);
	if (getenv("VERBOSE"))
		printf("\n  %lu levels, %lu lifted", pressed, raised);
}

/* ------------------------------------------------------------------ rule 1 */

static void within_bounds(struct world *w)
{
	for (size_t k = 0; k < w->levels_n; k++) {
		const struct balloon_order *o = &w->levels[k];
		size_t i = row_of(w, o);
		uint64_t min, max;

		bounds_of(w, i, &min, &max);
		if (o->means == BALLOON_MEANS_SHARE ? o->target_bytes > w->guests[i].size_bytes
		                                    : o->target_bytes < min)
			complain(w, w->guests[i].name, "%s to %llu, reserved %llu",
			         balloon_means_name(o->means), LLU(o->target_bytes), LLU(min));
		if (o->target_bytes != UNKNOWN && o->target_bytes &&
		    !(w->spy->rows[i].means & 1u << o->means))
			complain(w, w->guests[i].name, "%s, and it has no such means",
			         balloon_means_name(o->means));
	}
	if (w->report.clamped)
		complain(w, "host", "the guard had to correct %llu orders",
		         LLU(w->report.clamped));
}

static void rule_1(void)
{
	run_worlds(11, 250, within_bounds);
}

/* ------------------------------------------------------------------ rule 2 */

static uint64_t level(const struct track *t)
{
	uint64_t low = UNKNOWN;

	for (size_t m = 0; m < BALLOON_MEANS_N; m++)
		low = least(low, t->levels[m]);
	return low;
}

/* The least a guest must be charged with: what it has or was promised, or what
 * the host keeps it to, as long as it does not hold more. */
static uint64_t owed(const struct world *w, size_t i)
{
	const struct track *t = &w->before[i];
	uint64_t promised = most(t->actual, t->told);

	return level(t) == UNKNOWN ? promised : least(promised, most(level(t), t->resident));
}

static void only_what_was_free(struct world *w)
{
	uint64_t had = 0, gave = 0;

	for (size_t i = 0; i < w->tracks_n; i++)
		had += owed(w, i);
	for (size_t k = 0; k < w->spy->orders_n; k++)
		gave += less(w->spy->orders[k].target_bytes,
		             w->before[row_of(w, &w->spy->orders[k])].told);
	if (w->report.charged_bytes < had)
		complain(w, "host", "charged %llu, less than %llu", LLU(w->report.charged_bytes),
		         LLU(had));
	if (gave > less(w->report.capacity_bytes, had))
		complain(w, "host", "gave %llu of %llu less %llu", LLU(gave),
		         LLU(w->report.capacity_bytes), LLU(had));
}

static void rule_2(void)
{
	run_worlds(12, 250, only_what_was_free);
}

/* ------------------------------------------------------------------ rule 7 */

static int host_is_short(const struct world *w)
{
	return w->report.host_state == BALLOON_HOST_HARD ||
	       w->report.host_state == BALLOON_HOST_LOW;
}

/* It gave, by its own account, and the host holds far more for it. */
static int hollow(const struct track *t)
{
	return t->resident != UNKNOWN && t->resident > t->actual + 32 * MIB;
}

/* Who gives when told is not pressed for those who do not, and those who do not
 * keep what they are entitled to. */
static void refusers_pay(struct world *w)
{
	for (size_t k = 0; k < w->levels_n; k++) {
		const struct balloon_order *o = &w->levels[k];
		size_t i = row_of(w, o);
		const struct balloon_guest_report *g = &w->guests[i];

		if (o->means == BALLOON_MEANS_SHARE || o->target_bytes == UNKNOWN ||
		    host_is_short(w))
			continue;
		if (!g->fixed && !w->tracks[i].stuck && !hollow(&w->before[i]) &&
		    o->target_bytes < level(&w->before[i]))
			complain(w, g->name, "pressed to %llu, and it never refused",
			         LLU(o->target_bytes));
		if (o->target_bytes < least(g->entitlement_bytes, level(&w->before[i])))
			complain(w, g->name, "pressed to %llu, it is entitled to more",
			         LLU(o->target_bytes));
	}
}

static void rule_7(void)
{
	run_worlds(17, 250, refusers_pay);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"1. no level below a reservation", rule_1},
	        {"2. only what was seen free", rule_2},
	        {"7. refusers pay; 9. and are let go at close", rule_7},
	        {NULL, NULL},
	};

	return run_chosen("means", tests, argc, argv);
}
