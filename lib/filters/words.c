/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of JSON; see words.h. */
#include "words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bl_words_fail(struct bl_words *w, const char *format, ...)
{
	int at = snprintf(w->error, w->error_size, "byte %td: ", w->p - w->line + 1);
	va_list args;

	va_start(args, format);
	if (at > 0 && (size_t)at < w->error_size)
		vsnprintf(w->error + at, w->error_size - (size_t)at, format, args);
	va_end(args);
	return -EINVAL;
}

static void skip_space(struct bl_words *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r'))
		w->p++;
}

int bl_words_next(struct bl_words *w, char mark)
{
	skip_space(w);
	if (w->p == w->end || *w->p != mark)
		return 0;
	w->p++;
	return 1;
}

int bl_words_expect(struct bl_words *w, char mark)
{
	if (bl_words_next(w, mark))
		return 0;
	if (w->p == w->end)
		return bl_words_fail(w, "the line is cut short, '%c' is missing", mark);
	return bl_words_fail(w, "here should be '%c'", mark);
}

int bl_words_end(struct bl_words *w)
{
	skip_space(w);
	return w->p == w->end ? 0 : bl_words_fail(w, "there is more after the object's end");
}

static int is_digit(const struct bl_words *w)
{
	return w->p < w->end && *w->p >= '0' && *w->p <= '9';
}

