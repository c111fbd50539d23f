/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random hosts for the property tests: a simulated host, a policy and mishaps,
 * all from one seed, and what an onlooker who believes only the wire would
 * know of every guest. Must not know how the library decides.
 */
#ifndef WORLD_H
#define WORLD_H

#include <balloon/sim.h>
#include <stdarg.h>

#include "spy.h"

#define ROOM 64 /* guests ever, with those that come later */
#define MOST 40 /* at the start */

/* What the onlooker knows of one life of one guest. */
struct track {
	uint64_t key;
	uint64_t told;     /* it was told, or may have been; at first what it had */
	uint64_t actual;   /* what it was last reported to have */
	uint64_t levels[BALLOON_MEANS_N]; /* told, to be kept to by the host; UNKNOWN = none */
	uint64_t resident; /* what of it was last seen to be backed by the host */
	uint64_t grown_ns; /* last told to grow; UNKNOWN = never */
	uint64_t same_ns;  /* last told the same again; likewise */
	uint64_t fresh_ns; /* its last new and possible figures; UNKNOWN = never */
	uint64_t serial;
	int stuck;         /* was so, once */
};

struct world {
	uint64_t seed;   /* for the message */
	uint64_t chance; /* moves on */
	int calm;        /* no mishaps, nothing changes */
	int means;       /* the host has others than the balloon */
	struct balloon_sim *sim;
	struct spy *spy;
	struct balloon *b;

	struct balloon_profile profile;
	struct balloon_policy policy;
	struct balloon_named_allocation named[ROOM];
	char names[ROOM][12];
	uint64_t sizes[ROOM], keys[ROOM]; /* key 0: gone */
	size_t n;

	uint64_t now, step;
	unsigned beat;
	struct track tracks[ROOM], before[ROOM]; /* as the report lists them */
	size_t tracks_n;
	struct balloon_order levels[ROOM * BALLOON_MEANS_N]; /* by other means, of this beat */
	size_t levels_n;
	struct balloon_report report;
	struct balloon_guest_report guests[ROOM];
	unsigned faults;
};

/* ------------------------------------------------------------- complaints */

#define LLU(v) ((unsigned long long)(v))

static inline void complain(struct world *w, const char *guest, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static inline void complain(struct world *w, const char *guest, const char *format, ...)
{
	va_list args;

	if (w->faults++ >= 3)
		return; /* the first ones tell it all */
	printf("\n  seed %llu beat %u %s: ", (unsigned long long)w->seed, w->beat, guest);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	for (size_t i = 0; i < w->tracks_n; i++) {
		const struct balloon_guest_report *g = &w->guests[i];

		if (!strcmp(g->name, guest))
			printf(" [had %llu, told %llu, then %llu, granted %llu of %llu..%llu, "
			       "size %llu, %s, %s, rc %d]", LLU(w->before[i].actual),
			       LLU(w->before[i].told), LLU(w->tracks[i].told),
			       LLU(g->entitlement_bytes), LLU(g->reservation_bytes),
			       LLU(g->limit_bytes), LLU(g->size_bytes),
			       balloon_state_name(g->state), balloon_reason_name(g->reason),
			       g->order_rc);
	}
}

static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static inline uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --------------------------------------------------------- a random policy */

static inline int one_in(struct world *w, unsigned n)
{
	return draw(&w->chance) % n == 0;
}

static inline uint64_t between(struct world *w, uint64_t lo, uint64_t hi)
{
	return draw_between(&w->chance, lo, hi);
}

static inline void random_profile(struct world *w)
{
	static const char *const names[] = {"balanced", "aggressive", "conservative"};

	w->profile = (struct balloon_profile){.struct_size = sizeof(w->profile)};
	CU_ASSERT_EQUAL(balloon_profile(names[draw(&w->chance) % 3], &w->profile), 0);
	if (one_in(w, 2))
		w->profile.tax_bp = (uint32_t)between(w, 0, 9999);
	if (one_in(w, 2))
		w->profile.pool_bp = (uint32_t)between(w, 0, 1500);
	if (one_in(w, 2))
		w->profile.deadband_bp = (uint32_t)between(w, 0, 600);
	if (one_in(w, 2))
		w->profile.shrink_step_bp = (uint32_t)between(w, 100, 10000);
	if (one_in(w, 2))
		w->profile.balloon_max_bp = (uint32_t)between(w, 1000, 10000);
	if (one_in(w, 2))
		w->profile.flags |= BALLOON_PROFILE_SHARE;
	if (one_in(w, 2))
		w->profile.settle_ns = between(w, 1, 60) * SECOND;
}

static inline struct balloon_allocation nothing_said(void)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = UNKNOWN,
	                                   .reservation_bytes = UNKNOWN,
	                                   .limit_bytes = UNKNOWN};
}

