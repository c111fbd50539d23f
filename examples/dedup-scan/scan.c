/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	NODES_MAX = 64,
	BAR_CELLS = 40,
	STEP_BYTES = 8 << 20, /* between looks at the limits: a few milliseconds */
};

struct worker {
	struct scan *scan;
	struct balloon_dedup *fork;
	struct balloon_dedup_reader **readers; /* by target; NULL = not this one's */
	int node;                              /* -1 = any processor */
	pthread_t thread;
	uint64_t cpu_ns;
	atomic_uint_least64_t done_bytes;
	atomic_int at; /* target at hand */
};

struct scan {
	struct balloon_dedup *d;
	struct scan_wish wish;
	struct target *targets;
	unsigned targets_n;
	struct worker *workers;
	unsigned workers_n;
	uint64_t all_bytes;
	atomic_int running;
	pthread_mutex_t lock; /* over rc of targets */
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void rest(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	if (ns)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* -------------------------------------------------------------------- nodes */

static unsigned count_nodes(void)
{
	char path[64];
	unsigned n = 0;

	do {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", n);
	} while (n < NODES_MAX && access(path, F_OK) == 0 && ++n);
	return n ? n : 1;
}

/* "0-3,8" */
static void read_processors(int node, cpu_set_t *ret_set)
{
	char path[64], text[1024] = "", *p = text;
	FILE *f;

	CPU_ZERO(ret_set);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	f = fopen(path, "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	while (*p >= '0' && *p <= '9') {
		unsigned long from = strtoul(p, &p, 10), to = from;

		if (*p == '-')
			to = strtoul(p + 1, &p, 10);
		for (; from <= to && from < CPU_SETSIZE; from++)
			CPU_SET(from, ret_set);
		p += *p == ',';
	}
}

/* --------------------------------------------------------------------- open */

static void set_rc(struct scan *s, unsigned target, int rc)
{
	pthread_mutex_lock(&s->lock);
	if (s->targets[target].rc == 0)
		s->targets[target].rc = rc;
	pthread_mutex_unlock(&s->lock);
}

static void open_targets(struct worker *w, unsigned part, unsigned parts)
{
	struct scan *s = w->scan;
	struct balloon_dedup_reading how = {
	        .struct_size = sizeof(how),
	        .flags = s->wish.reading,
	        .part = w->node < 0 ? part : 0,
	        .parts = w->node < 0 ? parts : 1,
	        .node = w->node,
	};

	for (unsigned i = 0; i < s->targets_n; i++) {
		struct target *t = &s->targets[i];
		uint64_t done, all;
		int rc;

		if (t->rc)
			continue;
		rc = balloon_dedup_attach(w->fork, t->guest, t->pid, &how, &w->readers[i]);
		if (rc) {
			set_rc(s, i, rc);
			continue;
		}
		balloon_dedup_progress(w->readers[i], &done, &all);
		s->all_bytes += all;
	}
}

static void scan_free(struct scan *s)
{
	for (unsigned i = 0; i < s->workers_n; i++) {
		struct worker *w = &s->workers[i];

		for (unsigned k = 0; w->readers && k < s->targets_n; k++)
			balloon_dedup_detach(w->readers[k]);
		free(w->readers);
		balloon_dedup_close(w->fork);
	}
	free(s->workers);
	free(s);
}

int scan_open(struct balloon_dedup *d, const struct scan_wish *wish, struct target *targets,
              unsigned n, struct scan **ret_s)
{
	unsigned nodes = count_nodes(), workers = wish->threads ? wish->threads : nodes;
	struct scan *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->d = d;
	s->wish = *wish;
	s->targets = targets;
	s->targets_n = n;
	pthread_mutex_init(&s->lock, NULL);
	s->workers = calloc(workers, sizeof(*s->workers));
	for (unsigned i = 0; s->workers && i < workers; i++) {
		struct worker *w = &s->workers[i];

		w->scan = s;
		w->node = !wish->threads && nodes > 1 ? (int)i : -1;
		w->readers = calloc(n, sizeof(struct balloon_dedup_reader *));
		s->workers_n++;
		if (!w->readers || balloon_dedup_fork(d, &w->fork) < 0) {
			scan_free(s);
			return -ENOMEM;
		}
		open_targets(w, i, workers);
	}
	if (!s->workers) {
		free(s);
		return -ENOMEM;
	}
	*ret_s = s;
	return 0;
}

/* ---------------------------------------------------------------------- run */

static void read_target(struct worker *w, unsigned i, uint64_t *before)
{
	const struct scan_wish *wish = &w->scan->wish;
	uint64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), done = 0, last = 0, all, then;
	int rc = 1;

	while (rc == 1) {
		rc = balloon_dedup_step(w->readers[i], STEP_BYTES);
		balloon_dedup_progress(w->readers[i], &done, &all);
		w->done_bytes = *before + done;
		then = now_ns(CLOCK_THREAD_CPUTIME_ID);
		if (rc == 1)
			rest(balloon_dedup_rest(then - cpu, done - last, wish->duty_bp,
			                        wish->bytes_per_s));
		cpu = then;
		last = done;
	}
	*before += done;
	if (rc < 0)
		set_rc(w->scan, i, rc);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint64_t before = 0;
	cpu_set_t set;

	if (w->node >= 0) {
		read_processors(w->node, &set);
		if (CPU_COUNT(&set))
			pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	}
	for (unsigned i = 0; i < w->scan->targets_n; i++) {
		w->at = (int)i;
		if (w->readers[i])
			read_target(w, i, &before);
	}
	w->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
	w->scan->running--;
	return NULL;
}

/* "[#####     ]  42 %  db", over itself. */
static void show_bar(struct scan *s)
{
	uint64_t done = 0;
	unsigned cells;

	for (unsigned i = 0; i < s->workers_n; i++)
		done += s->workers[i].done_bytes;
	cells = s->all_bytes ? (unsigned)(done * BAR_CELLS / s->all_bytes) : BAR_CELLS;
	fprintf(stderr, "\r[%-*.*s] %3u %%  %-20.20s", BAR_CELLS, (int)cells,
	        "########################################", cells * 100 / BAR_CELLS,
	        s->targets[s->workers[0].at].name);
}

static int join_all(struct scan *s, uint64_t *ret_cpu_ns)
{
	int rc = 0;

	*ret_cpu_ns = 0;
	for (unsigned i = 0; i < s->workers_n; i++) {
		struct worker *w = &s->workers[i];

		for (unsigned k = 0; k < s->targets_n; k++) {
			balloon_dedup_detach(w->readers[k]);
			w->readers[k] = NULL;
		}
		*ret_cpu_ns += w->cpu_ns;
		rc = rc ? rc : balloon_dedup_join(s->d, w->fork);
		if (!rc)
			w->fork = NULL;
	}
	return rc;
}

int scan_run(struct scan *s, uint64_t *ret_cpu_ns)
{
	unsigned started = 0;
	int rc = 0;

	for (; started < s->workers_n && !rc; started += !rc) {
		s->running++;
		rc = -pthread_create(&s->workers[started].thread, NULL, work, &s->workers[started]);
	}
	if (rc)
		s->running--;
	while (s->wish.progress && s->running > 0) {
		show_bar(s);
		rest(100000000);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(s->workers[i].thread, NULL);
	if (s->wish.progress)
		fprintf(stderr, "\r%*s\r", BAR_CELLS + 32, "");
	rc = rc ? rc : join_all(s, ret_cpu_ns);
	pthread_mutex_destroy(&s->lock);
	scan_free(s);
	return rc;
}
