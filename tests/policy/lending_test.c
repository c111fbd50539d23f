/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The profile "lending": guests led by what they demand. Stories on a small
 * host, then random hosts with mishaps, judged by what is seen on the wire.
 */
#include "../hall/world.h"
#include "stand.h"

static struct balloon_profile lending(void)
{
	struct balloon_profile p = {.struct_size = sizeof(p)};

	CU_ASSERT_EQUAL_FATAL(balloon_profile("lending", &p), 0);
	CU_ASSERT(p.flags & BALLOON_PROFILE_LEND);
	return p;
}

static void uses(struct stand *s, size_t i, uint64_t mib)
{
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[i], mib * MIB, BALLOON_UNKNOWN), 0);
}

/* Opens the library on two or more guests with plain shares. */
static void lend_on(struct stand *s)
{
	struct balloon_profile p = lending();
	struct balloon_policy policy = stand_policy();

	policy.profile = &p;
	stand_open(s, &policy);
}

static uint64_t missing(struct stand *s, size_t i)
{
	struct balloon_sim_truth t = {.struct_size = sizeof(t)};

	CU_ASSERT_EQUAL(balloon_sim_truth(s->sim, s->keys[i], &t), 0);
	return t.wants_bytes > t.actual_bytes ? t.wants_bytes - t.actual_bytes : 0;
}

/* Three guests of 2 GiB have 3 GiB between them. */
static void three(struct stand *s, uint64_t a, uint64_t b, uint64_t c)
{
	stand_up(s, 3072 + 256 + 128);
	stand_guest(s, "a", 2048, a);
	stand_guest(s, "b", 2048, b);
	stand_guest(s, "c", 2048, c);
	lend_on(s);
}

static void idle_memory_goes_where_it_is_short(void)
{
	struct stand s;

	three(&s, 400, 400, 1900);
	stand_beats(&s, 60);
	CU_ASSERT_EQUAL(missing(&s, 2), 0);
	CU_ASSERT(stand_report(s.b, "c").target_bytes >= 1900 * MIB);
	CU_ASSERT(stand_report(s.b, "a").target_bytes < 1000 * MIB);
	stand_down(&s);
}

/* Two want all there is: what the third does not use is theirs, but for scraps. */
static void in_shortage_nothing_idles(void)
{
	struct stand s;
	uint64_t sum = 0;

	three(&s, 2000, 2000, 2000);
	stand_beats(&s, 60);
	uses(&s, 0, 400);
	stand_beats(&s, 60);
	for (int i = 0; i < 3; i++)
		sum += stand_report(s.b, (const char *[]){"a", "b", "c"}[i]).target_bytes;
	CU_ASSERT(stand_report(s.b, "a").target_bytes < 560 * MIB);
	CU_ASSERT(stand_report(s.b, "a").target_bytes >= 400 * MIB);
	CU_ASSERT(sum > stand_account(s.b).capacity_bytes / 100 * 98);
	stand_down(&s);
}

/* a wants back what c had, and c has done with it. */
static void and_comes_back(void)
{
	struct stand s;
	uint64_t before;
	int beats = 0;

	three(&s, 400, 400, 1900);
	stand_beats(&s, 60);
	before = stand_report(s.b, "a").target_bytes;
	uses(&s, 2, 300);
	uses(&s, 0, 1500);
	while (beats < 10 && stand_report(s.b, "a").state != BALLOON_STATE_PRESSED) {
		stand_beats(&s, 1);
		beats++;
	}
	CU_ASSERT_EQUAL(stand_report(s.b, "a").state, BALLOON_STATE_PRESSED);
	stand_beats(&s, 2);
	CU_ASSERT(stand_report(s.b, "a").target_bytes > before);
	stand_beats(&s, 10);
	CU_ASSERT_EQUAL(missing(&s, 0), 0);
	stand_down(&s);
}

