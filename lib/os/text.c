/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, words and numbers of texts that may be anything. Pure. */
#include "text.h"

#include <string.h>

struct bl_span bl_span(const char *text, size_t n)
{
	struct bl_span span = { text, text + n };

	return span;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct bl_span *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

bool bl_span_line(struct bl_span *text, struct bl_span *ret_line)
{
	const char *nl;

	if (text->p >= text->end)
		return false;
	nl = memchr(text->p, '\n', (size_t)(text->end - text->p));
	ret_line->p = text->p;
	ret_line->end = nl ? nl : text->end;
	text->p = nl ? nl + 1 : text->end;
	return true;
}

bool bl_span_word(struct bl_span *line, struct bl_span *ret_word)
{
	struct bl_span s = *line;

	skip_blanks(&s);
	ret_word->p = s.p;
	while (s.p < s.end && !is_blank(*s.p))
		s.p++;
	ret_word->end = s.p;
	line->p = s.p;
	return ret_word->p < ret_word->end;
}

bool bl_span_skip(struct bl_span *line, const char *label)
{
	size_t n = strlen(label);

	if ((size_t)(line->end - line->p) < n || memcmp(line->p, label, n) != 0)
		return false;
	line->p += n;
	return true;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return UINT32_MAX;
}

static bool number(struct bl_span *line, unsigned base, uint64_t *ret_value)
{
	struct bl_span s = *line;
	const char *first;
	uint64_t value = 0;

	skip_blanks(&s);
	for (first = s.p; s.p < s.end; s.p++) {
		unsigned digit = digit_of(*s.p);

		if (digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (s.p == first)
		return false;
	*line = s;
	*ret_value = value;
	return true;
}

bool bl_span_u64(struct bl_span *line, uint64_t *ret_value)
{
	return number(line, 10, ret_value);
}

bool bl_span_hex(struct bl_span *line, uint64_t *ret_value)
{
	return number(line, 16, ret_value);
}

bool bl_span_i64(struct bl_span *line, int64_t *ret_value)
{
	struct bl_span s = *line;
	uint64_t value;
	bool minus;

	skip_blanks(&s);
	minus = bl_span_skip(&s, "-");
	if (s.p < s.end && is_blank(*s.p))
		return false;
	if (!number(&s, 10, &value) || value > INT64_MAX)
		return false;
	*line = s;
	*ret_value = minus ? -(int64_t)value : (int64_t)value;
	return true;
}

/* The unit has been kB since Linux 2.0, and is checked. */
uint64_t bl_span_kib(struct bl_span line)
{
	uint64_t kib;

	if (!bl_span_u64(&line, &kib) || kib > UINT64_MAX / 1024)
		return UINT64_MAX;
	return bl_span_skip(&line, " kB") ? kib * 1024 : UINT64_MAX;
}

bool bl_span_is(struct bl_span word, const char *text)
{
	return bl_span_skip(&word, text) && word.p == word.end;
}
