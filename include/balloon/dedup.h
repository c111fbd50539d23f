/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What page sharing would save, found out before anything is merged: zero
 * pages, pages filled with one word, duplicates inside a guest and duplicates
 * across the guests of one trust group, each with an error bound. Usable on any
 * buffers or processes; no host, backend or struct balloon is needed.
 *
 * Character. As in balloon.h: no thread is started, no clock read, nothing
 * printed, no global state; a handle is used by one thread at a time (fork and
 * join handles for more). Merging stays with the kernel. Contents never leave
 * the process, and neither do hashes of them: only counts do.
 *
 * Trust groups. Every group has its own random key, so that pages of guests in
 * two groups cannot even be compared in here. A guest without a group is alone.
 *
 * How. A page is hashed (keyed, almost universal) and is in the sample if its
 * hash falls into a fixed fraction of all hashes: equal pages are in or out
 * together, and counts in the sample are exact. Contents that come very often,
 * and pages filled with one word, are counted exactly whatever the fraction.
 *
 *	struct balloon_dedup *d;
 *	struct balloon_dedup_figures f = { .struct_size = sizeof(f) };
 *	uint32_t guest;
 *	if (balloon_dedup_open(NULL, &d) < 0) …
 *	balloon_dedup_guest(d, "db", NULL, &guest);
 *	balloon_dedup_process(d, guest, pid, NULL);
 *	balloon_dedup_guest_figures(d, guest, &f);
 *	printf("%" PRIu64 " bytes could be saved\n", f.saved_bytes);
 */
#ifndef BALLOON_DEDUP_H
#define BALLOON_DEDUP_H

#include <balloon/balloon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most guests of one handle, and the largest part left out by sampling. */
#define BALLOON_DEDUP_GUESTS_MAX 4096
#define BALLOON_DEDUP_ONE_IN_MAX 4096

struct balloon_dedup;        /* guests in groups, and what was seen of them */
struct balloon_dedup_reader; /* a process being read */

enum balloon_dedup_flags {
	/* Read two cache lines of a page, and all of it only if those fall into the sample
	 * or are filled: a fraction of the memory traffic, with an error of 6 % where the
	 * whole gives 1 %. Faster the fewer pages are filled, since those are read whole, to be
	 * counted exactly: about twice as fast (1.8 times was seen on guests, 2.2 on a mix).
	 * Of no use where memory is copied to be read, and not together with exact mode. */
	BALLOON_DEDUP_LINES = 1u << 0,
};

/* What balloon_dedup_open() is to keep. */
struct balloon_dedup_options {
	uint32_t struct_size;
	uint32_t flags;         /* enum balloon_dedup_flags */
	uint32_t sample_one_in; /* 1 = every content (exact mode), else a power of two up to
	                           BALLOON_DEDUP_ONE_IN_MAX; 0 = 64 */
	uint32_t sharers_max;   /* most pages that share one frame (max_page_sharing of KSM);
	                           0 = 256, which is KSM's own default */
	uint64_t group_bytes;   /* most memory for the table of one group; where it is full,
	                           fewer contents are sampled. 0 = 1 MiB; not in exact mode */
	uint64_t pages_hint;    /* in exact mode: about so many pages will come in one group;
	                           0 = unknown (the table then grows, which costs time) */
};

/*
 * Opens a handle with no guests; options NULL = all defaults. *ret_d is the
 * caller's, to balloon_dedup_close(). -EINVAL, -E2BIG bad options; -ENOMEM.
 */
BALLOON_API int balloon_dedup_open(const struct balloon_dedup_options *options,
                                   struct balloon_dedup **ret_d);

/* Wipes and frees everything. NULL is welcome. */
BALLOON_API void balloon_dedup_close(struct balloon_dedup *d);

/*
 * Adds a guest. Guests with the same group can be compared; group NULL = with
 * nobody. Names are copied, and need not differ. *ret_guest is its number: 0, 1,
 * … in the order of adding. -EINVAL no name; -ENOSPC too many guests; -ENOMEM;
 * -errno of getrandom(2) where the group is new.
 */
BALLOON_API int balloon_dedup_guest(struct balloon_dedup *d, const char *name, const char *group,
                                    uint32_t *ret_guest);

/* ------------------------------------------------------------ bytes at hand */

enum balloon_dedup_page_flags {
	BALLOON_DEDUP_MERGEABLE = 1u << 0, /* the kernel would merge them (else: detectable) */
	BALLOON_DEDUP_HUGE = 1u << 1,      /* inside huge pages, which merging breaks */
};

