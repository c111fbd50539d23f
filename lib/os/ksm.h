/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel samepage merging: read, started, stopped, and never unmerged into
 * memory that is not there. Whether it may run at all (one trust group, asked
 * for) is its caller's to decide: KSM knows no groups.
 */
#ifndef BL_OS_KSM_H
#define BL_OS_KSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "knobs.h"
#include "process.h"

/* Who starts ksmd holds flock() on this, so that two programs of ours do not. */
#define BL_KSM_LOCK "/run/lock/balloon-ksm"

/* All merging of the host. UINT64_MAX and INT64_MIN where this kernel is silent. */
struct bl_ksm {
	uint64_t run; /* 0 stopped, 1 running, 2 unmerging */
	uint64_t pages_shared;
	uint64_t pages_sharing;
	uint64_t pages_unshared;
	uint64_t zero_pages;
	uint64_t full_scans;
	int64_t general_profit_bytes; /* what merging saves less what it costs */
	bool has_advisor;             /* Linux 6.8: finds its own pace */
};

/* 0; -ENOENT: no KSM in this kernel; -errno. */
int bl_ksm_read(struct bl_ksm *ret_ksm);

/* What it saves: profit where the kernel counts it, else pages; UINT64_MAX unknown. */
uint64_t bl_ksm_saved(const struct bl_ksm *ksm);

/* Whether free_bytes hold what unmerging (run=2) would bring back, and an eighth
 * more. False where it cannot be known. */
bool bl_ksm_unmerge_fits(const struct bl_ksm *ksm, uint64_t free_bytes);

struct bl_ksm_control;

/*
 * Takes BL_KSM_LOCK and starts ksmd: with the kernel's advisor told to look at
 * everything once in scan_seconds, or without one at the pace of pages a second
 * given by pages_per_second (100 pages each 20 ms is the kernel's own 5000).
 * 0; -EBUSY: another program of ours runs it; -EALREADY: somebody else had it
 * running, it is left alone; -ENOENT, -EACCES, -errno.
 */
struct bl_ksm_pace {
	uint32_t scan_seconds;
	uint32_t pages_per_second;
};
int bl_ksm_start(struct bl_knobs *knobs, const struct bl_ksm_pace *pace,
                 struct bl_ksm_control **ret_control);

/*
 * Stops merging and turns everything back. What is merged stays merged and is
 * unshared by writing to it; unmerge asks for all of it back at once, and is
 * done only if bl_ksm_unmerge_fits(free_bytes): 1 then, else 0; or -errno.
 */
int bl_ksm_stop(struct bl_ksm_control *control, bool unmerge, uint64_t free_bytes);

/* One process. Unknown, as UINT64_MAX, is what this kernel does not say yet: Linux
 * 5.19 has merging pages, 6.1 items, 6.4 profit. */
struct bl_ksm_process {
	uint64_t rmap_items;
	uint64_t merging_pages;
	uint64_t zero_pages;
	int64_t profit_bytes; /* INT64_MIN: unknown */
	int mergeable;        /* 1 yes, 0 no, -1 this kernel does not say */
};

/* 0; -EOPNOTSUPP: this kernel says nothing of a process; -ESRCH, -errno. */
int bl_ksm_process_read(const struct bl_process *process, struct bl_ksm_process *ret_process);

/* /proc/PID/ksm_stat. -EBADMSG: not one of these fields in it. */
int bl_ksm_process_parse(const char *text, size_t n, struct bl_ksm_process *ret_process);

#endif
