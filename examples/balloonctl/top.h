/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live table. */
#ifndef BALLOONCTL_TOP_H
#define BALLOONCTL_TOP_H

#include <stdbool.h>

struct top_options {
	const char *socket;
	int interval_ms;
	long count; /* of refreshes; 0 = until told to stop */
	bool plain; /* blocks of text instead of a screen */
	bool colour;
	bool utf8;
};

/* 0, or a negative errno after a sentence on stderr. */
int top_run(const struct top_options *o);

#endif
