/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pushing ranges of another process out, a batch at a time. */
#include "pageout.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "advise.h"

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What was in memory of this piece is asked for; what of it stays is seen. */
static int one_batch(const struct bl_process *process, struct bl_pagemap *pagemap,
                     const struct bl_range *piece, struct bl_pageout *out)
{
	struct iovec iov = { (void *)(uintptr_t)piece->start, (size_t)(piece->end - piece->start) };
	struct bl_pages before, after;
	int rc = bl_pagemap_count(pagemap, piece, 1, &before);

	if (rc < 0 || !before.present_bytes)
		return rc;
	rc = bl_advise_out(process, &iov, 1);
	if (rc < 0)
		return rc;
	out->asked_bytes += before.present_bytes;
	rc = bl_pagemap_count(pagemap, piece, 1, &after);
	if (rc < 0)
		return rc;
	if (after.present_bytes < before.present_bytes)
		out->gone_bytes += before.present_bytes - after.present_bytes;
	return 0;
}

/* As long as there are bytes left to ask for and time; 1: not to its end. */
static int one_range(const struct bl_process *process, struct bl_pagemap *pagemap,
                     struct bl_range range, struct bl_pageout *out)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	while (range.start < range.end) {
		uint64_t left = (out->max_bytes - out->asked_bytes) / page * page;
		struct bl_range piece = range;
		int rc;

		if (!left || now_ns() >= out->deadline_ns)
			return 1;
		left = left < BL_PAGEOUT_BATCH ? left : BL_PAGEOUT_BATCH;
		if (piece.end - piece.start > left)
			piece.end = piece.start + left;
		rc = one_batch(process, pagemap, &piece, out);
		if (rc < 0)
			return rc;
		range.start = piece.end;
	}
	return 0;
}

int bl_pageout(const struct bl_process *process, struct bl_pagemap *pagemap,
               const struct bl_range *ranges, size_t n, struct bl_pageout *inout)
{
	inout->asked_bytes = inout->gone_bytes = 0;
	inout->ranges_done = 0;
	for (size_t i = 0; i < n; i++) {
		int rc = one_range(process, pagemap, ranges[i], inout);

		if (rc)
			return rc < 0 ? rc : 0;
		inout->ranges_done++;
	}
	return 0;
}
