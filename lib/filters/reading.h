/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the tape's reader share: tape.c has the lines,
 * tape_rows.c the rows of a look. */
#ifndef BALLOON_FILTERS_READING_H
#define BALLOON_FILTERS_READING_H

#include "tape.h"
#include "words.h"

/* A line being read: its words, and which keys were seen in these braces. */
struct reading {
	struct bl_words w;
	struct bl_tape *t;
	uint64_t seen;
};

/* Which of keys (ended by NULL) is it? Each may stand once in its braces. */
int bl_reading_which(struct reading *r, const char *const *keys, const char *key);

/* A number, or null for BALLOON_UNKNOWN. */
int bl_reading_number(struct reading *r, uint64_t *ret);

/* A list of exactly n numbers. */
int bl_reading_list(struct reading *r, uint64_t *ret, size_t n);

/* The array of rows; guests_n was heeded before. */
int bl_reading_rows(struct reading *r);

#endif
