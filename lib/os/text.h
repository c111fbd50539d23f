/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the texts in which Linux speaks of itself: lines, labels, numbers.
 * Pure. Bytes may be anything, need not end with NUL, and a number that does
 * not fit is no number. Must not know which file they came from.
 */
#ifndef BL_OS_TEXT_H
#define BL_OS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text[0..n): a view, owned by whoever made it. */
struct bl_span {
	const char *p;
	const char *end;
};

struct bl_span bl_span(const char *text, size_t n);

/* The next line of text, without its newline, taken off its front. */
bool bl_span_line(struct bl_span *text, struct bl_span *ret_line);

/* The next word, up to white space, taken off the front of line. */
bool bl_span_word(struct bl_span *line, struct bl_span *ret_word);

/* Takes label off the front of line, if it is there. */
bool bl_span_skip(struct bl_span *line, const char *label);

/* Takes a number off the front, after spaces; it ends where its digits do.
 * False, and nothing taken, where there is none or it does not fit. */
bool bl_span_u64(struct bl_span *line, uint64_t *ret_value);
bool bl_span_hex(struct bl_span *line, uint64_t *ret_value);
bool bl_span_i64(struct bl_span *line, int64_t *ret_value);

/* "   123 kB" as bytes; UINT64_MAX for anything else. */
uint64_t bl_span_kib(struct bl_span line);

bool bl_span_is(struct bl_span word, const char *text);

#endif
