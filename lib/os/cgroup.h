/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory groups of Linux, v1, v2 and hybrid, by libcgroup where it can: finding
 * a process's group, its figures, a ceiling on it, reclaim from it. By hand only
 * memory.reclaim (write-only, and libcgroup opens read-write) and /proc/PID/cgroup
 * (libcgroup 2.0.2 stops at the "0::" of v2). Must not know what runs in a group.
 *
 * Everything turned is noted in the knobs, and is put back with them.
 */
#ifndef BL_OS_CGROUP_H
#define BL_OS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "knobs.h"

#define BL_CGROUP_MAX 512 /* bytes of a group's path; libvirt's are about 100 */

struct bl_cgroups;

/* libcgroup reads the mounts once for the whole process: call it first from one
 * thread. knobs may be NULL: then nothing can be set. 0; -ENOENT: no memory
 * controller is mounted; -errno. */
int bl_cgroups_open(struct bl_knobs *knobs, struct bl_cgroups **ret_cgroups);
void bl_cgroups_close(struct bl_cgroups *cgroups);

/* 1 or 2: which interface the memory controller speaks. */
int bl_cgroups_version(const struct bl_cgroups *cgroups);

/* "/machine/qemu-1-a.libvirt-qemu": below the mount, without a slash at its end
 * ("" is the root). 0, -ESRCH, -ENAMETOOLONG; -ENOENT: it is in a group that is not
 * under our mount (seen from inside a container). */
int bl_cgroup_of(struct bl_cgroups *cgroups, int pid, char *ret_group, size_t size);

/* The same from the text of /proc/PID/cgroup; pure. -ENOENT: it does not say. */
int bl_cgroup_parse(const char *text, size_t n, int version, char *ret_group, size_t size);

/* The deepest group that holds both, into a; pure. */
void bl_cgroup_common(char *a, const char *b);

/* Whether a process is alone in its group: 1, 0 or -errno. The root is nobody's own. */
int bl_cgroup_lone(struct bl_cgroups *cgroups, const char *group, int pid);

/* UINT64_MAX: no limit, or not known. */
struct bl_cgroup_memory {
	uint64_t current_bytes;
	uint64_t limit_bytes;     /* the tightest of memory.max (v1: limit_in_bytes) up to the root */
	uint64_t high_bytes;      /* memory.high; v1 has none */
	uint64_t swap_bytes;      /* of its pages, in swap */
	uint64_t droppable_bytes; /* inactive file pages: go before anything is pushed out */
};

/* -ENOENT: no such group. */
int bl_cgroup_memory(struct bl_cgroups *cgroups, const char *group,
                     struct bl_cgroup_memory *ret_memory);

/* One line of memory.stat, of either version, into droppable_bytes and v1's
 * swap_bytes, which are UINT64_MAX before the first; pure. */
void bl_cgroup_stat_line(const char *text, size_t n, struct bl_cgroup_memory *memory);

/* A limit as the kernel writes it: "max", v1's 2^63 less a page, or bytes; pure.
 * -EBADMSG: none of these. */
int bl_cgroup_limit_parse(const char *text, size_t n, uint64_t *ret_bytes);

/*
 * Presses a group below bytes until lifted: memory.high, which throttles and
 * never kills. v1 has only limit_in_bytes, which can: there the answer is
 * -EOPNOTSUPP unless hard. 0, -errno; -EBUSY: v1 could not push out enough.
 */
int bl_cgroup_ceiling(struct bl_cgroups *cgroups, const char *group, uint64_t bytes, bool hard);
int bl_cgroup_lift(struct bl_cgroups *cgroups, const char *group);

/*
 * Pushes up to bytes out of a group now, coldest first as the kernel sees it:
 * memory.reclaim (Linux 5.19), or on v1 its limit lowered by that much and put
 * back at once. Blocks for the time it takes: ask for batches (32 MiB is some
 * tens of milliseconds to zswap). ret_bytes is how much its use went down.
 * 0, also where less went than was asked; -EOPNOTSUPP: this kernel cannot.
 */
int bl_cgroup_reclaim(struct bl_cgroups *cgroups, const char *group, uint64_t bytes,
                      uint64_t *ret_bytes);

/* Where a file of a group is. */
int bl_cgroup_path(const struct bl_cgroups *cgroups, const char *group, const char *file,
                   char *ret_path, size_t size);

/*
 * A descriptor that becomes readable when reclaim in this group and those below has
 * become hard work ("medium"): v1's own word, for kernels without pressure stall
 * information and beside it, since it does not wait for a window to end. The
 * caller's to read(2), 8 bytes, until it would block; and to close(). -EOPNOTSUPP: v2.
 */
int bl_cgroup_pressure_event(const struct bl_cgroups *cgroups, const char *group);

/* Path of the group's memory.pressure, for psi.h. -EOPNOTSUPP: v1 has none. */
int bl_cgroup_pressure_path(const struct bl_cgroups *cgroups, const char *group, char *ret_path,
                            size_t size);

#endif
