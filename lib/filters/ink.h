/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a file from a thread of its own: a disk that is slow, full or gone
 * must not hold a beat, and is at its slowest when memory is short. Does not
 * know what it writes.
 */
#ifndef BALLOON_FILTERS_INK_H
#define BALLOON_FILTERS_INK_H

#include "text.h"

/* So much may wait for the disk: a hundred beats of a hundred guests of which
 * every figure changed. A disk that is further behind will not catch up, and
 * the memory is wanted elsewhere. */
#define BL_INK_WAITING_MAX (UINT64_C(16) << 20)

struct bl_ink;

/* Takes fd over on success. -errno. */
int bl_ink_new(int fd, struct bl_ink **ret_ink);

/*
 * Hands a line over; never waits. Once it failed it stays so: what is missing
 * in the middle cannot be mended. -ENOBUFS: the disk is too far behind;
 * -ENOMEM; else what write() said to an earlier line.
 */
int bl_ink_write(struct bl_ink *ink, const struct bl_text *line);

/* Waits for the rest to be written, but no longer than that: then the thread is
 * left to its disk, and frees all when that lets it go. */
void bl_ink_close(struct bl_ink *ink, unsigned patience_s);

#endif
