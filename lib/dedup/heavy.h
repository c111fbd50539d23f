/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which contents come so often that a sample is ruined by having or not having
 * them? A few thousandths of all pages may be one content (a pattern of the
 * kernel's); left to chance, the error of the whole estimate is theirs. 8 KiB of
 * counters, in sets of four; a rare content gives way to the next, one that was
 * seen again and again hardly ever does. Must not know what a tag was made of.
 */
#ifndef BL_DEDUP_HEAVY_H
#define BL_DEDUP_HEAVY_H

#include <stdbool.h>
#include <stdint.h>

/* Copies that make a content heavy. Those with fewer add less than a fifth to the
 * error at 1/64, and those with more are a few hundred on real guests. */
#define BL_HEAVY 32

enum { BL_HEAVY_SETS = 256, BL_HEAVY_WAYS = 4 };

struct bl_heavy {
	uint64_t slots[BL_HEAVY_SETS][BL_HEAVY_WAYS];
};

/* Counts one copy. Returns how many copies are to be counted exactly for it: 0
 * (not heavy), BL_HEAVY (it just became so; these are the ones before, too), 1. */
uint32_t bl_heavy_see(struct bl_heavy *h, uint64_t tag);

/* Empties the counters, but keeps the heavy ones: what was heavy in the last scan
 * is counted from its first copy on in this one. */
void bl_heavy_again(struct bl_heavy *h);

#endif
