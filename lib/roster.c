/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is here. Rows follow the backend's sheet, so that while nobody comes or
 * goes a beat costs one comparison a guest and no search.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

struct place {
	uint64_t key;
	size_t row;
};

static const struct balloon_sample *sample(const struct balloon_sheet *sheet, size_t i)
{
	return (const void *)((const char *)sheet->guests + i * sheet->stride);
}

static int unchanged(const struct balloon *b, const struct balloon_sheet *sheet)
{
	if (sheet->guests_n != b->world.n)
		return 0;
	for (size_t i = 0; i < b->world.n; i++) {
		if (sample(sheet, i)->key != b->rows[i].key)
			return 0;
	}
	return 1;
}

static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* What has a row a guest, and moves with the guests. */
struct rows {
	struct bl_row *rows;
	struct bl_guest *guests;
	struct bl_ladder *ladders;
};

static void install_rows(struct balloon *b, const struct rows *r, size_t n)
{
	free(b->rows);
	free(b->world.guests);
	free(b->world.ladders);
	b->rows = r->rows;
	b->world.guests = r->guests;
	b->world.ladders = r->ladders;
	b->world.n = n;
}

static void forget(struct bl_row *row)
{
	free(row->name);
	free(row->uuid);
	free(row->note);
	row->name = row->uuid = row->note = NULL;
}

static void allot(struct balloon *b, size_t i)
{
	struct bl_row *row = &b->rows[i];
	struct bl_guest *g = &b->world.guests[i];
	struct bl_allocation a = bl_policy_find(&b->policy, row->name, row->uuid);

	g->shares = a.shares;
	g->tax_bp = a.tax_bp;
	row->reservation = g->reservation = a.reservation;
	row->limit = g->limit = a.limit;
	row->floors = a.floors;
	row->pool = a.pool;
	b->world.pools[a.pool].guests_n++;
}

/* Guests by pool: counted, then laid side by side. */
static void gather(struct balloon *b)
{
	struct bl_pool *pools = b->world.pools;
	uint32_t next = 0;

	for (size_t k = 0; k < b->world.pools_n; k++) {
		pools[k].guests = next;
		next += pools[k].guests_n;
		pools[k].guests_n = 0;
	}
	for (size_t i = 0; i < b->world.n; i++) {
		struct bl_pool *p = &pools[b->rows[i].pool];

		b->world.members[p->guests + p->guests_n++] = (uint32_t)i;
	}
}

static void allot_all(struct balloon *b)
{
	b->world.pools = b->policy.pools;
	b->world.pools_n = b->policy.pools_n;
	for (size_t k = 0; k < b->world.pools_n; k++)
		b->world.pools[k].guests_n = 0;
	for (size_t i = 0; i < b->world.n; i++)
		allot(b, i);
	gather(b);
}

int bl_roster_adopt(struct balloon *b, struct bl_policy *policy)
{
	struct bl_room room;
	int rc = bl_room_alloc(&room, b->world.n, policy->pools_n);

	if (rc < 0)
		return rc;
	bl_room_keep(&room, b);
	bl_room_install(b, &room);
	bl_policy_free(&b->policy);
	b->policy = *policy;
	allot_all(b);
	return 0;
}

static int meet(struct bl_row *row, struct bl_guest *g, const struct balloon_sample *s,
                uint64_t beat)
{
	row->key = s->key;
	row->size = BALLOON_UNKNOWN;
	row->moved = BALLOON_UNKNOWN;
	row->met = beat;
	row->name = strdup(s->name ? s->name : "");
	row->uuid = strdup(s->uuid ? s->uuid : "");
	bl_meet(g);
	if (row->name && row->uuid)
		return 0;
	forget(row);
	return -ENOMEM;
}

/* Where the rows of now are by key. */
static struct place *index_rows(const struct balloon *b)
{
	struct place *places = calloc(b->world.n + 1, sizeof(*places));

	if (!places)
		return NULL;
	for (size_t i = 0; i < b->world.n; i++)
		places[i] = (struct place){b->rows[i].key, i};
	qsort(places, b->world.n, sizeof(*places), by_key);
	return places;
}

/* Fills the new arrays in the sheet's order. The old rows are copied, not
 * moved, so that a failure half-way costs only what was met here. */
