/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child with memory of its own, that uses a part of it over and over: what the
 * handles look at. It dies with its parent.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int tell; /* a byte written here is answered on hear when it is done */
	int hear;
	uint64_t start;
	uint64_t bytes;
};

/* HOLES is a memfd of which only each second page is written; ALIKE may be merged,
 * and has 64 pages over and over. */
enum child_kind { CHILD_ANON, CHILD_MEMFD, CHILD_HOLES, CHILD_ALIKE };

/* bytes of memory, filled with what compresses to about two fifths, no two pages of which
 * are the same (but for ALIKE); 0 where this kernel cannot give that kind. */
int child_start(struct child *c, enum child_kind kind, uint64_t bytes);

/* Touches the first bytes of it once, all pages of them; returns when done. */
void child_touch(struct child *c, uint64_t bytes);

/* Ends it and waits. */
void child_end(struct child *c);

/* A swap file of bytes, for as long as the test runs. 0: none is to be had, and a
 * line that says SKIP and why was printed. */
int swap_start(uint64_t bytes);
void swap_end(void);

#endif
