/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Unix socket that only one process serves; see socket.h.
 *
 * Two daemons that start at once could both find the old socket dead, and the
 * second would remove the first one's new socket. So whoever touches PATH holds
 * a lock on PATH.lock, which the kernel lets go of when its holder dies.
 */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Clients that wait to be accepted; the server takes few at a time anyway. */
#define BACKLOG 16

static int wrong(char *error, size_t size, const char *path, const char *what, int rc)
{
	snprintf(error, size, "the socket %s %s%s%s", path, what, rc ? ": " : "",
	         rc ? strerror(-rc) : "");
	return rc ? rc : -EEXIST;
}

static int lock(const char *path, char *error, size_t size)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return wrong(error, size, path, "cannot be locked (its directory must exist)", -errno);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = -errno;

		close(fd);
		if (rc == -EWOULDBLOCK)
			return wrong(error, size, path, "is served by another balloond; stop that "
			             "one, or give this one its own \"socket\"", 0);
		return wrong(error, size, path, "cannot be locked", rc);
	}
	return fd;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, strnlen(path, sizeof(a.sun_path) - 1));
	return a;
}

/* Does anybody answer there? Non-blocking: a full backlog is an answer too. */
static int alive(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return 1; /* not known: do not touch it */
	rc = connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	close(fd);
	return rc != -ECONNREFUSED;
}

/* Makes way at path if what is there is ours to remove. */
static int clear_way(const char *path, char *error, size_t size)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : wrong(error, size, path, "cannot be looked at", -errno);
	if (!S_ISSOCK(st.st_mode))
		return wrong(error, size, path, "is in the way: it is not a socket", 0);
	if (alive(path))
		return wrong(error, size, path, "is served by another process", 0);
	if (unlink(path) < 0)
		return wrong(error, size, path, "is stale and cannot be removed", -errno);
	return 0;
}

static int listen_at(const char *path, char *error, size_t size)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old;
	int rc;

	if (fd < 0)
		return wrong(error, size, path, "cannot be made", -errno);
	old = umask(0117); /* 0660 from its first moment on */
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	umask(old);
	if (!rc && listen(fd, BACKLOG) < 0)
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return wrong(error, size, path, "cannot be made", rc);
}

int socket_claim(const char *path, struct claim *ret, char *error, size_t size)
{
	struct claim c = { .lock = lock(path, error, size), .listen = -1 };
	int rc;

	if (c.lock < 0)
		return c.lock;
	rc = clear_way(path, error, size);
	if (!rc)
		c.listen = rc = listen_at(path, error, size);
	if (rc < 0) {
		close(c.lock);
		return rc;
	}
	*ret = c;
	return 0;
}

/* The lock's file stays: removing it would let two hold a lock of that name. */
void socket_drop(const char *path, struct claim *c)
{
	if (c->listen >= 0) {
		unlink(path);
		close(c->listen);
	}
	if (c->lock >= 0)
		close(c->lock);
	c->lock = c->listen = -1;
}
