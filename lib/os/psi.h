/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pressure stall information: how much time is lost waiting for memory, and a
 * descriptor that wakes its owner when that grows. Must not know what is done
 * about it.
 */
#ifndef BL_OS_PSI_H
#define BL_OS_PSI_H

#include <stddef.h>
#include <stdint.h>

#define BL_PSI_HOST "/proc/pressure/memory"

/* Averages in basis points of the last ten seconds, totals since boot (or since
 * the group was made). UINT32_MAX and UINT64_MAX where the text does not say. */
struct bl_psi {
	uint32_t some_bp;
	uint32_t full_bp;
	uint64_t some_total_ns;
	uint64_t full_total_ns;
};

/* -EBADMSG: there is no whole "some" line in it. */
int bl_psi_parse(const char *text, size_t n, struct bl_psi *ret_psi);

/* -ENOENT: this kernel (or this group) has none; -EOPNOTSUPP: booted with psi=0. */
int bl_psi_read(const char *path, struct bl_psi *ret_psi);

struct bl_psi_watch;

/*
 * Wakes when tasks stalled for stall_us within window_us (kernel: 500 ms to 10 s).
 * Without CAP_SYS_RESOURCE the kernel takes windows of whole 2 s only, and looks
 * no oftener: then the same share of 2 s is asked for, and news may be 2 s late.
 * 0, -ENOENT, -EOPNOTSUPP as above, or -errno.
 */
int bl_psi_watch_open(const char *path, uint32_t stall_us, uint32_t window_us,
                      struct bl_psi_watch **ret_watch);

/* Becomes readable (POLLIN) when there is news; may stand in anybody's poll or
 * epoll. The kernel tells each event once, so being woken is the news: nothing
 * needs to be read from it, and bl_psi_watch_stall() says how much it was. */
int bl_psi_watch_fd(const struct bl_psi_watch *watch);

/* The window that was granted. */
uint32_t bl_psi_watch_window_us(const struct bl_psi_watch *watch);

/* Time somebody stalled since the last call (first: since opening). 0 or -errno. */
int bl_psi_watch_stall(struct bl_psi_watch *watch, uint64_t *ret_stalled_ns);

void bl_psi_watch_close(struct bl_psi_watch *watch);

#endif
