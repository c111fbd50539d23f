/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How well pages of another process would compress, by LZ4 on some of them: asked
 * before they are pushed out, since pages that do not shrink only cost CPU there.
 * Reads pages that are in memory, never through swap, keeps nothing of them.
 */
#ifndef BL_OS_SQUASH_H
#define BL_OS_SQUASH_H

#include <stddef.h>
#include <stdint.h>

#include "pagemap.h"

#define BL_SQUASH_PAGES 256 /* for an error of about 2 points; 2 ms of CPU */

struct bl_squash {
	uint32_t compress_bp; /* bytes after for 10000 before; UINT32_MAX: nothing read */
	uint32_t zero_bp;     /* of the pages, all zero */
	uint32_t pages_n;     /* read */
};

/* One page, as the pools keep it: 0 if it is all the same byte, at most its own
 * size, since what does not shrink is kept as it is. Pure. */
size_t bl_squash_page(const void *page, size_t size);

/* 0, -ESRCH, -EPERM, -errno. seed: of the lots, not 0. */
int bl_squash_sample(const struct bl_process *process, struct bl_pagemap *pagemap,
                     const struct bl_range *ranges, size_t n, uint64_t seed,
                     struct bl_squash *ret_squash);

#endif
