/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of a known width for a terminal or a file. What is put on a line is
 * cut at the width, and names cannot steer the terminal: only what has a
 * width of its own gets through. Knows nothing of guests but sizes in IEC.
 */
#ifndef BALLOONCTL_CANVAS_H
#define BALLOONCTL_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

enum style { PLAIN, BOLD, DIM, REVERSE, RED, YELLOW, GREEN, CYAN };

struct canvas {
	struct text out;
	unsigned int width; /* columns of a line */
	unsigned int at;    /* the column we are in */
	bool escapes;       /* a screen: styles, and lines that clear their rest */
	bool colour;
	bool utf8;
};

void canvas_style(struct canvas *c, enum style style);
void canvas_put(struct canvas *c, const char *s);
void canvas_putf(struct canvas *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* In exactly width columns, cut or padded; from the left or to the right. */
void canvas_left(struct canvas *c, const char *s, unsigned int width);
void canvas_right(struct canvas *c, const char *s, unsigned int width);
void canvas_end(struct canvas *c); /* of the line */

/* Columns s takes. */
unsigned int canvas_measure(const struct canvas *c, const char *s);

struct human { char s[8]; };
struct human human(uint64_t bytes); /* "1.25G", "480M", "?" */

#endif
