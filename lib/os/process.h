/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One process, held so that its number can be used again without harm: files of
 * /proc/PID and the pidfd belong to the process that was opened, for ever.
 */
#ifndef BL_OS_PROCESS_H
#define BL_OS_PROCESS_H

#include <stdbool.h>

struct bl_process {
	int pid;
	int pidfd; /* or -1: Linux before 5.3 */
	int dir;   /* /proc/PID, for openat() */
};

/* 0, -ESRCH, -errno. */
int bl_process_open(int pid, struct bl_process *ret_process);
void bl_process_close(struct bl_process *process);

/* Whether its memory is also reached through page tables of KVM: what such an
 * access leaves no trace of in the process's own tables is not unused. 1, 0 or
 * -errno. */
int bl_process_has_kvm(const struct bl_process *process);

#endif
