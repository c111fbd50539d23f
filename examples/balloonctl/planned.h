/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's plan as a table: targets now against then. */
#ifndef BALLOONCTL_PLANNED_H
#define BALLOONCTL_PLANNED_H

#include <json-c/json.h>

#include "canvas.h"

int planned_table(struct canvas *c, json_object *plan); /* 0, or -EPROTO */

#endif
