/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process_madvise(), as the kernel has it: glibc's comes with 2.36 only. */
#include "advise.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.4; glibc 2.31 has it not. */
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

/* The pieces before the one that stopped it are done, and counted in bytes. */
static size_t whole_pieces(const struct iovec *pieces, size_t n, size_t bytes)
{
	size_t i = 0;

	while (i < n && bytes >= pieces[i].iov_len)
		bytes -= pieces[i++].iov_len;
	return i;
}

static long advise(const struct bl_process *process, const struct iovec *pieces, size_t n)
{
	long r;

	do {
		r = syscall(SYS_process_madvise, process->pidfd, pieces, n, MADV_PAGEOUT, 0);
	} while (r < 0 && errno == EINTR);
	if (r >= 0)
		return r;
	return errno == ENOSYS ? -EOPNOTSUPP : -errno;
}

int bl_advise_out(const struct bl_process *process, const struct iovec *pieces, size_t n)
{
	if (process->pidfd < 0)
		return -EOPNOTSUPP;
	if (!n)
		return (int)advise(process, NULL, 0);
	while (n) {
		long r = advise(process, pieces, n);
		size_t done;

		if (r == -ENOMEM) /* the first of them is unmapped */
			r = (long)pieces[0].iov_len;
		if (r < 0)
			return (int)r;
		done = whole_pieces(pieces, n, (size_t)r);
		done = done ? done : 1; /* stopped within it */
		pieces += done;
		n -= done;
	}
	return 0;
}
