/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a known width; see canvas.h. */
#include "canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <balloon/balloon.h>

void canvas_style(struct canvas *c, enum style style)
{
	static const char *const codes[] = {
		"\033[0m", "\033[0;1m", "\033[0;2m", "\033[0;7m",
		"\033[0;31m", "\033[0;33m", "\033[0;32m", "\033[0;36m",
	};

	if (c->escapes && (c->colour || style < RED))
		text_add(&c->out, codes[style]);
}

struct glyph {
	const char *bytes; /* what is shown for it */
	size_t len;
	size_t taken;      /* of the string */
	unsigned int width;
};

/* The next character of s. Control characters, direction marks and all else
 * without a width are left out; what this terminal cannot show is a '?'. */
static struct glyph next(const struct canvas *c, const char *s)
{
	size_t len = utf8_len(s, strlen(s));
	wchar_t wide = 0;
	mbstate_t state;
	int width;

	memset(&state, 0, sizeof(state));
	if (len == 1 && *s >= 0x20 && *s < 0x7f)
		return (struct glyph){ s, 1, 1, 1 };
	if (len <= 1 || !c->utf8)
		return (struct glyph){ "?", 1, len ? len : 1, 1 };
	if (mbrtowc(&wide, s, len, &state) != len)
		return (struct glyph){ "?", 1, len, 1 };
	width = wcwidth(wide);
	if (width <= 0)
		return (struct glyph){ "", 0, len, 0 };
	return (struct glyph){ s, len, len, (unsigned int)width };
}

unsigned int canvas_measure(const struct canvas *c, const char *s)
{
	unsigned int width = 0;

	while (*s) {
		struct glyph g = next(c, s);

		width += g.width;
		s += g.taken;
	}
	return width;
}

/* Puts s up to column limit. */
static void put_until(struct canvas *c, const char *s, unsigned int limit)
{
	while (*s) {
		struct glyph g = next(c, s);

		if (c->at + g.width > limit)
			return;
		text_bytes(&c->out, g.bytes, g.len);
		c->at += g.width;
		s += g.taken;
	}
}

void canvas_put(struct canvas *c, const char *s)
{
	put_until(c, s, c->width);
}

void canvas_putf(struct canvas *c, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	canvas_put(c, line);
}

static void pad(struct canvas *c, unsigned int n)
{
	while (n-- && c->at < c->width) {
		text_add(&c->out, " ");
		c->at++;
	}
}

void canvas_left(struct canvas *c, const char *s, unsigned int width)
{
	unsigned int end = c->at + width;

	if (end > c->width)
		end = c->width;
	if (c->utf8 && width > 1 && canvas_measure(c, s) > width) {
		put_until(c, s, end - 1);
		put_until(c, "\xe2\x80\xa6", end); /* an ellipsis */
	} else {
		put_until(c, s, end);
	}
	if (end > c->at)
		pad(c, end - c->at);
}

void canvas_right(struct canvas *c, const char *s, unsigned int width)
{
	unsigned int needs = canvas_measure(c, s);

	pad(c, needs < width ? width - needs : 0);
	put_until(c, s, c->width);
}

void canvas_end(struct canvas *c)
{
	canvas_style(c, PLAIN);
	text_add(&c->out, c->escapes ? "\033[K\r\n" : "\n");
	c->at = 0;
}

struct human human(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	struct human h = { "?" };
	double v = (double)bytes;
	size_t unit = 0;

	if (bytes == BALLOON_UNKNOWN)
		return h;
	for (; v >= 1023.5 && units[unit + 1]; unit++)
		v /= 1024.0;
	/* Three digits; the bounds are where rounding would make a fourth. */
	snprintf(h.s, sizeof(h.s), "%.*f%c", unit == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2, v,
	         units[unit]);
	if (bytes == 0)
		memcpy(h.s, "0", 2);
	return h;
}
