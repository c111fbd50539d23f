/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that grows, and the few words of JSON a recording is made of. Knows
 * neither guests nor files.
 */
#ifndef BALLOON_FILTERS_TEXT_H
#define BALLOON_FILTERS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The longest line of a recording. A guest takes 350 bytes unless its name is
 * long, and 1,200 where the host tells all there is: this is 50,000 such guests
 * seen for the first time at once. */
#define BL_LINE_MAX (UINT64_C(64) << 20)

/* Starts as all zero. Once memory ran short or it grew beyond BL_LINE_MAX,
 * broken stays set until bl_text_clear(): ask once at the end. */
struct bl_text {
	char *data;
	size_t n;
	size_t room;
	int broken;
};

void bl_text_clear(struct bl_text *t); /* keeps its memory */
void bl_text_free(struct bl_text *t);
void bl_text_bytes(struct bl_text *t, const char *bytes, size_t n);
void bl_text_add(struct bl_text *t, const char *words);
void bl_text_number(struct bl_text *t, uint64_t number);

/* ,"key":number and ,"key":-number; without the comma where nothing stands
 * before it in the same braces. */
void bl_text_field(struct bl_text *t, const char *key, uint64_t number);
void bl_text_signed(struct bl_text *t, const char *key, int64_t number);

/* ,"key":"string" for what is UTF-8; anything else as ,"key_hex":"00ff…", so
 * that every name comes back as it was. */
void bl_text_string(struct bl_text *t, const char *key, const char *string);

/* Bytes of the UTF-8 character at s[0..n), n > 0; 0 if there is none. */
size_t bl_utf8(const char *s, size_t n);

/* Copies s for people's eyes: "?" for whatever is no printable UTF-8. */
void bl_printable(const char *s, char *ret_text, size_t size);

#endif
