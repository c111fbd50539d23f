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

int bl_advise_out(const struct bl_process *process, const struct iovec *pieces, size_t n)
{
	size_t at = 0;

	if (process->pidfd < 0)
		return -EOPNOTSUPP;
	do {
		const struct iovec *left = n ? pieces + at : NULL;
		long r = syscall(SYS_process_madvise, process->pidfd, left, n - at, MADV_PAGEOUT, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno == ENOMEM && n) /* the first of them is unmapped */
			r = (long)pieces[at].iov_len;
		if (r < 0)
			return errno == ENOSYS ? -EOPNOTSUPP : -errno;
		at += whole_pieces(pieces + at, n - at, (size_t)r);
	} while (at < n);
	return 0;
}
