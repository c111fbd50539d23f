/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of one process as /proc shows it: mappings, what of them is there,
 * pushed out, huge, merged; and which of them is the large one it was started
 * for. Knows that a virtual machine monitor keeps its RAM in one or a few
 * mappings, and what else in it is large; must not know who runs it.
 */
#ifndef BL_OS_PROCMEM_H
#define BL_OS_PROCMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process.h"

struct bl_range {
	uint64_t start;
	uint64_t end;
};

/* Figures of smaps or smaps_rollup. UINT64_MAX: this kernel does not say. */
struct bl_footprint {
	uint64_t resident_bytes; /* without huge pages of hugetlbfs, which are below */
	uint64_t swapped_bytes;
	uint64_t referenced_bytes;
	uint64_t anon_huge_bytes;
	uint64_t ksm_bytes; /* merged, as many as are mapped (Linux 6.1) */
	uint64_t hugetlb_bytes;
	uint64_t locked_bytes;
};

/* One line of /proc/PID/maps. */
struct bl_mapping {
	struct bl_range range;
	bool readable, writable, executable, shared;
	uint64_t offset;
	uint64_t inode;
	char name[64]; /* cut; "" for anonymous memory */
};

/* 1: there was a mapping at the front of text, and is taken off; 0: nothing more;
 * -EBADMSG: a line that is none. */
struct bl_span;
int bl_maps_next(struct bl_span *text, struct bl_mapping *ret_mapping);

/* smaps_rollup, or what stands in smaps for one mapping; labels that occur twice
 * are added. -EBADMSG: no Rss in it. */
int bl_footprint_parse(const char *text, size_t n, struct bl_footprint *ret_footprint);

/* The whole process. Walks its page tables: some 5 ms for each GiB resident in
 * 4 KiB pages. */
int bl_footprint_read(const struct bl_process *process, struct bl_footprint *ret_footprint);

#define BL_RAM_RANGES 64 /* one for each NUMA node and memory device, mostly 1 */

/* Where RAM of a size was found. */
struct bl_ram {
	struct bl_range ranges[BL_RAM_RANGES];
	size_t ranges_n;
	uint64_t bytes;
	bool shared;  /* memfd or file: KSM passes it by */
	bool hugetlb; /* cannot be pushed out, nor merged */
};

/*
 * The mapping or mappings in which expected_bytes of RAM lie. Readable, writable,
 * never executable (TCG's translation buffer is 1 GiB and executable, or "tcg-jit"),
 * never heap, stack or a device's. Tried in this order:
 *   one mapping, or neighbours that once were one (madvise splits), of that size;
 *   of several, the one named as RAM (memory-backend, pc.ram, ram-node), else the
 *   one that begins at a huge page, as QEMU's does;
 *   all that are named as RAM, if they come to it together (NUMA nodes, DIMMs);
 *   the largest that come to it together, none smaller than a 64th of it;
 *   one that is larger, by less than an eighth.
 * -ENOENT: none of these; -ENOTUNIQ: more than one. Nothing is guessed.
 * hugetlb is not in this text: false.
 */
int bl_ram_find(const char *maps, size_t n, uint64_t expected_bytes, struct bl_ram *ret_ram);

/* The same of a running process, and hugetlb. */
int bl_ram_of(const struct bl_process *process, uint64_t expected_bytes, struct bl_ram *ret_ram);

/* What of these ranges is there; smaps of the mappings they lie in. */
int bl_ram_footprint(const struct bl_process *process, const struct bl_ram *ram,
                     struct bl_footprint *ret_footprint);

#endif
