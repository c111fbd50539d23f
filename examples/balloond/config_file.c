/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration's file: who may have written it, and its text. Whoever
 * writes it decides about every guest's memory.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some ten thousand guests; a larger file is not a configuration. */
#define FILE_MAX_BYTES (1 << 20)

static int wrong(char *error, size_t size, const char *path, const char *what)
{
	snprintf(error, size, "%s %s", path, what);
	return -EINVAL;
}

static int trust(int fd, const char *path, char *error, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return wrong(error, size, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return wrong(error, size, path, "is not a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return wrong(error, size, path, "belongs to another user; it should belong to root "
		             "(chown root)");
	if (st.st_mode & S_IWOTH)
		return wrong(error, size, path, "may be written by everybody (chmod o-w)");
	if (st.st_size > FILE_MAX_BYTES)
		return wrong(error, size, path, "is larger than 1 MiB");
	return 0;
}

/* O_NOFOLLOW: a link can be turned by whoever owns its directory. O_NONBLOCK:
 * a FIFO must not hold us. */
static int open_trusted(const char *path, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int rc = fd < 0 ? -errno : 0;

	if (rc == -ELOOP)
		return wrong(error, size, path, "is a symbolic link; give the file itself");
	if (rc < 0) {
		snprintf(error, size, "%s cannot be opened: %s", path, strerror(-rc));
		return rc;
	}
	rc = trust(fd, path, error, size);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* All of fd into buffer[0..size), which ends with a 0. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t n = 0;
	ssize_t r = 1;

	while (r > 0 && n < size - 1) {
		r = read(fd, buffer + n, size - 1 - n);
		if (r < 0 && errno == EINTR)
			r = 1;
		else if (r > 0)
			n += (size_t)r;
	}
	if (r < 0)
		return -errno;
	buffer[n] = '\0';
	return (ssize_t)n;
}

int config_load(const char *path, struct config *ret, char *error, size_t size)
{
	char why[CONFIG_ERROR_MAX];
	int fd = open_trusted(path, error, size);
	char *text;
	ssize_t n;
	int rc;

	if (fd < 0)
		return fd;
	text = malloc(FILE_MAX_BYTES + 1);
	n = text ? read_all(fd, text, FILE_MAX_BYTES + 1) : -ENOMEM;
	close(fd);
	if (n < 0) {
		rc = (int)n;
		snprintf(error, size, "%s cannot be read: %s", path, strerror(-rc));
	} else {
		rc = config_parse(text, (size_t)n, ret, why, sizeof(why));
		if (rc < 0)
			snprintf(error, size, "%s: %s", path, why);
	}
	free(text);
	return rc;
}
