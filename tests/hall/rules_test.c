/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules that always hold, on random hosts, through the public door: every
 * beat of every world is judged by what an onlooker sees on the wire. A test
 * is named by its rule's number; `rules_test 5` runs that one alone.
 */
#include "world.h"

typedef void judge(struct world *w);

/* A judge who never saw an order has judged nothing. */
static unsigned long up, down, lost;

static void count(const struct world *w)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		up += w->tracks[i].told > w->before[i].told;
		down += w->tracks[i].told < w->before[i].told;
	}
	lost += w->report.lost_samples;
}

static void run_worlds(uint64_t base, unsigned long n, judge *verdict)
{
	unsigned faults = 0;

	up = down = lost = 0;
	for (unsigned long k = 0; k < cases(n) && faults < 8; k++) {
		static struct world w;
		uint64_t seed = base * 100000 + k;
		unsigned beats;

		world_init(&w, seed, (size_t)(1 + seed * 7 % MOST), 0, 0);
		beats = (unsigned)between(&w, 60, 200);
		for (unsigned beat = 0; beat < beats && w.faults < 3; beat++) {
			happen(&w);
			if (!world_beat(&w))
				continue;
			verdict(&w);
			count(&w);
		}
		faults += w.faults;
		world_fini(&w);
	}
	CU_ASSERT_EQUAL(faults, 0);
	if (!faults)
		CU_ASSERT(up > cases(n) && down > cases(n) && lost > 0);
	if (getenv("VERBOSE"))
		printf("\n  %lu up, %lu down, %lu lost", up, down, lost);
}

/* The row of the report that an order went to. */
static size_t row_of(const struct world *w, const struct balloon_order *o)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		if (w->guests[i].key == o->key)
			return i;
	}
	CU_FAIL_FATAL("an order to nobody");
	return 0;
}

/* ------------------------------------------------------------------ rule 1 */

/* The most that ballooning may take, beside what the operator reserved. */
static uint64_t deepest(const struct world *w, uint64_t size, uint64_t max)
{
	uint64_t taken = size / 10000 * w->profile.balloon_max_bp +
	                 size % 10000 * w->profile.balloon_max_bp / 10000;

	return least(size - taken, max);
}

static void within_bounds(struct world *w)
{
	for (size_t k = 0; k < w->spy->orders_n; k++) {
		const struct balloon_order *o = &w->spy->orders[k];
		size_t i = row_of(w, o);
		uint64_t min, max;

		bounds_of(w, i, &min, &max);
		if (o->target_bytes < min || o->target_bytes > max)
			complain(w, w->guests[i].name, "ordered %llu, allowed %llu..%llu",
			         LLU(o->target_bytes), LLU(min), LLU(max));
		if (o->target_bytes < w->before[i].told &&
		    o->target_bytes < deepest(w, w->spy->rows[i].size_bytes, max))
			complain(w, w->guests[i].name, "shrunk to %llu of %llu, deeper than %u bp",
			         LLU(o->target_bytes), LLU(w->spy->rows[i].size_bytes),
			         w->profile.balloon_max_bp);
	}
	if (w->report.clamped)
		complain(w, "host", "the guard had to correct %llu orders",
		         LLU(w->report.clamped));
}

static void rule_1(void)
{
	run_worlds(1, 250, within_bounds);
}

/* ------------------------------------------------------------------ rule 2 */

/* What guests and the host's free memory make together, beyond the reserve. */
static uint64_t seen_room(const struct world *w)
{
	uint64_t sum = w->spy->sheet.available_bytes, total = w->spy->sheet.total_bytes;
	uint64_t reserve = w->policy.reserve_bytes;

	if (reserve == UNKNOWN)
		reserve = balloon_min_free(total);
	for (size_t i = 0; i < w->tracks_n; i++)
		sum += least(w->before[i].actual, w->before[i].resident);
	return least(less(sum, reserve), less(total, reserve));
}

static uint64_t charged(const struct world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->tracks_n; i++)
		sum += most(w->before[i].actual, w->before[i].told);
	return sum;
}

static uint64_t growth(const struct world *w)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < w->spy->orders_n; k++)
		sum += less(w->spy->orders[k].target_bytes,
		            w->before[row_of(w, &w->spy->orders[k])].told);
	return sum;
}

