/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real guests, what the library says of them, and what KSM then really merges.
 * Shared by the host test, which judges, and the bench, which prints.
 */
#ifndef DEDUP_REAL_H
#define DEDUP_REAL_H

#include <stddef.h>
#include <stdint.h>

#include "dedup_guests.h"

/* Predicted and seen; in pages. */
enum { OTHERS_MAX = 32 };

struct real_ksm {
	uint64_t sharing, shared, unshared; /* said */
	uint64_t ksm_sharing, ksm_shared, ksm_unshared;
	pid_t other_pids[OTHERS_MAX];
	size_t others;   /* foreign processes that KSM would merge with them: then only the sum
	                    of the guests' own merged pages can be compared */
	uint64_t merging; /* said: guests' pages with company */
	uint64_t ksm_merging;
	double diff_pct; /* the largest difference */
};

/* All pages of the guests that KSM would merge, copied, guest after guest. */
struct real_pages {
	unsigned char *bytes;
	size_t pages;
	size_t first[GUESTS + 1];
	size_t room;
};

struct real {
	struct guests guests;
	struct real_ksm stopped, idle, active;
	struct real_pages pages;
	uint64_t side_effect_pages;
	double scan_ns, ksmd_ns; /* CPU time of the exact scan, and of ksmd to converge */
};

/* Runs the whole story; 0, or 77 with the reason on stderr. */
int real_run(struct real *r);
void real_free(struct real *r);

/* CPU time of this thread in ns. */
double thread_ns(void);

#endif
