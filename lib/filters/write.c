/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a recording, written; see write.h. Judges nothing it writes. */
#include "write.h"

#include <errno.h>
#include <string.h>

void bl_write_header(struct bl_text *t, const char *uri, const char *library, const char *started)
{
	bl_text_add(t, "{");
	bl_text_string(t, "recording", "libballoon");
	bl_text_field(t, "version", BL_RECORDING_VERSION);
	bl_text_string(t, "library", library);
	bl_text_string(t, "uri", uri);
	bl_text_string(t, "started", started);
	bl_text_add(t, "}\n");
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int same_list(const uint64_t *a, const uint64_t *b, size_t n)
{
	return a == b || (a && b && !memcmp(a, b, n * sizeof(*a)));
}

static int same_sample(struct balloon_sample *a, struct balloon_sample *b, size_t nodes_n)
{
	for (size_t k = 0; k < BL_NUMBERS; k++) {
		if (*bl_number(a, k) != *bl_number(b, k))
			return 0;
	}
	return a->key == b->key && a->flags == b->flags && a->fixed == b->fixed &&
	       a->means == b->means && a->traits == b->traits && a->hold == b->hold &&
	       same_text(a->name, b->name) && same_text(a->uuid, b->uuid) &&
	       same_text(a->note, b->note) && same_list(a->node_bytes, b->node_bytes, nodes_n) &&
	       same_list(a->misses, b->misses, BALLOON_MISSES + 1);
}

static void put_key(struct bl_text *t, const char *key)
{
	bl_text_add(t, ",\"");
	bl_text_add(t, key);
	bl_text_add(t, "\":");
}

static void put_null(struct bl_text *t, const char *key)
{
	put_key(t, key);
	bl_text_add(t, "null");
}

/* A name, uuid or note, if it is another one; it is then remembered. */
static int put_text(struct bl_text *t, const char *key, const char **was, const char *is)
{
	if (same_text(*was, is))
		return 0;
	if (is)
		bl_text_string(t, key, is);
	else
		put_null(t, key);
	return bl_rows_text(was, is);
}

static void put_word(struct bl_text *t, const char *key, uint32_t *was, uint32_t is)
{
	if (*was != is)
		bl_text_field(t, key, is);
	*was = is;
}

static void put_number(struct bl_text *t, size_t i, uint64_t *was, uint64_t is)
{
	if (*was == is)
		return;
	if (is == BALLOON_UNKNOWN)
		put_null(t, bl_numbers[i].name);
	else
		bl_text_field(t, bl_numbers[i].name, is);
	*was = is;
}

/* One of a list. */
static void put_element(struct bl_text *t, uint64_t number, int first)
{
	if (!first)
		bl_text_add(t, ",");
	if (number == BALLOON_UNKNOWN)
		bl_text_add(t, "null");
	else
		bl_text_number(t, number);
}

/* A list of n, if it is another one; it is then remembered in ours. */
static void put_list(struct bl_text *t, const char *key, const uint64_t **was, uint64_t *ours,
                     const uint64_t *is, size_t n)
{
	if (same_list(*was, is, n))
		return;
	*was = is ? ours : NULL;
	if (!is) {
		put_null(t, key);
		return;
	}
	put_key(t, key);
	bl_text_add(t, "[");
	for (size_t k = 0; k < n; k++)
		put_element(t, ours[k] = is[k], k == 0);
	bl_text_add(t, "]");
}

static int put_row(struct bl_text *t, struct bl_rows *rows, size_t i, struct balloon_sample *is)
{
	struct balloon_sample *was = &rows->samples[i];
	int rc;

	bl_text_add(t, "{");
	bl_text_field(t, "row", i);
	if (was->key != is->key) {
		bl_rows_reset(rows, i);
		bl_text_field(t, "key", is->key);
		was->key = is->key;
	}
	rc = put_text(t, "name", &was->name, is->name);
	if (rc == 0)
		rc = put_text(t, "uuid", &was->uuid, is->uuid);
	if (rc == 0)
		rc = put_text(t, "note", &was->note, is->note);
	put_word(t, "flags", &was->flags, is->flags);
	put_word(t, "fixed", &was->fixed, is->fixed);
	put_word(t, "means", &was->means, is->means);
	put_word(t, "traits", &was->traits, is->traits);
	put_word(t, "hold", &was->hold, is->hold);
	for (size_t k = 0; k < BL_NUMBERS; k++)
		put_number(t, k, bl_number(was, k), *bl_number(is, k));
	put_list(t, "node_bytes", &was->node_bytes, bl_rows_node_bytes(rows, i), is->node_bytes,
	         rows->nodes_n);
	put_list(t, "misses", &was->misses, bl_rows_misses(rows, i), is->misses,
	         BALLOON_MISSES + 1);
	bl_text_add(t, "}");
	return rc;
}

/* Nodes as the guard heeds them: not too many. */
static size_t nodes_of(const struct balloon_sheet *sheet)
{
	return sheet->nodes && sheet->nodes_n <= BALLOON_NODES_MAX ? sheet->nodes_n : 0;
}

/* Rows may be longer than ours where the backend is newer. */
static struct balloon_sample sample(const struct balloon_sheet *sheet, size_t i)
{
	struct balloon_sample s;

	memcpy(&s, (const char *)sheet->guests + i * sheet->stride, sizeof(s));
	if (!nodes_of(sheet))
		s.node_bytes = NULL;
	return s;
}

static int put_rows(struct bl_text *t, struct bl_rows *rows, const struct balloon_sheet *sheet)
{
	int rc = bl_rows_resize(rows, sheet->guests_n);
	int first = 1;

	bl_text_field(t, "guests_n", sheet->guests_n);
	bl_text_add(t, ",\"guests\":[");
	for (size_t i = 0; i < sheet->guests_n && rc == 0 && !t->broken; i++) {
		struct balloon_sample s = sample(sheet, i);

		if (same_sample(&rows->samples[i], &s, rows->nodes_n))
			continue;
		if (!first)
			bl_text_add(t, ",");
		first = 0;
		rc = put_row(t, rows, i, &s);
	}
	bl_text_add(t, "]");
	return rc;
}

/* As the guard will see it: it must be refused when it is played, too. */
static int is_absurd(const struct balloon_sheet *sheet)
{
	if (sheet->guests_n > BALLOON_GUESTS_MAX || (sheet->guests_n && !sheet->guests) ||
	    sheet->stride < sizeof(struct balloon_sample))
		return 1;
	for (size_t i = 0; i < sheet->guests_n; i++) {
		if (!sample(sheet, i).key)
			return 1;
	}
	return 0;
}

static void put_nodes(struct bl_text *t, const struct balloon_sheet *sheet)
{
	if (!nodes_of(sheet))
		return;
	bl_text_add(t, ",\"nodes\":[");
	for (size_t k = 0; k < sheet->nodes_n; k++) {
		bl_text_add(t, k ? ",[" : "[");
		put_element(t, sheet->nodes[k].total_bytes, 1);
		put_element(t, sheet->nodes[k].available_bytes, 0);
		bl_text_add(t, "]");
	}
	bl_text_add(t, "]");
}

static int put_sheet(struct bl_text *t, struct bl_rows *rows, const struct balloon_sheet *sheet)
{
	struct balloon_sheet host = *sheet;

	for (size_t k = 0; k < BL_HOST_NUMBERS; k++) {
		if (*bl_host_number(&host, k) != BALLOON_UNKNOWN)
			bl_text_field(t, bl_host_numbers[k].name, *bl_host_number(&host, k));
	}
	if (!is_absurd(sheet)) {
		put_nodes(t, sheet);
		bl_rows_nodes(rows, nodes_of(sheet));
		return put_rows(t, rows, sheet);
	}
	bl_text_field(t, "absurd", 1);
	return 0;
}

int bl_write_look(struct bl_text *t, struct bl_rows *rows, const struct bl_look *look)
{
	int rc = 0;

	bl_text_add(t, "{");
	bl_text_field(t, "look", look->number);
	bl_text_field(t, "now_ns", look->now_ns);
	if (look->rc) {
		bl_text_signed(t, "rc", look->rc);
		if (look->why && *look->why)
			bl_text_string(t, "error", look->why);
	} else {
		rc = put_sheet(t, rows, look->sheet);
	}
	bl_text_add(t, "}\n");
	return t->broken ? -ENOMEM : rc;
}

void bl_write_orders(struct bl_text *t, const struct balloon_order *orders, size_t n,
                     uint64_t now_ns, int rc)
{
	bl_text_add(t, "{\"orders\":[");
	for (size_t k = 0; k < n; k++) {
		bl_text_add(t, k ? ",{" : "{");
		bl_text_field(t, "key", orders[k].key);
		if (orders[k].means)
			bl_text_field(t, "means", orders[k].means);
		bl_text_field(t, "target_bytes", orders[k].target_bytes);
		if (orders[k].rc)
			bl_text_signed(t, "rc", orders[k].rc);
		bl_text_add(t, "}");
	}
	bl_text_add(t, "]");
	bl_text_field(t, "now_ns", now_ns);
	if (rc)
		bl_text_signed(t, "rc", rc);
	bl_text_add(t, "}\n");
}
