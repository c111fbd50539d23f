/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes at all as what a QEMU says: every line, read as the answer to every
 * question. Beyond not crashing: nothing of it can get out of the question it is
 * put into, and unknown stays unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_tokener.h>

#include <balloon/balloon.h>

#include "backends/qmp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "qmp_fuzz: %s\n", what);
	abort();
}

/* One command per line, and its quotes pair up. */
static void check_question(enum bl_qmp_ask ask, const char *device)
{
	char text[BL_QMP_ASK_MAX];
	size_t n = bl_qmp_ask_write(ask, UINT64_MAX, device, UINT64_MAX, text);
	size_t quotes = 0;

	insist(n < sizeof(text) && text[n - 1] == '\n', "a question that does not end");
	for (size_t i = 0; i + 1 < n; i++) {
		insist(text[i] >= ' ' && text[i] != '\\', "a question of two lines");
		quotes += text[i] == '"';
	}
	insist(quotes % 2 == 0, "a quote that does not end");
}

static void check_facts(const struct bl_qmp_facts *facts)
{
	insist(memchr(facts->name, 0, sizeof(facts->name)) != NULL, "a name without end");
	insist(memchr(facts->uuid, 0, sizeof(facts->uuid)) != NULL, "a UUID without end");
	for (const char *p = facts->name; *p; p++)
		insist((unsigned char)*p >= ' ', "a name with control characters");
	if (facts->device[0])
		for (enum bl_qmp_ask ask = BL_QMP_CAPABILITIES; ask < BL_QMP_ASKS; ask++)
			check_question(ask, facts->device);
}

static void read_as_all(const struct bl_qmp_line *line)
{
	for (enum bl_qmp_ask ask = BL_QMP_CAPABILITIES; ask < BL_QMP_ASKS; ask++) {
		struct bl_qmp_figures f;
		struct bl_qmp_facts facts;

		bl_qmp_figures_clear(&f);
		bl_qmp_facts_clear(&facts);
		bl_qmp_reply_read(ask, line, &f, &facts);
		check_facts(&facts);
		insist(ask == BL_QMP_ACTUAL || f.actual_bytes == BALLOON_UNKNOWN,
		       "an actual that was not asked for");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_tokener *tok = json_tokener_new();
	const char *p = (const char *)data, *end = p + size;

	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		char *text = malloc(n ? n : 1); /* its very size, for ASan */
		struct bl_qmp_line line;

		insist(text != NULL, "out of memory");
		memcpy(text, p, n);
		if (bl_qmp_line_read(tok, text, n, &line) == 0) {
			insist(line.word && line.text, "a word that is not there");
			if (line.kind == BL_QMP_RETURNS)
				read_as_all(&line);
			bl_qmp_line_free(&line);
		}
		free(text);
		p += n + (newline ? 1 : 0);
	}
	json_tokener_free(tok);
	return 0;
}
