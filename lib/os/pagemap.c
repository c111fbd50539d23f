/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page by page: by PAGEMAP_SCAN, or by reading /proc/PID/pagemap. */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

/* Linux 6.7's, older than which headers may be: <linux/fs.h> there. */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_ZERO    (UINT64_C(1) << 5)

/* An entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)

/* One call answers 512 regions, of at least a page each: 12 KiB. */
#define REGIONS 512

/* Entries read at once: 2 MiB of memory, a page of text. */
#define ENTRIES 512

struct bl_pagemap {
	int fd;
	int dir;
	bool scan;
	uint64_t page;
	struct scan_region regions[REGIONS];
	uint64_t entries[ENTRIES];
};

static int scan(struct bl_pagemap *p, uint64_t start, uint64_t end, uint64_t *ret_walk_end)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uint64_t)(uintptr_t)p->regions,
		.vec_len = REGIONS,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO,
	};
	int n;

	do {
		n = ioctl(p->fd, SCAN, &arg);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*ret_walk_end = arg.walk_end;
	return n;
}

int bl_pagemap_open(const struct bl_process *process, struct bl_pagemap **ret_pagemap)
{
	struct bl_pagemap *p = malloc(sizeof(*p));
	uint64_t end;

	if (!p)
		return -ENOMEM;
	p->page = (uint64_t)sysconf(_SC_PAGESIZE);
	p->dir = process->dir;
	p->fd = openat(process->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	if (p->fd < 0) {
		int rc = errno == ENOENT ? -ESRCH : -errno;

		free(p);
		return rc;
	}
	p->scan = scan(p, 0, p->page, &end) >= 0;
	*ret_pagemap = p;
	return 0;
}

void bl_pagemap_without_scan(struct bl_pagemap *pagemap)
{
	pagemap->scan = false;
}

void bl_pagemap_close(struct bl_pagemap *pagemap)
{
	if (!pagemap)
		return;
	close(pagemap->fd);
	free(pagemap);
}

static void add_region(const struct scan_region *r, struct bl_pages *pages)
{
	if (r->categories & SCAN_SWAPPED)
		pages->swapped_bytes += r->end - r->start;
	else if (!(r->categories & SCAN_ZERO))
		pages->present_bytes += r->end - r->start;
}

static int count_by_scan(struct bl_pagemap *p, struct bl_range range, struct bl_pages *pages)
{
	while (range.start < range.end) {
		uint64_t at = 0;
		int n = scan(p, range.start, range.end, &at);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++)
			add_region(&p->regions[i], pages);
		if (at <= range.start)
			return 0; /* no process left to walk */
		range.start = at;
	}
	return 0;
}

/* Entries from address on, at most n; how many were read. */
static int read_entries(struct bl_pagemap *p, uint64_t address, size_t n)
{
	ssize_t r;

	n = n < ENTRIES ? n : ENTRIES;
	do {
		r = pread(p->fd, p->entries, n * sizeof(p->entries[0]),
		          (off_t)(address / p->page * sizeof(p->entries[0])));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ESRCH : (int)((size_t)r / sizeof(p->entries[0]));
}

static int count_by_entries(struct bl_pagemap *p, struct bl_range range, struct bl_pages *pages)
{
	while (range.start < range.end) {
		size_t wanted = (size_t)((range.end - range.start + p->page - 1) / p->page);
		int n = read_entries(p, range.start, wanted);

		if (n < 0)
			return n;
		for (int i = 0; i < n; i++) {
			if (p->entries[i] & ENTRY_SWAPPED)
				pages->swapped_bytes += p->page;
			else if (p->entries[i] & ENTRY_PRESENT)
				pages->present_bytes += p->page;
		}
		range.start += (uint64_t)n * p->page;
	}
	return 0;
}

/* Of a process that has ended, everything looks gone. */
static int still_there(const struct bl_pagemap *p)
{
	char text[64];
	ssize_t n = bl_file_read(p->dir, "statm", text, sizeof(text));
	struct bl_span s = bl_span(text, n < 0 ? 0 : (size_t)n);
	uint64_t pages;

	return bl_span_u64(&s, &pages) && pages ? 0 : -ESRCH;
}

/* Whole pages that lie in it. */
static struct bl_range trimmed(const struct bl_pagemap *p, struct bl_range r)
{
	uint64_t past = r.start % p->page;

	if (past && p->page - past > UINT64_MAX - r.start)
		return (struct bl_range){ 0, 0 };
	r.start += past ? p->page - past : 0;
	r.end -= r.end % p->page;
	return r;
}

static int add_up(struct bl_pagemap *p, const struct bl_range *ranges, size_t n,
                  struct bl_pages *pages)
{
	for (size_t i = 0; i < n; i++) {
		struct bl_range r = trimmed(p, ranges[i]);
		int rc = p->scan ? count_by_scan(p, r, pages) : count_by_entries(p, r, pages);

		if (rc < 0)
			return rc;
	}
	return 0;
}

int bl_pagemap_count(struct bl_pagemap *pagemap, const struct bl_range *ranges, size_t n,
                     struct bl_pages *ret_pages)
{
	struct bl_pages pages = { 0, 0 };
	int rc = add_up(pagemap, ranges, n, &pages);

	if (!rc && !pages.present_bytes && !pages.swapped_bytes)
		rc = still_there(pagemap);
	if (!rc)
		*ret_pages = pages;
	return rc;
}

int bl_pagemap_present(struct bl_pagemap *pagemap, const uint64_t *addresses, size_t n,
                       uint8_t *ret_present)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		uint64_t start = addresses[i] / pagemap->page * pagemap->page;
		struct bl_range page = { start, start + pagemap->page };
		struct bl_pages pages = { 0, 0 };
		int rc = add_up(pagemap, &page, 1, &pages);

		if (rc < 0)
			return rc;
		ret_present[i] = pages.present_bytes != 0;
		any |= ret_present[i];
	}
	return any ? 0 : still_there(pagemap);
}
