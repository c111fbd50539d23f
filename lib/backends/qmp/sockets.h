/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which sockets there are, and news of them. Knows directories; must not know
 * what is behind a socket.
 */
#ifndef BL_QMP_SOCKETS_H
#define BL_QMP_SOCKETS_H

#include "address.h"

#include <glob.h>
#include <stdint.h>

struct bl_qmp_sockets {
	const struct bl_qmp_address *address;
	int fd;              /* readable when the directory changed */
	int watch;           /* or -1: not watched */
	uint64_t looked_ns;  /* caller's clock */
	bool looked, news;
	glob_t found;        /* the paths, sorted */
};

/* address stays the caller's, and there. -errno. */
int bl_qmp_sockets_init(struct bl_qmp_sockets *s, const struct bl_qmp_address *address);
void bl_qmp_sockets_fini(struct bl_qmp_sockets *s);

/* Takes note of what the directory says, so that fd is no longer readable. */
void bl_qmp_sockets_hear(struct bl_qmp_sockets *s);

/* Brings s->found up to date: 1 if it looked, 0 if nothing can have changed.
 * -ENOENT, -EACCES, …: the directory cannot be read; -ENOMEM. */
int bl_qmp_sockets_look(struct bl_qmp_sockets *s, uint64_t now_ns);

#endif
