/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages of a process are there, without touching any: the ioctl
 * PAGEMAP_SCAN (Linux 6.7), or /proc/PID/pagemap itself, which costs four times
 * as much and cannot tell the kernel's zero page from others, nor huge pages.
 */
#ifndef BL_OS_PAGES_FOUND_H
#define BL_OS_PAGES_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* As many as a chunk has pages: they may be of different kinds in turn. */
	BL_REGIONS_MAX = 512,
	BL_CHUNK_PAGES = 512, /* 2 MiB: with less in a call copying is slower, not with more */
};

enum bl_found_kind {
	BL_FOUND_PRESENT = 0,
	BL_FOUND_SWAPPED,
	BL_FOUND_ZERO, /* the kernel's zero page */
};

struct bl_found {
	uint64_t start, end;
	enum bl_found_kind kind;
	bool huge;
	bool file; /* of a file or shared memory */
};

struct bl_finder {
	int pagemap;  /* descriptor of /proc/PID/pagemap */
	bool by_hand; /* there is no PAGEMAP_SCAN */
};

/*
 * Fills ret_found[0..*ret_n) in order with what is there from start on, at most
 * one chunk of pages, and sets *ret_next to where to go on (at most end).
 * -errno of the kernel.
 */
int bl_find_pages(struct bl_finder *f, uint64_t start, uint64_t end,
                  struct bl_found ret_found[BL_REGIONS_MAX], size_t *ret_n, uint64_t *ret_next);

/* From entries of pagemap for pages from start on. Returns how many regions. */
size_t bl_pagemap_regions(const uint64_t *entries, size_t n, uint64_t start,
                          struct bl_found *ret_found);

#endif
