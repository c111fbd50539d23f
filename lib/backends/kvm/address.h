/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a libvirt URI as far as this backend needs to understand it. Pure.
 */
#ifndef BL_KVM_ADDRESS_H
#define BL_KVM_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Longer than any host name, path and query that people write. */
#define BL_KVM_URI_MAX 1024

struct bl_kvm_address {
	char uri[BL_KVM_URI_MAX]; /* as libvirt wants it */
	bool qemu;                /* QEMU's driver: the bulk call brings everything */
	bool here;                /* and it runs on this very machine for certain */
	bool mock;                /* libvirt's test driver: connections share no state */
};

/* -EINVAL with a sentence in ret_error (size bytes). */
int bl_kvm_address_read(const char *text, struct bl_kvm_address *ret_address, char *ret_error,
                        size_t size);

#endif
