/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of the last look, as recorder and player remember them: what did
 * not change since is not written. Knows neither files nor JSON.
 */
#ifndef BALLOON_FILTERS_ROWS_H
#define BALLOON_FILTERS_ROWS_H

#include <balloon/backend.h>

struct bl_rows {
	struct balloon_sample *samples; /* their name and uuid are ours */
	size_t n;
	size_t room;
};

/* n rows; new ones have no key and nothing known. -ENOMEM: as it was. */
int bl_rows_resize(struct bl_rows *rows, size_t n);

/* Forgets all of row i. */
void bl_rows_reset(struct bl_rows *rows, size_t i);

/* Puts a copy of text (or NULL) where *field is, a row's name or uuid.
 * -ENOMEM: as it was. */
int bl_rows_text(const char **field, const char *text);

void bl_rows_free(struct bl_rows *rows);

/* The numbers of a sample that may be unknown, and where they are. */
#define BL_NUMBERS 12u

extern const struct bl_number {
	const char *name;
	size_t at;
} bl_numbers[BL_NUMBERS];

static inline uint64_t *bl_number(struct balloon_sample *s, size_t i)
{
	return (uint64_t *)(void *)((char *)s + bl_numbers[i].at);
}

#endif
