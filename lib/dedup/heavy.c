/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A slot is the tag's upper 48 bits and a count of 16; HEAVY as the count stays. */
#include "heavy.h"

#define COUNT UINT64_C(0xffff)
#define HEAVY COUNT

/* Of the tag, not among the bits that decide on the sample. */
#define SET_SHIFT 20

/* One way of each set is left for contents that are not heavy yet. */
#define HEAVY_WAYS (BL_HEAVY_WAYS - 1)

static uint32_t count_up(uint64_t *slot, bool room)
{
	if ((*slot & COUNT) == HEAVY)
		return 1;
	if ((*slot & COUNT) + 1 < BL_HEAVY || !room) {
		*slot += (*slot & COUNT) < BL_HEAVY;
		return 0;
	}
	*slot |= HEAVY;
	return BL_HEAVY;
}

/* The slot seen least loses one, with a chance that halves with every copy seen
 * of it; at nothing it is the newcomer's. */
static void give_way(uint64_t *slot, uint64_t tag)
{
	uint64_t seen = *slot & COUNT, chance = tag >> 32;

	if (chance & ((UINT64_C(1) << (seen < 16 ? seen : 16)) - 1))
		return;
	if (seen <= 1)
		*slot = (tag & ~COUNT) | 1;
	else
		*slot -= 1;
}

uint32_t bl_heavy_see(struct bl_heavy *h, uint64_t tag)
{
	uint64_t *set = h->slots[(tag >> SET_SHIFT) % BL_HEAVY_SETS];
	unsigned heavy = 0, least = 0, turn = (unsigned)(tag >> 30) % BL_HEAVY_WAYS;

	for (unsigned i = 0; i < BL_HEAVY_WAYS; i++)
		heavy += (set[i] & COUNT) == HEAVY;
	for (unsigned k = 0; k < BL_HEAVY_WAYS; k++) {
		unsigned i = (turn + k) % BL_HEAVY_WAYS;

		if (((set[i] ^ tag) & ~COUNT) == 0 && set[i])
			return count_up(&set[i], heavy < HEAVY_WAYS);
		if (k == 0 || (set[i] & COUNT) < (set[least] & COUNT))
			least = i;
	}
	give_way(&set[least], tag);
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
