/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The "pools" of the configuration. A JSON object has no order for people, so
 * parents are found wherever they stand. Knows nothing of guests.
 */
#ifndef BALLOOND_POOLS_H
#define BALLOOND_POOLS_H

#include "config.h"
#include "field.h"

int pools_take(struct parser *p, json_object *v, struct config *c);

/* Makes *name, which key said, the name of the pool itself, or "" for the root. */
int pools_resolve(struct parser *p, const char *key, const struct config *c, const char **name);

void pools_write(const struct config *c, struct text *out); /* what is between { and } */
void pools_free(struct config *c);

#endif