/*
 * Looks at n pages of 4096 bytes each, one after the other at pages. address is where they are in the guest: any numbering will do that
 * is the same next time, in bytes and whole pages. They may change meanwhile; a
 * torn page looks like one more content. flags: enum balloon_dedup_page_flags.
 *
 * -EINVAL no such guest, or no whole page; -ENOMEM (exact mode; what came before
 * is still counted).
 */
BALLOON_API int balloon_dedup_pages(struct balloon_dedup *d, uint32_t guest, uint64_t address,
                                    const void *pages, size_t n, uint32_t flags);

/*
 * Once more from the beginning: guests, groups and keys stay, counts are empty,
 * and what is found equal to the time before goes to stable_bp. With rotate set
 * the keys are new, so that nothing can be compared with the time before.
 * -errno of getrandom(2): nothing was changed.
 */
BALLOON_API int balloon_dedup_again(struct balloon_dedup *d, int rotate);

/*
 * For several threads: *ret_fork has the guests and keys of d and no counts, and
 * is used by another thread; join adds its counts to d and closes it. Guests
 * must not be added to d between fork and join. -EINVAL is no fork of d; -ENOMEM
 * (the fork is then not closed).
 */
BALLOON_API int balloon_dedup_fork(const struct balloon_dedup *d, struct balloon_dedup **ret_fork);
BALLOON_API int balloon_dedup_join(struct balloon_dedup *d, struct balloon_dedup *fork);

/* ---------------------------------------------------------------- processes */

enum balloon_dedup_reading_flags {
	BALLOON_DEDUP_MERGEABLE_ONLY = 1u << 0, /* only mappings that the kernel would merge */
	BALLOON_DEDUP_COPY = 1u << 1,           /* do not map shared memory: copy it to read */
};

/* What of a process is read. */
struct balloon_dedup_reading {
	uint32_t struct_size;
	uint32_t flags;  /* enum balloon_dedup_reading_flags */
	uint32_t part;   /* read only this … */
	uint32_t parts;  /* … of so many parts (one per thread); 0 or 1 = all */
	int32_t node;    /* only mappings that lie mostly on this NUMA node; -1 = all */
	uint32_t pad;
};

/*
 * Prepares to read the memory of a process (a guest's QEMU) into the counts of
 * a guest: all anonymous and shared memory, in it all that is mergeable. All
 * files are opened here; afterwards CAP_SYS_PTRACE is all that is needed, so
 * that a worker can give up the rest. how NULL = all defaults.
 *
 * Reading leaves no trace in the process: memory that is absent, swapped out or
 * the shared zero page is not touched, merged pages stay merged, and nothing is kept
 * from being freed. (One gap: a hole that the process punches into a sealed memfd in
 * the microseconds between finding and reading a page is filled again.) Before Linux
 * 6.7 the shared zero page cannot be told from others, nor huge pages from small.
 *
 * -EINVAL bad guest or options; -ESRCH no such process; -EACCES, -EPERM: run as
 * its user or root, with CAP_SYS_PTRACE; -ENOMEM, or what opening its files said.
 */
BALLOON_API int balloon_dedup_attach(struct balloon_dedup *d, uint32_t guest, int pid,
                                     const struct balloon_dedup_reading *how,
                                     struct balloon_dedup_reader **ret_r);

/*
 * Reads on, up to about bytes_max (at least one 2 MiB chunk). Returns 1 if there
 * is more, 0 if that was all, -ESRCH the process is gone, -ENOMEM. What was
 * unmapped, swapped out or replaced meanwhile is counted as lost, no error.
 */
BALLOON_API int balloon_dedup_step(struct balloon_dedup_reader *r, uint64_t bytes_max);

/* How far it is: bytes of the mappings to go through, and of them done. */
BALLOON_API void balloon_dedup_progress(const struct balloon_dedup_reader *r,
                                        uint64_t *ret_done_bytes, uint64_t *ret_all_bytes);

/* Wipes its buffers and lets go; d is not closed. NULL is welcome. */
BALLOON_API void balloon_dedup_detach(struct balloon_dedup_reader *r);

/* attach, step to the end, detach. */
BALLOON_API int balloon_dedup_process(struct balloon_dedup *d, uint32_t guest, int pid,
                                      const struct balloon_dedup_reading *how);

/*
 * How long to rest after a step that took spent_ns of CPU and looked at bytes,
 * so that no more than duty_bp of a CPU (0 = no limit) and bytes_per_second
 * (0 = no limit) are used.
 */
BALLOON_API uint64_t balloon_dedup_rest(uint64_t spent_ns, uint64_t bytes, uint32_t duty_bp,
                                        uint64_t bytes_per_second);

/* ------------------------------------------------------------------ figures */

enum balloon_dedup_figures_flags {
	BALLOON_DEDUP_FIGURES_EXACT = 1u << 0, /* nothing is estimated */
};

