/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of the configuration by table; see field.h. */
#include "field.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <balloon/balloon.h>

#include "size.h"

int refuse(struct parser *p, const char *key, const char *format, ...)
{
	int n = snprintf(p->error, p->size, "%s%s: ", p->at, key);
	va_list args;

	va_start(args, format);
	if (n > 0 && (size_t)n < p->size)
		vsnprintf(p->error + n, p->size - (size_t)n, format, args);
	va_end(args);
	return -EINVAL;
}

int no_memory(struct parser *p)
{
	snprintf(p->error, p->size, "there is not enough memory to read the configuration");
	return -ENOMEM;
}

/* ---- numbers */

static int take_bytes(struct parser *p, const struct field *f, json_object *v, uint64_t *ret)
{
	char why[128];

	if (json_object_is_type(v, json_type_int) && json_object_get_int64(v) >= 0) {
		*ret = (uint64_t)json_object_get_int64(v);
	} else if (json_object_is_type(v, json_type_string)) {
		if (size_parse(json_object_get_string(v), ret, why, sizeof(why)) < 0)
			return refuse(p, f->name, "\"%.40s\" %s", json_object_get_string(v), why);
	} else {
		return refuse(p, f->name, "should be a size as in \"512MiB\", or a number of bytes");
	}
	/* Nobody gives a guest 512 bytes: the unit was forgotten. */
	if (*ret && *ret < MIB)
		return refuse(p, f->name, "is less than 1 MiB; write the unit, as in \"%lluMiB\"",
		              (unsigned long long)*ret);
	if (*ret < f->min || *ret > f->max)
		return refuse(p, f->name, "is out of range, \"%lluMiB\" to \"%lluMiB\"",
		              (unsigned long long)(f->min / MIB),
		              (unsigned long long)(f->max / MIB));
	return 0;
}

static int take_integer(struct parser *p, const struct field *f, json_object *v, uint64_t *ret)
{
	int64_t n = json_object_get_int64(v);

	if (!json_object_is_type(v, json_type_int))
		return refuse(p, f->name, "should be a whole number");
	if (n < 0 || (uint64_t)n < f->min || (uint64_t)n > f->max)
		return refuse(p, f->name, "is out of range, %llu to %llu",
		              (unsigned long long)f->min, (unsigned long long)f->max);
	*ret = (uint64_t)n;
	return 0;
}

static int take_percent(struct parser *p, const struct field *f, json_object *v, uint64_t *ret)
{
	double bp = json_object_get_double(v) * 100.0, off;

	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return refuse(p, f->name, "should be a number, in percent");
	if (!(bp >= (double)f->min && bp <= (double)f->max))
		return refuse(p, f->name, "is out of range, %g to %g percent",
		              (double)f->min / 100.0, (double)f->max / 100.0);
	*ret = (uint64_t)(bp + 0.5);
	off = bp - (double)*ret;
	/* 0.07 * 100 is not 7 to the last bit; a third decimal is off by 0.1. */
	if (off > 0.001 || off < -0.001)
		return refuse(p, f->name, "has more than two decimals");
	return 0;
}

/* ---- what is no number */

static void set_flag(const struct field *f, void *base, bool on)
{
	char *to = (char *)base + f->flags_at;
	uint32_t flags;

	memcpy(&flags, to, sizeof(flags));
	flags = on ? flags | f->flag : flags & ~f->flag;
	memcpy(to, &flags, sizeof(flags));
}

static bool has_flag(const struct field *f, const void *base)
{
	uint32_t flags;

	memcpy(&flags, (const char *)base + f->flags_at, sizeof(flags));
	return (flags & f->flag) != 0;
}

static int take_bool(struct parser *p, const struct field *f, json_object *v, void *base)
{
	if (!json_object_is_type(v, json_type_boolean))
		return refuse(p, f->name, "should be true or false");
	set_flag(f, base, json_object_get_boolean(v));
	return 0;
}

static int take_name(struct parser *p, const struct field *f, json_object *v, void *base)
{
	const char *s = json_object_get_string(v);

	if (!json_object_is_type(v, json_type_string))
		return refuse(p, f->name, "should be a string");
	memcpy((char *)base + f->at, &s, sizeof(s));
	return 0;
}

