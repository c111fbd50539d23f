/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MADV_PAGEOUT on another process. Must not know why. */
#ifndef BL_OS_ADVISE_H
#define BL_OS_ADVISE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "procmem.h"

/* Asks for these pieces (at most IOV_MAX of 1024), in order; those that are not
 * mapped any more are passed over. 0; -EOPNOTSUPP: Linux before 5.10; -EINVAL: some
 * of it is locked or in hugetlbfs; -EPERM, -ESRCH, -errno. With n of 0 it only says
 * whether it could. */
int bl_advise_out(const struct bl_process *process, const struct iovec *pieces, size_t n);

#endif