/* JSON knows no leading zeros, and we no fractions. */
static int digits(struct bl_words *w, uint64_t *ret_number)
{
	const char *begin = w->p;
	uint64_t v = 0;

	while (is_digit(w)) {
		uint64_t digit = (uint64_t)(*w->p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return bl_words_fail(w, "a number beyond 64 bits");
		v = v * 10 + digit;
		w->p++;
	}
	if (w->p == begin || (w->p - begin > 1 && *begin == '0'))
		return bl_words_fail(w, "here should be a whole number");
	if (w->p < w->end && (*w->p == '.' || *w->p == 'e' || *w->p == 'E'))
		return bl_words_fail(w, "a fraction; only whole numbers are recorded");
	*ret_number = v;
	return 0;
}

int bl_words_number(struct bl_words *w, uint64_t least, uint64_t most, uint64_t *ret_number)
{
	uint64_t v;
	int rc;

	skip_space(w);
	rc = digits(w, &v);
	if (rc < 0)
		return rc;
	if (v < least || v > most)
		return bl_words_fail(w, "a number that is not in %llu..%llu",
		                     (unsigned long long)least, (unsigned long long)most);
	*ret_number = v;
	return 0;
}

int bl_words_signed(struct bl_words *w, int32_t *ret_number)
{
	int minus = bl_words_next(w, '-');
	uint64_t v;
	int rc = digits(w, &v);

	if (rc < 0)
		return rc;
	if (v > (uint64_t)INT32_MAX + (minus ? 1 : 0))
		return bl_words_fail(w, "a number beyond 32 bits");
	*ret_number = (int32_t)(minus ? -(int64_t)v : (int64_t)v);
	return 0;
}

int bl_words_null(struct bl_words *w)
{
	skip_space(w);
	if (w->end - w->p < 4 || memcmp(w->p, "null", 4) != 0)
		return 0;
	w->p += 4;
	return 1;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int hex_digits(struct bl_words *w, unsigned n, uint32_t *ret_value)
{
	uint32_t v = 0;

	for (; n; n--, w->p++) {
		int d = w->p < w->end ? nibble(*w->p) : -1;

		if (d < 0)
			return bl_words_fail(w, "here should be a hexadecimal digit");
		v = v << 4 | (uint32_t)d;
	}
	*ret_value = v;
	return 0;
}

static void put_code(struct bl_text *t, uint32_t code)
{
	char c[4] = {(char)code};
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n > 1) {
		for (size_t i = n - 1; i > 0; i--, code >>= 6)
			c[i] = (char)(0x80 | (code & 0x3f));
		c[0] = (char)((0xf00u >> n & 0xff) | code);
	}
	bl_text_bytes(t, c, n);
}

/* After "\u": one code point, which may take a pair of surrogates. */
static int unicode(struct bl_words *w, struct bl_text *t)
{
	uint32_t code = 0, low = 0;
	int rc = hex_digits(w, 4, &code);

	if (rc == 0 && code >= 0xd800 && code < 0xdc00) {
		if (w->end - w->p < 2 || w->p[0] != '\\' || w->p[1] != 'u')
			return bl_words_fail(w, "half a surrogate pair");
		w->p += 2;
		rc = hex_digits(w, 4, &low);
		if (rc == 0 && (low < 0xdc00 || low > 0xdfff))
			return bl_words_fail(w, "half a surrogate pair");
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	if (rc < 0)
		return rc;
	if (!code || (code >= 0xdc00 && code <= 0xdfff))
		return bl_words_fail(w, "a character that no name can have");
	put_code(t, code);
	return 0;
}

static int escape(struct bl_words *w, struct bl_text *t)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;

	if (++w->p == w->end)
		return bl_words_fail(w, "the line is cut short in a string");
	if (*w->p == 'u') {
		w->p++;
		return unicode(w, t);
	}
	which = *w->p ? strchr(from, *w->p) : NULL;
	if (!which)
		return bl_words_fail(w, "an escape that JSON does not know");
	bl_text_bytes(t, &to[which - from], 1);
	w->p++;
	return 0;
}

static int character(struct bl_words *w, struct bl_text *t)
{
	size_t n;

	if (*w->p == '\\')
		return escape(w, t);
	n = bl_utf8(w->p, (size_t)(w->end - w->p));
	if (!n || (unsigned char)*w->p < 0x20)
		return bl_words_fail(w, "a byte that no JSON string has");
	bl_text_bytes(t, w->p, n);
	w->p += n;
	return 0;
}

int bl_words_string(struct bl_words *w, struct bl_text *ret_text)
{
	int rc = bl_words_expect(w, '"');

	bl_text_clear(ret_text);
	while (rc == 0 && w->p < w->end && *w->p != '"')
		rc = character(w, ret_text);
	if (rc < 0)
		return rc;
	if (w->p == w->end)
		return bl_words_fail(w, "the line is cut short in a string");
	w->p++;
	bl_text_bytes(ret_text, "", 1);
	return ret_text->broken ? -ENOMEM : 0;
}

int bl_words_hex(struct bl_words *w, struct bl_text *ret_text)
{
	int rc = bl_words_expect(w, '"');
	uint32_t byte = 0;

	bl_text_clear(ret_text);
	while (rc == 0 && w->p < w->end && *w->p != '"') {
		rc = hex_digits(w, 2, &byte);
		if (rc == 0 && !byte)
			rc = bl_words_fail(w, "a character that no name can have");
		if (rc == 0)
			bl_text_bytes(ret_text, &(char){(char)byte}, 1);
	}
	if (rc == 0)
		rc = bl_words_expect(w, '"');
	bl_text_bytes(ret_text, "", 1);
	return rc == 0 && ret_text->broken ? -ENOMEM : rc;
}

static int key(struct bl_words *w, char ret_key[BL_KEY_SIZE])
{
	size_t n = 0;

	if (bl_words_expect(w, '"') < 0)
		return -EINVAL;
	while (w->p < w->end && ((*w->p >= 'a' && *w->p <= 'z') || *w->p == '_')) {
		if (n == BL_KEY_SIZE - 1)
			return bl_words_fail(w, "a key that no recording has");
		ret_key[n++] = *w->p++;
	}
	ret_key[n] = 0;
	if (bl_words_expect(w, '"') < 0 || bl_words_expect(w, ':') < 0)
		return -EINVAL;
	return 1;
}

static int another(struct bl_words *w, int *first, char close)
{
	if (bl_words_next(w, close))
		return 0;
	if (!*first && bl_words_expect(w, ',') < 0)
		return -EINVAL;
	*first = 0;
	return 1;
}

int bl_words_member(struct bl_words *w, int *first, char ret_key[BL_KEY_SIZE])
{
	int more = another(w, first, '}');

	return more <= 0 ? more : key(w, ret_key);
}

int bl_words_element(struct bl_words *w, int *first)
{
	return another(w, first, ']');
}
