/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Talking to xenstored: what it says of a domain, and news of it. Every call
 * can block for as long as xenstored likes.
 */
#ifndef BL_XEN_STORE_H
#define BL_XEN_STORE_H

#include "domain.h"

/* All return 0 if xenstored answered, whatever it said, and else -ENOTCONN. */

/* Is it there? */
int bl_xen_store_greet(const struct bl_xen_lib *lib, struct xs_handle *store);

/* What is old of a domain (keys_old, told_old) is read again. */
int bl_xen_store_read(const struct bl_xen_lib *lib, struct xs_handle *store,
                      struct bl_xen_domain *d);

/* News of a domain shall be queued, and no longer. */
int bl_xen_store_watch(const struct bl_xen_lib *lib, struct xs_handle *store,
                       struct bl_xen_domain *d);
void bl_xen_store_unwatch(const struct bl_xen_lib *lib, struct xs_handle *store,
                          const struct bl_xen_domain *d);

/* News of all domains together: devices handed through to them. */
int bl_xen_store_watch_all(const struct bl_xen_lib *lib, struct xs_handle *store);

/* Takes the queued news, without blocking; domains are sorted by domid. */
void bl_xen_store_hear(const struct bl_xen_lib *lib, struct xs_handle *store,
                       struct bl_xen_domain *domains, size_t n);

/* Is there such a directory or value? */
bool bl_xen_store_has(const struct bl_xen_lib *lib, struct xs_handle *store, const char *path);

#endif
