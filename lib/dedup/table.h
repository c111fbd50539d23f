/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Contents and how often each guest has them: a hash table of 16-byte entries,
 * one for each content, guest and kind of mapping. An entry's first place is its
 * tag's part of the table, so that a walk in order of tags is a walk through
 * memory, growing is one pass, and thinning needs no second table. Must not know
 * what a tag was made of.
 */
#ifndef BL_DEDUP_TABLE_H
#define BL_DEDUP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No block of a huge page: the page is not in one. */
#define BL_NO_BLOCK ((UINT32_C(1) << 23) - 1)

#define BL_COPIES_MAX ((UINT64_C(1) << 26) - 1) /* 256 GiB of one content in one guest */

/* Copies of a content in one guest. A copy's block is the huge page it is in,
 * by the guest's numbering; it is kept for the first copy, whose turn to be
 * marked as worth breaking comes only when there is a second. */
struct bl_item {
	uint64_t tag;
	uint64_t copies;
	uint32_t guest;
	uint32_t block; /* of the first copy */
	bool mergeable;
	bool marked;    /* the first copy's block knows of it */
	bool pinned;    /* counted exactly, in the sample or not */
};

struct bl_table {
	struct bl_entry *slots; /* tag 0 = free */
	size_t slots_n;
	size_t used;
	size_t pinned;    /* of them */
	size_t slots_max; /* most it may grow to; 0 = no end */
	uint32_t level;   /* tags with so many zero bits at the end are kept, and pinned ones */
	bool unpinned;    /* too many were pinned: no more until it is cleared */
};

struct bl_entry {
	uint64_t tag;
	uint64_t packed;
};

/* Told which copy became one of several, for the count of huge pages. */
struct bl_marks {
	const void *arg;
	void (*mark)(const void *arg, uint32_t guest, uint32_t block);
};

int bl_table_init(struct bl_table *t, uint32_t level, size_t items_hint, size_t bytes_max);
void bl_table_wipe(struct bl_table *t);  /* and free */
void bl_table_clear(struct bl_table *t); /* empty, at its level */
size_t bl_table_bytes(const struct bl_table *t);

/* Is a tag in the sample? */
static inline bool bl_table_samples(const struct bl_table *t, uint64_t tag)
{
	return (tag & ((UINT64_C(1) << t->level) - 1)) == 0;
}

void bl_table_prefetch(const struct bl_table *t, uint64_t tag);

/*
 * Adds the item's copies. A full table grows; one that may not grow is thinned:
 * the level rises. -ENOMEM: could not grow, and the item was not added.
 */
int bl_table_add(struct bl_table *t, const struct bl_item *item, const struct bl_marks *marks);

/* Thins to at least this level; pins nothing from now on. For joining a table that
 * had to do so. */
void bl_table_raise(struct bl_table *t, uint32_t level);
void bl_table_unpin(struct bl_table *t);

/* Puts equal tags side by side, for bl_table_next(). Nothing is lost or moved far. */
void bl_table_sort(struct bl_table *t);

/* Walks from *at (begin with 0) in order of tags; false at the end. */
bool bl_table_next(const struct bl_table *t, size_t *at, struct bl_item *ret_item);

#endif