static void only_what_was_free(struct world *w)
{
	uint64_t capacity = least(seen_room(w), w->policy.budget_bytes);
	uint64_t had = charged(w), gave = growth(w);

	if (w->report.capacity_bytes > capacity)
		complain(w, "host", "capacity %llu, seen %llu", LLU(w->report.capacity_bytes),
		         LLU(capacity));
	if (w->report.charged_bytes != had)
		complain(w, "host", "charged %llu, not %llu", LLU(w->report.charged_bytes),
		         LLU(had));
	if (gave && gave > less(capacity, had))
		complain(w, "host", "gave %llu of %llu less %llu", LLU(gave), LLU(capacity),
		         LLU(had));
	for (size_t i = 0; i < w->tracks_n; i++) {
		if (w->guests[i].target_bytes != w->tracks[i].told)
			complain(w, w->guests[i].name, "was told %llu, the report says %llu",
			         LLU(w->tracks[i].told), LLU(w->guests[i].target_bytes));
	}
}

static void rule_2(void)
{
	run_worlds(2, 250, only_what_was_free);
}

/* ------------------------------------------------------------------ rule 3 */

static uint64_t to_divide(const struct world *w, uint64_t min, uint64_t max)
{
	uint64_t capacity = w->report.capacity_bytes, pool = 0;

	if (max > capacity)
		pool = capacity / 10000 * w->profile.pool_bp +
		       capacity % 10000 * w->profile.pool_bp / 10000;
	capacity -= least(pool, less(capacity, min));
	return least(most(capacity, min), max);
}

/* A guest that was stuck once may have shown a ceiling that no report tells
 * of: then nobody else may have been left below his limit. */
static void all_is_divided(struct world *w)
{
	uint64_t min = 0, max = 0, reached = 0, sum = 0;

	for (size_t i = 0; i < w->tracks_n; i++) {
		const struct balloon_guest_report *g = &w->guests[i];

		min += g->reservation_bytes;
		max += g->limit_bytes;
		reached += w->tracks[i].stuck ? g->entitlement_bytes : g->limit_bytes;
		sum += g->entitlement_bytes;
	}
	if (sum != to_divide(w, min, max) && sum != to_divide(w, min, reached))
		complain(w, "host", "%llu dealt, not %llu (capacity %llu, min %llu, max %llu)",
		         LLU(sum), LLU(to_divide(w, min, max)), LLU(w->report.capacity_bytes),
		         LLU(min), LLU(max));
	if (w->report.shortfall_bytes != less(min, w->report.capacity_bytes))
		complain(w, "host", "shortfall %llu, not %llu", LLU(w->report.shortfall_bytes),
		         LLU(less(min, w->report.capacity_bytes)));
}

static void rule_3(void)
{
	run_worlds(3, 250, all_is_divided);
}

/* ------------------------------------------------------------------ rule 5 */

/* To withdraw what a guest never took costs it nothing. */
static int takes_something(const struct world *w, size_t i, uint64_t target)
{
	return target < w->before[i].told && target < w->before[i].actual;
}

static void nothing_on_faith(struct world *w)
{
	for (size_t k = 0; k < w->spy->orders_n; k++) {
		size_t i = row_of(w, &w->spy->orders[k]);
		uint64_t fresh = w->before[i].fresh_ns;

		if (!takes_something(w, i, w->spy->orders[k].target_bytes))
			continue;
		if (fresh == UNKNOWN)
			complain(w, w->guests[i].name, "shrunk, and it never gave figures");
		else if (w->now - fresh > w->profile.stale_ns)
			complain(w, w->guests[i].name, "shrunk on figures %llu ms old",
			         LLU((w->now - fresh) / 1000000));
	}
}

static void rule_5(void)
{
	run_worlds(5, 250, nothing_on_faith);
}

/* ------------------------------------------------------------------ rule 6 */

/* The most that a guest could be waiting for: a small difference is not worth
 * an order, unless it is short of memory or below what it must have. */
/* Pressed, whatever else it is: it needs more than its activity explains. */
static int asks_relief(const struct world *w, const struct balloon_guest_report *g)
{
	return g->need_bytes > g->active_bytes + MIB +
	                               g->active_bytes / 10000 * w->profile.headroom_bp;
}

