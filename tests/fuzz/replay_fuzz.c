/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes at all as a recording. Beyond not crashing: what was accepted is
 * written and read again, and must be the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/tape.h"
#include "filters/write.h"

#define HEADER "{\"recording\":\"libballoon\",\"version\":2}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "replay_fuzz: %s\n", what);
	abort();
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int same_list(const uint64_t *a, const uint64_t *b, size_t n)
{
	return a == b || (a && b && !memcmp(a, b, n * sizeof(*a)));
}

static void compare(const struct bl_tape *a, const struct bl_tape *b)
{
	struct balloon_sheet was = a->sheet, is = b->sheet;

	insist(a->rc == b->rc && a->absurd == b->absurd, "another outcome");
	for (size_t k = 0; k < BL_HOST_NUMBERS; k++)
		insist(*bl_host_number(&was, k) == *bl_host_number(&is, k), "another host");
	insist(was.nodes_n == is.nodes_n &&
	               !memcmp(a->nodes, b->nodes, was.nodes_n * sizeof(a->nodes[0])),
	       "other nodes");
	insist(a->rows.n == b->rows.n, "other rows");
	for (size_t i = 0; i < a->rows.n; i++) {
		struct balloon_sample x = a->rows.samples[i], y = b->rows.samples[i];

		insist(same_text(x.name, y.name) && same_text(x.uuid, y.uuid), "another name");
		insist(same_list(x.node_bytes, y.node_bytes, was.nodes_n) &&
		               same_list(x.misses, y.misses, BALLOON_MISSES + 1),
		       "another list");
		x.name = y.name;
		x.uuid = y.uuid;
		x.node_bytes = y.node_bytes;
		x.misses = y.misses;
		insist(x.key != 0 && !memcmp(&x, &y, sizeof(x)), "another sample");
	}
}

/* The tape's present look through writer and reader. */
static void write_again(const struct bl_tape *tape)
{
	struct balloon_sheet sheet = tape->sheet;
	struct bl_look look = {.number = 1, .now_ns = tape->now_ns, .sheet = &sheet};
	struct bl_rows pen = {0};
	struct bl_tape again = {0};
	struct bl_text t = {0};
	char why[128];

	sheet.stride = sizeof(struct balloon_sample);
	sheet.guests = tape->absurd ? NULL : tape->rows.samples;
	sheet.guests_n = tape->absurd ? 1 : tape->rows.n;
	insist(bl_write_look(&t, &pen, &look) == 0, "could not be written");
	insist(bl_tape_line(&again, HEADER, strlen(HEADER), why, sizeof(why)) == BL_LINE_HEADER,
	       "header refused");
	insist(bl_tape_line(&again, t.data, t.n - 1, why, sizeof(why)) == BL_LINE_LOOK, why);
	if (!tape->absurd)
		compare(tape, &again);
	bl_rows_free(&pen);
	bl_text_free(&t);
	bl_tape_clear(&again);
}

static int one_line(struct bl_tape *tape, const char *line, size_t n)
{
	char why[64]; /* short, so that cutting is tried too */
	uint64_t now;
	int peeked = bl_tape_peek(line, n, &now, why, sizeof(why));
	int rc = bl_tape_line(tape, line, n, why, sizeof(why));

	if (rc < 0)
		return rc;
	insist(peeked == rc, "peeking saw another line");
	if (rc != BL_LINE_LOOK)
		return 0;
	insist(tape->now_ns == now, "peeking saw another time");
	if (!tape->rc)
		write_again(tape);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct bl_tape tape = {0};

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		char *line = malloc(n ? n : 1); /* its very size, for ASan */
		int rc;

		insist(line != NULL, "out of memory");
		memcpy(line, p, n);
		rc = one_line(&tape, line, n);
		free(line);
		if (rc < 0)
			break; /* as the player does */
		p += n + (newline ? 1 : 0);
	}
	bl_tape_clear(&tape);
	return 0;
}
