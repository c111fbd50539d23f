/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes to lines. The peer may send anything, at any speed, and never stop:
 * what is kept of it is bounded here, how long it is read is the caller's.
 */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A beat's answers come to less than 2 KiB. */
#define FIRST_CAP 4096

static int connect_to(int fd, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, n);
	/* On a Unix socket this is done or refused at once, never under way. */
	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

int bl_qmp_wire_open(struct bl_qmp_wire *w, const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	rc = connect_to(fd, path);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	w->fd = fd;
	w->in_n = 0;
	w->taken = 0;
	w->searched = 0;
	return 0;
}

void bl_qmp_wire_close(struct bl_qmp_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

void bl_qmp_wire_fini(struct bl_qmp_wire *w)
{
	bl_qmp_wire_close(w);
	free(w->in);
	w->in = NULL;
}

int bl_qmp_wire_send(struct bl_qmp_wire *w, const char *text, size_t n)
{
	ssize_t r;

	do {
		r = send(w->fd, text, n, MSG_NOSIGNAL);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return (size_t)r == n ? 0 : -EAGAIN;
}

static void forget_taken(struct bl_qmp_wire *w)
{
	if (!w->taken)
		return;
	w->in_n -= w->taken;
	w->searched -= w->taken;
	memmove(w->in, w->in + w->taken, w->in_n);
	w->taken = 0;
}

static int make_room(struct bl_qmp_wire *w)
{
	size_t cap = w->in_cap ? w->in_cap * 2 : FIRST_CAP;
	char *in;

	forget_taken(w);
	if (w->in_n < w->in_cap)
		return 0;
	if (cap > BL_QMP_LINE_MAX)
		return -EMSGSIZE;
	in = realloc(w->in, cap);
	if (!in)
		return -ENOMEM;
	w->in = in;
	w->in_cap = cap;
	return 0;
}

int bl_qmp_wire_read(struct bl_qmp_wire *w)
{
	int rc = make_room(w);
	ssize_t r;

	if (rc < 0)
		return rc;
	do {
		r = recv(w->fd, w->in + w->in_n, w->in_cap - w->in_n, MSG_DONTWAIT);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? -EAGAIN : -ECONNRESET;
	if (r == 0)
		return -ECONNRESET;
	w->in_n += (size_t)r;
	return (int)r;
}

const char *bl_qmp_wire_line(struct bl_qmp_wire *w, size_t *ret_n)
{
	char *line = w->in + w->taken, *end;

	if (w->searched == w->in_n)
		return NULL;
	end = memchr(w->in + w->searched, '\n', w->in_n - w->searched);
	if (!end) {
		w->searched = w->in_n;
		return NULL;
	}
	w->taken = (size_t)(end - w->in) + 1;
	w->searched = w->taken;
	*ret_n = (size_t)(end - line);
	return line;
}
