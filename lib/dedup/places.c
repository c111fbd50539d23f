/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A slot: 1, 30 bits of the address's hash, the turn it was seen in, 32 bits of tag. */
#include "places.h"

#include <stdlib.h>
#include <string.h>

#define TURN_SHIFT 32
#define NAME_SHIFT 33
#define SLOTS_MIN 64
#define MIX UINT64_C(0x9e3779b97f4a7c15)

static uint64_t name_of(uint64_t slot)
{
	return slot >> NAME_SHIFT;
}

static uint64_t turn_of(uint64_t slot)
{
	return slot >> TURN_SHIFT & 1;
}

static void put(struct bl_places *p, uint64_t name, uint64_t slot)
{
	size_t at = name & (p->slots_n - 1);

	while (p->slots[at] && name_of(p->slots[at]) != name)
		at = (at + 1) & (p->slots_n - 1);
	p->used += !p->slots[at];
	p->slots[at] = slot;
}

/* Into slots_n slots: all, or those of this turn. */
static bool rebuild(struct bl_places *p, size_t slots_n, bool all)
{
	struct bl_places next = *p;

	next.slots = calloc(slots_n, sizeof(*next.slots));
	if (!next.slots)
		return false;
	next.slots_n = slots_n;
	next.used = 0;
	for (size_t i = 0; i < p->slots_n; i++) {
		if (p->slots[i] && (all || turn_of(p->slots[i]) == p->turn))
			put(&next, name_of(p->slots[i]), p->slots[i]);
	}
	bl_places_wipe(p);
	*p = next;
	return true;
}

static void see(struct bl_places *p, uint64_t name, uint32_t tag)
{
	uint64_t slot = name << NAME_SHIFT | p->turn << TURN_SHIFT | tag, was;
	size_t at;

	if (p->used + 1 > p->slots_n / 4 * 3 &&
	    !rebuild(p, p->slots_n ? p->slots_n * 2 : SLOTS_MIN, true))
		return;
	for (at = name & (p->slots_n - 1); p->slots[at]; at = (at + 1) & (p->slots_n - 1)) {
		if (name_of(p->slots[at]) == name)
			break;
	}
	was = p->slots[at];
	if (was && turn_of(was) == p->turn)
		return; /* handed in twice */
	p->seen += was != 0;
	p->same += was != 0 && (uint32_t)was == tag;
	p->used += !was;
	p->slots[at] = slot;
}

void bl_places_see(struct bl_places *p, uint64_t hash, uint64_t tag)
{
	/* Mixed: the tag of a filled page is its word, which may repeat itself. */
	see(p, (hash >> 24 & 0x3fffffff) | 0x40000000, (uint32_t)(tag * MIX >> 32));
}

void bl_places_again(struct bl_places *p)
{
	p->seen = p->same = 0;
	if (p->slots_n && !rebuild(p, p->slots_n, false))
		bl_places_wipe(p);
	p->turn ^= 1;
}

void bl_places_join(struct bl_places *p, const struct bl_places *fork)
{
	for (size_t i = 0; i < fork->slots_n; i++) {
		if (fork->slots[i])
			see(p, name_of(fork->slots[i]), (uint32_t)fork->slots[i]);
	}
}

void bl_places_wipe(struct bl_places *p)
{
	if (p->slots)
		explicit_bzero(p->slots, p->slots_n * sizeof(*p->slots));
	free(p->slots);
	*p = (struct bl_places){.turn = p->turn};
}
