/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads /proc/meminfo: a pure parser, and a reader that keeps the file open so
 * that a beat costs one system call. Must not know what a guest is.
 */
#include "meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

/* Zswapped, the last line wanted, is the 22nd of about 60; the whole file is about
 * 1.5 KiB on Linux 6, so this holds what is wanted many times over. */
#define TEXT_BYTES 4096

static void read_line(struct bl_span line, struct bl_meminfo *info)
{
	const struct {
		const char *label;
		uint64_t *field;
	} fields[] = {
		{ "MemTotal:", &info->total_bytes },
		{ "MemAvailable:", &info->available_bytes },
		{ "SwapTotal:", &info->swap_total_bytes },
		{ "SwapFree:", &info->swap_free_bytes },
		{ "Zswap:", &info->zswap_pool_bytes },
		{ "Zswapped:", &info->zswap_stored_bytes },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (bl_span_skip(&line, fields[i].label)) {
			*fields[i].field = bl_span_kib(line);
			return;
		}
	}
}

int bl_meminfo_parse(const char *text, size_t n, struct bl_meminfo *ret_info)
{
	struct bl_meminfo info = { UINT64_MAX, UINT64_MAX, UINT64_MAX,
		                   UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct bl_span rest = bl_span(text, n), line;

	while (bl_span_line(&rest, &line))
		read_line(line, &info);
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
	ssize_t n = bl_fd_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : bl_meminfo_parse(text, (size_t)n, ret_info);
}
