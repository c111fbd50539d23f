/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one guest, or all others, are allowed: "defaults", and each of "guests". */
#ifndef BALLOOND_ALLOCATION_H
#define BALLOOND_ALLOCATION_H

#include "config.h"
#include "field.h"

extern const struct balloon_allocation allocation_unknown; /* says nothing */

/* What v says; the rest of *a stays. Its pool is then one of c's. */
int allocation_take(struct parser *p, json_object *v, const struct config *c,
                    struct balloon_allocation *a);

/* What is not said of a guest is the default's: the two must fit together. */
int allocation_check(struct parser *p, const struct balloon_allocation *a,
                     const struct balloon_allocation *fallback);

void allocation_write(const struct balloon_allocation *a, struct text *out);

#endif
