/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does memory keep its contents? Remembers what lay at one address in 512, and
 * compares when it is seen there again in the next scan. What differs by then is
 * not worth merging. Must not know what a tag was made of.
 */
#ifndef BL_DEDUP_PLACES_H
#define BL_DEDUP_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bl_places {
	uint64_t *slots; /* 0 = free */
	size_t slots_n;  /* a power of two, or 0 */
	size_t used;
	uint64_t turn;   /* of this scan: 0 or 1 */
	uint64_t seen;   /* again, in this scan */
	uint64_t same;   /* of them, with what was there before */
};

/* A keyed hash of an address, twice over, since addresses come in rows; the places
 * kept are those where it begins with nine zero bits. */
static inline uint64_t bl_place_hash(uint64_t key, uint64_t address)
{
	uint64_t x = address ^ key;

	for (int i = 0; i < 2; i++) {
		unsigned __int128 product = (unsigned __int128)x * (key | 1);

		x = (uint64_t)(product >> 64) ^ (uint64_t)product;
		x *= UINT64_C(0x9e3779b97f4a7c15);
	}
	return x;
}

static inline bool bl_place_kept(uint64_t hash)
{
	return hash >> 55 == 0;
}

/* What lies there now. Without memory for it, the place is not kept. */
void bl_places_see(struct bl_places *p, uint64_t hash, uint64_t tag);

/* The next scan begins. */
void bl_places_again(struct bl_places *p);

/* Places that a fork, which began empty, saw in the same scan. */
void bl_places_join(struct bl_places *p, const struct bl_places *fork);

void bl_places_wipe(struct bl_places *p); /* and free */

#endif
