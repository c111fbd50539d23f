/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the last look; see rows.h. */
#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER(name) {#name, offsetof(struct balloon_sample, name)}

const struct bl_number bl_numbers[BL_NUMBERS] = {
        NUMBER(size_bytes),     NUMBER(actual_bytes),   NUMBER(total_bytes),
        NUMBER(available_bytes), NUMBER(unused_bytes),  NUMBER(cache_bytes),
        NUMBER(swap_in_bytes),  NUMBER(swap_out_bytes), NUMBER(major_faults),
        NUMBER(resident_bytes), NUMBER(active_bytes),   NUMBER(serial),
        NUMBER(cold_bytes),     NUMBER(compress_bp),    NUMBER(swapped_bytes),
        NUMBER(refault_bytes),  NUMBER(shared_bytes),   NUMBER(shareable_bytes),
        NUMBER(stall_bp),
};

#define HOST_NUMBER(name) {#name, offsetof(struct balloon_sheet, name)}

const struct bl_number bl_host_numbers[BL_HOST_NUMBERS] = {
        HOST_NUMBER(total_bytes),     HOST_NUMBER(available_bytes),     HOST_NUMBER(swap_bytes),
        HOST_NUMBER(swap_free_bytes), HOST_NUMBER(compress_free_bytes), HOST_NUMBER(stall_bp),
};

static void drop_text(const char **field)
{
	union {
		const char *theirs;
		char *ours; /* every text in a row was made by strdup() below */
	} text = {.theirs = *field};

	free(text.ours);
	*field = NULL;
}

int bl_rows_text(const char **field, const char *text)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	drop_text(field);
	*field = copy;
	return 0;
}

void bl_rows_reset(struct bl_rows *rows, size_t i)
{
	struct balloon_sample *s = &rows->samples[i];

	drop_text(&s->name);
	drop_text(&s->uuid);
	drop_text(&s->note);
	*s = (struct balloon_sample){0};
	for (size_t k = 0; k < BL_NUMBERS; k++)
		*bl_number(s, k) = BALLOON_UNKNOWN;
}

static void lists_moved(struct bl_rows *rows, uint64_t (*lists)[BL_LIST_ROOM])
{
	rows->lists = lists;
	for (size_t i = 0; i < rows->n; i++) {
		struct balloon_sample *s = &rows->samples[i];

		s->node_bytes = s->node_bytes ? bl_rows_node_bytes(rows, i) : NULL;
		s->misses = s->misses ? bl_rows_misses(rows, i) : NULL;
	}
}

static int make_room(struct bl_rows *rows, size_t n)
{
	size_t room = rows->room ? rows->room : 16;
	struct balloon_sample *samples;
	uint64_t(*lists)[BL_LIST_ROOM];

	while (room < n)
		room *= 2;
	lists = realloc(rows->lists, room * sizeof(*lists));
	if (lists)
		lists_moved(rows, lists);
	samples = lists ? realloc(rows->samples, room * sizeof(*samples)) : NULL;
	if (!samples)
		return -ENOMEM;
	memset(samples + rows->room, 0, (room - rows->room) * sizeof(*samples));
	rows->samples = samples;
	rows->room = room;
	return 0;
}

void bl_rows_nodes(struct bl_rows *rows, size_t n)
{
	for (size_t i = 0; i < rows->n && n != rows->nodes_n; i++)
		rows->samples[i].node_bytes = NULL;
	rows->nodes_n = n;
}

uint64_t *bl_rows_node_bytes(struct bl_rows *rows, size_t i)
{
	return rows->lists[i];
}

uint64_t *bl_rows_misses(struct bl_rows *rows, size_t i)
{
	return rows->lists[i] + BALLOON_NODES_MAX;
}

int bl_rows_resize(struct bl_rows *rows, size_t n)
{
	if (n > rows->room && make_room(rows, n) < 0)
		return -ENOMEM;
	while (rows->n < n)
		bl_rows_reset(rows, rows->n++);
	rows->n = n; /* rows beyond it are reset when they come back */
	return 0;
}

void bl_rows_free(struct bl_rows *rows)
{
	for (size_t i = 0; i < rows->room; i++) {
		drop_text(&rows->samples[i].name);
		drop_text(&rows->samples[i].uuid);
		drop_text(&rows->samples[i].note);
	}
	free(rows->samples);
	free(rows->lists);
	*rows = (struct bl_rows){0};
}
