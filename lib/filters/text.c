/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text and words of JSON; see text.h. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char hex[] = "0123456789abcdef";

void bl_text_clear(struct bl_text *t)
{
	t->n = 0;
	t->broken = 0;
}

void bl_text_free(struct bl_text *t)
{
	free(t->data);
	*t = (struct bl_text){0};
}

/* Doubles, so that n bytes cost n copies in all. */
static int grow(struct bl_text *t, size_t n)
{
	size_t room = t->room ? t->room : 4096;
	char *data;

	if (n > BL_LINE_MAX - t->n)
		return -1;
	while (room < t->n + n)
		room *= 2;
	data = realloc(t->data, room);
	if (!data)
		return -1;
	t->data = data;
	t->room = room;
	return 0;
}

void bl_text_bytes(struct bl_text *t, const char *bytes, size_t n)
{
	if (t->broken || !n)
		return;
	if (n > t->room - t->n && grow(t, n) < 0) {
		t->broken = 1;
		return;
	}
	memcpy(t->data + t->n, bytes, n);
	t->n += n;
}

void bl_text_add(struct bl_text *t, const char *words)
{
	bl_text_bytes(t, words, strlen(words));
}

void bl_text_number(struct bl_text *t, uint64_t number)
{
	char digits[20]; /* 2^64 - 1 has so many */
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	bl_text_bytes(t, digits + at, sizeof(digits) - at);
}

static void put_key(struct bl_text *t, const char *key, const char *suffix)
{
	if (t->n && t->data[t->n - 1] != '{')
		bl_text_add(t, ",");
	bl_text_add(t, "\"");
	bl_text_add(t, key);
	bl_text_add(t, suffix);
	bl_text_add(t, "\":");
}

void bl_text_field(struct bl_text *t, const char *key, uint64_t number)
{
	put_key(t, key, "");
	bl_text_number(t, number);
}

void bl_text_signed(struct bl_text *t, const char *key, int64_t number)
{
	put_key(t, key, "");
	if (number < 0)
		bl_text_add(t, "-");
	bl_text_number(t, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

/* By the table of well-formed byte sequences (Unicode 15, table 3-7): no
 * overlong forms, no surrogates, nothing above U+10FFFF. */
size_t bl_utf8(const char *s, size_t n)
{
	const unsigned char *c = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t length;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	length = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		lo = 0xa0;
	if (c[0] == 0xed)
		hi = 0x9f;
	if (c[0] == 0xf0)
		lo = 0x90;
	if (c[0] == 0xf4)
		hi = 0x8f;
	if (n < length || c[1] < lo || c[1] > hi)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if (c[i] < 0x80 || c[i] > 0xbf)
			return 0;
	}
	return length;
}

static int is_utf8(const char *s, size_t n)
{
	while (n) {
		size_t length = bl_utf8(s, n);

		if (!length)
			return 0;
		s += length;
		n -= length;
	}
	return 1;
}

/* DEL is legal in JSON, and a trap in a terminal. */
static int escaped(unsigned char c)
{
	return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
}

static void put_escaped(struct bl_text *t, unsigned char c)
{
	char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	char b[2] = {'\\', (char)c};

	if (c == '"' || c == '\\')
		bl_text_bytes(t, b, sizeof(b));
	else
		bl_text_bytes(t, u, sizeof(u));
}

static void put_string(struct bl_text *t, const char *s, size_t n)
{
	while (n) {
		size_t plain = 0;

		while (plain < n && !escaped((unsigned char)s[plain]))
			plain++;
		bl_text_bytes(t, s, plain);
		if (plain < n)
			put_escaped(t, (unsigned char)s[plain++]);
		s += plain;
		n -= plain;
	}
}

static void put_hex(struct bl_text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		char two[2] = {hex[c >> 4], hex[c & 15]};

		bl_text_bytes(t, two, sizeof(two));
	}
}

void bl_text_string(struct bl_text *t, const char *key, const char *string)
{
	size_t n = strlen(string);
	int plain = is_utf8(string, n);

	put_key(t, key, plain ? "" : "_hex");
	bl_text_add(t, "\"");
	if (plain)
		put_string(t, string, n);
	else
		put_hex(t, string, n);
	bl_text_add(t, "\"");
}

/* U+0080 to U+009F are controls to a terminal too: "\xc2\x9b" is its CSI. */
static int is_control(const char *s, size_t length)
{
	const unsigned char *c = (const unsigned char *)s;

	return (length == 1 && (c[0] < 0x20 || c[0] == 0x7f)) ||
	       (length == 2 && c[0] == 0xc2 && c[1] < 0xa0);
}

void bl_printable(const char *s, char *ret_text, size_t size)
{
	size_t n = strlen(s), at = 0;

	while (n) {
		size_t length = bl_utf8(s, n);
		int bad = !length || is_control(s, length);

		length = length ? length : 1;
		if (at + (bad ? 1 : length) >= size)
			break;
		if (bad)
			ret_text[at++] = '?';
		else
			at += (size_t)((char *)mempcpy(ret_text + at, s, length) - (ret_text + at));
		s += length;
		n -= length;
	}
	ret_text[at] = 0;
}