static uint64_t waits_for(const struct world *w, size_t i)
{
	const struct balloon_guest_report *g = &w->guests[i];
	uint64_t more = less(g->entitlement_bytes, w->before[i].told);
	uint64_t band = g->size_bytes / 10000 * w->profile.deadband_bp +
	                g->size_bytes % 10000 * w->profile.deadband_bp / 10000;

	if (g->fixed || !(w->spy->rows[i].flags & BALLOON_SAMPLE_RUNNING))
		return 0;
	if (w->before[i].told < g->reservation_bytes)
		return most(more, g->reservation_bytes - w->before[i].told);
	return more >= most(MIB, band) || (asks_relief(w, g) && more >= MIB) ? more : 0;
}

/* More is wanted, with what is kept to be granted at once, than lies free. */
static int somebody_waits(const struct world *w)
{
	uint64_t had = charged(w), capacity = w->report.capacity_bytes;
	uint64_t wanted = capacity / 10000 * w->profile.pool_bp +
	                  capacity % 10000 * w->profile.pool_bp / 10000;

	for (size_t i = 0; i < w->tracks_n; i++)
		wanted += waits_for(w, i);
	return had > capacity || wanted > capacity - had;
}

static int settled(const struct world *w, size_t i)
{
	uint64_t min, max, grown = w->before[i].grown_ns;

	bounds_of(w, i, &min, &max);
	if (w->before[i].told > max || w->before[i].told < min)
		return 1; /* put right at once */
	return grown == UNKNOWN || w->now - grown >= w->profile.settle_ns;
}

/* An order that did not take may be repeated, but not all the time. */
static void told_again(struct world *w, size_t i)
{
	uint64_t same = w->before[i].same_ns;

	if (!astray(w, i))
		complain(w, w->guests[i].name, "told what it was told and has");
	else if (same != UNKNOWN && w->now - same < w->profile.settle_ns)
		complain(w, w->guests[i].name, "told the same again after %llu ms",
		         LLU((w->now - same) / 1000000));
}

static void no_restlessness(struct world *w)
{
	for (size_t k = 0; k < w->spy->orders_n; k++) {
		const struct balloon_order *o = &w->spy->orders[k];
		size_t i = row_of(w, o);
		int twice = 0;

		for (size_t j = 0; j < k; j++)
			twice |= w->spy->orders[j].key == o->key;
		if (twice)
			complain(w, w->guests[i].name, "ordered twice in a beat");
		if (o->target_bytes == w->before[i].told)
			told_again(w, i);
		if (!takes_something(w, i, o->target_bytes))
			continue;
		if (!settled(w, i))
			complain(w, w->guests[i].name, "shrunk %llu ms after it was grown",
			         LLU((w->now - w->before[i].grown_ns) / 1000000));
		if (!somebody_waits(w) && w->before[i].told <= w->guests[i].limit_bytes)
			complain(w, w->guests[i].name, "shrunk from %llu to %llu for nobody",
			         LLU(w->before[i].told), LLU(o->target_bytes));
	}
}

static void rule_6(void)
{
	run_worlds(6, 250, no_restlessness);
}

/* ------------------------------------------------------------------ rule 7 */

static void nobody_pays(struct world *w)
{
	for (size_t k = 0; k < w->spy->orders_n; k++) {
		const struct balloon_order *o = &w->spy->orders[k];
		size_t i = row_of(w, o);

		if (o->target_bytes < w->before[i].told && o->target_bytes < its_own(w, i))
			complain(w, w->guests[i].name, "shrunk to %llu, its own is %llu, need %llu",
			         LLU(o->target_bytes), LLU(its_own(w, i)),
			         LLU(w->guests[i].need_bytes));
		if (w->guests[i].state == BALLOON_STATE_STUCK &&
		    w->before[i].told <= w->guests[i].limit_bytes &&
		    takes_something(w, i, o->target_bytes))
			complain(w, w->guests[i].name, "stuck, and asked for more still");
	}
	if (w->report.charged_bytes != charged(w))
		complain(w, "host", "charged %llu, they keep %llu", LLU(w->report.charged_bytes),
		         LLU(charged(w)));
}

