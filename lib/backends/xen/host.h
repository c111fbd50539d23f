/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hypervisor itself says: of the host, and of each domain's pages.
 */
#ifndef BL_XEN_HOST_H
#define BL_XEN_HOST_H

#include "loader.h"

#define BL_XEN_UUID_BYTES 16

/* Xen's page on every machine it has guests on. */
#define BL_XEN_PAGE_KIB 4

/* Of a domain, as the hypervisor has it (public/domctl.h). */
enum bl_xen_flags {
	BL_XEN_DYING = 1u << 0,
	BL_XEN_HVM = 1u << 1, /* also PVH */
	BL_XEN_SHUTDOWN = 1u << 2,
	BL_XEN_PAUSED = 1u << 3,
};

struct bl_xen_info {
	uint32_t domid;
	uint32_t flags;   /* enum bl_xen_flags, and others */
	uint64_t tot_kib; /* pages it has */
	uint64_t max_kib; /* pages it may have: the ceiling */
	uint64_t claimed_kib; /* free pages that are set aside to build it of */
	uint64_t cpu_ns;  /* time it has run */
	unsigned char uuid[BL_XEN_UUID_BYTES];
};

struct bl_xen_host {
	uint64_t total_bytes;
	uint64_t free_bytes; /* what nobody has and nobody has claimed */
};

/* A connection to the hypervisor, silent. NULL: errno says why. */
struct xc_interface_core *bl_xen_ctrl_open(const struct bl_xen_lib *lib);

/* -errno, or -EPROTO if the numbers cannot be a host's. */
int bl_xen_host_read(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                     struct bl_xen_host *ret_host);

/* The domain with the smallest number from domid on. -ESRCH: there is none. */
int bl_xen_info_read(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                     uint32_t domid, struct bl_xen_info *ret_info);

/*
 * Does it believe to have more than there is for it? So a guest begins that is
 * given less than its maximum: pages are populated when they are touched, out of
 * a cache that is too small until its balloon has taken the difference. Later
 * there may be entries left, each with a page waiting for it (Xen's p2m-pod.c).
 */
bool bl_xen_on_demand(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                      uint32_t domid);

/* The hypervisor's own command line, cut to size. */
void bl_xen_command_line(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                         char *ret_text, size_t size);

#endif
