/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads /proc/meminfo: a pure parser, and a reader that keeps the file open so
 * that a beat costs one system call. Must not know what a guest is.
 */
#include "meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* MemTotal and MemAvailable are the first and third line; the whole file is
 * about 1.5 KiB on Linux 6, so this holds what is wanted many times over. */
#define TEXT_BYTES 4096

/* "   123 kB" -> bytes; the unit has been kB since Linux 2.0 but is checked. */
static uint64_t kib_to_bytes(const char *p, const char *end)
{
	uint64_t kib = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p < '0' || *p > '9')
		return UINT64_MAX;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (kib > (UINT64_MAX / 1024 - digit) / 10)
			return UINT64_MAX;
		kib = kib * 10 + digit;
	}
	if (end - p < 3 || memcmp(p, " kB", 3) != 0)
		return UINT64_MAX;
	return kib * 1024;
}

static bool line_is(const char *p, const char *end, const char *label)
{
	size_t n = strlen(label);

	return (size_t)(end - p) > n && memcmp(p, label, n) == 0;
}

int bl_meminfo_parse(const char *text, size_t n, struct bl_meminfo *ret_info)
{
	struct bl_meminfo info = { UINT64_MAX, UINT64_MAX };
	const char *p = text, *end = text + n;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		if (line_is(p, stop, "MemTotal:"))
			info.total_bytes = kib_to_bytes(p + strlen("MemTotal:"), stop);
		else if (line_is(p, stop, "MemAvailable:"))
			info.available_bytes = kib_to_bytes(p + strlen("MemAvailable:"), stop);
		p = nl ? nl + 1 : end;
	}
	if (info.total_bytes == UINT64_MAX)
		return -EBADMSG;
	*ret_info = info;
	return 0;
}

int bl_meminfo_open(void)
{
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bl_meminfo_read(int fd, struct bl_meminfo *ret_info)
{
	char text[TEXT_BYTES];
	ssize_t r;

	do {
		r = pread(fd, text, sizeof(text), 0);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return bl_meminfo_parse(text, (size_t)r, ret_info);
}
