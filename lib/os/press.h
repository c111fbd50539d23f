/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's own hands on the memory of processes: looks at what of their RAM is
 * there, used, cold and out, and leads them down to levels, on a thread of its
 * own, so that no caller waits for page tables or a disk. Must not know what runs
 * in a process, nor why it is pressed.
 *
 * What looking may cost: 2 % of a core for each process, however large, and half a
 * core for all. A look at 4 KiB pages takes some 5 ms for each GiB, so 16 GiB are
 * looked at every four seconds; small ones every second while a level is in force,
 * every five without. Nothing is disturbed by it,
 * but where the kernel cannot tell what is used (KVM), or when cold pages are to be
 * found to be pushed out: then 4 MiB are pushed out by lot each half minute.
 */
#ifndef BL_OS_PRESS_H
#define BL_OS_PRESS_H

#include <stddef.h>
#include <stdint.h>

/* What can be done to a process, as bits. */
#define BL_PRESS_COMPRESS 1u /* pages pushed out, and the host compresses (zswap, zram) */
#define BL_PRESS_SWAP     2u /* pages pushed out, and the host has swap on a disk */
#define BL_PRESS_CEILING  4u /* it has a group of its own, which can be limited */
#define BL_PRESS_SHARE    8u /* it offered pages to KSM */

/* UINT64_MAX is what is not known (yet). */
struct bl_press_figures {
	uint64_t resident_bytes; /* of its RAM alone */
	uint64_t active_bytes;   /* used within the last half minute */
	uint64_t cold_bytes;     /* in blocks that were not */
	uint64_t swapped_bytes;
	uint64_t refault_bytes;  /* came back, ever */
	uint64_t shared_bytes;   /* saved by merging its pages with others */
	uint64_t compress_bp;    /* what a sample of its pages shrank to */
	uint64_t stall_bp;       /* its group's, of the last ten seconds */
	uint64_t looks;          /* moves when the figures are new */
	unsigned ways;           /* BL_PRESS_… */
};

/* The host: where pages can go. */
struct bl_press_host {
	uint64_t swap_bytes;
	uint64_t swap_free_bytes;     /* on disks */
	uint64_t compress_free_bytes; /* memory that compressed pages may yet take */
	uint64_t stall_bp;            /* somebody waited, of the last ten seconds */
};

struct bl_press;

/* journal: where turned settings are noted (see knobs.h), NULL = nothing is turned,
 * so that there are neither ceilings nor sharing. 0 or -errno. */
int bl_press_new(const char *journal, struct bl_press **ret_press);

/* Lifts everything, puts back what was turned, ends the thread. */
void bl_press_close(struct bl_press *press);

/*
 * One process that is there, with so much RAM; key is the caller's name for it and
 * not 0. Copies what is known and never waits; what is new is looked at soon.
 * Between two bl_press_sweep() those not told of have ended. -ENOMEM.
 */
int bl_press_see(struct bl_press *press, uint64_t key, int pid, uint64_t ram_bytes,
                 struct bl_press_figures *ret_figures);
void bl_press_sweep(struct bl_press *press);

/* The level of one way: the most of its RAM that is to be in memory, UINT64_MAX lifts
 * it; for SHARE anything but 0 is on. Where pushed pages go is the kernel's choice:
 * COMPRESS and SWAP differ in what the host has. -ESRCH, -EOPNOTSUPP. */
int bl_press_level(struct bl_press *press, uint64_t key, unsigned way, uint64_t bytes);

void bl_press_host(struct bl_press *press, struct bl_press_host *ret_host);

/* Readable as soon as the host stalls for want of memory; -ENOTSUP without PSI.
 * bl_press_host() drains it. */
int bl_press_fd(const struct bl_press *press);

#endif
