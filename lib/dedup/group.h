/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was seen of the guests of one trust group. Bytes in, counts out: no file,
 * process, clock or randomness of its own; the key is handed in. Nothing here
 * reaches from one group into another.
 */
#ifndef BL_DEDUP_GROUP_H
#define BL_DEDUP_GROUP_H

#include <balloon/dedup.h>

#include "distinct.h"
#include "hash.h"
#include "heavy.h"
#include "places.h"
#include "table.h"

/* What kernels fill pages with: nothing, 0xff, poison for init and slab (0xcc, 0x6b,
 * 0x5a), for free pages (0xaa). Each is counted by itself; pages filled with other
 * words are contents like any other, pinned from their first copy on. */
#define BL_WORDS 6
extern const uint64_t bl_words[BL_WORDS];

struct bl_guest {
	char *name;
	struct bl_group *group;
	uint32_t number; /* in the handle, and in the group's table */
	uint64_t pages, mergeable, zero, filled;
	uint64_t swapped_bytes, zero_mapped_bytes, lost_bytes; /* told by the reader */
	uint64_t words[BL_WORDS][2]; /* copies, merely detectable and mergeable */
	struct bl_distinct distinct; /* of all but those */
	struct bl_places places;
	/* Huge pages in the order they came, and of each how many of its pages are
	 * known to be one of several: a count up to 255. */
	uint8_t *blocks;
	size_t blocks_n, blocks_room;
	uint64_t block_address; /* of the last */
};

/* By number. */
struct bl_guests {
	struct bl_guest **list;
	uint32_t n;
};

/* Copies of pages filled with a word of those, in all guests. */
struct bl_word {
	uint64_t copies;
	struct bl_guest *first_guest; /* to be marked when there is a second copy */
	uint32_t first_block;
};

struct bl_group {
	struct bl_key key; /* first: it is aligned */
	const struct bl_hash *hash;
	uint16_t lines[BL_LINES];
	bool by_lines;
	uint32_t sharers_max;
	char *name; /* "" = one guest alone */
	struct bl_table table;
	struct bl_heavy heavy;
	struct bl_word words[BL_WORDS];
	uint32_t level; /* of the table when empty */
	const struct bl_guests *guests; /* the handle's, others' among them */
};

/* What a scan shall be; checked by the caller. */
struct bl_wish {
	const struct bl_hash *hash;
	bool by_lines;
	uint32_t level; /* log2 of sample_one_in */
	uint32_t sharers_max;
	size_t table_bytes; /* 0 = no end */
	size_t items_hint;
	const struct bl_guests *guests;
};

/* name is the group's from here on. The key is set by the caller, and then
 * bl_group_keyed() called, now and whenever it changes. */
int bl_group_new(const struct bl_wish *wish, char *name, struct bl_group **ret_g);
void bl_group_keyed(struct bl_group *g);
void bl_group_free(struct bl_group *g);
void bl_group_clear(struct bl_group *g); /* heavy contents stay known */

int bl_guest_new(struct bl_group *g, char *name, uint32_t number, struct bl_guest **ret_guest);
void bl_guest_free(struct bl_guest *guest);
void bl_guest_clear(struct bl_guest *guest); /* places stay, for comparing */

/* As balloon_dedup_pages(). -ENOMEM. */
int bl_group_pages(struct bl_group *g, struct bl_guest *guest, uint64_t address, const void *pages,
                   size_t n, uint32_t flags);

/* Adds what a fork's guest saw to the same guest here; after all guests, what its
 * group saw. -ENOMEM, and then counts are not to be used. */
int bl_guest_join(struct bl_guest *guest, const struct bl_guest *fork);
int bl_group_join(struct bl_group *g, struct bl_group *fork, const size_t *block_shift);

size_t bl_group_bytes(const struct bl_group *g);
size_t bl_guest_bytes(const struct bl_guest *guest);

#endif
