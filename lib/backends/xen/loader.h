/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vendor libraries, opened at run time.
 */
#ifndef BL_XEN_LOADER_H
#define BL_XEN_LOADER_H

#include "symbols.h"

#include <stddef.h>

struct bl_xen_lib {
#define BL_XEN_POINTER(type, name, args) type (*name) args;
	BL_XEN_STORE_SYMBOLS(BL_XEN_POINTER)
	BL_XEN_CTRL_SYMBOLS(BL_XEN_POINTER)
	BL_XEN_VIRT_SYMBOLS(BL_XEN_POINTER)
#undef BL_XEN_POINTER
};

/*
 * Fills *ret_lib; libvirt's part only if virt. dir is where the libraries lie,
 * or "" for where the system has them. They are never unloaded: a thread may
 * hang in one for ever. -ENOENT with a sentence in ret_error (size bytes).
 */
int bl_xen_load(const char *dir, bool virt, struct bl_xen_lib *ret_lib, char *ret_error,
                size_t size);

#endif
