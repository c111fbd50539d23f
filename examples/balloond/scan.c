/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict look over JSON text; see scan.h. */
#include "scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct cursor {
	struct scan *s;
	const char *p;
	const char *end;
	size_t keys_n;                           /* of s->keys in use */
	struct scan_piece path[SCAN_DEPTH];      /* keys on the way here */
	int depth;
};

static int value(struct cursor *c, char *ret_kind, struct scan_piece *ret_piece);

/* ---- what is wrong, and where */

static size_t path_text(const struct cursor *c, char *out, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < c->depth && n + 1 < size; i++) {
		int shown = c->path[i].len < 64 ? (int)c->path[i].len : 64; /* enough to find it */
		int len;

		if (!c->path[i].at)
			continue;
		len = snprintf(out + n, size - n, "%s%.*s", n ? "." : "", shown, c->path[i].at);
		n += len > 0 ? (size_t)len : 0;
	}
	return n;
}

static int fail(struct cursor *c, const char *at, const char *what)
{
	char path[300] = "";
	size_t line = 1, column = 1;

	for (const char *p = c->s->text; p < at; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	path_text(c, path, sizeof(path));
	snprintf(c->s->error, sizeof(c->s->error), "line %zu, column %zu%s%s: %s", line, column,
	         path[0] ? ", at " : "", path, what);
	return -EINVAL;
}

/* ---- strings */

static bool hex4(const char *p, const char *end, uint32_t *ret)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char ch = p[i];

		if (ch >= '0' && ch <= '9')
			v = v << 4 | (uint32_t)(ch - '0');
		else if ((ch | 32) >= 'a' && (ch | 32) <= 'f')
			v = v << 4 | (uint32_t)((ch | 32) - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

/* \uXXXX, or a pair of them; p is behind the u. Bytes taken or 0. U+0000 is
 * refused: it would end a name early. */
static size_t unicode_escape(const char *p, const char *end, uint32_t *ret)
{
	uint32_t low;

	if (!hex4(p, end, ret) || *ret == 0 || (*ret >= 0xdc00 && *ret < 0xe000))
		return 0;
	if (*ret < 0xd800 || *ret >= 0xe000)
		return 4;
	if (end - p < 10 || p[4] != '\\' || p[5] != 'u' || !hex4(p + 6, end, &low))
		return 0;
	if (low < 0xdc00 || low >= 0xe000)
		return 0;
	*ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
	return 10;
}

static size_t escape(const char *p, const char *end, uint32_t *ret)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	size_t n;

	if (end - p < 2)
		return 0;
	if (p[1] == 'u') {
		n = unicode_escape(p + 2, end, ret);
		return n ? n + 2 : 0;
	}
	found = p[1] ? strchr(from, p[1]) : NULL;
	if (!found)
		return 0;
	*ret = (uint32_t)(unsigned char)to[found - from];
	return 2;
}

static uint32_t utf8_value(const char *p, size_t len)
{
	uint32_t v = (unsigned char)p[0] & (len == 1 ? 0x7fu : 0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		v = v << 6 | ((unsigned char)p[i] & 0x3fu);
	return v;
}

/* The next character of a string. Bytes taken, or 0 if it is none. */
static size_t character(const char *p, const char *end, uint32_t *ret)
{
	size_t len;

	if (*p == '\\')
		return escape(p, end, ret);
	if ((unsigned char)*p < 0x20)
		return 0;
	len = utf8_len(p, (size_t)(end - p));
	if (len)
		*ret = utf8_value(p, len);
	return len;
}

static int string(struct cursor *c, struct scan_piece *ret)
{
	const char *start = c->p + 1;
	uint32_t ignored;

	for (const char *p = start; p < c->end;) {
		size_t len;

		if (*p == '"') {
			*ret = (struct scan_piece){ start, (size_t)(p - start) };
			c->p = p + 1;
			return 0;
		}
		len = character(p, c->end, &ignored);
		if (!len)
			return fail(c, p, "this is no character of a JSON string");
		p += len;
	}
	return fail(c, c->p, "this string has no end");
}

/* FNV-1a over the characters meant. */
static uint32_t hash(struct scan_piece k)
{
	uint32_t h = 2166136261u, ch = 0;

	for (size_t i = 0; i < k.len;) {
		i += character(k.at + i, k.at + k.len, &ch);
		h = (h ^ ch) * 16777619u;
	}
	return h;
}

/* Of the characters meant: "a" and "\u0061" are one key. */
static bool same(struct scan_piece a, struct scan_piece b)
{
	size_t i = 0, j = 0;
	uint32_t x = 0, y = 0;

	while (i < a.len && j < b.len) {
		i += character(a.at + i, a.at + a.len, &x);
		j += character(b.at + j, b.at + b.len, &y);
		if (x != y)
			return false;
	}
	return i == a.len && j == b.len;
}

static size_t put_utf8(uint32_t ch, char *out)
{
	size_t len = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--, ch >>= 6)
		out[i] = (char)(0x80 | (ch & 0x3f));
	out[0] = (char)(lead[len] | ch);
	return len;
}

int scan_unescape(struct scan_piece piece, char *ret_text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < piece.len;) {
		uint32_t ch = 0;
		size_t len = character(piece.at + i, piece.at + piece.len, &ch);

		if (!len || size < 5 || n > size - 5) /* four bytes and the 0 */
			return -ERANGE;
		n += put_utf8(ch, ret_text + n);
		i += len;
	}
	if (n >= size)
		return -ERANGE;
	ret_text[n] = '\0';
	return (int)n;
}

