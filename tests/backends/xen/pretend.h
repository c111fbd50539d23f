/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pretend Xen host for the tests of backend-xen: the functions of the vendor
 * libraries, made of the very list the loader works through, over a small world
 * that a test can change. It knows of the store, the hypervisor and libvirt what
 * the backend uses of them, and nothing of the backend.
 */
#ifndef PRETEND_H
#define PRETEND_H

#include <balloon/balloon.h>
#include <stdbool.h>
#include <stdint.h>

#define PRETEND_DYING (1u << 0)
#define PRETEND_HVM (1u << 1)
#define PRETEND_SHUTDOWN (1u << 2)
#define PRETEND_PAUSED (1u << 3)

struct pretend_domain {
	bool used, native; /* native: libvirt made it */
	uint32_t domid, flags;
	uint64_t tot_kib, max_kib, cpu_ns;
	uint64_t claimed_kib;    /* free, and set aside to build it of */
	uint64_t entries, cache; /* populated on demand: outstanding, and pages for them */
	uint64_t pod_target;     /* and what was told */
	unsigned char uuid[16];
	unsigned long virt_kib;       /* what libvirt was told last */
	bool virt_hangs;              /* libvirt's calls about it do not return */
};

struct pretend_host {
	int version;          /* major << 16 | minor */
	uint64_t total_pages, claimed_pages;
	char command_line[256];
	bool hangs;           /* xenstored does not answer */
	bool away;            /* it is not there, and connections break */
	bool virt_away;       /* nor is libvirtd */
	unsigned ceilings;    /* calls that set one */
	unsigned watches;     /* registered now, on all connections */
	unsigned handles;     /* open now: store, hypervisor, libvirt */
};

/* Its lock is the library's: change it with pretend_lock() held. */
BALLOON_API extern struct pretend_host pretend;
BALLOON_API void pretend_lock(void);
BALLOON_API void pretend_unlock(void); /* and wakes up whoever hung */

/* An empty host: dom0 with 512 of 4096 MiB, dom0_mem given. */
BALLOON_API void pretend_begin(void);

/* A running PV guest as xl makes it. Its number. */
BALLOON_API uint32_t pretend_guest(const char *name, uint64_t mib, uint64_t max_mib);
BALLOON_API void pretend_end(uint32_t domid);

/* One that its toolstack has just begun: no name, no pages, and paused. */
BALLOON_API uint32_t pretend_begun(void);
BALLOON_API struct pretend_domain *pretend_find(uint32_t domid);

/* A key below /local/domain/DOMID/; value NULL: removed. Fires watches. */
BALLOON_API void pretend_set(uint32_t domid, const char *key, const char *value);
BALLOON_API void pretend_set_path(const char *path, const char *value, unsigned n);

/* The same, read: KiB, or 0. */
BALLOON_API uint64_t pretend_kib(uint32_t domid, const char *key);

/* Its driver follows memory/target, as far as the ceiling lets it. */
BALLOON_API void pretend_follow(uint32_t domid);

/* Its agent writes figures, in MiB. */
BALLOON_API void pretend_tell(uint32_t domid, uint64_t total_mib, uint64_t free_mib);

#endif
