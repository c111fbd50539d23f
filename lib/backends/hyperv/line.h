/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What talk.c and prove.c, the two halves of a line, say to each other. */
#ifndef BL_HYPERV_LINE_H
#define BL_HYPERV_LINE_H

#include "talk.h"

#define BL_HYPERV_PLAIN_TYPE "application/soap+xml;charset=UTF-8"

/* Writes the sentence, with the host before it, and returns rc. */
int bl_hyperv_line_fail(struct bl_hyperv_line *line, int rc, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sends once, with a token or NULL. *ret_status is HTTP's. */
int bl_hyperv_line_post(struct bl_hyperv_line *line, const char *type, const char *negotiate,
                        const char *text, size_t n, long *ret_status);

/* Proves who we are to the connection; line->proven then. */
int bl_hyperv_line_prove(struct bl_hyperv_line *line);

/* The sentence for not being let in; -EACCES. */
int bl_hyperv_line_refused(struct bl_hyperv_line *line);

#endif