/*
 * Of one guest, one group, or all. Counts of pages looked at are exact, also
 * under sampling; "estimated" ones have the interval of saved_bytes.
 */
struct balloon_dedup_figures {
	uint32_t struct_size;
	uint32_t flags;              /* enum balloon_dedup_figures_flags */
	uint32_t guests;             /* how many went in */
	uint32_t sample_one_in;      /* in effect: a full table thins the sample */
	const char *name;            /* of the guest or group; "" for all; until close */
	const char *group;           /* its group; "" where it is alone; until close */
	uint64_t present_bytes;      /* looked at */
	uint64_t mergeable_bytes;    /* of them, in mappings that the kernel would merge */
	uint64_t zero_bytes;         /* pages full of zeros */
	uint64_t filled_bytes;       /* pages filled with another 8-byte word (poison, 0xff) */
	uint64_t distinct_bytes;     /* estimated: different contents */
	uint64_t saved_bytes;        /* estimated: freed if all equal pages of the group were
	                                merged as KSM does; a guest has its part of its group's */
	uint64_t saved_low_bytes;    /* the truth is between these in 95 of 100 cases */
	uint64_t saved_high_bytes;
	uint64_t inside_bytes;       /* of saved: duplicates inside one guest */
	uint64_t across_bytes;       /* of saved: only since guests are merged with others */
	uint64_t saved_filled_bytes; /* of saved: zero and filled pages */
	uint64_t saved_mergeable_bytes; /* the same for mergeable pages alone; the rest of
	                                   saved_bytes is merely detectable */
	uint64_t huge_pages;         /* 2 MiB pages looked at */
	uint64_t huge_broken;        /* estimated: of them, broken to save it all */
	uint64_t stable_bp;          /* of pages seen again at their address: with the same
	                                content; UNKNOWN before the second scan */
	uint64_t swapped_bytes;      /* left alone: swapped out */
	uint64_t zero_mapped_bytes;  /* left alone: the kernel's zero page, costs nothing */
	uint64_t lost_bytes;         /* gone or changed owner while it was read */
	uint64_t memory_bytes;       /* what this library holds for it */
	/* What KSM's counters of mergeable pages would settle at. */
	uint64_t ksm_sharing_pages;
	uint64_t ksm_shared_pages;
	uint64_t ksm_unshared_pages;
};

/* Fills *ret_figures (struct_size set by the caller). -EINVAL no such guest, or
 * struct_size; -ENOMEM. */
BALLOON_API int balloon_dedup_guest_figures(struct balloon_dedup *d, uint32_t guest,
                                            struct balloon_dedup_figures *ret_figures);

/* Likewise for the group that the guest is in, and for all guests. */
BALLOON_API int balloon_dedup_group_figures(struct balloon_dedup *d, uint32_t guest,
                                            struct balloon_dedup_figures *ret_figures);
BALLOON_API int balloon_dedup_all_figures(struct balloon_dedup *d,
                                          struct balloon_dedup_figures *ret_figures);

/* -------------------------------------------------------------------- yield */

/* What an arbiter may count on from merging one guest's pages, and its price. */
struct balloon_dedup_yield {
	uint32_t struct_size;
	uint32_t pad;
	uint64_t shareable_bytes; /* to be promised: the low end, of it what is stable, less
	                             what ballooning would return anyway */
	uint64_t low_bytes;       /* 95 % interval of what is mergeable, before those cuts */
	uint64_t high_bytes;
	uint64_t cost_ns;         /* CPU time of the kernel's scanner to get there */
	uint64_t ns_per_mib;      /* cost_ns for each MiB of shareable_bytes; UNKNOWN = none */
	uint64_t takes_ns;        /* until it is merged, at pages_per_second; UNKNOWN = never */
	uint64_t huge_broken;     /* huge pages it loses */
};

/*
 * From the figures of a guest. unused_bytes is what the guest itself says is
 * free in it (0 or UNKNOWN = not known): free memory is zero or poisoned, a
 * balloon would return it, and it is not promised twice. pages_per_second is
 * the pace of the kernel's scanner over all it has to scan, of which this guest
 * is one (0 = it does not run). -EINVAL struct_size.
 */
BALLOON_API int balloon_dedup_yield(const struct balloon_dedup_figures *figures,
                                    uint64_t unused_bytes, uint64_t pages_per_second,
                                    struct balloon_dedup_yield *ret_yield);

/* What hashes pages here: "clnh-avx512", "clnh-avx2", "clnh-sse" or "xxh3"; static. */
BALLOON_API const char *balloon_dedup_hash_name(void);

#ifdef __cplusplus
}
#endif

#endif
