/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two Hyper-V hosts that are short of memory, one that is dead from the start, and in
 * the end one that dies, minded by one thread. The hosts are hvsim's and speak
 * the real protocol on loopback: sealed NTLM to one, TLS and NTLM to the other.
 *
 *	bench_hyperv [--guests N] [--seed S] [--fill PERCENT]
 *
 * The profile is balanced, without its pool and with a dead band of half a percent,
 * for it is not the policy's slack that is measured here.
 *
 * entitlement_error is against the exact division of what there is, where nobody can have
 * less than Minimum RAM and 105 % of its demand, nor more than Maximum RAM;
 * lever_error against what each guest was told, within those. hvsim says how much
 * each really has.
 */
#include <balloon/balloon.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hvkit.h"
#include "testkit.h"

#define HOSTS 3
#define DEAD 2
#define LIVE 2

/* Long enough for the largest guest to be shrunk in steps, settle and be told
 * again; then so many beats in which nothing is to happen. */
#define BEATS_TO_SETTLE 400
#define BEATS_STEADY 60

/* A beat is steady when none of so many before it gave an order: a change that we
 * made ourselves is seen to have been made within five. */
#define BEATS_QUIET 8
#define BEATS_DYING 30

struct bench {
	struct hvkit kit;
	struct balloon *b[HOSTS];
	uint64_t now;
	int guests;
	unsigned long lost;
	double worst_ms[HOSTS]; /* a beat's longest, since it was set to 0 */
};

static double clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void open_host(struct bench *x, int i)
{
	struct balloon_profile exact = {.struct_size = sizeof(exact)};
	struct balloon_policy policy = {
	        .struct_size = sizeof(policy), .profile = &exact, .budget_bytes = BALLOON_UNKNOWN,
	        .reserve_bytes = 512 * MIB,
	        .fallback = {.struct_size = sizeof(policy.fallback), .shares = BALLOON_UNKNOWN,
	                     .reservation_bytes = BALLOON_UNKNOWN, .limit_bytes = BALLOON_UNKNOWN}};
	char uri[512], why[700], names[64][16];
	struct balloon_named_allocation some[64];
	struct balloon_options o = {.struct_size = sizeof(o), .uri = uri, .policy = &policy,
	                            .error_text = why, .error_size = sizeof(why)};
	const char *who = hvkit_credentials(&x->kit, "good", HVKIT_USER, HVKIT_PASSWORD);

	balloon_profile("balanced", &exact);
	exact.pool_bp = 0;
	exact.deadband_bp = 10;
	for (int k = 0; k < 64; k++) {
		snprintf(names[k], sizeof(names[k]), "vm-%03d", k);
		some[k] = (struct balloon_named_allocation){names[k], policy.fallback};
		some[k].allocation.shares = (uint64_t)(500 + k % 4 * 500);
	}
	policy.guests = some;
	policy.guests_n = 64;
	if (i == 1)
		snprintf(uri, sizeof(uri), "hyperv://localhost:%d/?ca=%s/ca.pem&credentials=%s",
		         x->kit.https[i], x->kit.dir, who);
	else
		snprintf(uri, sizeof(uri), "hyperv+http://127.0.0.1:%d/?credentials=%s",
		         x->kit.http[i], who);
	if (balloon_open(&o, &x->b[i]) < 0) {
		fprintf(stderr, "bench hyperv: %s\n", why);
		exit(1);
	}
}

/* One beat of one host; a look that came too late is looked for again. */
static void tick(struct bench *x, int i, bool insist)
{
	for (;;) {
		double began = clock_ms();
		int rc = balloon_tick(x->b[i], x->now, NULL);

		x->worst_ms[i] = fmax(x->worst_ms[i], clock_ms() - began);
		if (rc == 0 || !insist)
			return;
		x->lost++;
		hvkit_nap();
	}
}

