/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the lines of a recording mean; see tape.h. */
#include "tape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "write.h"

static int lacks(struct reading *r, const char *const *keys, uint32_t needed)
{
	for (int i = 0; keys[i]; i++) {
		if (needed & ~r->seen & 1u << i)
			return bl_words_fail(&r->w, "\"%s\" is missing before this", keys[i]);
	}
	return 0;
}

/* ----------------------------------------------------------------- header */

enum { RECORDING, VERSION, LIBRARY, URI, URI_HEX, STARTED };

static const char *const header_keys[] = {"recording", "version", "library", "uri",
                                          "uri_hex",   "started", NULL};

static int version(struct reading *r)
{
	uint64_t v;
	int rc = bl_words_number(&r->w, 0, UINT32_MAX, &v);

	if (rc == 0 && (!v || v > BL_RECORDING_VERSION))
		return bl_words_fail(&r->w, "the recording is of version %llu and this library "
		                            "plays versions up to %u; play it with the one that made it",
		                     (unsigned long long)v, BL_RECORDING_VERSION);
	return rc;
}

static int header_value(struct reading *r, int key)
{
	switch (key) {
	case VERSION:
		return version(r);
	case LIBRARY:
		return bl_words_string(&r->w, &r->t->library);
	case URI:
		return bl_words_string(&r->w, &r->t->uri);
	case URI_HEX:
		return bl_words_hex(&r->w, &r->t->uri);
	default: /* for people */
		return bl_words_string(&r->w, &r->t->string);
	}
}

/* ------------------------------------------------------------------- look */

enum { LOOK, NOW, RC, WHY, WHY_HEX, ABSURD, NODES, GUESTS_N, GUESTS, HOST_NUMBERS };

static const char *const look_keys[] = {
        "look",        "now_ns",          "rc",         "error",           "error_hex",
        "absurd",      "nodes",           "guests_n",   "guests",          "total_bytes",
        "available_bytes", "swap_bytes",  "swap_free_bytes", "compress_free_bytes",
        "stall_bp",    NULL};

_Static_assert(sizeof(look_keys) / sizeof(look_keys[0]) == HOST_NUMBERS + BL_HOST_NUMBERS + 1,
               "look_keys must follow bl_host_numbers");

/* A new row takes some bytes of the line: with fewer the number is a lie, and
 * is not believed before memory is asked for. */
static int guests_n(struct reading *r)
{
	uint64_t left = (uint64_t)(r->w.end - r->w.p) / sizeof("{\"row\":0,\"key\":1}");
	uint64_t n;
	int rc = bl_words_number(&r->w, 0, BALLOON_GUESTS_MAX, &n);

	if (rc == 0 && n > r->t->rows.n && n - r->t->rows.n > left)
		return bl_words_fail(&r->w, "%llu guests, and no rows for the new ones",
		                     (unsigned long long)n);
	return rc < 0 ? rc : bl_rows_resize(&r->t->rows, n);
}

static int node(struct reading *r)
{
	uint64_t both[2];
	int rc;

	if (r->t->sheet.nodes_n == BALLOON_NODES_MAX)
		return bl_words_fail(&r->w, "more than %d nodes", BALLOON_NODES_MAX);
	rc = bl_reading_list(r, both, 2);
	if (rc == 0)
		r->t->nodes[r->t->sheet.nodes_n++] = (struct balloon_node){both[0], both[1]};
	return rc;
}

static int nodes(struct reading *r)
{
	int first = 1, more, rc = bl_words_expect(&r->w, '[');

	r->t->sheet.nodes = r->t->nodes;
	while (rc == 0 && (more = bl_words_element(&r->w, &first)) != 0)
		rc = more < 0 ? more : node(r);
	return rc;
}

static int guests(struct reading *r)
{
	uint64_t seen = r->seen;
	int rc;

	if (!(seen & 1u << GUESTS_N))
		return bl_words_fail(&r->w, "\"guests_n\" stands before \"guests\"");
	bl_rows_nodes(&r->t->rows, r->t->sheet.nodes_n);
	rc = bl_reading_rows(r);
	r->seen = seen;
	return rc;
}

static int look_value(struct reading *r, int key)
{
	uint64_t one;

	switch (key) {
	case RC:
		return bl_words_signed(&r->w, &r->t->rc);
	case WHY:
		return bl_words_string(&r->w, &r->t->why);
	case WHY_HEX:
		return bl_words_hex(&r->w, &r->t->why);
	case ABSURD:
		r->t->absurd = 1;
		return bl_words_number(&r->w, 1, 1, &one);
	case NODES:
		return r->seen & 1u << GUESTS
		               ? bl_words_fail(&r->w, "\"nodes\" stand before \"guests\"")
		               : nodes(r);
	case GUESTS_N:
		return guests_n(r);
	case GUESTS:
		return guests(r);
	case LOOK:
	case NOW:
		return bl_words_fail(&r->w, "\"look\" and \"now_ns\" stand first in a look");
	default:
		return bl_reading_number(r, bl_host_number(&r->t->sheet, (size_t)key - HOST_NUMBERS));
	}
}

