/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a file, compressed or not, by zlib. Must not know what they say. */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "world.h"

void *bl_sim_lines_open(const char *path)
{
	return gzopen(path, "re");
}

/* 1, or 0 at the end, or -EPROTO: broken, or longer than there is room for. */
int bl_sim_line(void *lines, char *ret_line, size_t size)
{
	size_t n;
	int broken;

	if (!gzgets(lines, ret_line, (int)size)) {
		gzerror(lines, &broken);
		return broken < 0 ? -EPROTO : 0;
	}
	n = strlen(ret_line);
	return n + 1 == size && ret_line[n - 1] != '\n' ? -EPROTO : 1;
}

void bl_sim_lines_close(void *lines)
{
	gzclose(lines);
}
