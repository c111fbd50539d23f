/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel's paging has done since boot (/proc/vmstat). Counters only go
 * up: whoever wants a rate keeps the last ones.
 */
#ifndef BL_OS_VMSTAT_H
#define BL_OS_VMSTAT_H

#include <stddef.h>
#include <stdint.h>

/* In pages, UINT64_MAX where this kernel does not count it. */
struct bl_vmstat {
	uint64_t swap_ins; /* pswpin: read from a swap device */
	uint64_t swap_outs;
	uint64_t zswap_ins;
	uint64_t zswap_outs;
	uint64_t refaults_anon; /* came back soon after it was pushed out */
	uint64_t refaults_file;
	uint64_t stolen; /* pgsteal by kswapd, direct, khugepaged and on request */
	uint64_t direct_scans; /* pgscan_direct: a task had to look for itself */
	uint64_t oom_kills;    /* processes */
};

/* -EBADMSG: none of them in it. */
int bl_vmstat_parse(const char *text, size_t n, struct bl_vmstat *ret_vmstat);

/* 0 or -errno. */
int bl_vmstat_read(struct bl_vmstat *ret_vmstat);

#endif