/* Bounds are now and then no whole pages, above the size, or equal. */
static inline struct balloon_allocation random_allocation(struct world *w, uint64_t size)
{
	struct balloon_allocation a = nothing_said();

	if (!one_in(w, 3))
		a.shares = one_in(w, 20) ? 0 : between(w, 1, 8000);
	if (one_in(w, 2))
		a.reservation_bytes = one_in(w, 8) ? between(w, 0, size * 5 / 4)
		                                   : between(w, 0, size / 2 / MIB) * MIB;
	if (one_in(w, 3))
		a.limit_bytes = between(w, size / 4, size * 5 / 4);
	if (a.limit_bytes != UNKNOWN && a.reservation_bytes != UNKNOWN)
		a.limit_bytes = most(a.limit_bytes, a.reservation_bytes);
	return a;
}

static inline void random_policy(struct world *w)
{
	uint64_t sizes = 0;

	for (size_t i = 0; i < w->n; i++) {
		w->named[i].guest = w->names[i];
		w->named[i].allocation = (struct balloon_allocation){.struct_size = 0};
		if (one_in(w, 2))
			w->named[i].allocation = random_allocation(w, w->sizes[i]);
		sizes += w->sizes[i];
	}
	w->policy = (struct balloon_policy){
	        .struct_size = sizeof(w->policy),
	        .profile = &w->profile,
	        .budget_bytes = one_in(w, 3) ? between(w, sizes / 4, sizes) : UNKNOWN,
	        .reserve_bytes = one_in(w, 4) ? between(w, 0, sizes / 16) : UNKNOWN,
	        .guests = w->named,
	        .guests_n = w->n,
	};
}

/* ----------------------------------------------------------- a random host */

static inline void random_behaviour(struct world *w, size_t i)
{
	static const char *const names[] = {
	        "obey", "slow", "late", "noisy", "floor", "ceiling", "keeps-free", "stick",
	        "stutter", "trickle", "refuse", "deaf", "hung", "full", "empty", "absurd",
	        "claims-target", "stale", "silent", "driverless", "retake", "flutter", "inhibited",
	        "paused", "spiky", "greedy", "dies", "slow+noisy", "late+stick", "absurd+slow"};
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};
	const char *name = names[one_in(w, 2) ? 0 : draw(&w->chance) % 30];

	if (!w->keys[i])
		return;
	CU_ASSERT_EQUAL(balloon_sim_behaviour(name, w->sizes[i], &b), 0);
	(void)balloon_sim_set_behaviour(w->sim, w->keys[i], &b); /* it may have died */
}

static inline void random_demand(struct world *w, size_t i)
{
	if (!w->keys[i])
		return;
	if (one_in(w, 3))
		(void)balloon_sim_set_wander(w->sim, w->keys[i]);
	else
		(void)balloon_sim_set_demand(w->sim, w->keys[i], between(w, 0, w->sizes[i]),
		                             UNKNOWN);
}

