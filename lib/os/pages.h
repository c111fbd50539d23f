/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the memory of another process, chunk by chunk, and leaves no trace in it:
 * what is absent, swapped out or the kernel's zero page is found out from page
 * tables and not touched. Shared memory that cannot shrink is mapped and read in
 * place; all else is copied. Must not know what the process is or why it is read.
 */
#ifndef BL_OS_PAGES_H
#define BL_OS_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bl_pages;

struct bl_pages_wish {
	bool mergeable_only; /* only mappings that KSM would merge */
	bool copy;           /* map nothing */
	bool by_hand;        /* do without PAGEMAP_SCAN, as on older kernels */
	uint32_t part;       /* only this … */
	uint32_t parts;      /* … of so many parts, 1 or more */
	int32_t node;        /* only mappings mostly on this NUMA node; -1 = all */
};

/* Pages side by side, all of one kind. */
struct bl_span {
	uint64_t address; /* in the process */
	const void *bytes;
	size_t pages;
	bool mergeable;
	bool huge;
};

struct bl_pages_count {
	uint64_t done_bytes, all_bytes; /* of mappings, present or not */
	uint64_t swapped_bytes, zero_mapped_bytes; /* passed over */
	uint64_t lost_bytes; /* were there, and were not when they were to be read */
};

/* Opens all files it will need. -ESRCH no such process, -EACCES, -EPERM, -ENOMEM, …. */
int bl_pages_open(int pid, const struct bl_pages_wish *wish, struct bl_pages **ret_p);

/* 1 and the next span, valid until the next call; 0 at the end; -ESRCH the process
 * is gone; else what the kernel said. */
int bl_pages_next(struct bl_pages *p, struct bl_span *ret_span);

struct bl_pages_count bl_pages_count(const struct bl_pages *p);

/* Wipes what was copied. NULL is welcome. */
void bl_pages_close(struct bl_pages *p);

#endif