static void play(struct bench *x, int beats)
{
	for (int k = 0; k < beats; k++) {
		x->now += SECOND;
		for (int i = 0; i < LIVE; i++)
			hvkit_ask(&x->kit, "{\"host\": %d, \"do\": \"step\"}", i);
		for (int i = 0; i < HOSTS; i++)
			tick(x, i, i < LIVE);
	}
}

static double posts(struct bench *x)
{
	double sum = 0;

	for (int i = 0; i < LIVE; i++) {
		hvkit_ask(&x->kit, "{\"host\": %d, \"do\": \"counts\"}", i);
		sum += hvkit_number(&x->kit, NULL, "posts");
	}
	return sum;
}

static uint64_t orders(struct bench *x)
{
	struct balloon_report r = {.struct_size = sizeof(r)};
	uint64_t sum = 0;

	for (int i = 0; i < LIVE; i++) {
		balloon_report(x->b[i], &r);
		sum += r.orders;
	}
	return sum;
}

/* Plays on until so many steady beats are over; requests for one host in one of
 * them, and in any beat. */
static double watch(struct bench *x, double *ret_any)
{
	double before = posts(x), first = before, steady = 0, now;
	uint64_t told = orders(x);
	int n = 0, all = 0;

	for (int quiet = 0; n < BEATS_STEADY && all < 20 * BEATS_STEADY; all++, before = now) {
		play(x, 1);
		now = posts(x);
		quiet = orders(x) == told ? quiet + 1 : 0;
		told = orders(x);
		if (quiet <= BEATS_QUIET)
			continue;
		steady += now - before;
		n++;
	}
	*ret_any = (before - first) / (LIVE * all);
	return n ? steady / (LIVE * n) : *ret_any;
}

/* What a guest's levers can do, in bytes, and what it has. */
struct reach {
	double floor, ceiling, has;
};

static struct reach reach_of(struct bench *x, const char *guid)
{
	double least = hvkit_number(&x->kit, guid, "minimum");
	double most = hvkit_number(&x->kit, guid, "maximum");
	double demand = hvkit_number(&x->kit, guid, "demand"), mib = (double)MIB;

	return (struct reach){fmin(fmax(least, 1.05 * demand), most) * mib,
	                      fmax(fmin(most, 21 * demand), least) * mib,
	                      hvkit_number(&x->kit, guid, "assigned") * mib};
}

static double off(double has, double should)
{
	return 100 * fabs(has - should) / should;
}

/* What the exact division grants the guests of one host, where nobody has less
 * than its levers reach down to, nor more than they reach up to. */
static void divide(struct bench *x, int i, const struct balloon_guest_report *g, size_t n,
                   uint64_t *ret_bytes)
{
	struct balloon_claimant *c = calloc(n, sizeof(*c));
	struct balloon_report r = {.struct_size = sizeof(r)};

	balloon_report(x->b[i], &r);
	for (size_t k = 0; c && k < n; k++) {
		struct reach reach = reach_of(x, g[k].uuid);

		c[k] = (struct balloon_claimant){g[k].shares, g[k].need_bytes,
		                                 g[k].reservation_bytes, g[k].limit_bytes};
		if ((double)c[k].reservation_bytes < reach.floor)
			c[k].reservation_bytes = (uint64_t)reach.floor;
		if ((double)c[k].limit_bytes > reach.ceiling)
			c[k].limit_bytes = (uint64_t)reach.ceiling;
	}
	if (!c || balloon_entitle(c, n, r.capacity_bytes, 7500, ret_bytes) < 0)
		abort();
	free(c);
}

struct errors {
	double entitlement; /* against that division */
	double lever;       /* against what each was told */
};

static void judge(struct bench *x, int i, const struct balloon_guest_report *g, size_t n,
                  struct errors *e)
{
	uint64_t *granted = calloc(n, sizeof(*granted));

