/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page by page: what of a range of another process is in memory, what in swap.
 * PAGEMAP_SCAN where the kernel has it (6.7; up to 13 ms for each GiB of 4 KiB
 * pages), else /proc/PID/pagemap read (50 ms). Touches nothing.
 */
#ifndef BL_OS_PAGEMAP_H
#define BL_OS_PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

#include "procmem.h"

/* Pages of shared memory that were pushed out count as neither: the kernel keeps
 * that in the file, not in the process. */
struct bl_pages {
	uint64_t present_bytes; /* without the zero page, which costs nothing */
	uint64_t swapped_bytes;
};

struct bl_pagemap;

/* process must outlive the answer. */
int bl_pagemap_open(const struct bl_process *process, struct bl_pagemap **ret_pagemap);
void bl_pagemap_close(struct bl_pagemap *pagemap);

/* From here on by reading entries, as on older kernels. */
void bl_pagemap_without_scan(struct bl_pagemap *pagemap);

/* Adds up ranges. 0, -ESRCH (it has ended), -errno. */
int bl_pagemap_count(struct bl_pagemap *pagemap, const struct bl_range *ranges, size_t n,
                     struct bl_pages *ret_pages);

/* For each of the pages at addresses: 1 in memory, 0 not. */
int bl_pagemap_present(struct bl_pagemap *pagemap, const uint64_t *addresses, size_t n,
                       uint8_t *ret_present);

#endif
