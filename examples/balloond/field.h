/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers of the configuration by table: how each is written, where it goes
 * and what it may be. Knows the three kinds of objects only by their tables.
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

/* How a number is written, and what it becomes. */
enum kind {
	BYTES,  /* "512MiB" or bytes */
	SHARES, /* a plain integer */
	PCT,    /* percent with at most two decimals -> basis points, 32 bits */
	MS,     /* milliseconds -> nanoseconds */
};

/* A table of these ends with a name of NULL. */
struct field {
	const char *name;
	enum kind kind;
	size_t at;         /* offset of the uint64_t (uint32_t for PCT) */
	uint64_t min, max; /* of bytes, shares, basis points or milliseconds */
};

/* Writes the sentence "at.key: ..." and returns -EINVAL. */
int refuse(struct parser *p, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int no_memory(struct parser *p); /* -ENOMEM */

/* One value, or an object of them, into the struct at base. */
int field_take(struct parser *p, const struct field *f, json_object *v, void *base);
int fields_take(struct parser *p, const struct field *fields, json_object *object, void *base);

/* And back: `"name":number`, after comma. What is unknown is not said. */
void field_write(const struct field *f, const void *base, struct text *out, const char *comma);
void fields_write(const struct field *fields, const void *base, struct text *out);

#endif
