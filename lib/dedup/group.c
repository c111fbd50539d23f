/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of groups and guests, and how forks of them become one again. */
#include "group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "seen.h"

int bl_group_new(const struct bl_wish *wish, char *name, struct bl_group **ret_g)
{
	struct bl_group *g = aligned_alloc(_Alignof(struct bl_group), sizeof(*g));

	if (!g)
		return -ENOMEM;
	memset(g, 0, sizeof(*g));
	if (bl_table_init(&g->table, wish->level, wish->items_hint, wish->table_bytes) < 0) {
		free(g);
		return -ENOMEM;
	}
	g->level = wish->level;
	g->hash = wish->hash;
	g->by_lines = wish->by_lines;
	g->sharers_max = wish->sharers_max;
	g->guests = wish->guests;
	g->name = name;
	*ret_g = g;
	return 0;
}

void bl_group_keyed(struct bl_group *g)
{
	bl_key_lines(&g->key, g->lines);
}

void bl_group_free(struct bl_group *g)
{
	if (!g)
		return;
	bl_table_wipe(&g->table);
	free(g->name);
	explicit_bzero(g, sizeof(*g));
	free(g);
}

void bl_group_clear(struct bl_group *g)
{
	bl_table_clear(&g->table);
	g->table.level = g->level;
	bl_heavy_again(&g->heavy);
	memset(g->words, 0, sizeof(g->words));
}

int bl_guest_new(struct bl_group *g, char *name, uint32_t number, struct bl_guest **ret_guest)
{
	struct bl_guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return -ENOMEM;
	guest->name = name;
	guest->group = g;
	guest->number = number;
	guest->block_address = UINT64_MAX;
	*ret_guest = guest;
	return 0;
}

void bl_guest_free(struct bl_guest *guest)
{
	if (!guest)
		return;
	bl_places_wipe(&guest->places);
	free(guest->blocks);
	free(guest->name);
	explicit_bzero(guest, sizeof(*guest));
	free(guest);
}

void bl_guest_clear(struct bl_guest *guest)
{
	guest->pages = guest->mergeable = guest->zero = guest->filled = 0;
	guest->swapped_bytes = guest->zero_mapped_bytes = guest->lost_bytes = 0;
	memset(guest->words, 0, sizeof(guest->words));
	memset(&guest->distinct, 0, sizeof(guest->distinct));
	bl_places_again(&guest->places);
	guest->blocks_n = 0;
	guest->block_address = UINT64_MAX;
}

int bl_guest_join(struct bl_guest *guest, const struct bl_guest *fork)
{
	size_t n = guest->blocks_n + fork->blocks_n;
	uint8_t *blocks = n > guest->blocks_room ? realloc(guest->blocks, n) : guest->blocks;

	if (n && !blocks)
		return -ENOMEM;
	guest->blocks = blocks;
	guest->blocks_room = n > guest->blocks_room ? n : guest->blocks_room;
	if (fork->blocks_n)
		memcpy(blocks + guest->blocks_n, fork->blocks, fork->blocks_n);
	guest->blocks_n = n;
	guest->block_address = UINT64_MAX;
	guest->pages += fork->pages;
	guest->mergeable += fork->mergeable;
	guest->zero += fork->zero;
	guest->filled += fork->filled;
	guest->swapped_bytes += fork->swapped_bytes;
	guest->zero_mapped_bytes += fork->zero_mapped_bytes;
	guest->lost_bytes += fork->lost_bytes;
	bl_distinct_join(&guest->distinct, &fork->distinct);
	bl_places_join(&guest->places, &fork->places);
	return 0;
}

/* Blocks of a fork's guest come behind those that are here. */
static uint32_t shifted(uint32_t block, size_t shift)
{
	return block < BL_NO_BLOCK - shift ? block + (uint32_t)shift : BL_NO_BLOCK;
}

/* Copies of one word in all guests of the fork. Where there are several the fork
 * has marked their blocks; a single one may have to be marked here. */
static void join_word(struct bl_group *g, const struct bl_group *fork, unsigned i,
                      const size_t *block_shift)
{
	const struct bl_word *w = &fork->words[i];

	for (uint32_t k = 0; k < fork->guests->n; k++) {
		const struct bl_guest *from = fork->guests->list[k];
		struct bl_seen seen = {.guest = g->guests->list[k], .block = BL_NO_BLOCK};

		for (unsigned kind = 0; from->group == fork && kind < 2; kind++) {
			seen.copies = from->words[i][kind];
			seen.mergeable = kind;
			if (w->copies == 1 && w->first_guest == from)
				seen.block = shifted(w->first_block, block_shift[k]);
			if (seen.copies)
				bl_see_word(g, &seen, i);
		}
	}
}

int bl_group_join(struct bl_group *g, struct bl_group *fork, const size_t *block_shift)
{
	struct bl_marks marks = bl_group_marks(g);
	struct bl_item item;
	size_t at = 0;
	int rc = 0;

	if (fork->table.unpinned)
		bl_table_unpin(&g->table);
	bl_table_raise(&g->table, fork->table.level);
	while (!rc && bl_table_next(&fork->table, &at, &item)) {
		item.block = shifted(item.block, block_shift[item.guest]);
		item.pinned = item.pinned && !g->table.unpinned;
		if (item.pinned || bl_table_samples(&g->table, item.tag))
			rc = bl_table_add(&g->table, &item, &marks);
	}
	for (unsigned i = 0; i < BL_WORDS; i++)
		join_word(g, fork, i, block_shift);
	return rc;
}

size_t bl_group_bytes(const struct bl_group *g)
{
	return sizeof(*g) + bl_table_bytes(&g->table);
}

size_t bl_guest_bytes(const struct bl_guest *guest)
{
	return sizeof(*guest) + guest->places.slots_n * sizeof(*guest->places.slots) +
	       guest->blocks_room;
}
