/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's report as one line of JSON; balloond.8 has the schema. */
#ifndef BALLOOND_REPORT_H
#define BALLOOND_REPORT_H

#include <balloon/balloon.h>

#include "text.h"

/* Room for the guests of a report, kept from one to the next. All zero first. */
struct guests {
	struct balloon_guest_report *rows;
	size_t rows_max;
	size_t n;
};

int guests_read(struct guests *g, struct balloon *b); /* 0 or -ENOMEM, ... */
void guests_free(struct guests *g);

/* Without the newline. On failure the text is an object with "error". */
void report_write(struct balloon *b, struct guests *g, struct text *out);
void report_error(const char *sentence, struct text *out);

#endif
