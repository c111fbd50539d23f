/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of the configuration by table: how each is written, where it goes
 * and what it may be. Knows the kinds of objects only by their tables.
 */
#ifndef BALLOOND_FIELD_H
#define BALLOOND_FIELD_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define NAME_MAX_BYTES 255 /* no hypervisor takes longer names */
#define MIB (UINT64_C(1) << 20)

struct parser {
	char *error;
	size_t size;
	char at[NAME_MAX_BYTES + 32]; /* "guests.web." in front of a key; or "" */
};

/* How a value is written, and what it becomes. */
enum kind {
	BYTES,  /* "512MiB" or bytes */
	SHARES, /* a plain integer */
	PCT,    /* percent with at most two decimals -> basis points, 32 bits */
	MS,     /* milliseconds -> nanoseconds */
	NAME,   /* a string; what is taken points into the JSON */
	BOOL,   /* true or false -> the flag */
};

/* A table of these ends with FIELD_END. */
struct field {
	const char *name;
	enum kind kind;
	size_t at;         /* offset of the uint64_t (PCT uint32_t, NAME const char *) */
	uint64_t min, max; /* of bytes, shares, basis points or milliseconds */
	size_t flags_at;   /* offset of the uint32_t that has the flag */
	uint32_t flag;     /* a BOOL is this; others set it when they are said; 0 = none */
};

#define FIELD(key, how, where, least, most) \
	{ .name = (key), .kind = (how), .at = (where), .min = (least), .max = (most) }
#define FIELD_END { .name = NULL }

/* Writes the sentence "at.key: ..." and returns -EINVAL. */
int refuse(struct parser *p, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int no_memory(struct parser *p); /* -ENOMEM */

/* One value, or an object of them, into the struct at base. */
int field_take(struct parser *p, const struct field *f, json_object *v, void *base);
int fields_take(struct parser *p, const struct field *fields, json_object *object, void *base);

/* Is it a name that a guest or a pool could have? what is the one, section the key. */
int name_check(struct parser *p, const char *section, const char *what, const char *name);
/* Do a reservation and a limit, either of them perhaps unknown, fit together? */
int bounds_check(struct parser *p, uint64_t reservation_bytes, uint64_t limit_bytes);

/* And back: `"name":value`, after comma. What is unknown is not said. */
void field_write(const struct field *f, const void *base, struct text *out, const char *comma);
void fields_write(const struct field *fields, const void *base, struct text *out);

#endif
