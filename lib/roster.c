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

/* All the arrays that have a row a guest, of which rows and guests are made
 * anew and the rest only holds room. */
struct arrays {
	struct bl_row *rows;
	struct bl_guest *guests;
	struct bl_claimant *claimants;
	struct bl_scratch *scratch;
	uint64_t *entitled;
	struct balloon_order *orders;
	uint64_t *proposed;
};

static void free_arrays(struct arrays *a)
{
	free(a->rows);
	free(a->guests);
	free(a->claimants);
	free(a->scratch);
	free(a->entitled);
	free(a->orders);
	free(a->proposed);
}

static int alloc_arrays(struct arrays *a, size_t n)
{
	*a = (struct arrays){
	        calloc(n, sizeof(*a->rows)),      calloc(n, sizeof(*a->guests)),
	        calloc(n, sizeof(*a->claimants)), calloc(n, sizeof(*a->scratch)),
	        calloc(n, sizeof(*a->entitled)),  calloc(n, sizeof(*a->orders)),
	        calloc(n, sizeof(*a->proposed)),
	};
	if (a->rows && a->guests && a->claimants && a->scratch && a->entitled && a->orders &&
	    a->proposed)
		return 0;
	free_arrays(a);
	return -ENOMEM;
}

static struct arrays arrays_of(struct balloon *b)
{
	return (struct arrays){b->rows,           b->world.guests,   b->world.claimants,
	                       b->world.scratch,  b->world.entitled, b->orders,
	                       b->proposed};
}

static void install(struct balloon *b, const struct arrays *a, size_t n)
{
	b->rows = a->rows;
	b->world.guests = a->guests;
	b->world.claimants = a->claimants;
	b->world.scratch = a->scratch;
	b->world.entitled = a->entitled;
	b->orders = a->orders;
	b->proposed = a->proposed;
	b->world.n = n;
}

static void forget(struct bl_row *row)
{
	free(row->name);
	free(row->uuid);
	row->name = row->uuid = NULL;
}

static void allot(struct balloon *b, size_t i)
{
	struct bl_row *row = &b->rows[i];
	struct bl_guest *g = &b->world.guests[i];
	struct balloon_allocation a = bl_policy_find(&b->policy, row->name, row->uuid);

	g->shares = a.shares;
	row->reservation = g->reservation = a.reservation_bytes;
	row->limit = g->limit = a.limit_bytes;
}

void bl_roster_allot(struct balloon *b)
{
	for (size_t i = 0; i < b->world.n; i++)
		allot(b, i);
}

static int meet(struct bl_row *row, struct bl_guest *g, const struct balloon_sample *s)
{
	row->key = s->key;
	row->size = BALLOON_UNKNOWN;
	row->moved = BALLOON_UNKNOWN;
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
                struct arrays *a)
{
	for (size_t i = 0; i < sheet->guests_n; i++) {
		const struct balloon_sample *s = sample(sheet, i);
		struct place key = {s->key, 0};
		struct place *old = bsearch(&key, places, b->world.n, sizeof(key), by_key);

		if (old) {
			a->rows[i] = b->rows[old->row];
			a->guests[i] = b->world.guests[old->row];
			continue;
		}
		if (meet(&a->rows[i], &a->guests[i], s) == 0)
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
			b->rows[old->row].name = b->rows[old->row].uuid = NULL;
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

int bl_roster_sync(struct balloon *b, const struct balloon_sheet *sheet)
{
	struct arrays a, old;
	struct place *places;
	int rc;

	if (unchanged(b, sheet))
		return 0;
	rc = all_different(sheet);
	if (rc < 0)
		return rc;
	places = index_rows(b);
	if (!places)
		return -ENOMEM;
	rc = alloc_arrays(&a, sheet->guests_n + 1);
	if (rc == 0) {
		rc = fill(b, sheet, places, &a);
		if (rc < 0)
			free_arrays(&a);
	}
	if (rc == 0) {
		drop_gone(b, sheet, places);
		old = arrays_of(b);
		free_arrays(&old);
		install(b, &a, sheet->guests_n);
		bl_roster_allot(b);
	}
	free(places);
	return rc;
}

void bl_roster_free(struct balloon *b)
{
	struct arrays a = arrays_of(b);

	for (size_t i = 0; i < b->world.n; i++)
		forget(&b->rows[i]);
	free_arrays(&a);
	install(b, &(struct arrays){0}, 0);
}
