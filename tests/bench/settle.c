/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How soon a host comes to rest: hosts of 10, 100 and 1000 ideal guests (they
 * have what they are told at once, and use what they used) of which too little,
 * far too little or too much is free, led by the profile "balanced" to a goal of
 * 20 % free. A cycle is a beat; cycles are counted to the last one with an order.
 *
 * The hosts come from x' = (1103515245 x + 12345) mod 2^31, of which x' >> 8 is
 * drawn: a guest's size (2, 4, 8 or 16 GiB, a quarter of it reserved), what it
 * has, what of that is unused, and its shares, in this order. The host's size
 * is what all have / (1 - what is free).
 *
 * The goal is met by what is dealt: the spare that the profile keeps to be
 * granted at once lies in the 20 %. cycles_allowed is what the profile's step
 * caps allow at best: so many steps as the guest with the longest way down must
 * make (of shrink_step_bp, and a sixteenth of that below what it uses), and one
 * beat for those who grow from what was then seen free.
 */
#include <balloon/backend.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit.h"

#define GOAL_BP 2000
#define BEATS 1000 /* more than anybody needs; rest is no order for REST of them */
#define REST 200   /* several times the settle time */

struct guest {
	uint64_t size, actual, used, start, shares;
	int direction;
	unsigned orders;
	char name[24];
};

static struct {
	struct guest *guests;
	struct balloon_sample *rows;
	size_t n;
	uint64_t total, beat, ordered; /* ordered: the last beat with an order */
	unsigned reversals;
} host;

/* -------------------------------------------------------------- the backend */

static int host_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = &host;
	return 0;
}

static void host_close(void *self)
{
	(void)self;
}

static uint64_t held(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < host.n; i++)
		sum += host.guests[i].actual;
	return sum;
}

static int host_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	(void)self;
	(void)now;
	for (size_t i = 0; i < host.n; i++) {
		const struct guest *g = &host.guests[i];
		struct balloon_sample *s = &host.rows[i];

		s->actual_bytes = s->total_bytes = g->actual;
		s->available_bytes = g->actual > g->used ? g->actual - g->used : 0;
		s->serial = host.beat;
	}
	ret->total_bytes = host.total;
	ret->available_bytes = host.total - held();
	ret->guests = host.rows;
	ret->guests_n = host.n;
	return 0;
}

static int host_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	(void)self;
	(void)now;
	for (size_t k = 0; k < n; k++) {
		struct guest *g = &host.guests[orders[k].key - 1];
		int direction = orders[k].target_bytes > g->actual ? 1 : -1;

		host.reversals += g->direction == -direction;
		g->direction = direction;
		g->actual = orders[k].target_bytes;
		g->orders++;
		orders[k].rc = 0;
		host.ordered = host.beat;
	}
	return 0;
}

static const struct balloon_backend backend = {
        .struct_size = sizeof(backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "settle",
        .open = host_open,
        .close = host_close,
        .observe = host_observe,
        .order = host_order,
};

/* ----------------------------------------------------------------- the host */

static uint32_t lcg;

static uint64_t drawn(uint64_t below)
{
	lcg = (uint32_t)((UINT64_C(1103515245) * lcg + 12345) & 0x7fffffff);
	return (lcg >> 8) % below;
}

static void furnish(size_t n, unsigned free_pct)
{
	lcg = 42;
	host.n = n;
	host.beat = host.ordered = host.reversals = 0;
	for (size_t i = 0; i < n; i++) {
		struct guest *g = &host.guests[i];

		*g = (struct guest){.size = (2 * GIB) << drawn(4)};
		g->actual = g->start = g->size / 4 + drawn(g->size / 4 * 3 / MIB + 1) * MIB;
		g->used = g->actual - drawn(g->actual / 2 / MIB + 1) * MIB;
		g->shares = 500 * (1 + drawn(8));
		snprintf(g->name, sizeof(g->name), "vm-%zu", i + 1);
		host.rows[i] = (struct balloon_sample){.key = i + 1,
		                                       .name = g->name,
		                                       .flags = BALLOON_SAMPLE_RUNNING,
		                                       .size_bytes = g->size,
		                                       .unused_bytes = BALLOON_UNKNOWN,
		                                       .cache_bytes = BALLOON_UNKNOWN,
		                                       .swap_in_bytes = BALLOON_UNKNOWN,
		                                       .swap_out_bytes = BALLOON_UNKNOWN,
		                                       .major_faults = BALLOON_UNKNOWN,
		                                       .resident_bytes = BALLOON_UNKNOWN,
		                                       .active_bytes = BALLOON_UNKNOWN};
	}
	host.total = held() / (100 - free_pct) * 100;
}

/* ------------------------------------------------------------ one host's way */

static void need(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "bench settle: %s: %s\n", what, strerror(-rc));
		exit(1);
	}
}

static void *room(size_t n, size_t size)
{
	void *p = calloc(n + 1, size);

	if (!p)
		abort();
	return p;
}

static struct balloon_profile balanced(void)
{
	struct balloon_profile p = {.struct_size = sizeof(p)};

