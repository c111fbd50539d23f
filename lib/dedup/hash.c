/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The choice among the hashes, and what needs none: pages of one word. */
#include "hash.h"

#include <string.h>

const struct bl_hash *bl_hash_best(void)
{
	size_t i = 0;

	while (i + 1 < bl_hashes_n && !bl_hashes[i]->usable())
		i++;
	return bl_hashes[i];
}

/* Each from its own quarter of the page, so that no two are the same. */
void bl_key_lines(const struct bl_key *key, uint16_t ret_offsets[BL_LINES])
{
	enum { QUARTER = BL_PAGE_BYTES / BL_LINE_BYTES / BL_LINES };

	for (unsigned i = 0; i < BL_LINES; i++)
		ret_offsets[i] = (uint16_t)((i * QUARTER + key->lines[i] % QUARTER) * BL_LINE_BYTES);
}

/* A line at a time, as the compiler makes vectors of; the first line tells most
 * pages apart. */
static bool line_filled(const unsigned char *line, uint64_t word)
{
	uint64_t differs = 0;

	for (size_t at = 0; at < BL_LINE_BYTES; at += sizeof(word)) {
		uint64_t w;

		memcpy(&w, line + at, sizeof(w));
		differs |= w ^ word;
	}
	return differs == 0;
}

bool bl_page_filled(const void *page, size_t ahead, uint64_t *ret_word)
{
	uint64_t word;

	memcpy(&word, page, sizeof(word));
	for (size_t at = 0; at < BL_PAGE_BYTES; at += BL_LINE_BYTES) {
		__builtin_prefetch((const unsigned char *)page + at + ahead);
		if (!line_filled((const unsigned char *)page + at, word))
			return false;
	}
	*ret_word = word;
	return true;
}

bool bl_lines_filled(const void *page, const uint16_t offsets[BL_LINES])
{
	for (unsigned i = 0; i < BL_LINES; i++) {
		const unsigned char *line = (const unsigned char *)page + offsets[i];
		uint64_t word;

		memcpy(&word, line, sizeof(word));
		if (!line_filled(line, word))
			return false;
	}
	return true;
}