static void rule_7(void)
{
	run_worlds(7, 250, nobody_pays);
}

/* ----------------------------------------------------------------- rule 10 */

static int answered(const struct world *w, uint64_t key)
{
	const struct balloon_order *o = spy_find(w->spy, key);

	return !o || !o->rc;
}

/* Could this be the reason, by the numbers beside it? */
static int consistent(const struct world *w, size_t i)
{
	const struct balloon_guest_report *g = &w->guests[i];
	uint64_t target = g->target_bytes, granted = g->entitlement_bytes;
	int lends = target < granted && target >= its_own(w, i);

	switch (g->reason) {
	case BALLOON_REASON_PLENTY:
		return target == granted && w->report.capacity_bytes >= granted;
	case BALLOON_REASON_SHARE:
	case BALLOON_REASON_MISSES:
		return target == granted;
	case BALLOON_REASON_TAX:
		return target == granted && granted > g->need_bytes && w->profile.tax_bp;
	case BALLOON_REASON_LENT:
		return lends;
	case BALLOON_REASON_RESERVATION:
		return target == g->reservation_bytes;
	case BALLOON_REASON_LIMIT:
		return target == granted && granted == g->limit_bytes;
	case BALLOON_REASON_STEP:
	case BALLOON_REASON_SETTLE:
	case BALLOON_REASON_LEARNT:
		return target > its_own(w, i);
	case BALLOON_REASON_WAIT:
		return target < g->entitlement_bytes;
	case BALLOON_REASON_STALE:
		return g->state == BALLOON_STATE_STALE || g->state == BALLOON_STATE_PAUSED;
	case BALLOON_REASON_STUCK:
		return w->tracks[i].stuck || w->tracks[i].told < w->before[i].told;
	case BALLOON_REASON_BOOT:
		return g->state == BALLOON_STATE_BOOTING;
	case BALLOON_REASON_FIXED:
		return g->fixed != BALLOON_FIXED_NOT && g->state == BALLOON_STATE_FIXED;
	case BALLOON_REASON_PRESSED:
		return target <= granted && w->before[i].told < target &&
		       (asks_relief(w, g) || g->state == BALLOON_STATE_PRESSED ||
		        g->state == BALLOON_STATE_STUCK || g->state == BALLOON_STATE_BOOTING);
	case BALLOON_REASON_STEADY:
		return target != granted || somebody_keeps(w);
	default:
		return 0;
	}
}

static void explain(struct world *w, const struct balloon_guest_report *g)
{
	char text[600] = "";
	int n = balloon_explain(w->b, g->name, text, sizeof(text));

	if (n < 20 || (size_t)n != strlen(text) || text[n - 1] != '.' ||
	    strncmp(text, g->name, strlen(g->name)) || strstr(text, "nothing has been decided"))
		complain(w, g->name, "no sentence: \"%s\"", text);
}

static void a_reason_each(struct world *w)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		const struct balloon_guest_report *g = &w->guests[i];

		if (answered(w, g->key) && !consistent(w, i))
			complain(w, g->name,
			         "\"%s\" (%s) does not go with target %llu, granted %llu of "
			         "%llu..%llu, need %llu",
			         balloon_reason_name(g->reason), balloon_state_name(g->state),
			         LLU(g->target_bytes), LLU(g->entitlement_bytes),
			         LLU(g->reservation_bytes), LLU(g->limit_bytes),
			         LLU(g->need_bytes));
		if (g->reason > BALLOON_REASON_MISSES || g->reason == BALLOON_REASON_NONE)
			complain(w, g->name, "no reason: %u", g->reason);
		explain(w, g);
	}
}

static void rule_10(void)
{
	run_worlds(10, 250, a_reason_each);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"1. within reservation and limit", rule_1},
	        {"2. only what was seen free", rule_2},
	        {"3. all is divided, to the byte", rule_3},
	        {"5. nothing taken on faith", rule_5},
	        {"6. no restlessness", rule_6},
	        {"7. nobody pays for the stuck", rule_7},
	        {"10. a reason for everything", rule_10},
	        {NULL, NULL},
	};

	return run_chosen("rules", tests, argc, argv);
}