	need(balloon_profile("balanced", &p), "profile");
	return p;
}

static struct balloon *open_library(void)
{
	struct balloon_profile p = balanced();
	struct balloon_named_allocation *named = room(host.n, sizeof(*named));
	struct balloon_policy policy = {
	        .struct_size = sizeof(policy),
	        .profile = &p,
	        .budget_bytes = host.total / (10000 - p.pool_bp) * (10000 - GOAL_BP),
	        .reserve_bytes = 0,
	        .guests = named,
	        .guests_n = host.n};
	struct balloon_options o = {
	        .struct_size = sizeof(o), .backend = &backend, .policy = &policy};
	struct balloon *b;

	for (size_t i = 0; i < host.n; i++)
		named[i] = (struct balloon_named_allocation){
		        host.guests[i].name,
		        {.struct_size = sizeof(struct balloon_allocation),
		         .shares = host.guests[i].shares,
		         .reservation_bytes = host.guests[i].size / 4,
		         .limit_bytes = BALLOON_UNKNOWN}};
	need(balloon_open(&o, &b), "open");
	free(named);
	return b;
}

struct outcome {
	uint64_t cycles, allowed;
	unsigned reversals, orders_max;
	double error_pct; /* < 0: bounds do not allow the goal */
};

/* What is free at the end, against the goal, in percent of the host. */
static double error(const struct balloon_guest_report *g)
{
	uint64_t min = 0, max = 0, goal = host.total / 10000 * (10000 - GOAL_BP), sum = held();

	for (size_t i = 0; i < host.n; i++) {
		min += g[i].reservation_bytes;
		max += g[i].limit_bytes;
	}
	if (goal < min || goal > max)
		return -1;
	return 100 * (double)(sum > goal ? sum - goal : goal - sum) / (double)host.total;
}

/* Steps of at most so many bytes. */
static uint64_t steps(uint64_t from, uint64_t to, uint64_t step)
{
	return from > to ? (from - to + step - 1) / step : 0;
}

static uint64_t allowed(const struct balloon_guest_report *g)
{
	uint32_t step_bp = balanced().shrink_step_bp;
	uint64_t most = 0;
	int grows = 0;

	for (size_t i = 0; i < host.n; i++) {
		const struct guest *was = &host.guests[i];
		uint64_t end = g[i].target_bytes, step = was->size / 10000 * step_bp, way;
		uint64_t turn = was->used < end ? end : was->used < was->start ? was->used : was->start;

		way = steps(was->start, turn, step) + steps(turn, end, step / 16);
		most = way > most ? way : most;
		grows |= end > was->start;
	}
	return most + (grows != 0);
}

static struct outcome settle(size_t n, unsigned free_pct)
{
	struct balloon_guest_report *g = room(n, sizeof(*g));
	struct outcome o = {0};
	struct balloon *b;

	furnish(n, free_pct);
	b = open_library();
	while (host.beat < BEATS && host.beat < host.ordered + REST) {
		host.beat++;
		need(balloon_tick(b, host.beat * SECOND, NULL), "tick");
	}
	need(balloon_guests(b, g, sizeof(*g), n), "guests");
	o.cycles = host.ordered;
	o.allowed = allowed(g);
	o.reversals = host.reversals;
	o.error_pct = error(g);
	for (size_t i = 0; i < n; i++)
		o.orders_max = host.guests[i].orders > o.orders_max ? host.guests[i].orders
		                                                    : o.orders_max;
	fprintf(stderr, "%5zu guests, %2u %% free: %llu cycles (%llu allowed), %u reversals, at most "
	        "%u orders, error %.2f %%\n", n, free_pct, (unsigned long long)o.cycles,
	        (unsigned long long)o.allowed, o.reversals, o.orders_max, o.error_pct);
	balloon_close(b);
	free(g);
	return o;
}

int main(void)
{
	static const size_t sizes[] = {10, 100, 1000};
	static const struct {
		const char *name;
		unsigned free_pct;
	} kinds[] = {{"shrink", 12}, {"grow", 50}, {"critical", 3}};
	unsigned reversals = 0, orders = 0;
	double error_pct = 0;

	host.guests = room(1000, sizeof(*host.guests));
	host.rows = room(1000, sizeof(*host.rows));
	printf("{");
	for (size_t k = 0; k < 3; k++) {
		for (size_t s = 0; s < 3; s++) {
			struct outcome o = settle(sizes[s], kinds[k].free_pct);

			printf("\"cycles_%zu_%s\": %llu, \"cycles_allowed_%zu_%s\": %llu, ",
			       sizes[s], kinds[k].name, (unsigned long long)o.cycles, sizes[s],
			       kinds[k].name, (unsigned long long)o.allowed);
			reversals += o.reversals;
			orders = o.orders_max > orders ? o.orders_max : orders;
			error_pct = o.error_pct > error_pct ? o.error_pct : error_pct;
		}
	}
	printf("\"reversals_total\": %u, \"goal_error_pct_max\": %.3f, "
	       "\"orders_per_guest_max\": %u}\n", reversals, error_pct, orders);
	free(host.guests);
	free(host.rows);
	return 0;
}