/* Where all want all, shares decide: 3 to 1, but for what is not worth an order. */
static void shares_rule_in_shortage(void)
{
	struct balloon_named_allocation named[2] = {{"a", stand_allocation(NULL, 0)},
	                                            {"b", stand_allocation(NULL, 0)}};
	struct balloon_profile p = lending();
	struct balloon_policy policy = stand_policy();
	struct stand s;
	uint64_t a, b;

	stand_up(&s, 2000 + 256 + 128);
	stand_guest(&s, "a", 2048, 2048);
	stand_guest(&s, "b", 2048, 2048);
	named[0].allocation.shares = 3000;
	named[1].allocation.shares = 1000;
	policy.profile = &p;
	policy.guests = named;
	policy.guests_n = 2;
	stand_open(&s, &policy);
	stand_beats(&s, 120);
	a = stand_report(s.b, "a").target_bytes;
	b = stand_report(s.b, "b").target_bytes;
	CU_ASSERT(a > 1300 * MIB && a < 1600 * MIB);
	CU_ASSERT(b > 440 * MIB && b < 600 * MIB);
	CU_ASSERT(a + b <= stand_account(s.b).capacity_bytes);
	stand_down(&s);
}

/* A pool's limit binds those in it together, whatever they demand. */
static void pools_rule(void)
{
	struct balloon_pool pool = {.struct_size = sizeof(pool),
	                            .name = "small",
	                            .shares = BALLOON_UNKNOWN,
	                            .reservation_bytes = BALLOON_UNKNOWN,
	                            .limit_bytes = 1200 * MIB};
	struct balloon_named_allocation named[2] = {{"a", stand_allocation("small", 0)},
	                                            {"b", stand_allocation("small", 0)}};
	struct balloon_profile p = lending();
	struct balloon_policy policy = stand_policy();
	struct stand s;

	stand_up(&s, 4096 + 256 + 128);
	stand_guest(&s, "a", 2048, 1500);
	stand_guest(&s, "b", 2048, 1500);
	stand_guest(&s, "c", 2048, 1500);
	policy.profile = &p;
	policy.pools = &pool;
	policy.pools_n = 1;
	policy.guests = named;
	policy.guests_n = 2;
	stand_open(&s, &policy);
	stand_beats(&s, 120);
	CU_ASSERT(stand_report(s.b, "a").target_bytes + stand_report(s.b, "b").target_bytes <=
	          1210 * MIB);
	CU_ASSERT_EQUAL(missing(&s, 2), 0);
	stand_down(&s);
}

/* The same while all demands fit: no headroom beyond the pool's limit. */
static void pools_rule_in_plenty(void)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	struct balloon_pool pool = {.struct_size = sizeof(pool),
	                            .name = "small",
	                            .shares = BALLOON_UNKNOWN,
	                            .reservation_bytes = BALLOON_UNKNOWN,
	                            .limit_bytes = 1400 * MIB};
	struct balloon_named_allocation named[2] = {{"a", stand_allocation("small", 0)},
	                                            {"b", stand_allocation("small", 0)}};
	struct balloon_profile p = lending();
	struct balloon_policy policy = stand_policy();
	struct stand s;

	stand_up(&s, 4096 + 256 + 128);
	for (size_t i = 0; i < 5; i++)
		stand_guest(&s, names[i], 2048, i < 2 ? 600 : 300);
	policy.profile = &p;
	policy.pools = &pool;
	policy.pools_n = 1;
	policy.guests = named;
	policy.guests_n = 2;
	stand_open(&s, &policy);
	stand_beats(&s, 120);
	CU_ASSERT(stand_report(s.b, "a").target_bytes + stand_report(s.b, "b").target_bytes <=
	          1402 * MIB);
	CU_ASSERT_EQUAL(missing(&s, 0) + missing(&s, 1) + missing(&s, 2), 0);
	stand_down(&s);
}

static uint64_t orders_in(struct stand *s, int beats)
{
	uint64_t before = stand_account(s->b).orders;

	stand_beats(s, beats);
	return stand_account(s->b).orders - before;
}

