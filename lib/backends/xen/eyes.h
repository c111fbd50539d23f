/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at the host and all its domains, made on a lane.
 */
#ifndef BL_XEN_EYES_H
#define BL_XEN_EYES_H

#include "domain.h"

#define BL_XEN_ERROR_BYTES 512

struct bl_xen_eyes {
	struct bl_xen_lib lib;
	bool virt;       /* orders go through libvirt */
	int bell;        /* readable when domains come or go */
	uint64_t now_ns; /* the caller's clock, set before each look */

	int rc;                         /* 0, or -EAGAIN … */
	char error[BL_XEN_ERROR_BYTES]; /* … and why */
	struct bl_xen_host host;
	struct bl_xen_domain *domains;  /* by domid; dom0 first */
	size_t n;
	char rival[BL_XEN_ERROR_BYTES]; /* who else moves memory here; "" = nobody */

	/* The lane's alone. */
	struct xc_interface_core *ctrl;
	struct xs_handle *store;      /* for reading, and for news of domains */
	struct xs_handle *lifecycle;  /* for the news that ring the bell */
	bool rival_old;               /* somebody may have come or gone */
	struct bl_xen_domain *others; /* of the look before; the two change places */
	size_t others_n, cap;
};

/* Takes a copy of lib. NULL: out of memory or descriptors. */
struct bl_xen_eyes *bl_xen_eyes_new(const struct bl_xen_lib *lib, bool virt);

/* The lane's trade. */
void bl_xen_eyes_look(void *eyes);
void bl_xen_eyes_drop(void *eyes);

#endif
