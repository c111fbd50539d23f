/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans of time as people write them: "90s", "15m", "2h", "1d". */
#ifndef BALLOOND_DURATION_H
#define BALLOOND_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* 0; or -EINVAL with the rest of a sentence that begins with the text. */
int duration_parse(const char *text, uint64_t *ret_ns, char *error, size_t size);

#endif
