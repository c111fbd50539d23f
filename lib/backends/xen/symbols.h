/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every vendor function this backend calls, once: the loader makes pointers of
 * the list, and the tests' pretend libraries make definitions of it. Must not
 * include a vendor header, so that one binary serves several Xen releases.
 *
 * Signatures were compared with the sources of Xen 4.13 to 4.22 (xenstore.h,
 * xenctrl.h) and libvirt 9.0.0. A transaction is a 32-bit number, 0 for none.
 */
#ifndef BL_XEN_SYMBOLS_H
#define BL_XEN_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct xs_handle;
struct xc_interface_core;
struct _virConnect;
struct _virDomain;
struct _virError;

/* libxenstore */
#define BL_XEN_STORE_SYMBOLS(F) \
	F(struct xs_handle *, xs_open, (unsigned long flags)) \
	F(void, xs_close, (struct xs_handle *h)) \
	F(void *, xs_read, (struct xs_handle *h, uint32_t t, const char *path, unsigned *len)) \
	F(bool, xs_write, (struct xs_handle *h, uint32_t t, const char *path, const void *data, \
	                   unsigned len)) \
	F(char **, xs_directory, (struct xs_handle *h, uint32_t t, const char *path, \
	                          unsigned *num)) \
	F(bool, xs_watch, (struct xs_handle *h, const char *path, const char *token)) \
	F(bool, xs_unwatch, (struct xs_handle *h, const char *path, const char *token)) \
	F(char **, xs_check_watch, (struct xs_handle *h)) \
	F(int, xs_fileno, (struct xs_handle *h))

/* libxenctrl. Its structs differ by release and are read as bytes: host.c. */
#define BL_XEN_CTRL_SYMBOLS(F) \
	F(struct xc_interface_core *, xc_interface_open, (void *logger, void *build_logger, \
	                                                  unsigned flags)) \
	F(int, xc_interface_close, (struct xc_interface_core *x)) \
	F(int, xc_version, (struct xc_interface_core *x, int cmd, void *arg)) \
	F(int, xc_physinfo, (struct xc_interface_core *x, void *info)) \
	F(int, xc_domain_getinfolist, (struct xc_interface_core *x, uint32_t first, unsigned max, \
	                               void *info)) \
	F(int, xc_domain_setmaxmem, (struct xc_interface_core *x, uint32_t domid, uint64_t kib)) \
	F(int, xc_domain_set_pod_target, (struct xc_interface_core *x, uint32_t domid, \
	                                  uint64_t pages, uint64_t *tot, uint64_t *cache, \
	                                  uint64_t *entries)) \
	F(int, xc_domain_get_pod_target, (struct xc_interface_core *x, uint32_t domid, \
	                                  uint64_t *tot, uint64_t *cache, uint64_t *entries))

/* libvirt */
#define BL_XEN_VIRT_SYMBOLS(F) \
	F(void, virSetErrorFunc, (void *arg, void (*f)(void *arg, struct _virError *e))) \
	F(const char *, virGetLastErrorMessage, (void)) \
	F(struct _virConnect *, virConnectOpen, (const char *uri)) \
	F(int, virConnectClose, (struct _virConnect *c)) \
	F(int, virConnectIsAlive, (struct _virConnect *c)) \
	F(int, virConnectListAllDomains, (struct _virConnect *c, struct _virDomain ***domains, \
	                                  unsigned flags)) \
	F(struct _virDomain *, virDomainLookupByUUID, (struct _virConnect *c, \
	                                               const unsigned char *uuid)) \
	F(unsigned, virDomainGetID, (struct _virDomain *d)) \
	F(int, virDomainGetUUID, (struct _virDomain *d, unsigned char *uuid)) \
	F(int, virDomainSetMemoryFlags, (struct _virDomain *d, unsigned long kib, \
	                                 unsigned flags)) \
	F(int, virDomainFree, (struct _virDomain *d))

#endif
