/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Linux says about its own memory. Knows the text of /proc/meminfo and
 * how to read it again cheaply; must not know what a guest is.
 */
#ifndef BL_OS_MEMINFO_H
#define BL_OS_MEMINFO_H

#include <stddef.h>
#include <stdint.h>

/* In bytes; UINT64_MAX where the text does not say, or says more than fits. */
struct bl_meminfo {
	uint64_t total_bytes;
	uint64_t available_bytes;
	uint64_t swap_total_bytes;
	uint64_t swap_free_bytes;
	uint64_t zswap_pool_bytes;   /* what zswap takes (Linux 5.19) */
	uint64_t zswap_stored_bytes; /* what it holds in that */
};

/* Reads text[0..n), which need not end with NUL. -EBADMSG: no MemTotal in it. */
int bl_meminfo_parse(const char *text, size_t n, struct bl_meminfo *ret_info);

/* A descriptor for bl_meminfo_read(), the caller's to close(); or -errno. */
int bl_meminfo_open(void);

/* The host as it is now. -errno of the read, or -EBADMSG. */
int bl_meminfo_read(int fd, struct bl_meminfo *ret_info);

#endif
