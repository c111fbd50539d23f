/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What would be, if: a plan made on a view of the host. Nothing is ordered and
 * nothing in force is touched. The request speaks the configuration's words:
 *
 *	{"cmd":"plan","budget":"8GiB","guests":{"web":{"shares":2000}},
 *	 "add":{"new":"4GiB"},"gone":["old"],
 *	 "host":{"total":"64GiB","available":"8GiB"}}
 */
#ifndef BALLOOND_PLAN_H
#define BALLOOND_PLAN_H

#include "config.h"

/* Writes the answer, or what is wrong with the request, to reply. */
void plan_write(struct balloon *b, const struct config *c, const char *line, size_t len,
                struct text *reply);

#endif
