/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of a look, read: a row with a key begins anew, one without says what
 * changed (write.h). Must not know what stands around them. */
#include <errno.h>
#include <string.h>

#include "reading.h"

int bl_reading_which(struct reading *r, const char *const *keys, const char *key)
{
	for (int i = 0; keys[i]; i++) {
		if (strcmp(keys[i], key))
			continue;
		if (r->seen & UINT64_C(1) << i)
			return bl_words_fail(&r->w, "\"%s\" stands here twice", key);
		r->seen |= UINT64_C(1) << i;
		return i;
	}
	return bl_words_fail(&r->w, "no recording has the key \"%s\" here", key);
}

enum {
	ROW, KEY, NAME, NAME_HEX, UUID, UUID_HEX, FLAGS, FIXED, MEANS, TRAITS, NODE_BYTES, MISSES,
	HOLD, NOTE, NOTE_HEX, NUMBERS
};

static const char *const row_keys[] = {
        "row",           "key",            "name",         "name_hex",      "uuid",
        "uuid_hex",      "flags",          "fixed",        "means",         "traits",
        "node_bytes",    "misses",         "hold",         "note",          "note_hex",
        "size_bytes",   "actual_bytes",
        "total_bytes",   "available_bytes", "unused_bytes", "cache_bytes",  "swap_in_bytes",
        "swap_out_bytes", "major_faults",  "resident_bytes", "active_bytes", "serial",
        "cold_bytes",    "compress_bp",    "swapped_bytes", "refault_bytes", "shared_bytes",
        "shareable_bytes", "stall_bp",     NULL};

_Static_assert(sizeof(row_keys) / sizeof(row_keys[0]) == NUMBERS + BL_NUMBERS + 1,
               "row_keys must follow bl_numbers");

static int row_text(struct reading *r, const char **field, int is_hex)
{
	struct bl_text *s = &r->t->string;
	int rc;

	if (!is_hex && bl_words_null(&r->w))
		return bl_rows_text(field, NULL);
	rc = is_hex ? bl_words_hex(&r->w, s) : bl_words_string(&r->w, s);
	return rc < 0 ? rc : bl_rows_text(field, s->data);
}

static int row_word(struct reading *r, uint32_t *ret)
{
	uint64_t v;
	int rc = bl_words_number(&r->w, 0, UINT32_MAX, &v);

	if (rc == 0)
		*ret = (uint32_t)v;
	return rc;
}

int bl_reading_number(struct reading *r, uint64_t *ret)
{
	if (bl_words_null(&r->w)) {
		*ret = BALLOON_UNKNOWN;
		return 0;
	}
	return bl_words_number(&r->w, 0, BALLOON_UNKNOWN - 1, ret);
}

int bl_reading_list(struct reading *r, uint64_t *ret, size_t n)
{
	int rc = bl_words_expect(&r->w, '[');

	for (size_t k = 0; k < n && rc == 0; k++) {
		rc = k ? bl_words_expect(&r->w, ',') : 0;
		if (rc == 0)
			rc = bl_reading_number(r, &ret[k]);
	}
	return rc < 0 ? rc : bl_words_expect(&r->w, ']');
}

/* Into ours, or null. */
static int row_list(struct reading *r, const uint64_t **field, uint64_t *ours, size_t n)
{
	int rc;

	if (bl_words_null(&r->w)) {
		*field = NULL;
		return 0;
	}
	if (!n)
		return bl_words_fail(&r->w, "memory on nodes, and no \"nodes\" before");
	rc = bl_reading_list(r, ours, n);
	if (rc == 0)
		*field = ours;
	return rc;
}

static int row_value(struct reading *r, struct balloon_sample *s, int key)
{
	struct bl_rows *rows = &r->t->rows;
	size_t i = (size_t)(s - rows->samples);

	switch (key) {
	case NAME:
	case NAME_HEX:
		return row_text(r, &s->name, key == NAME_HEX);
	case UUID:
	case UUID_HEX:
		return row_text(r, &s->uuid, key == UUID_HEX);
	case FLAGS:
		return row_word(r, &s->flags);
	case FIXED:
		return row_word(r, &s->fixed);
	case MEANS:
		return row_word(r, &s->means);
	case TRAITS:
		return row_word(r, &s->traits);
	case NODE_BYTES:
		return row_list(r, &s->node_bytes, bl_rows_node_bytes(rows, i), rows->nodes_n);
	case HOLD:
		return row_word(r, &s->hold);
	case NOTE:
	case NOTE_HEX:
		return row_text(r, &s->note, key == NOTE_HEX);
	case MISSES:
		return row_list(r, &s->misses, bl_rows_misses(rows, i), BALLOON_MISSES + 1);
	case ROW:
	case KEY:
		return bl_words_fail(&r->w, "\"row\" and \"key\" stand first in a row");
	default:
		return bl_reading_number(r, bl_number(s, (size_t)key - NUMBERS));
	}
}

/* {"row":N, which must be one of the sheet's */
static int row_begin(struct reading *r, int *first, uint64_t *ret_row)
{
	char key[BL_KEY_SIZE];
	int rc = bl_words_expect(&r->w, '{');

	r->seen = 0;
	if (rc == 0)
		rc = bl_words_member(&r->w, first, key);
	if (rc < 0)
		return rc;
	if (rc == 0 || bl_reading_which(r, row_keys, key) != ROW)
		return bl_words_fail(&r->w, "a row begins with \"row\"");
	if (!r->t->rows.n)
		return bl_words_fail(&r->w, "a row of a sheet without guests");
	return bl_words_number(&r->w, 0, r->t->rows.n - 1, ret_row);
}

static int row_key(struct reading *r, uint64_t row)
{
	bl_rows_reset(&r->t->rows, row);
	return bl_words_number(&r->w, 1, UINT64_MAX, &r->t->rows.samples[row].key);
}

static int row(struct reading *r)
{
	int first = 1, begun = 0, more, key;
	char name[BL_KEY_SIZE];
	uint64_t i;
	int rc = row_begin(r, &first, &i);

	if (rc < 0)
		return rc;
	while ((more = bl_words_member(&r->w, &first, name)) > 0) {
		key = bl_reading_which(r, row_keys, name);
		if (key == KEY && !begun)
			rc = row_key(r, i);
		else
			rc = key < 0 ? key : row_value(r, &r->t->rows.samples[i], key);
		if (rc < 0)
			return rc;
		begun = 1;
	}
	return more;
}

int bl_reading_rows(struct reading *r)
{
	int first = 1, more;
	int rc = bl_words_expect(&r->w, '[');

	if (rc < 0)
		return rc;
	while ((more = bl_words_element(&r->w, &first)) > 0) {
		rc = row(r);
		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; more == 0 && i < r->t->rows.n; i++) {
		if (!r->t->rows.samples[i].key)
			return bl_words_fail(&r->w, "row %zu is new and was not given", i);
	}
	return more;
}