static inline void add_guest(struct world *w)
{
	size_t i = w->n++;
	struct balloon_sim_guest g = {.struct_size = sizeof(g),
	                              .name = w->names[i],
	                              .size_bytes = between(w, 128, 4096) * MIB,
	                              .actual_bytes = UNKNOWN,
	                              .boot_ns = one_in(w, 4) ? between(w, 0, 30) * SECOND : 0,
	                              .swap_bytes = UNKNOWN};

	snprintf(w->names[i], sizeof(w->names[i]), "g%zu", i);
	g.size_bytes += i * BALLOON_PAGE_BYTES; /* no two alike: see balloon_entitle() */
	if (one_in(w, 2))
		g.actual_bytes = between(w, g.size_bytes / 4, g.size_bytes);
	if (one_in(w, 12))
		g.fixed = (uint32_t)between(w, 1, BALLOON_FIXED_OTHER);
	w->sizes[i] = g.size_bytes;
	CU_ASSERT_EQUAL_FATAL(balloon_sim_add(w->sim, &g, &w->keys[i]), 0);
	random_demand(w, i);
	if (!w->calm && one_in(w, 2))
		random_behaviour(w, i);
}

/* Pool, swap, ceilings and sharing, or some of them, of any size. */
static inline void random_means(struct world *w, struct balloon_sim_host *host)
{
	host->swap_bytes = one_in(w, 3) ? 0 : between(w, 0, host->total_bytes);
	host->compress_max_bytes = one_in(w, 3) ? 0 : between(w, 0, host->total_bytes / 4);
	host->compress_bp = (uint32_t)between(w, 500, 10000);
	host->share_bp = one_in(w, 2) ? (uint32_t)between(w, 0, 5000) : 0;
	host->features = (uint32_t)(draw(&w->chance) & (BALLOON_SIM_CEILINGS |
	                                                BALLOON_SIM_TELLS_STALL));
}

static inline void world_init(struct world *w, uint64_t seed, size_t guests, int calm, int means)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
	                                .capacity_bytes = UNKNOWN,
	                                .seed = seed};
	uint64_t sizes = guests * 2100 * MIB;

	*w = (struct world){.seed = seed, .calm = calm, .means = means};
	w->chance = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	for (int k = 0; k < 8; k++)
		draw(&w->chance); /* near seeds, far worlds */
	host.total_bytes = between(w, sizes / 2, sizes * 5 / 4) + GIB;
	host.own_bytes = between(w, 0, host.total_bytes / 16);
	host.faults_bp = !calm && one_in(w, 4) ? (uint32_t)between(w, 1, 500) : 0;
	if (means)
		random_means(w, &host);
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &w->sim), 0);
	for (size_t i = 0; i < guests; i++)
		add_guest(w);
	random_profile(w);
	random_policy(w);
	w->step = one_in(w, 2) ? SECOND : between(w, 200, 4000) * (SECOND / 1000);
	w->now = 5 * SECOND;
	w->spy = spy_new(ROOM);
	w->spy->host = balloon_sim_backend(w->sim);
	w->b = spy_handle(w->spy, &w->policy, 0);
}

static inline void world_fini(struct world *w)
{
	balloon_close(w->b);
	balloon_sim_free(w->sim);
	spy_free(w->spy);
}

static inline void life_and_death(struct world *w, size_t i)
{
	uint64_t key = w->keys[i];

	if (one_in(w, 3) && w->n < ROOM) {
		add_guest(w);
	} else if (one_in(w, 3) && w->n > 2) {
		(void)balloon_sim_remove(w->sim, key);
		w->keys[i] = 0;
	} else if (key && balloon_sim_restart(w->sim, key,
	                                      one_in(w, 2) ? BALLOON_SIM_RESET
	                                                   : BALLOON_SIM_RESTART,
	                                      &key) == 0) {
		w->keys[i] = key;
	}
}

