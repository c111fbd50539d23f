/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small files of /proc, /sys and /sys/fs/cgroup, read whole and written at
 * once. Must not know what is in them.
 */
#ifndef BL_OS_FILE_H
#define BL_OS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first size - 1 bytes of path with a NUL after them; their number, or
 * -errno. dir is a directory descriptor or AT_FDCWD. */
ssize_t bl_file_read(int dir, const char *path, char *buffer, size_t size);

/* The same of a descriptor, from its beginning. */
ssize_t bl_fd_read(int fd, char *buffer, size_t size);

/* One decimal number and nothing else but white space; -EBADMSG. */
int bl_file_u64(int dir, const char *path, uint64_t *ret_value);

/* text in one write(2), the file opened for writing only. 0 or -errno. */
int bl_file_write(int dir, const char *path, const char *text);

#endif