static int fill(struct balloon *b, const struct balloon_sheet *sheet, struct place *places,
                struct rows *a)
{
	for (size_t i = 0; i < sheet->guests_n; i++) {
		const struct balloon_sample *s = sample(sheet, i);
		struct place key = {s->key, 0};
		struct place *old = bsearch(&key, places, b->world.n, sizeof(key), by_key);

		if (old) {
			a->rows[i] = b->rows[old->row];
			a->guests[i] = b->world.guests[old->row];
			a->ladders[i] = b->world.ladders[old->row];
			continue;
		}
		bl_ladder_meet(&a->ladders[i]);
		if (meet(&a->rows[i], &a->guests[i], s, b->report.beat) == 0)
			continue;
		while (i--) {
			key.key = a->rows[i].key;
			if (!bsearch(&key, places, b->world.n, sizeof(key), by_key))
				forget(&a->rows[i]);
		}
		return -ENOMEM;
	}
	return 0;
}

/* Forgets the rows of now that the sheet no longer has. */
static void drop_gone(struct balloon *b, const struct balloon_sheet *sheet, struct place *places)
{
	for (size_t i = 0; i < sheet->guests_n; i++) {
		struct place key = {sample(sheet, i)->key, 0};
		struct place *old = bsearch(&key, places, b->world.n, sizeof(key), by_key);

		if (old)
			b->rows[old->row].name = b->rows[old->row].uuid = b->rows[old->row].note = NULL;
	}
	for (size_t i = 0; i < b->world.n; i++)
		forget(&b->rows[i]);
}

/* Two rows for one life of one guest would be charged twice. */
static int all_different(const struct balloon_sheet *sheet)
{
	struct place *places = calloc(sheet->guests_n + 1, sizeof(*places));
	int rc = 0;

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < sheet->guests_n; i++)
		places[i].key = sample(sheet, i)->key;
	qsort(places, sheet->guests_n, sizeof(*places), by_key);
	for (size_t i = 1; i < sheet->guests_n; i++) {
		if (places[i].key == places[i - 1].key)
			rc = -EPROTO;
	}
	free(places);
	return rc;
}

/* The sheet's guests in the sheet's order, and room for them. */
static int follow(struct balloon *b, const struct balloon_sheet *sheet, struct place *places)
{
	size_t n = sheet->guests_n;
	struct rows rows = {calloc(n + 1, sizeof(*rows.rows)), calloc(n + 1, sizeof(*rows.guests)),
	                    calloc(n + 1, sizeof(*rows.ladders))};
	struct bl_room room;
	int rc = rows.rows && rows.guests && rows.ladders
	                 ? bl_room_alloc(&room, n, b->world.pools_n)
	                 : -ENOMEM;

	if (rc == 0) {
		rc = fill(b, sheet, places, &rows);
		if (rc < 0)
			bl_room_free(&room);
	}
	if (rc < 0) {
		free(rows.rows);
		free(rows.guests);
		free(rows.ladders);
		return rc;
	}
	drop_gone(b, sheet, places);
	install_rows(b, &rows, n);
	bl_room_install(b, &room);
	allot_all(b);
	return 0;
}

/* Names are looked at in turn, so many beats apart: they hardly ever change,
 * and reading all of them costs more than the policy. */
#define NAMES_EVERY 8

/* A guest may be given another name while it lives. Without memory for it the
 * old one serves a while longer. */
static void rename_some(struct balloon *b, const struct balloon_sheet *sheet)
{
	int changed = 0;

	for (size_t i = b->report.beat % NAMES_EVERY; i < b->world.n && i < sheet->guests_n;
	     i += NAMES_EVERY) {
		const struct balloon_sample *s = sample(sheet, i);
		const char *now = s->name ? s->name : "";
		char *name;

		if (s->key != b->rows[i].key || !strcmp(b->rows[i].name, now))
			continue;
		name = strdup(now);
		if (!name)
			continue;
		free(b->rows[i].name);
		b->rows[i].name = name;
		changed = 1;
	}
	if (changed)
		allot_all(b);
}

int bl_roster_sync(struct balloon *b, const struct balloon_sheet *sheet)
{
	struct place *places;
	int rc;

	rename_some(b, sheet);
	if (unchanged(b, sheet))
		return 0;
	rc = all_different(sheet);
	if (rc < 0)
		return rc;
	places = index_rows(b);
	rc = places ? follow(b, sheet, places) : -ENOMEM;
	free(places);
	return rc;
}

void bl_roster_free(struct balloon *b)
{
	for (size_t i = 0; i < b->world.n; i++)
		forget(&b->rows[i]);
	install_rows(b, &(struct rows){0}, 0);
	bl_room_install(b, &(struct bl_room){0});
}

int bl_roster_find(const struct balloon *b, const char *guest, size_t *ret_i)
{
	for (size_t i = 0; i < b->world.n; i++) {
		const struct bl_row *row = &b->rows[i];

		if (!strcmp(row->name, guest) || (*row->uuid && !strcmp(row->uuid, guest))) {
			*ret_i = i;
			return 1;
		}
	}
	return 0;
}
