/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A strict look over JSON text before anything is made of it.
 *
 * json-c lets the last of two equal keys win, clamps huge integers and takes
 * NaN, also when told to be strict; and a key is lost without a word when
 * malloc() fails at the wrong moment (json-c 0.16). So the text is judged
 * here first, key by key and with the place of what is wrong, and the keys
 * counted. Pure: no allocation, no I/O. Knows nothing of what the keys mean.
 */
#ifndef BALLOOND_SCAN_H
#define BALLOOND_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* The configuration nests three deep; this leaves room and bounds the stack. */
#define SCAN_DEPTH 8
#define SCAN_ERROR_MAX 512

/* A piece of the text: what stands between the quotes of a string, as written. */
struct scan_piece {
	const char *at;
	size_t len;
};

/* Memory for the keys of the objects that are open at a time. */
struct scan_key {
	struct scan_piece piece;
	uint32_t hash;
};

struct scan {
	const char *text;
	size_t len;
	struct scan_key *keys; /* the caller's; bounds what is taken */
	size_t keys_max;

	/* Called for every member of an object, or NULL. value.at[-1] is the
	 * quote for a string; else value is the whole literal. depth 1 is the
	 * outermost object. Objects and arrays come with an empty value. */
	void (*member)(void *arg, int depth, struct scan_piece key, char kind,
	               struct scan_piece value);
	void *arg;

	size_t members;             /* result: how many keys in all */
	char error[SCAN_ERROR_MAX]; /* result: the place and what is wrong there */
};

/* kind is '{', '[', '"', 'i' (integer), 'r' (real), 't', 'f' or 'n'. */

/* 0, or -EINVAL with the sentence. */
int scan_json(struct scan *s);

/* The characters a piece stands for, 0-terminated. Returns the length, or
 * -ERANGE if size is too small. The piece must come from a good scan. */
int scan_unescape(struct scan_piece piece, char *ret_text, size_t size);

#endif
