/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes at all as smaps, numa_maps and pagemap of a process. Beyond not
 * crashing: what comes out is in order and inside of what went in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/pages_found.h"
#include "os/pages_maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "dedup_fuzz: %s\n", what);
	abort();
}

static void one_line(struct bl_mapping *m, const char *line, size_t n)
{
	struct bl_mapping before = *m;
	uint64_t start;
	int32_t node = -2;
	int rc = bl_smaps_line(m, line, n);

	insist(rc == 0 || rc == 1 || memcmp(&before, m, sizeof(before)) == 0,
	       "a refused line left something behind");
	insist(rc != 1 || (m->complete && m->start < m->end), "a mapping of nothing");
	rc = bl_numa_maps_line(line, n, &start, &node);
	insist(rc == 0 ? node >= -1 : node == -2, "an answer to a refused line");
}

static void lines(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct bl_mapping m;

	memset(&m, 0, sizeof(m));
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		char *line = malloc(n ? n : 1); /* its very size, for ASan */

		insist(line != NULL, "out of memory");
		memcpy(line, p, n);
		one_line(&m, line, n);
		free(line);
		p += n + (newline ? 1 : 0);
	}
}

static void entries(const uint8_t *data, size_t size)
{
	uint64_t e[BL_CHUNK_PAGES], last = 4096;
	struct bl_found found[BL_REGIONS_MAX];
	size_t n = size / 8 < BL_CHUNK_PAGES ? size / 8 : BL_CHUNK_PAGES, regions;

	memcpy(e, data, n * 8);
	regions = bl_pagemap_regions(e, n, 4096, found);
	insist(regions <= n, "more regions than pages");
	for (size_t i = 0; i < regions; i++) {
		insist(found[i].start >= last && found[i].start < found[i].end, "out of order");
		last = found[i].end;
	}
	insist(last <= 4096 + n * 4096, "behind the end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lines(data, size);
	if (size)
		entries(data, size);
	return 0;
}