	hvkit_ask(&x->kit, "{\"host\": %d, \"do\": \"state\"}", i);
	if (!granted)
		abort();
	divide(x, i, g, n, granted);
	for (size_t k = 0; k < n; k++) {
		struct reach r = reach_of(x, g[k].uuid);
		double told = fmin(fmax((double)g[k].target_bytes, r.floor), r.ceiling);

		e->entitlement = fmax(e->entitlement, off(r.has, (double)granted[k]));
		e->lever = fmax(e->lever, off(r.has, told));
	}
	free(granted);
}

static struct errors worst(struct bench *x)
{
	struct balloon_guest_report *g = calloc((size_t)x->guests, sizeof(*g));
	struct errors e = {0, 0};

	for (int i = 0; g && i < LIVE; i++) {
		int n = balloon_guests(x->b[i], g, sizeof(*g), (size_t)x->guests);

		if (n == x->guests)
			judge(x, i, g, (size_t)n, &e);
	}
	free(g);
	return e;
}

static int options(int argc, char **argv, int *guests, int *seed, int *fill)
{
	static const struct option known[] = {{"guests", required_argument, NULL, 'g'},
	                                      {"seed", required_argument, NULL, 's'},
	                                      {"fill", required_argument, NULL, 'f'},
	                                      {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?')
			return 2;
		*(c == 'g' ? guests : c == 's' ? seed : fill) = atoi(optarg);
	}
	return optind < argc || *guests < 1 || *fill < 1 ? 2 : 0;
}

static bool start(struct bench *x, int seed, int fill)
{
	char hosts[512];

	snprintf(hosts, sizeof(hosts),
	         "{\"name\": \"HV1\", \"os\": \"2016\", \"unencrypted\": false, \"guests\": %d, "
	         "\"seed\": %d, \"fill\": %f}, {\"name\": \"HV2\", \"os\": \"2022\", \"guests\": %d, "
	         "\"seed\": %d, \"fill\": %f}, {\"name\": \"HV3\", \"guests\": 1}",
	         x->guests, seed, fill / 100.0, x->guests, seed + 1, fill / 100.0);
	if (!hvkit_start(&x->kit, hosts, true))
		return false;
	hvkit_ask(&x->kit, "{\"host\": %d, \"do\": \"mischief\", \"name\": \"hang\"}", DEAD);
	return true;
}

int main(int argc, char **argv)
{
	static struct bench x = {.now = SECOND, .guests = 50};
	int seed = 1, fill = 80;
	struct errors error;
	double steady, any, dead;

	if (options(argc, argv, &x.guests, &seed, &fill)) {
		fprintf(stderr, "usage: bench_hyperv [--guests N] [--seed S] [--fill PERCENT]\n");
		return 2;
	}
	if (!start(&x, seed, fill))
		return 77;
	for (int i = 0; i < HOSTS; i++)
		open_host(&x, i);
	play(&x, BEATS_TO_SETTLE);
	steady = watch(&x, &any);
	error = worst(&x);
	dead = x.worst_ms[DEAD];
	x.worst_ms[1] = 0;
	hvkit_ask(&x.kit, "{\"host\": 1, \"do\": \"mischief\", \"name\": \"hang\"}");
	for (int k = 0; k < BEATS_DYING; k++, x.now += SECOND)
		tick(&x, 1, false);
	for (int i = 0; i < HOSTS; i++)
		balloon_close(x.b[i]);
	hvkit_stop(&x.kit);
	printf("{\"guests\": %d, \"requests_per_steady_beat\": %.3f, \"entitlement_error_pct_max\": "
	       "%.2f, \"dead_host_delay_ms\": %.1f, \"lever_error_pct_max\": %.2f, "
	       "\"requests_per_any_beat\": %.3f, "
	       "\"host_dies_once_ms\": %.1f, \"late_looks\": %lu, \"hosts\": %d}\n",
	       LIVE * x.guests, steady, error.entitlement, dead, error.lever, any,
	       x.worst_ms[1], x.lost, LIVE);
	return 0;
}