static void at_rest_no_orders(void)
{
	static const uint64_t uses_mib[][3] = {{400, 400, 1900}, {900, 900, 900}, {2000, 2000, 2000}};

	for (size_t k = 0; k < 3; k++) {
		struct stand s;

		three(&s, uses_mib[k][0], uses_mib[k][1], uses_mib[k][2]);
		CU_ASSERT(orders_in(&s, 300) > 0);
		CU_ASSERT_EQUAL(orders_in(&s, 300), 0);
		stand_down(&s);
	}
}

/* Three guests of 2 GiB that have so many MiB of 3 GiB and use 400. */
static void three_with(struct stand *s, const uint64_t has_mib[3])
{
	static const char *const names[] = {"a", "b", "c"};
	struct balloon_sim_guest g = {.struct_size = sizeof(g),
	                              .size_bytes = 2048 * MIB,
	                              .swap_bytes = BALLOON_UNKNOWN};

	stand_up(s, 3072 + 256 + 128);
	for (s->n = 0; s->n < 3; s->n++) {
		g.name = names[s->n];
		g.actual_bytes = has_mib[s->n] * MIB;
		CU_ASSERT_EQUAL(balloon_sim_add(s->sim, &g, &s->keys[s->n]), 0);
		uses(s, s->n, 400);
	}
}

/* a has far more than it should, and something is free: nobody asks for it. */
static void a_surplus_stays(void)
{
	static const uint64_t has[] = {1600, 600, 600};
	struct stand s;

	three_with(&s, has);
	lend_on(&s);
	stand_beats(&s, 60);
	CU_ASSERT_EQUAL(stand_account(s.b).orders, 0);
	stand_down(&s);
}

/* What is free does for b's growth: nobody else is told anything less. */
static void growing_shrinks_nobody(void)
{
	static const uint64_t has[] = {600, 600, 600};
	struct stand s;

	three_with(&s, has);
	lend_on(&s);
	stand_beats(&s, 60);
	for (uint64_t mib = 400; mib <= 1400; mib += 20) {
		uses(&s, 1, mib);
		stand_beats(&s, 1);
		CU_ASSERT_EQUAL(missing(&s, 1), 0);
	}
	CU_ASSERT(stand_report(s.b, "b").target_bytes > 1400 * MIB);
	CU_ASSERT(stand_report(s.b, "a").target_bytes >= 600 * MIB);
	CU_ASSERT(stand_report(s.b, "c").target_bytes >= 600 * MIB);
	stand_down(&s);
}

/* ------------------------------------------------------------ random hosts */

static uint64_t charged(const struct world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->tracks_n; i++)
		sum += most(w->before[i].actual, w->before[i].told);
	return sum;
}

static size_t row_of(const struct world *w, const struct balloon_order *o)
{
	size_t i = 0;

	while (i < w->tracks_n && w->guests[i].key != o->key)
		i++;
	CU_ASSERT_FATAL(i < w->tracks_n);
	return i;
}

static void within_bounds(struct world *w, const struct balloon_order *o, size_t i)
{
	uint64_t min, max;

	bounds_of(w, i, &min, &max);
	if (o->target_bytes < min || o->target_bytes > max)
		complain(w, w->guests[i].name, "ordered %llu, allowed %llu..%llu",
		         LLU(o->target_bytes), LLU(min), LLU(max));
}

/* Only of guests whose figures are known, that follow, and did not just grow
 * (unless they were told more than their limit, or less than they must have). */
static void fairly_shrunk(struct world *w, const struct balloon_order *o, size_t i)
{
	const struct track *t = &w->before[i];
	uint64_t min, max;

	if (o->target_bytes >= t->told || o->target_bytes >= t->actual)
		return;
	bounds_of(w, i, &min, &max);
	if (t->fresh_ns == UNKNOWN || w->now - t->fresh_ns > w->profile.stale_ns)
		complain(w, w->guests[i].name, "shrunk on faith");
	if (w->guests[i].state == BALLOON_STATE_STUCK && t->told <= w->guests[i].limit_bytes)
		complain(w, w->guests[i].name, "stuck, and asked for more still");
	if (t->grown_ns != UNKNOWN && w->now - t->grown_ns < w->profile.settle_ns &&
	    t->told >= w->guests[i].reservation_bytes && t->told <= w->guests[i].limit_bytes)
		complain(w, w->guests[i].name, "shrunk %llu ms after it was grown",
		         LLU((w->now - t->grown_ns) / 1000000));
}

