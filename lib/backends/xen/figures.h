/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading what lies in the store. Pure: takes bytes, which a guest may have
 * written and which may be anything, and never talks to anybody.
 */
#ifndef BL_XEN_FIGURES_H
#define BL_XEN_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a guest says of itself, in bytes; BALLOON_UNKNOWN where it does not. */
struct bl_xen_told {
	uint64_t total_bytes;     /* memory it sees */
	uint64_t available_bytes; /* usable without swapping */
	uint64_t free_bytes;
	uint64_t used_bytes;      /* Qubes' guests say this instead */
};

/* Nothing known. */
void bl_xen_told_clear(struct bl_xen_told *t);

/* KiB as decimal digits, to bytes. BALLOON_UNKNOWN if it is anything else, or
 * beyond any host. text need not end in a NUL and may be NULL. */
uint64_t bl_xen_kib(const char *text, size_t n);

/* The value of memory/meminfo: KiB in use (Qubes), or Linux's meminfo as text.
 * Leaves alone what it does not say. */
void bl_xen_meminfo(const char *text, size_t n, struct bl_xen_told *told);

/* "1" and nothing else. */
bool bl_xen_yes(const char *text, size_t n);

/* What happened, by the path of a watch event. */
enum bl_xen_news {
	BL_XEN_NEWS_NONE,    /* nothing of interest */
	BL_XEN_NEWS_FIGURES, /* a guest told its figures */
	BL_XEN_NEWS_KEYS,    /* something else about a domain */
};
enum bl_xen_news bl_xen_event(const char *path, uint32_t *ret_domid);

/* How a toolstack's configuration, or its absence (NULL), sets autoballoon. */
enum bl_xen_auto { BL_XEN_AUTO, BL_XEN_AUTO_ON, BL_XEN_AUTO_OFF };
enum bl_xen_auto bl_xen_autoballoon(const char *text, size_t n);

/* Does the hypervisor's command line give dom0 a size of its own? That is what
 * autoballoon's "auto" goes by. */
bool bl_xen_dom0_sized(const char *command_line);

#endif
