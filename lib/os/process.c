/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process by its directory in /proc and its pidfd. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int bl_process_open(int pid, struct bl_process *ret_process)
{
	struct bl_process p = { .pid = pid };
	char path[32];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	p.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* Ended and its number taken again between the two: the directory knows. */
	if (faccessat(p.dir, "stat", F_OK, 0) < 0) {
		bl_process_close(&p);
		return -ESRCH;
	}
	*ret_process = p;
	return 0;
}

void bl_process_close(struct bl_process *process)
{
	if (process->dir >= 0)
		close(process->dir);
	if (process->pidfd >= 0)
		close(process->pidfd);
	process->dir = process->pidfd = -1;
}

int bl_process_has_kvm(const struct bl_process *process)
{
	int fd = openat(process->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		int rc = -errno;

		if (fd >= 0)
			close(fd);
		return rc == -ENOENT ? -ESRCH : rc;
	}
	while (!found && (e = readdir(dir))) {
		char target[64];
		ssize_t n = readlinkat(fd, e->d_name, target, sizeof(target));

		found = n == (ssize_t)strlen("anon_inode:kvm-vm") &&
		        !memcmp(target, "anon_inode:kvm-vm", (size_t)n);
	}
	closedir(dir);
	return found;
}
