/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process at the other end of a socket, as the host's kernel sees it: what
 * nobody in it can lie about. Must not know QMP.
 */
#ifndef BL_QMP_PROCESS_H
#define BL_QMP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bl_qmp_process {
	pid_t pid;       /* 0 = not known */
	uint64_t start;  /* since boot, in ticks: with the pid it names one process */
	int status_fd;   /* its /proc/PID/status, which no later process inherits; or -1 */
};

/* In bytes; UINT64_MAX where not told. */
struct bl_qmp_memory {
	bool stopped;            /* by a signal or a debugger */
	uint64_t virtual_bytes;
	uint64_t resident_bytes; /* huge pages not counted … */
	uint64_t huge_bytes;     /* … but here */
	uint64_t swapped_bytes;  /* compressed or not */
	uint64_t locked_bytes;   /* mlock, and VFIO's older accounting */
	uint64_t pinned_bytes;   /* for devices */
};

/* Whoever listens on the other end of fd. Unknown (pid 0) where the kernel does
 * not say, or the process ended meanwhile. */
void bl_qmp_process_open(int fd, struct bl_qmp_process *ret_process);
void bl_qmp_process_close(struct bl_qmp_process *p);

bool bl_qmp_process_same(const struct bl_qmp_process *a, const struct bl_qmp_process *b);

/* -ESRCH: it has ended, or is ending and has no memory any more. */
int bl_qmp_process_read(const struct bl_qmp_process *p, struct bl_qmp_memory *ret_memory);

/* Reads text[0..n) of /proc/PID/status. -ESRCH as above. */
int bl_qmp_memory_parse(const char *text, size_t n, struct bl_qmp_memory *ret_memory);

/* Field 22 of /proc/PID/stat. -EBADMSG. */
int bl_qmp_start_parse(const char *text, uint64_t *ret_start);

#endif
