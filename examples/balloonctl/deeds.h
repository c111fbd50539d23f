/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was done with the means there are, and what people should know of guests:
 * the lines below a table. */
#ifndef BALLOONCTL_DEEDS_H
#define BALLOONCTL_DEEDS_H

#include "canvas.h"
#include "view.h"

/* One line for each means that did or could do something. */
void deeds_means(struct canvas *c, const struct view *v);

/* What is noted of guests, in as many lines as it takes. */
void deeds_notes(struct canvas *c, const struct view *v);

#endif
