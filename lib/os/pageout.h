/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pushing pages of another process out of memory, to zswap, zram or swap as the
 * host is set up: in batches, until a deadline, counting what went and not what
 * was asked; and how much comes back. Which pages is its caller's choice.
 */
#ifndef BL_OS_PAGEOUT_H
#define BL_OS_PAGEOUT_H

#include <stddef.h>
#include <stdint.h>

#include "pagemap.h"

/* One call of process_madvise(): 8 MiB take the kernel 10 to 40 ms to compress,
 * which is how late a deadline may be noticed. */
#define BL_PAGEOUT_BATCH (UINT64_C(8) << 20)

struct bl_pageout {
	uint64_t max_bytes;   /* in: in memory now and to be asked for, at most */
	uint64_t deadline_ns; /* in: CLOCK_MONOTONIC; not begun after it */
	uint64_t asked_bytes; /* out: that were in memory */
	uint64_t gone_bytes;  /* out: of them, no longer in memory */
	size_t ranges_done;   /* out: ranges wholly asked for, from the first */
};

/*
 * Goes through ranges in order. 0, also where little went (no swap left: gone is
 * less than asked); -EOPNOTSUPP: Linux before 5.10; -EPERM; -ESRCH. The figures are
 * those of what was done, whatever is returned.
 */
int bl_pageout(const struct bl_process *process, struct bl_pagemap *pagemap,
               const struct bl_range *ranges, size_t n, struct bl_pageout *inout);

/* What a process has had brought back; kept by whoever wants to know since when. */
struct bl_refault {
	uint64_t major_faults;  /* reads from swap or a file, of up to 8 pages each */
	uint64_t swapped_bytes; /* VmSwap: of private memory, out now */
};

/* Cheap: no page tables are walked. 0, -ESRCH, -EBADMSG. */
int bl_refault_read(const struct bl_process *process, struct bl_refault *ret_refault);

/* Bytes that came back between two looks, at least, pushed_bytes having been pushed
 * out meanwhile: by what is less in swap, or by a page for each major fault. Pure. */
uint64_t bl_refault_between(const struct bl_refault *before, const struct bl_refault *now,
                            uint64_t pushed_bytes);

/* Of the text of /proc/PID/stat, in whose second field anything may stand, and of
 * /proc/PID/status; pure. -EBADMSG. */
int bl_majflt_parse(const char *text, size_t n, uint64_t *ret_faults);
int bl_vmswap_parse(const char *text, size_t n, uint64_t *ret_bytes);

#endif