/* ---- numbers and words */

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* json-c holds integers in 64 bits and clamps what is beyond without a word. */
static bool fits(const char *p, const char *end)
{
	uint64_t v = 0;

	for (p += *p == '-'; p < end; p++) {
		uint64_t d = (uint64_t)(*p - '0');

		if (v > ((uint64_t)INT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	return true;
}

/* What may follow the digits of an integer; NULL if it starts but is not. */
static const char *fraction(const char *p, const char *end)
{
	const char *q;

	if (p < end && *p == '.') {
		q = digits(p + 1, end);
		if (q == p + 1)
			return NULL;
		p = q;
	}
	if (p < end && (*p | 32) == 'e') {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		q = digits(p, end);
		return q == p ? NULL : q;
	}
	return p;
}

static int number(struct cursor *c, char *ret_kind)
{
	const char *start = c->p, *first = start + (*start == '-');
	const char *p = digits(first, c->end), *q = p;

	if (p > first && !(*first == '0' && p > first + 1))
		q = fraction(p, c->end);
	else
		q = NULL;
	if (!q)
		return fail(c, start, "this is not a number as JSON has them");
	if (q == p && !fits(start, p))
		return fail(c, start, "this number is out of range, beyond 64 bits");
	*ret_kind = q == p ? 'i' : 'r';
	c->p = q;
	return 0;
}

static int word(struct cursor *c, char *ret_kind)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(c->end - c->p) >= len && !memcmp(c->p, words[i], len)) {
			*ret_kind = words[i][0];
			c->p += len;
			return 0;
		}
	}
	return fail(c, c->p, "here should be a value (comments, NaN and single quotes are not JSON)");
}

/* ---- what holds others */

static void space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
		c->p++;
}

/* The next thing must be ch. */
static int expect(struct cursor *c, char ch, const char *what)
{
	space(c);
	if (c->p == c->end || *c->p != ch)
		return fail(c, c->p, what);
	c->p++;
	return 0;
}

/* Notes a key of the object whose keys start at first. */
static int note_key(struct cursor *c, size_t first, struct scan_piece key)
{
	struct scan_key *keys = c->s->keys;
	uint32_t h = hash(key);

	c->path[c->depth - 1] = key;
	for (size_t i = first; i < c->keys_n; i++) {
		if (keys[i].hash == h && same(keys[i].piece, key))
			return fail(c, key.at, "this key stands here twice");
	}
	if (c->keys_n == c->s->keys_max)
		return fail(c, key.at, "too many keys");
	keys[c->keys_n++] = (struct scan_key){ key, h };
	c->s->members++;
	return 0;
}

static int member(struct cursor *c, size_t first)
{
	struct scan_piece key, v = { NULL, 0 };
	char kind = 0;
	int rc;

	space(c);
	if (c->p == c->end || *c->p != '"')
		return fail(c, c->p, "here should be a key in double quotes");
	rc = string(c, &key);
	if (!rc)
		rc = note_key(c, first, key);
	if (!rc)
		rc = expect(c, ':', "here should be a colon");
	if (!rc)
		rc = value(c, &kind, &v);
	if (!rc && c->s->member)
		c->s->member(c->s->arg, c->depth, key, kind, v);
	c->path[c->depth - 1].at = rc ? c->path[c->depth - 1].at : NULL;
	return rc;
}

static int items(struct cursor *c, char close)
{
	size_t first = c->keys_n;
	struct scan_piece ignored;
	char kind;
	int rc;

	space(c);
	if (c->p < c->end && *c->p == close) {
		c->p++;
		return 0;
	}
	for (;;) {
		rc = close == '}' ? member(c, first) : value(c, &kind, &ignored);
		if (rc)
			return rc;
		space(c);
		if (c->p == c->end || (*c->p != ',' && *c->p != close))
			return fail(c, c->p, "here should be a comma or the end of the list");
		if (*c->p++ == close)
			break;
	}
	c->keys_n = first;
	return 0;
}

static int container(struct cursor *c, char *ret_kind)
{
	int rc;

	if (c->depth == SCAN_DEPTH)
		return fail(c, c->p, "nested too deep");
	*ret_kind = *c->p++;
	c->path[c->depth++] = (struct scan_piece){ NULL, 0 };
	rc = items(c, *ret_kind == '{' ? '}' : ']');
	if (!rc)
		c->depth--;
	return rc;
}

static int value(struct cursor *c, char *ret_kind, struct scan_piece *ret_piece)
{
	const char *start;
	int rc;

	*ret_piece = (struct scan_piece){ NULL, 0 };
	space(c);
	if (c->p == c->end)
		return fail(c, c->p, "the text ends where a value should be");
	if (*c->p == '{' || *c->p == '[')
		return container(c, ret_kind);
	if (*c->p == '"') {
		*ret_kind = '"';
		return string(c, ret_piece);
	}
	start = c->p;
	rc = *start == '-' || (*start >= '0' && *start <= '9') ? number(c, ret_kind) : word(c, ret_kind);
	if (!rc)
		*ret_piece = (struct scan_piece){ start, (size_t)(c->p - start) };
	return rc;
}

int scan_json(struct scan *s)
{
	struct cursor c = { .s = s, .p = s->text, .end = s->text + s->len };
	struct scan_piece piece;
	char kind = 0;
	int rc;

	s->members = 0;
	s->error[0] = '\0';
	rc = value(&c, &kind, &piece);
	if (rc)
		return rc;
	if (kind != '{')
		return fail(&c, s->text, "the text should be one object, { ... }");
	space(&c);
	return c.p == c.end ? 0 : fail(&c, c.p, "there is more text behind the object");
}
