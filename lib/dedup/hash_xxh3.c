/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash for any processor, compiled in: xxHash's header makes no dependency. */
#include "hash_xxh3.h"

#include <string.h>

/* xxhash.h is not written for as many warnings as this library. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wundef"
#define XXH_INLINE_ALL
#include <xxhash.h>
#pragma GCC diagnostic pop

static bool always(void)
{
	return true;
}

static struct bl_digest digest(const struct bl_key *key, const void *bytes, size_t n)
{
	XXH128_hash_t h = XXH3_128bits_withSecret(bytes, n, key->secret, sizeof(key->secret));

	return (struct bl_digest){h.low64, h.high64};
}

static struct bl_digest page_digest(const struct bl_key *key, const void *page)
{
	return digest(key, page, BL_PAGE_BYTES);
}

static void lines_digests(const struct bl_key *key, const void *pages, size_t n,
                          const uint16_t offsets[BL_LINES], struct bl_digest *ret_digests)
{
	unsigned char lines[BL_LINES * BL_LINE_BYTES];

	for (size_t k = 0; k < n; k++) {
		const unsigned char *page = (const unsigned char *)pages + k * BL_PAGE_BYTES;

		for (unsigned i = 0; i < BL_LINES; i++)
			memcpy(lines + i * BL_LINE_BYTES, page + offsets[i], BL_LINE_BYTES);
		ret_digests[k] = digest(key, lines, sizeof(lines));
	}
}

const struct bl_hash bl_hash_xxh3 = {"xxh3", always, bl_page_filled, page_digest, lines_digests};