int name_check(struct parser *p, const char *section, const char *what, const char *name)
{
	if (!*name)
		return refuse(p, section, "has a %s without a name", what);
	if (strlen(name) > NAME_MAX_BYTES)
		return refuse(p, section, "\"%.40s...\" is longer than a %s's name may be, %d bytes",
		              name, what, NAME_MAX_BYTES);
	for (const char *s = name; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return refuse(p, section, "a %s's name has a control character", what);
	}
	return 0;
}

int bounds_check(struct parser *p, uint64_t low, uint64_t high)
{
	if (low == BALLOON_UNKNOWN || low <= high)
		return 0;
	return refuse(p, "limit", "%llu MiB is less than the reservation, %llu MiB",
	              (unsigned long long)(high / MIB), (unsigned long long)(low / MIB));
}

/* ---- by table */

static int take_number(struct parser *p, const struct field *f, json_object *v, void *base)
{
	char *to = (char *)base + f->at;
	uint64_t n = 0;
	uint32_t bp;
	int rc = f->kind == BYTES ? take_bytes(p, f, v, &n)
	       : f->kind == PCT   ? take_percent(p, f, v, &n) : take_integer(p, f, v, &n);

	if (rc)
		return rc;
	bp = (uint32_t)n;
	if (f->kind == MS)
		n *= 1000000u;
	if (f->kind == PCT)
		memcpy(to, &bp, sizeof(bp));
	else
		memcpy(to, &n, sizeof(n));
	if (f->flag)
		set_flag(f, base, true);
	return 0;
}

int field_take(struct parser *p, const struct field *f, json_object *v, void *base)
{
	if (f->kind == BOOL)
		return take_bool(p, f, v, base);
	return f->kind == NAME ? take_name(p, f, v, base) : take_number(p, f, v, base);
}

static const struct field *find(const struct field *fields, const char *name)
{
	while (fields->name && strcmp(fields->name, name) != 0)
		fields++;
	return fields->name ? fields : NULL;
}

static int unknown(struct parser *p, const struct field *fields, const char *name)
{
	char known[256] = "";

	for (size_t n = 0; fields->name && n < sizeof(known) - 32; fields++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "",
		                      fields->name);
	return refuse(p, name, "there is no such key here; there are %s", known);
}

int fields_take(struct parser *p, const struct field *fields, json_object *object, void *base)
{
	struct json_object_iterator i = json_object_iter_begin(object);
	struct json_object_iterator end = json_object_iter_end(object);
	int rc = 0;

	for (; !rc && !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		const struct field *f = find(fields, name);

		rc = f ? field_take(p, f, json_object_iter_peek_value(&i), base)
		       : unknown(p, fields, name);
	}
	return rc;
}

static bool unsaid(const struct field *f, const void *base)
{
	const char *from = (const char *)base + f->at, *name = NULL;
	uint64_t n = 0;

	if (f->kind == BOOL)
		return false;
	if (f->kind == NAME)
		memcpy(&name, from, sizeof(name));
	if (f->kind == NAME || f->kind == PCT)
		return f->kind == NAME ? !name : f->flag && !has_flag(f, base);
	memcpy(&n, from, sizeof(n));
	return n == BALLOON_UNKNOWN;
}

static void value_write(const struct field *f, const void *base, struct text *out)
{
	const char *from = (const char *)base + f->at, *name;
	uint64_t n = 0;
	uint32_t bp;

	if (f->kind == BOOL) {
		text_add(out, has_flag(f, base) ? "true" : "false");
	} else if (f->kind == NAME) {
		memcpy(&name, from, sizeof(name));
		text_json_string(out, name, NAME_MAX_BYTES);
	} else if (f->kind == PCT) {
		memcpy(&bp, from, sizeof(bp));
		text_printf(out, "%u.%02u", bp / 100, bp % 100);
	} else {
		memcpy(&n, from, sizeof(n));
		text_printf(out, "%llu", (unsigned long long)(f->kind == MS ? n / 1000000u : n));
	}
}

void field_write(const struct field *f, const void *base, struct text *out, const char *comma)
{
	if (unsaid(f, base))
		return;
	text_printf(out, "%s\"%s\":", comma, f->name);
	value_write(f, base, out);
}

void fields_write(const struct field *fields, const void *base, struct text *out)
{
	const char *comma = "";

	for (; fields->name; fields++) {
		if (unsaid(fields, base))
			continue;
		field_write(fields, base, out, comma);
		comma = ",";
	}
}
