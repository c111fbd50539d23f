/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libballoon's contract with a hypervisor, for whoever writes a backend.
 *
 * A backend speaks one hypervisor's dialect and holds no policy. It answers
 * three questions: what do you see (observe), will you tell them (order), is
 * there news (fd). The library's guard makes every call and checks what comes
 * back: a backend reports what it was told and need not judge it, except that
 * what it does not know must be BALLOON_UNKNOWN and never 0.
 *
 * No call may block for long: a backend that talks to something that can hang
 * keeps the waiting to itself (threads, deadlines) and answers for the guests
 * it heard of. A guest that is there and did not answer stays in the sheet with
 * its numbers unknown; one that is left out is gone, and its memory with it.
 *
 * A module is a shared object backend-NAME.so that exports one variable,
 * `const struct balloon_backend balloon_backend_module`.
 */
#ifndef BALLOON_BACKEND_H
#define BALLOON_BACKEND_H

#include <balloon/balloon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when the meaning of a field or call changes; not when one is added. */
#define BALLOON_BACKEND_ABI 1u

enum balloon_sample_flags {
	BALLOON_SAMPLE_RUNNING = 1u << 0, /* executes; not paused, not crashed */
};

/*
 * One guest as seen now. All memory in bytes; BALLOON_UNKNOWN where not known.
 * "guest" marks what the guest itself can write: believed by nobody.
 */
struct balloon_sample {
	uint64_t key;             /* not 0; names one life of one guest: a guest that was
	                             stopped and started again, or reset, has another key */
	const char *name;         /* for people and for the policy; until the next call */
	const char *uuid;         /* or NULL; likewise */
	uint32_t flags;           /* enum balloon_sample_flags */
	uint32_t fixed;           /* enum balloon_fixed: why it cannot be moved, or 0 */
	uint64_t size_bytes;      /* most it can have: what it was started with */
	uint64_t actual_bytes;    /* guest: what it has now */
	uint64_t total_bytes;     /* guest: memory it sees (MemTotal) */
	uint64_t available_bytes; /* guest: usable without swapping (MemAvailable) */
	uint64_t unused_bytes;    /* guest: free (MemFree) */
	uint64_t cache_bytes;     /* guest: disk cache */
	uint64_t swap_in_bytes;   /* guest: counter since its boot */
	uint64_t swap_out_bytes;  /* guest: likewise */
	uint64_t major_faults;    /* guest: likewise, a count */
	uint64_t resident_bytes;  /* host: memory that backs it */
	uint64_t active_bytes;    /* host: referenced lately, where the host samples that */
	uint64_t serial;          /* changes when the guest's figures are new (a time stamp
	                             will do); UNKNOWN = the guest never gave any */
	const uint64_t *node_bytes; /* host: of resident, on each of the sheet's NUMA nodes;
	                             or NULL */
	uint32_t means;             /* bits 1 << enum balloon_means: what it can be made to give
	                               memory back by, besides ballooning */
	uint32_t traits;            /* enum balloon_trait */
	uint64_t cold_bytes;        /* host: resident, and not referenced lately */
	uint64_t compress_bp;       /* host: what its cold memory shrinks to when compressed */
	uint64_t swapped_bytes;     /* host: held for it in swap, compressed or not */
	uint64_t refault_bytes;     /* host: counter of what came back from there */
	uint64_t shared_bytes;      /* host: saved by sharing its pages */
	uint64_t shareable_bytes;   /* host: more that sharing would save */
	uint64_t stall_bp;          /* of the time since its last figures it stood still for
	                               want of memory (PSI) */
	const uint64_t *misses;     /* of BALLOON_MISSES + 1: bytes a second it would have to
	                               read again with 0, 1, … BALLOON_MISSES parts of its
	                               size in BALLOON_MISSES; never rising; or NULL */
	const char *note;           /* for people, or NULL: one sentence without the guest's name,
	                               "is being backed up; …"; until the next call */
	uint32_t hold;              /* 0, or 1 + enum balloon_hold_mode: the hypervisor is at work
	                               on it, and it is held until a sheet says otherwise: frozen
	                               for a migration or its like, kept for a backup */
	uint32_t pad;
};