static void explained(struct world *w, size_t i)
{
	const struct balloon_guest_report *g = &w->guests[i];
	char text[600] = "";

	if (g->reason == BALLOON_REASON_NONE || g->reason > BALLOON_REASON_BLIND ||
	    balloon_explain(w->b, g->name, text, sizeof(text)) < 20)
		complain(w, g->name, "no reason (%u): \"%s\"", g->reason, text);
}

static unsigned long up, down;

static void judge(struct world *w)
{
	uint64_t had = charged(w), gave = 0;

	for (size_t k = 0; k < w->spy->orders_n; k++) {
		const struct balloon_order *o = &w->spy->orders[k];
		size_t i = row_of(w, o);

		within_bounds(w, o, i);
		fairly_shrunk(w, o, i);
		gave += less(o->target_bytes, w->before[i].told);
		up += o->target_bytes > w->before[i].told;
		down += o->target_bytes < w->before[i].told;
	}
	if (gave && had + gave > w->report.capacity_bytes)
		complain(w, "host", "gave %llu, had promised %llu of %llu", LLU(gave), LLU(had),
		         LLU(w->report.capacity_bytes));
	if (w->report.clamped)
		complain(w, "host", "the guard had to correct an order");
	for (size_t i = 0; i < w->tracks_n; i++)
		explained(w, i);
}

/* Lending, with whatever else the world's policy says. */
static void lend_here(struct world *w)
{
	w->profile = lending();
	if (w->seed % 3 == 0)
		w->profile.shrink_step_bp = 2500;
	if (w->seed % 5 == 0)
		w->profile.pool_bp = (uint32_t)(w->seed % 7 * 200);
	if (w->seed % 7 == 0)
		w->profile.beat_ns = 5 * SECOND;
	CU_ASSERT_EQUAL(balloon_set_policy(w->b, &w->policy), 0);
}

static void random_hosts(void)
{
	unsigned faults = 0;

	up = down = 0;
	for (unsigned long k = 0; k < cases(300) && faults < 8; k++) {
		static struct world w;
		uint64_t seed = 7700000 + k;
		unsigned beats;

		world_init(&w, seed, (size_t)(1 + seed * 7 % MOST), 0, 0);
		beats = (unsigned)between(&w, 60, 200);
		lend_here(&w);
		for (unsigned beat = 0; beat < beats && w.faults < 3; beat++) {
			happen(&w);
			if (!(w.profile.flags & BALLOON_PROFILE_LEND))
				lend_here(&w);
			if (world_beat(&w))
				judge(&w);
		}
		faults += w.faults;
		world_fini(&w);
	}
	CU_ASSERT_EQUAL(faults, 0);
	CU_ASSERT(up > cases(300) && down > cases(300));
	if (getenv("VERBOSE"))
		printf("\n  %lu up, %lu down", up, down);
}

int main(void)
{
	static const struct test tests[] = {
	        {"idle memory goes where it is short", idle_memory_goes_where_it_is_short},
	        {"in shortage nothing idles", in_shortage_nothing_idles},
	        {"and comes back", and_comes_back},
	        {"shares rule in shortage", shares_rule_in_shortage},
	        {"pools rule", pools_rule},
	        {"pools rule in plenty", pools_rule_in_plenty},
	        {"at rest no orders", at_rest_no_orders},
	        {"a surplus stays", a_surplus_stays},
	        {"growing shrinks nobody", growing_shrinks_nobody},
	        {"random hosts", random_hosts},
	        {NULL, NULL},
	};

	return run_tests("lending", tests);
}
