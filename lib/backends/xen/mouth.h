/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling one domain one word, on a lane: to xenstored and the hypervisor, or
 * to libvirt, which then talks to both and knows what was said.
 */
#ifndef BL_XEN_MOUTH_H
#define BL_XEN_MOUTH_H

#include "eyes.h"
#include "words.h"

/* A domain that libvirt made. */
struct bl_xen_native {
	uint32_t domid;
	unsigned char uuid[BL_XEN_UUID_BYTES];
};

struct bl_xen_mouth {
	struct bl_xen_lib lib;
	bool virt;

	/* What to do: tell word, or list the domains that libvirt knows. */
	bool listing;
	struct bl_xen_word word;
	uint64_t batch; /* which batch of orders it is of, and where in it */
	size_t index;

	int rc; /* the answer: 0 or -errno … */
	char error[BL_XEN_ERROR_BYTES]; /* … and why */
	struct bl_xen_native *natives;  /* by domid */
	size_t natives_n;

	/* The lane's alone. */
	struct xc_interface_core *ctrl;
	struct xs_handle *store;
	struct _virConnect *conn;
	uint64_t dial_ns; /* no attempt to connect before this */
};

/* Takes a copy of lib. NULL: out of memory. */
struct bl_xen_mouth *bl_xen_mouth_new(const struct bl_xen_lib *lib, bool virt);

/* The lane's trade: straight or through libvirt. */
void bl_xen_mouth_talk(void *mouth);
void bl_xen_mouth_drop(void *mouth);

/* Through libvirt: virt.c. */
void bl_xen_virt_talk(struct bl_xen_mouth *m);
void bl_xen_virt_hang_up(struct bl_xen_mouth *m);

int bl_xen_mouth_fail(struct bl_xen_mouth *m, int rc, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
