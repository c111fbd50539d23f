/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file, line by line. Does not know what the lines say. */
#ifndef BALLOON_FILTERS_REEL_H
#define BALLOON_FILTERS_REEL_H

#include <stddef.h>
#include <stdint.h>

struct bl_reel {
	int fd;
	char *data;
	size_t room;
	size_t at, n;    /* what is read and not yet handed out is data[at..n) */
	uint64_t line;   /* number of the last line handed out; 0 = none yet */
	int cut;         /* the file's last line has no newline: it was not handed out */
};

/* A regular file. -errno. */
int bl_reel_open(const char *path, struct bl_reel *ret_reel);

/* 1 and the next line, without its newline, valid until the next call; 0 at
 * the end. -EFBIG: longer than BL_LINE_MAX; -ENOMEM; or what read() says. */
int bl_reel_line(struct bl_reel *reel, const char **ret_line, size_t *ret_n);

/* Back to the beginning. -errno. */
int bl_reel_rewind(struct bl_reel *reel);

void bl_reel_close(struct bl_reel *reel);

#endif
