/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that grows, and the few JSON words the daemon writes. Knows neither
 * guests nor files.
 */
#ifndef BALLOOND_TEXT_H
#define BALLOOND_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as all zero. Once memory ran short, broken stays set and the text is
 * not to be used: ask once at the end instead of after every word. */
struct text {
	char *data;
	size_t len;
	size_t size;
	bool broken;
};

void text_clear(struct text *t); /* keeps its memory */
void text_free(struct text *t);
void text_bytes(struct text *t, const char *data, size_t len);
void text_add(struct text *t, const char *words);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string of at most max bytes of s, whatever bytes s has: what is not
 * UTF-8 becomes U+FFFD. */
void text_json_string(struct text *t, const char *s, size_t max);
void text_json_number(struct text *t, uint64_t number); /* BALLOON_UNKNOWN is null */
void text_json_seconds(struct text *t, uint64_t ns);    /* likewise */

/* Bytes of the UTF-8 character at s[0..n), n > 0; 0 if there is none. */
size_t utf8_len(const char *s, size_t n);

/* Copies s for people's eyes: no control characters, nothing that is not
 * UTF-8. */
void printable(const char *s, char *ret_text, size_t size);

#endif
