/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process has mapped, from /proc/PID/smaps, and on which NUMA nodes, from
 * numa_maps. Parsers of single lines: they take bytes and open nothing.
 */
#ifndef BL_OS_PAGES_MAPS_H
#define BL_OS_PAGES_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bl_mapping_kind {
	BL_MAPPING_OTHER = 0, /* files, devices, what is not memory of its own */
	BL_MAPPING_ANONYMOUS, /* private memory; KSM merges it where it is mergeable */
	BL_MAPPING_SHARED,    /* shared memory: memfd, /dev/shm, huge pages */
};

struct bl_mapping {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* in the file */
	uint64_t inode;
	uint32_t major, minor;
	enum bl_mapping_kind kind;
	bool mergeable;
	bool hugetlb;
	bool company;  /* some of its pages have other users: merged, or since a fork */
	bool complete; /* its last line (VmFlags) was seen */
};

/*
 * One line without its newline. A first line of a mapping starts *m anew; later
 * ones add to it. Returns 1 if *m is now complete, 0 if there is more or the
 * line says nothing, -EBADMSG if it is no line of smaps.
 */
int bl_smaps_line(struct bl_mapping *m, const char *line, size_t n);

/* A line of numa_maps: where the mapping begins, and the node with most of its
 * pages (-1 = none). -EBADMSG. */
int bl_numa_maps_line(const char *line, size_t n, uint64_t *ret_start, int32_t *ret_node);

#endif
