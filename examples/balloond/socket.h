/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Unix socket that only one process serves. Knows nothing of requests. */
#ifndef BALLOOND_SOCKET_H
#define BALLOOND_SOCKET_H

#include <stddef.h>

struct claim {
	int lock;   /* held as long as we serve; or -1 */
	int listen; /* or -1 */
};

/*
 * Listens at path, mode 0660. What is left of a dead daemon is replaced;
 * a living one, or anything that is not a socket, is not touched. 0, or a
 * negative errno with a sentence in error.
 */
int socket_claim(const char *path, struct claim *ret, char *error, size_t size);
void socket_drop(const char *path, struct claim *c);

#endif