/* Something happens every few beats. */
static inline void happen(struct world *w)
{
	size_t i = (size_t)between(w, 0, w->n - 1);
	uint64_t own;

	if (w->calm)
		return;
	switch (draw(&w->chance) % 24) {
	case 0:
	case 1:
		random_behaviour(w, i);
		break;
	case 2:
	case 3:
		random_demand(w, i);
		break;
	case 4:
		own = between(w, 0, w->report.total_bytes / 8);
		CU_ASSERT_EQUAL(balloon_sim_set_host(w->sim, own, own / 3), 0);
		break;
	case 5:
		life_and_death(w, i);
		break;
	case 6:
		if (w->keys[i] && one_in(w, 3))
			(void)balloon_sim_set_fixed(w->sim, w->keys[i],
			                            one_in(w, 2) ? BALLOON_FIXED_PASSTHROUGH : 0);
		break;
	case 7:
		if (one_in(w, 3))
			balloon_sim_away(w->sim, 3 * SECOND);
		break;
	case 8:
		if (one_in(w, 2))
			random_profile(w);
		random_policy(w);
		CU_ASSERT_EQUAL(balloon_set_policy(w->b, &w->policy), 0);
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------ the onlooker */

static inline int beyond(uint64_t v, uint64_t size)
{
	return v != UNKNOWN && v > 2 * size + 64 * MIB;
}

/* Nonsense by anybody's standard. */
static inline int absurd(const struct balloon_sample *s)
{
	return beyond(s->actual_bytes, s->size_bytes) || beyond(s->total_bytes, s->size_bytes) ||
	       beyond(s->available_bytes, s->size_bytes) || !s->actual_bytes || !s->total_bytes ||
	       (s->available_bytes != UNKNOWN && s->available_bytes > s->total_bytes);
}

static inline struct track *find_track(struct track *tracks, size_t n, uint64_t key)
{
	for (size_t k = 0; k < n; k++) {
		if (tracks[k].key == key)
			return &tracks[k];
	}
	return NULL;
}

/* New figures count as such when they could be true. */
static inline void see(struct world *w, struct track *t, const struct balloon_sample *s)
{
	int figures = s->available_bytes != UNKNOWN || s->active_bytes != UNKNOWN;

	if (s->serial == UNKNOWN || s->serial == t->serial || !figures || absurd(s))
		return;
	t->serial = s->serial;
	t->fresh_ns = w->now;
}

/* Before the orders of this beat, after its sheet. */
static inline void look(struct world *w)
{
	struct track next[ROOM];
	size_t n = w->report.guests_n;

	for (size_t i = 0; i < n; i++) {
		const struct balloon_guest_report *g = &w->guests[i];
		struct track *old = find_track(w->tracks, w->tracks_n, g->key);

		next[i] = old ? *old : (struct track){.key = g->key,
		                                      .told = g->actual_bytes,
		                                      .resident = UNKNOWN,
		                                      .grown_ns = UNKNOWN,
		                                      .same_ns = UNKNOWN,
		                                      .fresh_ns = UNKNOWN,
		                                      .serial = UNKNOWN};
		for (size_t m = 0; !old && m < BALLOON_MEANS_N; m++)
			next[i].levels[m] = UNKNOWN;
		next[i].actual = g->actual_bytes;
		if (w->spy->rows[i].resident_bytes != UNKNOWN)
			next[i].resident = w->spy->rows[i].resident_bytes;
		see(w, &next[i], &w->spy->rows[i]);
	}
	memcpy(w->tracks, next, n * sizeof(*next));
	memcpy(w->before, next, n * sizeof(*next));
	w->tracks_n = n;
}

/* An order to grow that may have been heard was heard; one to shrink, only if
 * it was accepted. */
static inline void hear(struct world *w, const struct balloon_order *o)
{
	struct track *t = find_track(w->tracks, w->tracks_n, o->key);
	int perhaps = o->rc > 0 || o->rc == -ETIMEDOUT || o->rc == -EINPROGRESS;
	int grow;

	CU_ASSERT_FATAL(t != NULL);
	if (o->target_bytes == t->told)
		t->same_ns = w->now;
	grow = o->target_bytes > t->told;
	if (o->rc && !(perhaps && grow))
		return;
	t->told = o->target_bytes;
	if (grow)
		t->grown_ns = w->now;
}

/* A level that was refused is not in force; nor is one that there is nothing left
 * to lift of. */
static inline void hear_level(struct world *w, const struct balloon_order *o)
{
	struct track *t = find_track(w->tracks, w->tracks_n, o->key);

	CU_ASSERT_FATAL(t != NULL);
	if (o->means == BALLOON_MEANS_SHARE)
		return;
	if (!o->rc || (o->target_bytes == UNKNOWN && (o->rc == -EOPNOTSUPP || o->rc == -ESRCH)))
		t->levels[o->means] = o->target_bytes;
}

/* The report's state tells the most important thing only, so a stuck guest may
 * be called paused or booting. 5 s is the most impatient profile's time. */
static inline int may_be_stuck(const struct world *w, const struct balloon_guest_report *g)
{
	return g->state == BALLOON_STATE_STUCK || g->lag_ns + 3 * w->step >= 5 * SECOND;
}

/* Orders by other means go into a list of their own: what judges of balloons look
 * at has balloons alone in it. */
static inline void sort_out(struct world *w)
{
	size_t n = 0;

	w->levels_n = 0;
	for (size_t k = 0; k < w->spy->orders_n; k++) {
		const struct balloon_order *o = &w->spy->orders[k];

		if (o->means == BALLOON_MEANS_BALLOON)
			w->spy->orders[n++] = *o;
		else
			w->levels[w->levels_n++] = *o;
	}
	w->spy->orders_n = n;
}

/* One beat; 0 if the host was away. Afterwards `before` is what was known when
 * the library decided, `tracks` what is known now. */
static inline int world_beat(struct world *w)
{
	int rc;

	w->now += w->step;
	w->beat++;
	spy_forget(w->spy);
	rc = balloon_tick(w->b, w->now, NULL);
	if (rc < 0) {
		if (w->spy->orders_n)
			complain(w, "host", "orders without an observation");
		return 0;
	}
	w->report = report_of(w->b);
	CU_ASSERT_EQUAL_FATAL(balloon_guests(w->b, w->guests, sizeof(w->guests[0]), ROOM),
	                      (int)w->report.guests_n);
	sort_out(w);
	look(w);
	for (size_t k = 0; k < w->spy->orders_n; k++)
		hear(w, &w->spy->orders[k]);
	for (size_t k = 0; k < w->levels_n; k++)
		hear_level(w, &w->levels[k]);
	for (size_t i = 0; i < w->tracks_n; i++)
		w->tracks[i].stuck |= may_be_stuck(w, &w->guests[i]);
	return 1;
}

/* Does not have what it was told to have, by more than hypervisors round. */
static inline int astray(const struct world *w, size_t i)
{
	const struct track *t = &w->before[i];
	uint64_t gap = t->actual > t->told ? t->actual - t->told : t->told - t->actual;

	return gap > most(2 * MIB, w->guests[i].size_bytes / 256);
}

/* Somebody holds more than he is entitled to and cannot give it: then the
 * others lend for it, out of what they do not need. */
static inline int somebody_keeps(const struct world *w)
{
	for (size_t i = 0; i < w->tracks_n; i++) {
		const struct balloon_guest_report *g = &w->guests[i];
		int cannot = g->state == BALLOON_STATE_STUCK || g->state == BALLOON_STATE_STALE ||
		             g->state == BALLOON_STATE_PAUSED ||
		             g->state == BALLOON_STATE_BOOTING;

		if (cannot && most(w->before[i].actual, w->before[i].told) > g->entitlement_bytes)
			return 1;
	}
	return 0;
}

/* The least that a guest is to be left: what it is entitled to, of which it
 * may have to lend what it does not need. */
static inline uint64_t its_own(const struct world *w, size_t i)
{
	const struct balloon_guest_report *g = &w->guests[i];

	if (!somebody_keeps(w))
		return g->entitlement_bytes;
	return most(least(g->entitlement_bytes, g->need_bytes), g->reservation_bytes);
}

/* What the operator allows a guest, by the onlooker's own reckoning. */
static inline void bounds_of(const struct world *w, size_t i, uint64_t *ret_min, uint64_t *ret_max)
{
	const struct balloon_guest_report *g = &w->guests[i];
	struct balloon_allocation a = nothing_said();

	for (size_t k = 0; k < w->policy.guests_n; k++) {
		if (!strcmp(w->named[k].guest, g->name) && w->named[k].allocation.struct_size)
			a = w->named[k].allocation;
	}
	*ret_max = least(a.limit_bytes, w->spy->rows[i].size_bytes);
	if (a.reservation_bytes == UNKNOWN)
		a.reservation_bytes = balloon_floor(w->spy->rows[i].size_bytes);
	*ret_min = least(a.reservation_bytes, *ret_max);
}

#endif
