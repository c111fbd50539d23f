/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file in which knobs are noted: taken by one user at a time, only ever
 * appended to, read once. Must not know what is turned back when.
 */
#ifndef BL_OS_KNOBS_JOURNAL_H
#define BL_OS_KNOBS_JOURNAL_H

#include "knobs.h"

/* Its descriptor, locked; -EBUSY, -EPERM, -errno as bl_knobs_open() says. */
int bl_journal_take(const char *path);

/* Calls each with every whole line of it, until one returns other than 0. */
int bl_journal_read(int fd, int (*each)(void *arg, const struct bl_knobs_line *line), void *arg);

/* In one write(2); asked may be NULL. */
int bl_journal_turned(int fd, const char *path, const char *found, const char *asked);
int bl_journal_gone(int fd, const char *path);

int bl_journal_empty(int fd);

#endif
