/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files read whole and written at once. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* The kernel hands out some files (smaps, cgroup's) in pieces of a page. */
ssize_t bl_fd_read(int fd, char *buffer, size_t size)
{
	size_t n = 0;

	while (n < size - 1) {
		ssize_t r = pread(fd, buffer + n, size - 1 - n, (off_t)n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	buffer[n] = '\0';
	return (ssize_t)n;
}

ssize_t bl_file_read(int dir, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = bl_fd_read(fd, buffer, size);
	close(fd);
	return n;
}

int bl_file_u64(int dir, const char *path, uint64_t *ret_value)
{
	char text[64]; /* 20 digits and what surrounds them */
	ssize_t n = bl_file_read(dir, path, text, sizeof(text));
	struct bl_span line, rest, word;
	uint64_t value;

	if (n < 0)
		return (int)n;
	rest = bl_span(text, (size_t)n);
	if (!bl_span_line(&rest, &line) || !bl_span_u64(&line, &value))
		return -EBADMSG;
	if (bl_span_word(&line, &word) || rest.p != rest.end)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

int bl_file_write(int dir, const char *path, const char *text)
{
	size_t n = strlen(text);
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	ssize_t r;
	int rc;

	if (fd < 0)
		return -errno;
	do {
		r = write(fd, text, n);
	} while (r < 0 && errno == EINTR);
	rc = r < 0 ? -errno : (size_t)r == n ? 0 : -EIO;
	close(fd);
	return rc;
}
