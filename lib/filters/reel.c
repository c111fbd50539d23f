/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file, line by line; see reel.h. */
#include "reel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define CHUNK (64u << 10) /* a beat of some hundred guests in one read */

/* O_NONBLOCK: a FIFO must not hold us. */
int bl_reel_open(const char *path, struct bl_reel *ret_reel)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		rc = -ESPIPE;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_reel = (struct bl_reel){.fd = fd};
	return 0;
}

static int make_room(struct bl_reel *r)
{
	size_t room = r->room ? 2 * r->room : CHUNK;
	char *data;

	if (r->at) {
		memmove(r->data, r->data + r->at, r->n - r->at);
		r->n -= r->at;
		r->at = 0;
	}
	if (r->n < r->room)
		return 0;
	if (r->room > BL_LINE_MAX)
		return -EFBIG;
	data = realloc(r->data, room);
	if (!data)
		return -ENOMEM;
	r->data = data;
	r->room = room;
	return 0;
}

/* 1: there is more in the buffer; 0: the file has no more. */
static int fill(struct bl_reel *r)
{
	ssize_t got;
	int rc = make_room(r);

	if (rc < 0)
		return rc;
	do
		got = read(r->fd, r->data + r->n, r->room - r->n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	r->n += (size_t)got;
	return got > 0;
}

int bl_reel_line(struct bl_reel *r, const char **ret_line, size_t *ret_n)
{
	size_t searched = 0; /* a long line is not searched from its start again */
	char *newline = NULL;
	int rc;

	for (;;) {
		if (r->n - r->at > searched)
			newline = memchr(r->data + r->at + searched, '\n', r->n - r->at - searched);
		if (newline)
			break;
		searched = r->n - r->at;
		rc = fill(r);
		if (rc > 0)
			continue;
		r->cut = rc == 0 && searched > 0;
		return rc;
	}
	*ret_line = r->data + r->at;
	*ret_n = (size_t)(newline - *ret_line);
	r->at += *ret_n + 1;
	r->line++;
	return 1;
}

int bl_reel_rewind(struct bl_reel *r)
{
	if (lseek(r->fd, 0, SEEK_SET) < 0)
		return -errno;
	r->at = r->n = 0;
	r->line = 0;
	r->cut = 0;
	return 0;
}

void bl_reel_close(struct bl_reel *r)
{
	free(r->data);
	close(r->fd);
	*r = (struct bl_reel){.fd = -1};
}
