/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory there is to have: /proc/meminfo, corrected for what it does
 * not know. ZFS's cache counts as used there although it shrinks on demand; and
 * inside a container the group's limit is nearer than the machine's.
 */
#ifndef BL_OS_HOSTMEM_H
#define BL_OS_HOSTMEM_H

#include "cgroup.h"
#include "meminfo.h"

struct bl_arc {
	uint64_t size_bytes;
	uint64_t min_bytes; /* c_min: below this it does not shrink */
};

/* /proc/spl/kstat/zfs/arcstats. -EBADMSG: size or c_min is not in it. */
int bl_arc_parse(const char *text, size_t n, struct bl_arc *ret_arc);

/* available += ARC above its minimum, never more than total. */
void bl_meminfo_add_arc(struct bl_meminfo *info, const struct bl_arc *arc);

/* What a group with this much room leaves: total is at most its limit, and
 * available at most the limit less what it uses and cannot drop. */
void bl_meminfo_confine(struct bl_meminfo *info, const struct bl_cgroup_memory *group);

struct bl_hostmem;

/* 0 or -errno. */
int bl_hostmem_open(struct bl_hostmem **ret_host);

/* group: where all guests are (their common ancestor, see bl_cgroup_common()),
 * and cgroups to read it by; both NULL for the whole host. The caller's own group
 * says nothing: a daemon with a small limit minds large guests elsewhere. */
int bl_hostmem_read(struct bl_hostmem *host, struct bl_cgroups *cgroups, const char *group,
                    struct bl_meminfo *ret_info);

void bl_hostmem_close(struct bl_hostmem *host);

#endif
