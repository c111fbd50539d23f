/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keyed hashes of one page. Must not know whose page it is or what for.
 *
 * CLNH: the page as 256 pairs of 64-bit words, the key likewise; pairs are added
 * (xor), multiplied without carries, and the products added. Two pages chosen
 * without the key collide with a probability of 2^-64. One AES block over the
 * sum makes bits of it that may be used as they come.
 *
 *	sum = ⊕ (m[2i] ⊕ k[2i]) ⊗ (m[2i+1] ⊕ k[2i+1]),  digest = AES(sum)
 *
 * Where the processor has no carry-less multiplication: XXH3 with a random
 * secret, as fast, and with no proof.
 */
#ifndef BL_DEDUP_HASH_H
#define BL_DEDUP_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BL_PAGE_BYTES 4096
#define BL_LINE_BYTES 64

/* Lines read of a page in line sampling: with one the error is the same on
 * average, but a group of pages that differ elsewhere comes or goes as one. Each
 * costs a miss of the cache, which is most of what a page costs then. */
#define BL_LINES 2

/* How far ahead of reading memory is fetched: a processor does so by itself, but
 * not across the end of a page, nor past a branch that it guessed wrong. With two
 * pages hashing keeps up with plain reading; with none it has half the speed. */
#define BL_AHEAD_BYTES (2 * BL_PAGE_BYTES)

/* Random bytes all over: any value is a key. AES gets its eleven round keys as
 * they are; independent ones are no weaker than scheduled ones. */
struct bl_key {
	_Alignas(64) uint8_t pad[BL_PAGE_BYTES];
	_Alignas(64) uint8_t rounds[11][16];
	uint8_t secret[192]; /* XXH3's own size */
	uint8_t lines[8];    /* which lines; see bl_key_lines() */
	uint64_t places;     /* which addresses are looked at again */
};

/* 128 random-looking bits: equal for equal pages under one key. */
struct bl_digest {
	uint64_t tag;
	uint64_t aux;
};

struct bl_hash {
	const char *name;
	bool (*usable)(void); /* on this processor */
	/* Is the page one 8-byte word again and again? Stops early where it is not.
	 * What lies ahead bytes behind is on its way by then. */
	bool (*filled)(const void *page, size_t ahead, uint64_t *ret_word);
	struct bl_digest (*page)(const struct bl_key *key, const void *page);
	/* The same of the lines at these offsets of n pages side by side: in a row, so that
	 * no page waits for the one before it. */
	void (*lines)(const struct bl_key *key, const void *pages, size_t n,
	              const uint16_t offsets[BL_LINES], struct bl_digest *ret_digests);
};

/* Best first; ends with XXH3, which is always usable. */
extern const struct bl_hash *const bl_hashes[];
extern const size_t bl_hashes_n;

/* The best that is usable here. */
const struct bl_hash *bl_hash_best(void);

/* Offsets in bytes of the key's lines, all different, in rising order. */
void bl_key_lines(const struct bl_key *key, uint16_t ret_offsets[BL_LINES]);

/* filled() for any processor. */
bool bl_page_filled(const void *page, size_t ahead, uint64_t *ret_word);

/* Are the lines at these offsets filled, each with a word of its own? */
bool bl_lines_filled(const void *page, const uint16_t offsets[BL_LINES]);

#endif
