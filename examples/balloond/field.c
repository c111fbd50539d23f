/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers of the configuration by table; see field.h. */
#include "field.h"

#include <errno.h>
#include <stdarg.h>
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

int field_take(struct parser *p, const struct field *f, json_object *v, void *base)
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
	return 0;
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

void field_write(const struct field *f, const void *base, struct text *out, const char *comma)
{
	const char *from = (const char *)base + f->at;
	uint64_t n = 0;
	uint32_t bp;

	if (f->kind == PCT) {
		memcpy(&bp, from, sizeof(bp));
		text_printf(out, "%s\"%s\":%u.%02u", comma, f->name, bp / 100, bp % 100);
		return;
	}
	memcpy(&n, from, sizeof(n));
	n = f->kind == MS ? n / 1000000u : n;
	text_printf(out, "%s\"%s\":%llu", comma, f->name, (unsigned long long)n);
}

/* What is unknown is not said. */
void fields_write(const struct field *fields, const void *base, struct text *out)
{
	const char *comma = "";

	for (; fields->name; fields++) {
		uint64_t n = 0;

		if (fields->kind != PCT)
			memcpy(&n, (const char *)base + fields->at, sizeof(n));
		if (n == BALLOON_UNKNOWN)
			continue;
		field_write(fields, base, out, comma);
		comma = ",";
	}
}