/* Parts of a guest's size for which its misses are told. */
#define BALLOON_MISSES 16

/* What is known of a guest's balloon, for people: nothing is decided by it. */
enum balloon_trait {
	BALLOON_TRAIT_REPORTING = 1u << 0,     /* reports its free pages to the host */
	BALLOON_TRAIT_DEFLATE_ON_OOM = 1u << 1, /* lets the balloon go when it runs out */
	BALLOON_TRAIT_NO_FIGURES = 1u << 2,    /* gives no figures of its own */
};

/* Most NUMA nodes that are told apart. */
#define BALLOON_NODES_MAX 16

/* A NUMA node of the host. */
struct balloon_node {
	uint64_t total_bytes;
	uint64_t available_bytes; /* of it, free or reclaimable at once */
};

/* All of one moment. Rows stay the backend's, valid until its next call. */
struct balloon_sheet {
	uint32_t struct_size;
	uint32_t stride;          /* sizeof(struct balloon_sample) in the backend */
	uint64_t total_bytes;     /* host memory */
	uint64_t available_bytes; /* of it, free or reclaimable at once */
	const struct balloon_sample *guests;
	size_t guests_n;
	const struct balloon_node *nodes; /* or NULL: not told, or only one */
	size_t nodes_n;
	uint64_t swap_bytes;      /* host swap, used or not; UNKNOWN = not told */
	uint64_t swap_free_bytes; /* of it, unused */
	uint64_t compress_free_bytes; /* memory that compressed pages may yet take up; 0 where
	                             nothing compresses */
	uint64_t stall_bp;        /* of the time since the last sheet, somebody stood still
	                             for want of memory (PSI some) */
};

/*
 * One number for one guest by one means. A level, not an edge: it holds until
 * the next order by the same means.
 *
 *	balloon   target_bytes is the size the guest shall have
 *	share     up to so much of it is offered for sharing; 0 = none. What is
 *	          shared already stays so where undoing it would cost memory.
 *	compress  no more of it shall lie in host memory: what is cold goes to
 *	swap      where the host compresses, or to its swap. UNKNOWN = no more is
 *	          taken; what was taken comes back when the guest touches it.
 *	ceiling   by force: it cannot get more host memory. UNKNOWN = lifted
 *
 * A guest is given levels by a means only while its sample says it has it; they
 * are lifted whatever it says then, at the latest before close().
 */
struct balloon_order {
	uint64_t key;
	uint64_t target_bytes;
	int32_t rc;     /* the backend's answer: 0 accepted (not: reached), or -errno */
	uint32_t means; /* enum balloon_means */
};

/* What a backend is: calls that are made with self, one at a time. */
struct balloon_backend {
	uint32_t struct_size;
	uint32_t abi;      /* BALLOON_BACKEND_ABI */
	const char *name;  /* "kvm" */

	/* Connects. *ret_self is handed to every other call. On failure a
	 * sentence goes to ret_error (size bytes), and what to do. A host that
	 * is away for now is not a failure: open, and say so in observe(). */
	int (*open)(const char *uri, void **ret_self, char *ret_error, size_t size);

	/* Lets go; blocks only as long as it takes to stop own threads. */
	void (*close)(void *self);

	/* Fills *ret_sheet, in which struct_size is set by the caller and every
	 * number is BALLOON_UNKNOWN: leave what you do not know. now_ns is the
	 * caller's clock. -EAGAIN: nothing could be seen this time; try again. */
	int (*observe)(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet);

	/* Tells n guests their targets and sets rc of each. Returns 0, or
	 * -errno if none could be told. An unknown key is -ESRCH. */
	int (*order)(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n);

	/* Optional (or NULL). Readable when something happened that makes an
	 * early beat worth while; observe() drains it. -ENOTSUP where none. */
	int (*fd)(void *self);

	/* Optional (or NULL). The sentence for the last failure; "" = none. */
	const char *(*error)(void *self);
};

#ifdef __cplusplus
}
#endif

#endif
