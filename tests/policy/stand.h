/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A simulated host of obeying guests, and the library on it. */
#ifndef STAND_H
#define STAND_H

#include <balloon/sim.h>

#include "testkit.h"

struct stand {
	struct balloon_sim *sim;
	struct balloon *b;
	uint64_t now;
	uint64_t keys[16];
	size_t n;
};

/* A host of total_mib, 256 MiB of it its own, with a reserve of 128 MiB. */
void stand_up(struct stand *s, uint64_t total_mib);
/* A guest that uses about use_mib of size_mib. */
void stand_guest(struct stand *s, const char *name, uint64_t size_mib, uint64_t use_mib);
/* Opens the library on it; policy's reserve is set. NULL = defaults. */
void stand_open(struct stand *s, struct balloon_policy *policy);
void stand_beats(struct stand *s, int n);
void stand_down(struct stand *s);

struct balloon_guest_report stand_report(struct balloon *b, const char *name);
struct balloon_report stand_account(struct balloon *b);
struct balloon_policy stand_policy(void);
struct balloon_allocation stand_allocation(const char *pool, uint64_t reservation_mib);

#endif
