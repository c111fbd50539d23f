/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was found, as a table for people or as one line of JSON. */
#ifndef SHOW_H
#define SHOW_H

#include "scan.h"

void show_table(struct balloon_dedup *d, const struct target *targets, unsigned n, uint64_t cpu_ns);
void show_json(struct balloon_dedup *d, const struct target *targets, unsigned n, uint64_t cpu_ns);

#endif
