/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recorded month of 500 guests (or a sample of it), arbitrated by the
 * library through its public door with the profile "lending", at capacities
 * of a quarter, an eighth and a twelfth of what the guests were sold.
 *
 *	bench_trace [--guests N] [--hours H] [--start H] [--seed S] [--data DIR]
 *
 * The world: beats of 10 s; a guest demands its active memory (between samples
 * by the clock) + 64 MiB + 2 % of its size, at most its size, and starts with
 * its size's part of the capacity; what it has follows its target at 128 MiB/s
 * down and 1 GiB/s up; the library sees what it has and what of it is free,
 * never the demand. Memory above the capacity is charged to all in proportion
 * ("over"). Exit 77: there is no trace here.
 */
#include <balloon/backend.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit.h"
#include "trace.h"

#define BEAT_S 10
#define DOWN (128 * MIB * BEAT_S)
#define UP (1024 * MIB * BEAT_S)

struct guest {
	size_t column; /* of the trace */
	uint64_t size, actual, target;
	double demand; /* bytes */
	int direction; /* of its last order */
	char name[24];
};

static const struct trace *trace;

static struct {
	size_t n;
	struct guest *guests;
	struct balloon_sample *rows;
	uint64_t capacity, beat;
} world;

struct figures {
	double demand, unmet, bound, fixed, over, orders, reversals, beats;
} sums;

/* ----------------------------------------------------- the world's backend */

static int world_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = &world;
	return 0;
}

static void world_close(void *self)
{
	(void)self;
}

static void sample(size_t i, uint64_t *sum)
{
	const struct guest *g = &world.guests[i];
	struct balloon_sample *s = &world.rows[i];
	double left = (double)g->actual - g->demand;

	s->actual_bytes = s->total_bytes = g->actual;
	s->available_bytes = left > 0 ? (uint64_t)left : 0;
	s->serial = world.beat;
	*sum += g->actual;
}

/* A host that is large enough: what binds is the budget. */
static int world_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	uint64_t sum = 0;

	(void)self;
	(void)now;
	for (size_t i = 0; i < world.n; i++)
		sample(i, &sum);
	ret->total_bytes = 4 * world.capacity;
	ret->available_bytes = ret->total_bytes - sum;
	ret->guests = world.rows;
	ret->guests_n = world.n;
	return 0;
}

static void hear(struct guest *g, uint64_t target)
{
	uint64_t moved = target > g->target ? target - g->target : g->target - target;
	int direction = target > g->target ? 1 : -1;

	g->target = target;
	if (moved < MIB)
		return;
	sums.orders++;
	sums.reversals += g->direction && g->direction != direction;
	g->direction = direction;
}

static int world_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	(void)self;
	(void)now;
	for (size_t k = 0; k < n; k++) {
		hear(&world.guests[orders[k].key - 1], orders[k].target_bytes);
		orders[k].rc = 0;
	}
	return 0;
}

