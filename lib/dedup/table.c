/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linear probing from tag * slots / 2^64. A run is a stretch without a free slot. */
#include "table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Packed: copies 26 bits, guest 12, block 23, and three flags. */
enum {
	MERGEABLE = 1,
	MARKED = 2,
	PINNED = 4,
	BLOCK_SHIFT = 3,
	GUEST_SHIFT = 26,
	COPIES_SHIFT = 38,
};
/* What makes two items of one tag the same: guest and kind of mapping. */
#define GUEST_BITS (UINT64_C(0xfff) << GUEST_SHIFT)
#define KIND_BITS (GUEST_BITS | MERGEABLE)

/* Free slots behind the last place, so that no run wraps around. */
#define SPILL 64

/* Runs stay short up to here: 13 slots to find that a content is new. */
#define LOAD_NUM 4
#define LOAD_DEN 5

#define SLOTS_MIN 256

static size_t home(const struct bl_table *t, uint64_t tag)
{
	return (size_t)(((unsigned __int128)tag * (t->slots_n - SPILL)) >> 64);
}

static uint64_t copies_of(uint64_t packed)
{
	return packed >> COPIES_SHIFT;
}

static uint32_t guest_of(uint64_t packed)
{
	return (uint32_t)((packed & GUEST_BITS) >> GUEST_SHIFT);
}

static uint32_t block_of(uint64_t packed)
{
	return (uint32_t)(packed >> BLOCK_SHIFT) & BL_NO_BLOCK;
}

static uint64_t pack(const struct bl_item *i)
{
	uint64_t copies = i->copies < BL_COPIES_MAX ? i->copies : BL_COPIES_MAX;

	return copies << COPIES_SHIFT | (uint64_t)i->guest << GUEST_SHIFT |
	       (uint64_t)i->block << BLOCK_SHIFT | (i->pinned ? PINNED : 0u) |
	       (i->marked ? MARKED : 0u) | (i->mergeable ? MERGEABLE : 0u);
}

