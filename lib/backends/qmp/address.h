/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading qmp:PATH. Pure: does not look whether anything is there.
 */
#ifndef BL_QMP_ADDRESS_H
#define BL_QMP_ADDRESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct bl_qmp_address {
	char path[PATH_MAX]; /* a directory, a socket, or a pattern of glob(7) */
	char base[PATH_MAX]; /* the directory to watch: path up to its first wildcard */
	bool pattern;        /* path has wildcards */
	bool visit;          /* the sockets are others' too: come, ask, and leave */
	bool proxmox;        /* they are Proxmox VE's */
};

/* -EINVAL with a sentence. */
int bl_qmp_address_read(const char *text, struct bl_qmp_address *ret_address, char *ret_error,
                        size_t size);

#endif
