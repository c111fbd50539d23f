/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One sentence per line to stderr. A guest may make things happen as often as
 * it likes: every kind of sentence has its own small allowance, so that one
 * guest can neither flood the log nor hide what is said of the others.
 */
#ifndef BALLOOND_LOG_H
#define BALLOOND_LOG_H

#include <stdint.h>

/* level as syslog(3). */
void say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For struct balloon_options. */
void say_sentence(void *arg, int level, const char *sentence);

void say_up_to(int level);

/* "err", "warning", "notice", "info" or "debug"; -1: none of them. */
int say_level(const char *name);

uint64_t now_ns(void); /* CLOCK_BOOTTIME */

#endif
