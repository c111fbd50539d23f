/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One connection to a Unix socket that never blocks: bytes out, lines in. Must
 * not know what is said on it.
 */
#ifndef BL_QMP_WIRE_H
#define BL_QMP_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* The longest line: a list of some 700 devices, of 90 bytes each. All other
 * answers are below 4 KiB. */
#define BL_QMP_LINE_MAX ((size_t)64 << 10)

struct bl_qmp_wire {
	int fd;          /* or -1 */
	char *in;        /* what was read; grows up to BL_QMP_LINE_MAX */
	size_t in_cap, in_n;
	size_t taken;    /* of it, given out as lines */
	size_t searched; /* of it, known to hold no end of a line */
};

/* -ENAMETOOLONG, -ECONNREFUSED and -ENOENT: nobody listens; -EAGAIN: somebody
 * does, but so many wait that there is no room. Others of connect(2). */
int bl_qmp_wire_open(struct bl_qmp_wire *w, const char *path);
void bl_qmp_wire_close(struct bl_qmp_wire *w);
void bl_qmp_wire_fini(struct bl_qmp_wire *w);

/* All of it or an error: -EAGAIN if the peer leaves things unread. */
int bl_qmp_wire_send(struct bl_qmp_wire *w, const char *text, size_t n);

/* Takes in what is there. Returns how many bytes; -EAGAIN nothing for now,
 * -ECONNRESET the peer is gone, -EMSGSIZE a line without end, -ENOMEM. */
int bl_qmp_wire_read(struct bl_qmp_wire *w);

/* The next whole line without its end, until the next read; NULL if none. */
const char *bl_qmp_wire_line(struct bl_qmp_wire *w, size_t *ret_n);

#endif
