/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ4 on some pages of another process. */
#include "squash.h"

#include <errno.h>
#include <lz4.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lots.h"

/* Lots drawn for each page wanted: a process that is mostly in swap has few pages
 * in memory to be found, and need not be searched for them. */
#define DRAWS (4 * BL_SQUASH_PAGES)

/* Read at once: 64 KiB. */
#define TOGETHER 16

/* LZ4's worst case for a page of up to 64 KiB: n + n/255 + 16. */
#define WORST_BYTES (65536 + 65536 / 255 + 16)

static bool same_filled(const uint8_t *p, size_t size)
{
	return size > 1 && !memcmp(p, p + 1, size - 1);
}

size_t bl_squash_page(const void *page, size_t size)
{
	char out[WORST_BYTES];
	int n;

	if (same_filled(page, size))
		return 0;
	if (size > 65536)
		return size;
	n = LZ4_compress_default(page, out, (int)size, (int)sizeof(out));
	explicit_bzero(out, n > 0 ? (size_t)n : 0);
	return n > 0 && (size_t)n < size ? (size_t)n : size;
}

struct sum {
	uint64_t before;
	uint64_t after;
	uint32_t zeros;
	uint32_t pages;
};

static void add_page(struct sum *sum, const uint8_t *page, size_t size)
{
	size_t n = bl_squash_page(page, size);

	sum->before += size;
	sum->after += n;
	sum->zeros += n == 0 && page[0] == 0;
	sum->pages++;
}

/* Pages that went meanwhile end the read early, and are left out. */
static int read_pages(const struct bl_process *process, const uint64_t *addresses, size_t n,
                      size_t page, uint8_t *buffer, struct sum *sum)
{
	struct iovec here = { buffer, n * page }, there[TOGETHER];
	ssize_t r;

	for (size_t i = 0; i < n; i++)
		there[i] = (struct iovec){ (void *)(uintptr_t)addresses[i], page };
	r = process_vm_readv(process->pid, &here, 1, there, n, 0);
	if (r < 0)
		return errno == EFAULT ? 0 : -errno;
	for (size_t i = 0; i < (size_t)r / page; i++)
		add_page(sum, buffer + i * page, page);
	return 0;
}

/* Addresses of pages in memory, up to TOGETHER of them. */
static int draw(struct bl_pagemap *pagemap, const struct bl_range *ranges, size_t n,
                uint64_t *seed, size_t page, size_t *draws, uint64_t *ret_addresses)
{
	uint64_t all = bl_ranges_bytes(ranges, n);
	size_t found = 0;

	while (found < TOGETHER && *draws < DRAWS) {
		uint64_t address = bl_ranges_at(ranges, n, bl_lot(seed, all)) / page * page;
		uint8_t present;
		int rc = bl_pagemap_present(pagemap, &address, 1, &present);

		if (rc < 0)
			return rc;
		(*draws)++;
		if (present)
			ret_addresses[found++] = address;
	}
	return (int)found;
}

static int sample(const struct bl_process *process, struct bl_pagemap *pagemap,
                  const struct bl_range *ranges, size_t n, uint64_t seed, struct sum *sum)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), draws = 0;
	uint8_t *buffer = malloc(TOGETHER * page);
	uint64_t addresses[TOGETHER];
	int rc = buffer ? 0 : -ENOMEM;

	while (!rc && sum->pages < BL_SQUASH_PAGES && draws < DRAWS) {
		int found = draw(pagemap, ranges, n, &seed, page, &draws, addresses);

		rc = found < 0 ? found : 0;
		if (found > 0)
			rc = read_pages(process, addresses, (size_t)found, page, buffer, sum);
	}
	if (buffer)
		explicit_bzero(buffer, TOGETHER * page);
	free(buffer);
	return rc;
}

int bl_squash_sample(const struct bl_process *process, struct bl_pagemap *pagemap,
                     const struct bl_range *ranges, size_t n, uint64_t seed,
                     struct bl_squash *ret_squash)
{
	struct bl_squash squash = { UINT32_MAX, UINT32_MAX, 0 };
	struct sum sum = { 0 };
	int rc = bl_ranges_bytes(ranges, n) ? sample(process, pagemap, ranges, n, seed, &sum) : 0;

	if (rc < 0)
		return rc;
	if (sum.pages) {
		squash.compress_bp = (uint32_t)(sum.after * 10000 / sum.before);
		squash.zero_bp = (uint32_t)((uint64_t)sum.zeros * 10000 / sum.pages);
	}
	squash.pages_n = sum.pages;
	*ret_squash = squash;
	return 0;
}
