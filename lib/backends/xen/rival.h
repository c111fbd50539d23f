/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does somebody else move memory on this host? Two controllers fight.
 */
#ifndef BL_XEN_RIVAL_H
#define BL_XEN_RIVAL_H

#include "host.h"

/* squeezed keeps its state here, from its start until the host's end. */
#define BL_XEN_SQUEEZED "/squeezed"

/* What speaks for another controller. Texts are files' contents or NULL. */
struct bl_xen_signs {
	bool squeezed;            /* its directory is in the store */
	const char *command_line; /* of the hypervisor */
	const char *xl_conf;
	size_t xl_conf_n;
	const char *libxl_conf;
	size_t libxl_conf_n;
	bool xl, virt;            /* is that toolstack there to do it? */
};

/* The sentence for the operator, "" if nobody else is there. Pure. */
void bl_xen_rival_judge(const struct bl_xen_signs *signs, char *ret_text, size_t size);

/* Looks for the signs, and judges them. */
void bl_xen_rival_find(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                       struct xs_handle *store, bool virt, char *ret_text, size_t size);

#endif
