/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that grows; see text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <balloon/balloon.h>

/* A report of some fifty thousand guests; more is a defect, not a report. */
#define TEXT_MAX (32u << 20)
/* Most text fits at once: a status of three guests has about 2 KiB. */
#define TEXT_FIRST 4096u

void text_clear(struct text *t)
{
	t->len = 0;
	t->broken = false;
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

/* Room for len more bytes and the 0 behind them. */
static bool room(struct text *t, size_t len)
{
	size_t size = t->size ? t->size : TEXT_FIRST;
	char *data;

	if (t->broken || len >= TEXT_MAX - t->len) {
		t->broken = true;
		return false;
	}
	if (t->data && t->len + len < t->size)
		return true;
	while (size <= t->len + len)
		size *= 2;
	data = realloc(t->data, size);
	t->broken = !data;
	if (!data)
		return false;
	t->data = data;
	t->size = size;
	return true;
}

void text_bytes(struct text *t, const char *data, size_t len)
{
	if (!room(t, len))
		return;
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *words)
{
	text_bytes(t, words, strlen(words));
}

void text_printf(struct text *t, const char *format, ...)
{
	char line[512]; /* formats here are numbers and our own short words */
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(line))
		t->broken = true;
	else
		text_bytes(t, line, (size_t)n);
}

size_t utf8_len(const char *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c;

	if (len == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	/* Longer than needed, a surrogate, or beyond Unicode. */
	return c < least[len] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : len;
}

/* One character as JSON; del and above are left alone, they need no escape. */
static void json_char(struct text *t, const char *s, size_t len)
{
	if (!len)
		text_add(t, "\\ufffd");
	else if (*s == '"' || *s == '\\')
		text_printf(t, "\\%c", *s);
	else if (len == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f))
		text_printf(t, "\\u%04x", (unsigned int)(unsigned char)*s);
	else
		text_bytes(t, s, len);
}

void text_json_string(struct text *t, const char *s, size_t max)
{
	size_t n = strnlen(s, max);

	text_add(t, "\"");
	for (size_t i = 0; i < n;) {
		size_t len = utf8_len(s + i, n - i);

		json_char(t, s + i, len);
		i += len ? len : 1;
	}
	text_add(t, "\"");
}

void text_json_number(struct text *t, uint64_t number)
{
	if (number == BALLOON_UNKNOWN)
		text_add(t, "null");
	else
		text_printf(t, "%llu", (unsigned long long)number);
}

void text_json_seconds(struct text *t, uint64_t ns)
{
	if (ns == BALLOON_UNKNOWN)
		text_add(t, "null");
	else
		text_printf(t, "%llu.%03llu", (unsigned long long)(ns / 1000000000u),
		            (unsigned long long)(ns / 1000000u % 1000u));
}

/* C1 controls (U+0080 to U+009F) work on terminals like their ESC forms. */
static bool shows(const char *s, size_t len)
{
	unsigned char c = (unsigned char)*s;

	return len > 1 ? !(c == 0xc2 && (unsigned char)s[1] < 0xa0) : len == 1 && c >= 0x20 && c != 0x7f;
}

void printable(const char *s, char *ret_text, size_t size)
{
	size_t n = strnlen(s, size - 1), out = 0;

	for (size_t i = 0; i < n;) {
		size_t len = utf8_len(s + i, n - i);

		if (shows(s + i, len)) {
			memcpy(ret_text + out, s + i, len);
			out += len;
		} else {
			ret_text[out++] = '?';
		}
		i += len ? len : 1;
	}
	ret_text[out] = '\0';
}