static const struct balloon_backend backend = {
        .struct_size = sizeof(backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "trace",
        .open = world_open,
        .close = world_close,
        .observe = world_observe,
        .order = world_order,
};

/* --------------------------------------------------------------- one beat */

/* What guests demand at unix time t; row is the last at or before it. */
static void demand(int64_t t, size_t row)
{
	double part = (double)(t - trace->time[row]) /
	              (double)(trace->time[row + 1] - trace->time[row]);

	for (size_t i = 0; i < world.n; i++) {
		struct guest *g = &world.guests[i];
		const float *v = &trace->active[g->column * trace->rows + row];
		double active = (double)v[0] * (1 - part) + (double)v[1] * part;

		g->demand = fmin((double)g->size,
		                 (active + 64) * (double)MIB + 0.02 * (double)g->size);
	}
}

static void account(uint64_t ratio)
{
	double sum = 0, wanted = 0, scale, c = (double)world.capacity;

	for (size_t i = 0; i < world.n; i++) {
		sum += (double)world.guests[i].actual;
		wanted += world.guests[i].demand;
	}
	scale = sum > c ? c / sum : 1;
	sums.over += sum > c ? (sum - c) / c : 0;
	sums.demand += wanted;
	sums.bound += fmax(0, wanted - c);
	sums.beats++;
	for (size_t i = 0; i < world.n; i++) {
		const struct guest *g = &world.guests[i];

		sums.unmet += fmax(0, g->demand - (double)g->actual * scale);
		sums.fixed += fmax(0, g->demand - (double)(g->size / ratio));
	}
}

static void move(void)
{
	for (size_t i = 0; i < world.n; i++) {
		struct guest *g = &world.guests[i];

		if (g->target < g->actual)
			g->actual -= g->actual - g->target < DOWN ? g->actual - g->target : DOWN;
		else
			g->actual += g->target - g->actual < UP ? g->target - g->actual : UP;
	}
}

/* --------------------------------------------------------------- one ratio */

static void need(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "bench trace: %s: %s\n", what, strerror(-rc));
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

static void furnish(const size_t *columns, uint64_t ratio)
{
	world.capacity = world.beat = 0;
	for (size_t i = 0; i < world.n; i++) {
		struct guest *g = &world.guests[i];

		*g = (struct guest){.column = columns[i],
		                    .size = (uint64_t)(trace->size[columns[i]] * (double)MIB)};
		g->actual = g->target = g->size / ratio;
		snprintf(g->name, sizeof(g->name), "vm-%zu", i + 1);
		world.capacity += g->actual;
		world.rows[i] = (struct balloon_sample){.key = i + 1,
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
}

/* Lending, with the times of a beat of 10 s. Guests here are short when all
 * they have is used, not before. */
static struct balloon_profile profile(void)
{
	struct balloon_profile p = {.struct_size = sizeof(p)};

	need(balloon_profile("lending", &p), "profile");
	p.beat_ns = BEAT_S * SECOND;
	p.stale_ns = p.stuck_ns = 6 * p.beat_ns;
	p.pressed_bp = 0;
	return p;
}

static struct balloon *open_library(void)
{
	struct balloon_profile p = profile();
	struct balloon_named_allocation *named = room(world.n, sizeof(*named));
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .profile = &p,
	                                .budget_bytes = world.capacity,
	                                .reserve_bytes = 0,
	                                .guests = named,
	                                .guests_n = world.n};
	struct balloon_options o = {
	        .struct_size = sizeof(o), .backend = &backend, .policy = &policy};
	struct balloon *b;

	for (size_t i = 0; i < world.n; i++) {
		uint64_t size = world.guests[i].size, floor = 64 * MIB + size / 50;

		named[i] = (struct balloon_named_allocation){
		        world.guests[i].name,
		        {.struct_size = sizeof(struct balloon_allocation),
		         .shares = BALLOON_UNKNOWN,
		         .reservation_bytes = floor < size ? floor : size,
		         .limit_bytes = BALLOON_UNKNOWN}};
	}
	need(balloon_open(&o, &b), "open");
	free(named);
	return b;
}

static void run(int64_t from, int64_t until, uint64_t ratio)
{
	struct balloon *b = open_library();
	size_t row = 0;

	sums = (struct figures){0};
	for (int64_t t = from; t < until; t += BEAT_S) {
		while (trace->time[row + 1] <= t)
			row++;
		world.beat++;
		demand(t, row);
		account(ratio);
		need(balloon_tick(b, world.beat * BEAT_S * SECOND, NULL), "tick");
		move();
	}
	balloon_close(b);
}

static void print(uint64_t ratio, const char *before)
{
	double hours = (double)world.n * sums.beats * BEAT_S / 3600, pct = 100 / sums.demand;
	unsigned r = (unsigned)ratio;

	printf("%s\"unmet_pct_%u\": %.4f, \"bound_pct_%u\": %.4f, \"excess_pct_%u\": %.4f, "
	       "\"static_pct_%u\": %.4f, \"orders_per_guest_hour_%u\": %.3f, "
	       "\"reversals_per_guest_hour_%u\": %.3f, \"over_pct_%u\": %.5f", before, r,
	       sums.unmet * pct, r, sums.bound * pct, r, (sums.unmet - sums.bound) * pct, r,
	       sums.fixed * pct, r, sums.orders / hours, r, sums.reversals / hours, r,
	       100 * sums.over / sums.beats);
	fflush(stdout);
}

/* ------------------------------------------------------------------- which */

struct wish {
	const char *data;
	size_t guests; /* 0 = all */
	int64_t hours; /* 0 = all */
	int64_t start; /* -1 = from the beginning, or by the seed for some hours */
	uint64_t seed;
};

static struct wish asked(int argc, char **argv)
{
	static const struct option options[] = {
	        {"guests", required_argument, NULL, 'g'}, {"hours", required_argument, NULL, 'h'},
	        {"start", required_argument, NULL, 's'},  {"seed", required_argument, NULL, 'r'},
	        {"data", required_argument, NULL, 'd'},   {NULL, 0, NULL, 0}};
	struct wish w = {.data = TRACE_DATA, .start = -1, .seed = 1};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'd')
			w.data = optarg;
		else if (c == 'g')
			w.guests = strtoul(optarg, NULL, 10);
		else if (c == 'h')
			w.hours = strtoll(optarg, NULL, 10);
		else if (c == 's')
			w.start = strtoll(optarg, NULL, 10);
		else if (c == 'r')
			w.seed = strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	w.seed = w.seed * UINT64_C(0x9e3779b97f4a7c15) | 1; /* near seeds, far worlds */
	return w;
}

/* So many different columns by the seed; all of them in their own order. */
static size_t *choose(struct wish *w)
{
	size_t *ids = room(trace->guests, sizeof(*ids)), n = trace->guests;

	for (size_t i = 0; i < n; i++)
		ids[i] = i;
	if (w->guests && w->guests < n) {
		for (size_t i = 0; i < w->guests; i++) {
			size_t j = (size_t)draw_between(&w->seed, i, n - 1), id = ids[i];

			ids[i] = ids[j];
			ids[j] = id;
		}
		n = w->guests;
	}
	world.n = n;
	return ids;
}

static void span(struct wish *w, int64_t *ret_from, int64_t *ret_until)
{
	int64_t first = trace->time[0], last = trace->time[trace->rows - 1];
	int64_t most = (last - first) / 3600;

	if (w->hours <= 0 || w->hours > most)
		w->hours = w->start > 0 ? most - w->start : 0;
	if (w->start < 0 && w->hours)
		w->start = (int64_t)draw_between(&w->seed, 0, (uint64_t)(most - w->hours));
	*ret_from = first + (w->start > 0 && w->start < most ? w->start : 0) * 3600;
	*ret_until = w->hours && *ret_from + w->hours * 3600 < last ? *ret_from + w->hours * 3600 : last;
}

int main(int argc, char **argv)
{
	static const uint64_t ratios[] = {4, 8, 12};
	struct wish w = asked(argc, argv);
	struct trace read;
	int64_t from, until;
	size_t *columns;
	int rc = trace_read(w.data, &read);

	if (rc == -ENOENT) {
		printf("skip: no *-active-mib.csv.gz in %s; name its folder with --data\n", w.data);
		return 77;
	}
	if (rc < 0)
		return 1;
	trace = &read;
	columns = choose(&w);
	span(&w, &from, &until);
	world.guests = room(world.n, sizeof(*world.guests));
	world.rows = room(world.n, sizeof(*world.rows));
	printf("{\"guests\": %zu, \"hours\": %.1f, \"start_hour\": %lld, ", world.n,
	       (double)(until - from) / 3600, (long long)(from - trace->time[0]) / 3600);
	for (size_t k = 0; k < 3; k++) {
		furnish(columns, ratios[k]);
		run(from, until, ratios[k]);
		print(ratios[k], k ? ", " : "");
	}
	printf("}\n");
	free(world.guests);
	free(world.rows);
	free(columns);
	trace_free(&read);
	return 0;
}
