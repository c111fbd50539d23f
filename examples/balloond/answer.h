/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What balloond answers to requests about one guest. Knows no sockets. */
#ifndef BALLOOND_ANSWER_H
#define BALLOOND_ANSWER_H

#include <stdbool.h>
#include <sys/types.h>

#include <balloon/balloon.h>

#include "request.h"
#include "text.h"

void answer_explain(struct balloon *b, const struct request *r, struct text *reply);
void answer_admit(struct balloon *b, const struct request *r, struct text *reply);

/* Holds, claims and their ends, for who may: true if something changed and a beat is
 * wanted. */
bool answer_order(struct balloon *b, const struct request *r, uid_t uid, uint64_t now,
                  struct text *reply);

#endif
