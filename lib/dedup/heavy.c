/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A slot is the tag's upper 48 bits and a count of 16; HEAVY as the count stays. */
#include "heavy.h"

#define COUNT UINT64_C(0xffff)
#define HEAVY COUNT

/* Of the tag, not among the bits that decide on the sample. */
#define SET_SHIFT 20

/* One way of each set is left for contents that are not heavy yet. */
#define HEAVY_WAYS (BL_HEAVY_WAYS - 1)

static bool has_room(const uint64_t set[BL_HEAVY_WAYS])
{
	unsigned heavy = 0;

	for (unsigned i = 0; i < BL_HEAVY_WAYS; i++)
		heavy += (set[i] & COUNT) == HEAVY;
	return heavy < HEAVY_WAYS;
}

static uint32_t count_up(const uint64_t set[BL_HEAVY_WAYS], uint64_t *slot)
{
	if ((*slot & COUNT) == HEAVY)
		return 1;
	if ((*slot & COUNT) + 1 < BL_HEAVY || !has_room(set)) {
		*slot += (*slot & COUNT) < BL_HEAVY;
		return 0;
	}
	*slot |= HEAVY;
	return BL_HEAVY;
}

/* The slot seen least loses one, with a chance that halves with every copy seen
 * of it; at nothing it is the newcomer's. Without a branch, as here every page comes
 * by and chance is what no processor guesses. */
static void give_way(uint64_t *slot, uint64_t tag)
{
	uint64_t seen = *slot & COUNT, chance = tag >> 32;
	uint64_t mask = (UINT64_C(1) << (seen < 16 ? seen : 16)) - 1;
	uint64_t less = seen <= 1 ? (tag & ~COUNT) | 1 : *slot - 1;

	*slot = chance & mask ? *slot : less;
}

/* The way seen least; of equals, by turns, since contents come in rows. */
static unsigned least_of(const uint64_t set[BL_HEAVY_WAYS], unsigned turn)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < BL_HEAVY_WAYS; i++) {
		uint64_t rank = (set[i] & COUNT) * BL_HEAVY_WAYS + (i - turn) % BL_HEAVY_WAYS;

		least = rank < least ? rank : least;
	}
	return ((unsigned)least + turn) % BL_HEAVY_WAYS;
}

uint32_t bl_heavy_see(struct bl_heavy *h, uint64_t tag)
{
	uint64_t *set = h->slots[(tag >> SET_SHIFT) % BL_HEAVY_SETS];

	for (unsigned i = 0; i < BL_HEAVY_WAYS; i++) {
		if (((set[i] ^ tag) & ~COUNT) == 0 && set[i])
			return count_up(set, &set[i]);
	}
	give_way(&set[least_of(set, (unsigned)(tag >> 30))], tag);
	return 0;
}

void bl_heavy_again(struct bl_heavy *h)
{
	uint64_t *slots = &h->slots[0][0];

	for (unsigned i = 0; i < BL_HEAVY_SETS * BL_HEAVY_WAYS; i++) {
		if ((slots[i] & COUNT) != HEAVY)
			slots[i] = 0;
	}
}
