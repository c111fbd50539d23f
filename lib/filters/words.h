/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words of JSON in one line, read one after the other: exact integers of
 * 64 bits, strings, null. Strict: what a recorder does not write is refused,
 * and where is said to the byte. Knows nothing of recordings.
 *
 * Of its own rather than a JSON library's: those keep the last of two equal
 * keys without a word, round what is above INT64_MAX, allocate for every
 * number, and a fuzzer cannot see into them.
 */
#ifndef BALLOON_FILTERS_WORDS_H
#define BALLOON_FILTERS_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define BL_KEY_SIZE 32u /* no key of ours is longer */

struct bl_words {
	const char *line;
	const char *p, *end;
	char *error; /* gets the sentence's end, "byte 17: …" */
	size_t error_size;
};

/* Fails with -EINVAL and the sentence. */
int bl_words_fail(struct bl_words *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Is mark next? Then it is taken. */
int bl_words_next(struct bl_words *w, char mark);

/* The rest return 0, or -EINVAL. */
int bl_words_expect(struct bl_words *w, char mark);
int bl_words_number(struct bl_words *w, uint64_t least, uint64_t most, uint64_t *ret_number);
int bl_words_signed(struct bl_words *w, int32_t *ret_number);
int bl_words_string(struct bl_words *w, struct bl_text *ret_text); /* ends with a 0; -ENOMEM */
int bl_words_hex(struct bl_words *w, struct bl_text *ret_text);    /* likewise */
int bl_words_end(struct bl_words *w);

/* 1 if null was next and is taken. */
int bl_words_null(struct bl_words *w);

/*
 * Members of an object, and elements of an array, after its opening mark:
 * 1 there is another, 0 the closing mark was taken, -EINVAL. *first starts
 * as 1. A member's key and colon are taken.
 */
int bl_words_member(struct bl_words *w, int *first, char ret_key[BL_KEY_SIZE]);
int bl_words_element(struct bl_words *w, int *first);

#endif