/* "look":N,"now_ns":N after the brace; looks are counted from 1. */
static int look_begin(struct bl_words *w, int *first, uint64_t *ret_look, uint64_t *ret_now)
{
	char key[BL_KEY_SIZE];
	int rc = bl_words_number(w, 1, UINT64_MAX, ret_look);

	if (rc == 0)
		rc = bl_words_member(w, first, key);
	if (rc < 0)
		return rc;
	if (rc == 0 || strcmp(key, "now_ns") != 0)
		return bl_words_fail(w, "\"now_ns\" stands second in a look");
	return bl_words_number(w, 0, UINT64_MAX, ret_now);
}

static void forget_look(struct bl_tape *t)
{
	t->rc = 0;
	t->absurd = 0;
	bl_text_clear(&t->why);
	t->sheet = (struct balloon_sheet){.struct_size = sizeof(t->sheet)};
	for (size_t k = 0; k < BL_HOST_NUMBERS; k++)
		*bl_host_number(&t->sheet, k) = BALLOON_UNKNOWN;
	t->told_n = 0;
}

static int look(struct reading *r, int *first)
{
	uint64_t number;
	int rc = look_begin(&r->w, first, &number, &r->t->now_ns);

	if (rc < 0)
		return rc;
	if (number != r->t->looks + 1)
		return bl_words_fail(&r->w, "look %llu follows look %llu; lines are missing",
		                     (unsigned long long)number, (unsigned long long)r->t->looks);
	r->t->looks = number;
	r->seen |= 1u << NOW;
	forget_look(r->t);
	return 0;
}

/* --------------------------------------------------------------- and orders */

enum { ORDERS, ORDERS_NOW, ORDERS_RC };

static const char *const orders_keys[] = {"orders", "now_ns", "rc", NULL};

enum { ORDER_KEY, ORDER_MEANS, ORDER_TARGET, ORDER_RC };

static const char *const order_keys[] = {"key", "means", "target_bytes", "rc", NULL};

static int order_value(struct reading *r, struct bl_told *told, int key)
{
	uint64_t means;
	int rc;

	switch (key) {
	case ORDER_KEY:
		return bl_words_number(&r->w, 1, UINT64_MAX, &told->key);
	case ORDER_MEANS:
		rc = bl_words_number(&r->w, 0, UINT32_MAX, &means);
		told->means = rc == 0 ? (uint32_t)means : 0;
		return rc;
	case ORDER_TARGET:
		return bl_words_number(&r->w, 0, UINT64_MAX, &told->target_bytes);
	default:
		return bl_words_signed(&r->w, &told->rc);
	}
}

static int order(struct reading *r, struct bl_told *told)
{
	int first = 1, more, key;
	char name[BL_KEY_SIZE];
	int rc = bl_words_expect(&r->w, '{');

	*told = (struct bl_told){0};
	r->seen = 0;
	while (rc == 0 && (more = bl_words_member(&r->w, &first, name)) != 0) {
		key = more < 0 ? more : bl_reading_which(r, order_keys, name);
		rc = key < 0 ? key : order_value(r, told, key);
	}
	return rc < 0 ? rc : lacks(r, order_keys, 1u << ORDER_KEY | 1u << ORDER_TARGET);
}

static int told_room(struct bl_tape *t)
{
	size_t room = t->told_room ? 2 * t->told_room : 16;
	struct bl_told *told;

	if (t->told_n < t->told_room)
		return 0;
	told = realloc(t->told, room * sizeof(*told));
	if (!told)
		return -ENOMEM;
	t->told = told;
	t->told_room = room;
	return 0;
}

static int orders(struct reading *r)
{
	int first = 1, more;
	int rc = bl_words_expect(&r->w, '[');

	if (rc == 0 && !r->t->looks)
		rc = bl_words_fail(&r->w, "orders before the first look");
	while (rc == 0 && (more = bl_words_element(&r->w, &first)) != 0) {
		rc = more < 0 ? more : told_room(r->t);
		if (rc == 0)
			rc = order(r, &r->t->told[r->t->told_n]);
		if (rc == 0)
			r->t->told_n++;
	}
	r->seen = 1u << ORDERS;
	return rc;
}

static int orders_value(struct reading *r, int key, int32_t *batch_rc)
{
	uint64_t now;

	if (key == ORDERS_NOW)
		return bl_words_number(&r->w, 0, UINT64_MAX, &now);
	return bl_words_signed(&r->w, batch_rc);
}

