/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The terminal as a screen, and given back as it was, however we end. */
#ifndef BALLOONCTL_TERM_H
#define BALLOONCTL_TERM_H

#include <stdbool.h>
#include <stddef.h>

struct term {
	int signals; /* signalfd: window changed, stop, continue, end */
};

int term_open(struct term *t);
void term_close(struct term *t);
void term_size(unsigned int *ret_columns, unsigned int *ret_lines);
void term_write(const char *data, size_t len);

enum term_event { TERM_NOTHING, TERM_REDRAW, TERM_QUIT, TERM_UP, TERM_DOWN };

/* The next thing that happens within ms milliseconds. */
enum term_event term_wait(struct term *t, int ms);

#endif
