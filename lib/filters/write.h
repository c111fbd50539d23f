/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of a recording, written. One JSON object a line:
 *
 *	{"recording":"libballoon","version":2,"library":"0.1.0",
 *	 "uri":"qemu:///system","started":"2026-11-23T16:07:42Z"}
 *	{"look":1,"now_ns":5,"total_bytes":…,"available_bytes":…,"guests_n":2,
 *	 "guests":[{"row":0,"key":7,"name":"web1","flags":1,"size_bytes":…},…]}
 *	{"orders":[{"key":7,"target_bytes":…,"rc":0}],"now_ns":5}
 *	{"look":2,"now_ns":9,"rc":-11,"error":"the host is away"}
 *
 * A look that failed has its rc and sentence and leaves the rows alone;
 * "absurd":1 marks a sheet that no caller can take. Otherwise guests_n rows
 * are there. A row with a key begins anew, all numbers unknown; without one it
 * says what changed since its last line, null being unknown. Rows that are
 * left out did not change. The host's own numbers and its "nodes" (a list of
 * [total, available]) stand in each look where they are known; a row's
 * "node_bytes" and "misses" are lists, or null. "rc" is left out where it is 0, an
 * order's "means" where it is the balloon, and a row's flags, fixed, means and
 * traits where they are 0 from the beginning. A text that is no UTF-8 stands under
 * "name_hex", "uuid_hex" and so on. Version 1 knew balloons alone: it is a part
 * of version 2, and read as such.
 */
#ifndef BALLOON_FILTERS_WRITE_H
#define BALLOON_FILTERS_WRITE_H

#include "rows.h"
#include "text.h"

#define BL_RECORDING_VERSION 2u

struct bl_look {
	uint64_t number; /* from 1 */
	uint64_t now_ns;
	int rc;
	const char *why; /* its sentence where rc is not 0; or NULL */
	const struct balloon_sheet *sheet;
};

void bl_write_header(struct bl_text *t, const char *uri, const char *library, const char *started);

/* Brings rows up to the sheet on the way. -ENOMEM: the line is of no use. */
int bl_write_look(struct bl_text *t, struct bl_rows *rows, const struct bl_look *look);

void bl_write_orders(struct bl_text *t, const struct balloon_order *orders, size_t n,
                     uint64_t now_ns, int rc);

#endif