static int orders_line(struct reading *r, int *first)
{
	size_t begin = r->t->told_n;
	int32_t batch_rc = 0;
	char name[BL_KEY_SIZE];
	int more, key, rc = orders(r);

	while (rc == 0 && (more = bl_words_member(&r->w, first, name)) != 0) {
		key = more < 0 ? more : bl_reading_which(r, orders_keys, name);
		rc = key < 0 ? key : orders_value(r, key, &batch_rc);
	}
	for (size_t k = begin; k < r->t->told_n; k++)
		r->t->told[k].batch_rc = batch_rc;
	return rc < 0 ? rc : BL_LINE_ORDERS;
}

/* ------------------------------------------------------------------ lines */

static int look_complete(struct reading *r)
{
	const struct bl_tape *t = r->t;
	uint32_t sheet = 1u << GUESTS_N | 1u << GUESTS;

	if (t->rc || t->absurd)
		return r->seen & sheet ? bl_words_fail(&r->w, "a failed look has no guests") : 0;
	return lacks(r, look_keys, sheet);
}

static int look_line(struct reading *r, int *first)
{
	char name[BL_KEY_SIZE];
	int more, key, rc = look(r, first);

	while (rc == 0 && (more = bl_words_member(&r->w, first, name)) != 0) {
		key = more < 0 ? more : bl_reading_which(r, look_keys, name);
		rc = key < 0 ? key : look_value(r, key);
	}
	if (rc == 0)
		rc = look_complete(r);
	return rc < 0 ? rc : BL_LINE_LOOK;
}

static int header_line(struct reading *r, int *first)
{
	char name[BL_KEY_SIZE];
	int more, key, rc = bl_words_string(&r->w, &r->t->string);

	if (rc == 0 && strcmp(r->t->string.data, "libballoon") != 0)
		return bl_words_fail(&r->w, "a recording of something else");
	while (rc == 0 && (more = bl_words_member(&r->w, first, name)) != 0) {
		key = more < 0 ? more : bl_reading_which(r, header_keys, name);
		rc = key < 0 ? key : header_value(r, key);
	}
	if (rc == 0)
		rc = lacks(r, header_keys, 1u << VERSION);
	if (rc < 0)
		return rc;
	r->t->began = 1;
	return BL_LINE_HEADER;
}

/* A line's kind is its first key. */
static int kind(struct bl_words *w, int *first)
{
	char key[BL_KEY_SIZE];
	int rc = bl_words_expect(w, '{');

	if (rc == 0)
		rc = bl_words_member(w, first, key);
	if (rc < 0)
		return rc;
	if (rc && !strcmp(key, "look"))
		return BL_LINE_LOOK;
	if (rc && !strcmp(key, "orders"))
		return BL_LINE_ORDERS;
	if (rc && !strcmp(key, "recording"))
		return BL_LINE_HEADER;
	return bl_words_fail(w, "a line begins with \"recording\", \"look\" or \"orders\"");
}

static int take_line(struct reading *r)
{
	int first = 1, line = kind(&r->w, &first);

	r->seen = 1u << 0; /* the key that made the line's kind is the first of each table */
	if (line < 0)
		return line;
	if ((line == BL_LINE_HEADER) == r->t->began)
		return bl_words_fail(&r->w, r->t->began ? "a second header"
		                                        : "the header must come first; is this a "
		                                          "recording of libballoon?");
	if (line == BL_LINE_HEADER)
		return header_line(r, &first);
	return line == BL_LINE_LOOK ? look_line(r, &first) : orders_line(r, &first);
}

static struct bl_words words(const char *line, size_t n, char *error, size_t size)
{
	return (struct bl_words){line, line, line + n, error, size};
}

int bl_tape_line(struct bl_tape *t, const char *line, size_t n, char *error, size_t size)
{
	struct reading r = {.w = words(line, n, error, size), .t = t};
	int kind_of_line = take_line(&r);
	int rc = kind_of_line < 0 ? kind_of_line : bl_words_end(&r.w);

	if (rc == -ENOMEM)
		bl_words_fail(&r.w, "there is not enough memory to read it");
	return rc < 0 ? rc : kind_of_line;
}

int bl_tape_peek(const char *line, size_t n, uint64_t *ret_now_ns, char *error, size_t size)
{
	struct bl_words w = words(line, n, error, size);
	uint64_t number;
	int first = 1, rc = 0, line_kind = kind(&w, &first);

	if (line_kind == BL_LINE_LOOK)
		rc = look_begin(&w, &first, &number, ret_now_ns);
	return rc < 0 ? rc : line_kind;
}

void bl_tape_clear(struct bl_tape *t)
{
	bl_text_free(&t->uri);
	bl_text_free(&t->library);
	bl_text_free(&t->why);
	bl_text_free(&t->string);
	bl_rows_free(&t->rows);
	free(t->told);
	*t = (struct bl_tape){0};
}
