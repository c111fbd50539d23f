/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of settings turned. It is only ever appended to, one write(2) to
 * each step and before the step, so that it is right whenever its writer dies.
 */
#include "knobs_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* Above any journal of a live host (some 100 bytes for each guest that is under a
 * ceiling, and again each time it moves); what is beyond is not read. */
#define JOURNAL_BYTES (1 << 20)

/* Whoever can write the journal can have any file written by us. */
static int check_owner(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

int bl_journal_take(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	if (fd < 0)
		return -errno;
	rc = check_owner(fd);
	if (!rc && flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int bl_journal_read(int fd, int (*each)(void *arg, const struct bl_knobs_line *line), void *arg)
{
	char *text = malloc(JOURNAL_BYTES);
	struct bl_span rest, line;
	struct bl_knobs_line entry;
	ssize_t n;
	int rc = 0;

	if (!text)
		return -ENOMEM;
	n = bl_fd_read(fd, text, JOURNAL_BYTES);
	rest = bl_span(text, n < 0 ? 0 : (size_t)n);
	while (!rc && bl_span_line(&rest, &line)) {
		if (bl_knobs_line(line, &entry))
			rc = each(arg, &entry);
	}
	free(text);
	return n < 0 ? (int)n : rc;
}

static int append(int fd, char *line, int n)
{
	ssize_t r;

	if (n < 0)
		return -ENOMEM;
	r = write(fd, line, (size_t)n);
	free(line);
	return r < 0 ? -errno : r == n ? 0 : -ENOSPC;
}

int bl_journal_turned(int fd, const char *path, const char *found, const char *asked)
{
	char *line = NULL;
	int n = asprintf(&line, "+\t%s\t%s\t%s\t\n", path, found, asked ? asked : "");

	return append(fd, line, n);
}

int bl_journal_gone(int fd, const char *path)
{
	char *line = NULL;
	int n = asprintf(&line, "-\t%s\t\n", path);

	return append(fd, line, n);
}

int bl_journal_empty(int fd)
{
	return ftruncate(fd, 0) < 0 ? -errno : 0;
}
