/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The working set of a range of another process, seen from outside: which of its
 * pages were used within a period. Nothing that runs in the process is believed.
 *
 * Two ways; those are taken that the kernel and the process allow:
 *
 * REFERENCED: clear_refs (1) at the beginning of the period, Referenced of smaps at
 * its end. Exact but for what Linux is just sorting, and costs a walk of the page
 * tables each time: together 20 to 40 ms of CPU for each GiB of 4 KiB pages, next to
 * nothing for huge ones. Says how much, not where. Wrong where KVM has page tables of
 * its own (what is used through them leaves no trace here), so not taken there.
 *
 * TRIAL: pages chosen by lot are pushed out to swap; those used within the period
 * are back at its end (Waldspurger 2002, 5.3, with Linux's swap as the trap). Sees
 * every use, KVM's too, and says where: blocks of 2 MiB of which no page tried came
 * back are cold. Costs at most BL_WSET_TRIALS pushes and as many faults for each
 * period whatever the size (10 to 20 ms of CPU), and up to 128 huge pages are split;
 * needs swap. Error of the share: about 1/sqrt(pages tried), 3 points.
 *
 * Both together: how much by REFERENCED, where by TRIAL.
 */
#ifndef BL_OS_WSET_H
#define BL_OS_WSET_H

#include <stdint.h>

#include "procmem.h"

#define BL_WSET_REFERENCED 1u
#define BL_WSET_TRIAL      2u

#define BL_WSET_TRIALS     1024 /* pages pushed out for one period, at most: 4 MiB */
#define BL_WSET_BLOCK      (UINT64_C(2) << 20) /* what is cold or not, as a whole */

struct bl_wset;

/* ways: which may be used; what is not possible is left out, and a process with
 * nothing possible is -EOPNOTSUPP. seed: of the lots, not 0. process must outlive
 * the answer. */
int bl_wset_open(const struct bl_process *process, const struct bl_ram *ram, unsigned ways,
                 uint64_t seed, struct bl_wset **ret_wset);
void bl_wset_close(struct bl_wset *wset);

/* The ways that are in use. */
unsigned bl_wset_ways(const struct bl_wset *wset);

/* Begins a period, ending one that runs unread. 0, -ESRCH, -errno. */
int bl_wset_begin(struct bl_wset *wset);

struct bl_wset_result {
	uint64_t active_bytes;  /* used within the period; UINT64_MAX: unknown */
	uint64_t sampled_bytes; /* looked at for that */
	uint64_t cold_bytes;    /* in blocks known to be cold; UINT64_MAX: without TRIAL */
	uint64_t cost_ns;       /* CPU of this thread for begin and end */
};

/* Ends the period. -EAGAIN: none was begun. */
int bl_wset_end(struct bl_wset *wset, struct bl_wset_result *ret_result);

/* Up to max cold ranges, the longest cold first; their number. A block is cold
 * from the trial that found it so until one finds a page of it in use. */
size_t bl_wset_cold(const struct bl_wset *wset, struct bl_range *ret_ranges, size_t max);

#endif
