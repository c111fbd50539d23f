/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over pages: filled with one word, or hashed; by lines, if so wished;
 * and what is in the sample, or heavy, into the table. Pages go in batches, so
 * that the table's memory is on its way while the next are hashed.
 */
#include <errno.h>
#include <stdlib.h>

#include "seen.h"

/* Enough to hide a miss of the cache behind hashing, and few enough to stay in it. */
#define BATCH 16

/* A sampled tag by lines: of its lines and its whole, and the lines' part decides
 * on the sample. Sums by lines take equal upper bits for one cluster. */
#define LINE_TAG(l, p) \
	(((l) & UINT64_C(0xffffff00000fffff)) | ((p) & UINT64_C(0x000000fffff00000)))

struct pass {
	struct bl_group *g;
	struct bl_guest *guest;
	uint32_t block;
	bool mergeable;
	struct bl_item items[BATCH];
	unsigned n;
};

static void mark(const void *arg, uint32_t guest, uint32_t block)
{
	const struct bl_guests *guests = arg;
	struct bl_guest *g = guests->list[guest];

	if (block < g->blocks_n && g->blocks[block] < UINT8_MAX)
		g->blocks[block]++;
}

struct bl_marks bl_group_marks(const struct bl_group *g)
{
	return (struct bl_marks){g->guests, mark};
}

/* ------------------------------------------------------------ filled pages */

const uint64_t bl_words[BL_WORDS] = {
        0, UINT64_MAX, 0xcccccccccccccccc, 0x6b6b6b6b6b6b6b6b, 0x5a5a5a5a5a5a5a5a, 0xaaaaaaaaaaaaaaaa,
};

void bl_see_word(struct bl_group *g, const struct bl_seen *seen, unsigned word)
{
	struct bl_word *w = &g->words[word];

	if (w->copies == 0) {
		w->first_guest = seen->guest;
		w->first_block = seen->block;
	} else {
		if (w->copies == 1)
			mark(g->guests, w->first_guest->number, w->first_block);
		mark(g->guests, seen->guest->number, seen->block);
	}
	w->copies += seen->copies;
	seen->guest->words[word][seen->mergeable] += seen->copies;
}