int bl_table_init(struct bl_table *t, uint32_t level, size_t items_hint, size_t bytes_max)
{
	size_t n = items_hint / LOAD_NUM * LOAD_DEN + SLOTS_MIN, most = bytes_max / sizeof(*t->slots);

	*t = (struct bl_table){.level = level};
	if (bytes_max) {
		t->slots_max = most > SLOTS_MIN ? most : SLOTS_MIN;
		n = n < t->slots_max ? n : t->slots_max;
	}
	t->slots = calloc(n, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	t->slots_n = n;
	return 0;
}

void bl_table_clear(struct bl_table *t)
{
	explicit_bzero(t->slots, t->slots_n * sizeof(*t->slots));
	t->used = t->pinned = 0;
	t->unpinned = false;
}

void bl_table_wipe(struct bl_table *t)
{
	if (t->slots)
		bl_table_clear(t);
	free(t->slots);
	*t = (struct bl_table){0};
}

size_t bl_table_bytes(const struct bl_table *t)
{
	return t->slots_n * sizeof(*t->slots);
}

void bl_table_prefetch(const struct bl_table *t, uint64_t tag)
{
	__builtin_prefetch(&t->slots[home(t, tag)], 1);
}

/* Marks the first copy of an entry that is no longer the only one of its tag. */
static void mark_first(struct bl_entry *e, const struct bl_marks *marks)
{
	if (e->packed & MARKED)
		return;
	e->packed |= MARKED;
	marks->mark(marks->arg, guest_of(e->packed), block_of(e->packed));
}

static void mark_item(const struct bl_item *item, const struct bl_marks *marks)
{
	if (!item->marked)
		marks->mark(marks->arg, item->guest, item->block);
}

static void add_to(struct bl_table *t, struct bl_entry *e, const struct bl_item *item,
                   const struct bl_marks *marks)
{
	uint64_t copies = copies_of(e->packed), room = BL_COPIES_MAX - copies;

	mark_first(e, marks);
	mark_item(item, marks);
	e->packed += (item->copies < room ? item->copies : room) << COPIES_SHIFT;
	t->pinned += item->pinned && !(e->packed & PINNED);
	e->packed |= item->pinned ? PINNED : 0u;
}

static bool full(const struct bl_table *t, size_t at)
{
	return at + 1 >= t->slots_n || t->used + 1 > (t->slots_n - SPILL) / LOAD_DEN * LOAD_NUM;
}

/* Finds the item's entry or a free slot, and adds. Without room: 1. */
static int try_add(struct bl_table *t, const struct bl_item *item, const struct bl_marks *marks)
{
	uint64_t kind = pack(item) & KIND_BITS;
	size_t at = home(t, item->tag), other = SIZE_MAX;
	struct bl_item own = *item;

	for (; t->slots[at].tag; at++) {
		if (t->slots[at].tag != item->tag)
			continue;
		if ((t->slots[at].packed & KIND_BITS) == kind) {
			add_to(t, &t->slots[at], item, marks);
			return 0;
		}
		other = at;
	}
	if (full(t, at))
		return 1;
	if (other != SIZE_MAX) { /* another guest has it: neither copy is the only one */
		mark_first(&t->slots[other], marks);
		mark_item(item, marks);
		own.marked = true;
	}
	t->slots[at] = (struct bl_entry){own.tag, pack(&own)};
	t->used++;
	t->pinned += own.pinned;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct bl_entry *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return (x->packed & KIND_BITS) < (y->packed & KIND_BITS) ? -1 : 1;
}

void bl_table_sort(struct bl_table *t)
{
	size_t from = 0;

	for (size_t at = 0; at < t->slots_n; at++) {
		if (t->slots[at].tag)
			continue;
		if (at - from > 1)
			qsort(&t->slots[from], at - from, sizeof(*t->slots), compare);
		from = at + 1;
	}
}

/* Entries of a sorted table go to their places in t, none overtaking another; t
 * may be the table itself, since with fewer entries nobody moves back. False if
 * the last run does not fit behind the last place. */
static bool settle(struct bl_table *t, struct bl_entry *slots, size_t n)
{
	size_t next = 0;

	t->used = 0;
	for (size_t i = 0; i < n; i++) {
		struct bl_entry e = slots[i];

		if (slots == t->slots)
			t->slots[i].tag = 0;
		if (!e.tag || !(bl_table_samples(t, e.tag) || (e.packed & PINNED)))
			continue;
		next = home(t, e.tag) > next ? home(t, e.tag) : next;
		if (next + 1 >= t->slots_n)
			return false;
		t->slots[next++] = e;
		t->used++;
	}
	return true;
}

/* To twice the size, or by an eighth where memory is counted. */
static int grow(struct bl_table *t)
{
	struct bl_table larger = *t;
	bool settled = false;

	bl_table_sort(t);
	while (!settled) {
		larger.slots_n += larger.slots_n / (t->slots_max ? 8 : 1);
		if (t->slots_max && larger.slots_n > t->slots_max)
			larger.slots_n = t->slots_max;
		larger.slots = calloc(larger.slots_n, sizeof(*larger.slots));
		if (!larger.slots)
			return -ENOMEM;
		settled = settle(&larger, t->slots, t->slots_n);
		if (!settled && larger.slots_n == t->slots_max)
			larger.level++;
		if (!settled)
			free(larger.slots);
	}
	bl_table_wipe(t);
	*t = larger;
	return 0;
}

/* Nothing is pinned any more, or will be until the table is empty: a content is
 * in the sample or not, as most are. */
void bl_table_unpin(struct bl_table *t)
{
	for (size_t i = 0; i < t->slots_n; i++)
		t->slots[i].packed &= ~(uint64_t)PINNED;
	t->pinned = 0;
	t->unpinned = true;
}

/* Half of the contents go; what is pinned stays, unless that is half of all. */
static void thin(struct bl_table *t)
{
	t->level++;
	if (t->pinned > t->used / 2)
		bl_table_unpin(t);
	bl_table_sort(t);
	settle(t, t->slots, t->slots_n);
}

void bl_table_raise(struct bl_table *t, uint32_t level)
{
	while (t->level < level)
		thin(t);
}

int bl_table_add(struct bl_table *t, const struct bl_item *item, const struct bl_marks *marks)
{
	struct bl_item one = *item;

	one.tag |= (uint64_t)!one.tag << 63; /* 0 is a free slot's */
	while (try_add(t, &one, marks)) {
		if (t->slots_max && t->slots_n >= t->slots_max)
			thin(t);
		else if (grow(t) < 0)
			return -ENOMEM;
		one.pinned = one.pinned && !t->unpinned;
		if (!one.pinned && !bl_table_samples(t, one.tag))
			return 0;
	}
	return 0;
}

bool bl_table_next(const struct bl_table *t, size_t *at, struct bl_item *ret_item)
{
	const struct bl_entry *e;

	while (*at < t->slots_n && !t->slots[*at].tag)
		(*at)++;
	if (*at >= t->slots_n)
		return false;
	e = &t->slots[(*at)++];
	*ret_item = (struct bl_item){
	        .tag = e->tag,
	        .copies = copies_of(e->packed),
	        .guest = guest_of(e->packed),
	        .block = block_of(e->packed),
	        .mergeable = e->packed & MERGEABLE,
	        .marked = e->packed & MARKED,
	        .pinned = e->packed & PINNED,
	};
	return true;
}
