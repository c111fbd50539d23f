/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line per beat to stdout, whose reader may sleep: then lines are left out,
 * beats are not. */
#ifndef BALLOOND_OUTBOX_H
#define BALLOOND_OUTBOX_H

#include <stdbool.h>

#include "text.h"

struct outbox {
	struct text line;
	size_t sent;
	bool gone; /* nobody reads any more */
};

bool outbox_busy(const struct outbox *o); /* poll for POLLOUT, call outbox_push() */
void outbox_push(struct outbox *o);

#endif
