/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One round over all processes, by threads of which each has a fork of the counts. */
#ifndef SCAN_H
#define SCAN_H

#include <balloon/dedup.h>

struct target {
	const char *name;
	const char *group; /* or NULL: alone */
	int pid;
	uint32_t guest;
	int rc; /* of reading it: 0, or why not */
};

struct scan_wish {
	unsigned threads;      /* 0 = one for each NUMA node, kept on its processors */
	uint32_t reading;      /* enum balloon_dedup_reading_flags */
	uint32_t duty_bp;      /* of a processor, for each thread; 0 = no limit */
	uint64_t bytes_per_s;  /* by each thread; 0 = no limit */
	int progress;          /* a bar on stderr */
};

struct scan;

/* Opens all processes for one round; a target that cannot be opened has its rc set.
 * -ENOMEM. */
int scan_open(struct balloon_dedup *d, const struct scan_wish *wish, struct target *targets,
              unsigned n, struct scan **ret_s);

/* Reads, joins the counts into d, frees s. *ret_cpu_ns = CPU time of the threads. */
int scan_run(struct scan *s, uint64_t *ret_cpu_ns);

#endif