/* False if it is none of the known words. */
static bool see_filled(struct pass *p, uint64_t word)
{
	struct bl_seen seen = {p->guest, 1, p->block, p->mergeable};

	p->guest->zero += word == 0;
	p->guest->filled += word != 0;
	for (unsigned i = 0; i < BL_WORDS; i++) {
		if (bl_words[i] != word)
			continue;
		bl_see_word(p->g, &seen, i);
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- contents */

static void queue(struct pass *p, uint64_t tag, uint64_t copies, bool pinned)
{
	bl_table_prefetch(&p->g->table, tag);
	p->items[p->n++] = (struct bl_item){
	        .tag = tag,
	        .copies = copies,
	        .guest = p->guest->number,
	        .block = p->block,
	        .mergeable = p->mergeable,
	        .pinned = pinned,
	};
}

static int flush(struct pass *p)
{
	struct bl_marks marks = bl_group_marks(p->g);
	int rc = 0;

	for (unsigned i = 0; i < p->n && !rc; i++)
		rc = bl_table_add(&p->g->table, &p->items[i], &marks);
	p->n = 0;
	return rc;
}

/* A filled page is pinned at once, others when they turn out to be heavy. */
static void see_content(struct pass *p, struct bl_digest d, bool filled)
{
	struct bl_table *t = &p->g->table;
	bool sampled = bl_table_samples(t, d.tag);
	uint32_t heavy = 0;

	if (t->slots_max) { /* not in exact mode */
		bl_distinct_see(&p->guest->distinct, d.aux);
		heavy = t->unpinned ? 0 : filled ? 1 : bl_heavy_see(&p->g->heavy, d.tag);
	}
	if (sampled || heavy)
		queue(p, d.tag, sampled ? 1 : heavy, heavy > 0);
}

/* Returns what is remembered of the page at its address. */
static uint64_t see_page(struct pass *p, const unsigned char *page)
{
	bool filled;
	struct bl_digest d;
	uint64_t word;

	filled = p->g->hash->filled(page, p->g->by_lines ? 0 : BL_AHEAD_BYTES, &word);
	if (filled && see_filled(p, word))
		return word;
	d = p->g->hash->page(&p->g->key, page);
	see_content(p, d, filled);
	return d.tag;
}

/* Digests of lines of a batch, made before any of its pages is judged: what is
 * guessed wrong about one does not hold up the reading of others. */
struct lines {
	struct bl_digest digests[BATCH];
	bool filled[BATCH];
};

/* What lies ahead may be behind the end: fetching it is no access. */
static void read_lines(const struct bl_group *g, const unsigned char *page, size_t n,
                       struct lines *ret_lines)
{
	for (size_t k = 0; k < n; k++) {
		for (unsigned i = 0; i < BL_LINES; i++)
			__builtin_prefetch(page + (k + BATCH) * BL_PAGE_BYTES + g->lines[i]);
	}
	g->hash->lines(&g->key, page, n, g->lines, ret_lines->digests);
	for (size_t k = 0; k < n; k++) {
		ret_lines->filled[k] = bl_lines_filled(page + k * BL_PAGE_BYTES, g->lines);
		for (size_t at = 0; ret_lines->filled[k] && at < BL_PAGE_BYTES; at += BL_LINE_BYTES)
			__builtin_prefetch(page + k * BL_PAGE_BYTES + at);
	}
}

/*
 * Lines of one word each are shared by pages that have little else in common: such
 * pages are taken as a whole, lest all of them come or go at once. So are those
 * whose lines turn out to be heavy, unless they are in the sample anyway, and
 * then stand for themselves alone.
 */
static uint64_t see_lines(struct pass *p, const unsigned char *page, struct bl_digest l,
                          bool filled)
{
	const struct bl_table *t = &p->g->table;
	bool heavy;

	if (filled)
		return see_page(p, page);
	heavy = !t->unpinned && bl_heavy_see(&p->g->heavy, l.tag) > 0;
	if (bl_table_samples(t, l.tag))
		queue(p, LINE_TAG(l.tag, p->g->hash->page(&p->g->key, page).tag), 1, heavy);
	else if (heavy)
		see_content(p, p->g->hash->page(&p->g->key, page), false);
	return l.tag;
}

/* ------------------------------------------------------------------ blocks */

static int find_block(struct pass *p, uint64_t address, uint32_t flags)
{
	struct bl_guest *g = p->guest;
	uint64_t block = address >> 21;

	p->block = BL_NO_BLOCK;
	if (!(flags & BALLOON_DEDUP_HUGE))
		return 0;
	if (g->block_address != block) {
		if (g->blocks_n == g->blocks_room) {
			size_t room = g->blocks_room * 2 + 64;
			uint8_t *blocks = realloc(g->blocks, room);

			if (!blocks)
				return -ENOMEM;
			g->blocks = blocks;
			g->blocks_room = room;
		}
		g->blocks[g->blocks_n++] = 0;
		g->block_address = block;
	}
	if (g->blocks_n <= BL_NO_BLOCK)
		p->block = (uint32_t)g->blocks_n - 1;
	return 0;
}

/* One page that was read, whole or by lines (NULL: whole). */
static void see(struct pass *p, const unsigned char *page, uint64_t address,
                const struct lines *lines, size_t k)
{
	uint64_t place = bl_place_hash(p->g->key.places, address);
	uint64_t tag = lines ? see_lines(p, page, lines->digests[k], lines->filled[k])
	                     : see_page(p, page);

	if (bl_place_kept(place))
		bl_places_see(&p->guest->places, place, tag);
}

int bl_group_pages(struct bl_group *g, struct bl_guest *guest, uint64_t address, const void *pages,
                   size_t n, uint32_t flags)
{
	struct pass p = {.g = g, .guest = guest, .mergeable = flags & BALLOON_DEDUP_MERGEABLE};
	const unsigned char *page = pages;
	struct lines lines;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		uint64_t at = address + i * BL_PAGE_BYTES;

		rc = find_block(&p, at, flags);
		if (g->by_lines && i % BATCH == 0)
			read_lines(g, page, n - i < BATCH ? n - i : BATCH, &lines);
		see(&p, page, at, g->by_lines ? &lines : NULL, i % BATCH);
		page += BL_PAGE_BYTES;
		guest->pages++;
		guest->mergeable += p.mergeable;
		if (p.n == BATCH)
			rc = rc ? rc : flush(&p);
	}
	return rc ? rc : flush(&p);
}
