/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A trace file as read (reader.c), before there are guests of it (trace_file.c). */
#ifndef BL_SIM_READER_H
#define BL_SIM_READER_H

#include "world.h"

struct column {
	char *name;
	uint64_t size;
	struct balloon_sim_point *points; /* at_ns is of the host's time */
	size_t n, room;
	uint64_t last_ms, last_bytes;     /* of the file's time, before points begin */
	bool known;                       /* last_… say something */
	bool chosen;
};

struct reading {
	const struct balloon_sim_trace_file *file;
	struct column *columns;
	size_t n;
	uint64_t first_s, last_s;
	uint64_t line; /* being read, for who complains */
};

/* Reads both files, as far as they are chosen by choose() between the two.
 * -EPROTO: what line r->line says cannot be read. */
int bl_sim_read_names(struct reading *r, const char *path);
int bl_sim_read_sizes(struct reading *r, const char *path);
int bl_sim_read_points(struct reading *r, const char *path);
void bl_sim_unread(struct reading *r);

#endif
