/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages_found.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE_BYTES UINT64_C(4096)

/* linux/fs.h since 6.7; headers may be older than the kernel. */
#define IS_FILE (UINT64_C(1) << 2)
#define IS_PRESENT (UINT64_C(1) << 3)
#define IS_SWAPPED (UINT64_C(1) << 4)
#define IS_PFNZERO (UINT64_C(1) << 5)
#define IS_HUGE (UINT64_C(1) << 6)

struct page_region_ {
	uint64_t start, end, categories;
};

struct pm_scan_arg_ {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN_ _IOWR('f', 16, struct pm_scan_arg_)

/* /proc/PID/pagemap: an entry of 64 bits for each page. */
#define ENTRY_FILE (UINT64_C(1) << 61)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

static enum bl_found_kind kind_of(uint64_t categories)
{
	if (categories & IS_PFNZERO)
		return BL_FOUND_ZERO;
	return categories & IS_PRESENT ? BL_FOUND_PRESENT : BL_FOUND_SWAPPED;
}

static int by_ioctl(const struct bl_finder *f, uint64_t start, uint64_t end,
                    struct bl_found ret_found[BL_REGIONS_MAX], size_t *ret_n, uint64_t *ret_next)
{
	struct page_region_ regions[BL_REGIONS_MAX];
	struct pm_scan_arg_ arg = {
	        .size = sizeof(arg),
	        .start = start,
	        .end = end,
	        .vec = (uintptr_t)regions,
	        .vec_len = BL_REGIONS_MAX,
	        .max_pages = BL_CHUNK_PAGES,
	        .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
	        .return_mask = IS_FILE | IS_PRESENT | IS_SWAPPED | IS_PFNZERO | IS_HUGE,
	};
	int r;

	do {
		r = ioctl(f->pagemap, PAGEMAP_SCAN_, &arg);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	for (int i = 0; i < r; i++) {
		ret_found[i] = (struct bl_found){
		        .start = regions[i].start,
		        .end = regions[i].end,
		        .kind = kind_of(regions[i].categories),
		        .huge = regions[i].categories & IS_HUGE,
		        .file = regions[i].categories & IS_FILE,
		};
	}
	*ret_n = (size_t)r;
	*ret_next = arg.walk_end > start && arg.walk_end < end ? arg.walk_end : end;
	return 0;
}

static bool same_kind(const struct bl_found *a, const struct bl_found *b)
{
	return a->end == b->start && a->kind == b->kind && a->file == b->file;
}

size_t bl_pagemap_regions(const uint64_t *entries, size_t n, uint64_t start,
                          struct bl_found *ret_found)
{
	size_t regions = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t at = start + i * PAGE_BYTES;
		struct bl_found one = {at, at + PAGE_BYTES, BL_FOUND_PRESENT, false,
		                       entries[i] & ENTRY_FILE};

		if (!(entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)))
			continue;
		if (!(entries[i] & ENTRY_PRESENT))
			one.kind = BL_FOUND_SWAPPED;
		if (regions && same_kind(&ret_found[regions - 1], &one))
			ret_found[regions - 1].end = one.end;
		else
			ret_found[regions++] = one;
	}
	return regions;
}

static int by_entries(const struct bl_finder *f, uint64_t start, uint64_t end,
                      struct bl_found ret_found[BL_REGIONS_MAX], size_t *ret_n, uint64_t *ret_next)
{
	uint64_t entries[BL_CHUNK_PAGES], pages = (end - start) / PAGE_BYTES;
	ssize_t r;

	pages = pages < BL_CHUNK_PAGES ? pages : BL_CHUNK_PAGES;
	do {
		r = pread(f->pagemap, entries, pages * sizeof(entries[0]),
		          (off_t)(start / PAGE_BYTES * sizeof(entries[0])));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	*ret_n = bl_pagemap_regions(entries, (size_t)r / sizeof(entries[0]), start, ret_found);
	*ret_next = start + pages * PAGE_BYTES;
	return 0;
}

int bl_find_pages(struct bl_finder *f, uint64_t start, uint64_t end,
                  struct bl_found ret_found[BL_REGIONS_MAX], size_t *ret_n, uint64_t *ret_next)
{
	int rc = -ENOTTY;

	if (!f->by_hand)
		rc = by_ioctl(f, start, end, ret_found, ret_n, ret_next);
	f->by_hand |= rc == -ENOTTY;
	return f->by_hand ? by_entries(f, start, end, ret_found, ret_n, ret_next) : rc;
}
