/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of the last look, as recorder and player remember them: what did
 * not change since is not written. Knows neither files nor JSON.
 */
#ifndef BALLOON_FILTERS_ROWS_H
#define BALLOON_FILTERS_ROWS_H

#include <balloon/backend.h>

/* A row's node_bytes, and its misses behind them. */
#define BL_LIST_ROOM (BALLOON_NODES_MAX + BALLOON_MISSES + 1)

struct bl_rows {
	struct balloon_sample *samples; /* their texts, node_bytes and misses are ours */
	uint64_t (*lists)[BL_LIST_ROOM]; /* where the latter two lie */
	size_t n;
	size_t room;
	size_t nodes_n; /* how many node_bytes a row has, if any */
};

/* n rows; new ones have no key and nothing known. -ENOMEM: as it was. */
int bl_rows_resize(struct bl_rows *rows, size_t n);

/* Forgets all of row i. */
void bl_rows_reset(struct bl_rows *rows, size_t i);

/* Puts a copy of text (or NULL) where *field is, one of a row's.
 * -ENOMEM: as it was. */
int bl_rows_text(const char **field, const char *text);

/* From now on so many nodes: with another number, what lay on them is forgotten. */
void bl_rows_nodes(struct bl_rows *rows, size_t n);

/* Where row i's node_bytes and misses go. */
uint64_t *bl_rows_node_bytes(struct bl_rows *rows, size_t i);
uint64_t *bl_rows_misses(struct bl_rows *rows, size_t i);

void bl_rows_free(struct bl_rows *rows);

/* The numbers of a sample that may be unknown, and where they are. */
#define BL_NUMBERS 19u

extern const struct bl_number {
	const char *name;
	size_t at;
} bl_numbers[BL_NUMBERS];

/* Likewise of a sheet. */
#define BL_HOST_NUMBERS 6u

extern const struct bl_number bl_host_numbers[BL_HOST_NUMBERS];

static inline uint64_t *bl_number(struct balloon_sample *s, size_t i)
{
	return (uint64_t *)(void *)((char *)s + bl_numbers[i].at);
}

static inline uint64_t *bl_host_number(struct balloon_sheet *s, size_t i)
{
	return (uint64_t *)(void *)((char *)s + bl_host_numbers[i].at);
}

#endif
