/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes as people write them, "512MiB". Pure. */
#ifndef BALLOOND_SIZE_H
#define BALLOOND_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* 0, or -EINVAL with the rest of a sentence ("is not a size; ...") in error. */
int size_parse(const char *text, uint64_t *ret_bytes, char *error, size_t size);

#endif
