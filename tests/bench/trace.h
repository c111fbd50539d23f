/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory columns of a recorded host: reading them, and asking them. */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>

struct trace {
	size_t guests, rows;
	double *size;  /* MiB, of each guest */
	int64_t *time; /* unix seconds, of each row */
	float *active; /* MiB; guest i at row t is [i * rows + t]; gaps are filled */
};

/* Reads the first *-active-mib.csv.gz in folder dir, and the file of sizes
 * beside it. -ENOENT: there is none; else a sentence went to stderr. */
int trace_read(const char *dir, struct trace *ret);

void trace_free(struct trace *t);

#endif
