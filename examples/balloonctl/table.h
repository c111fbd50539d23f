/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A view as a table, for "status" and "top". */
#ifndef BALLOONCTL_TABLE_H
#define BALLOONCTL_TABLE_H

#include "canvas.h"
#include "view.h"

void table_host(struct canvas *c, const struct view *v); /* two lines */

struct columns {
	unsigned int name;
	unsigned int bar; /* 0 = none */
};

/* Divides the canvas's width. */
struct columns table_columns(const struct canvas *c, const struct view *v, bool bars);
void table_head(struct canvas *c, const struct columns *columns);
void table_row(struct canvas *c, const struct columns *columns, const struct row *r);

/* Everything, as "status" prints it. */
void table_all(struct canvas *c, const struct view *v);

#endif
