/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a domain's XML: why its memory cannot be moved, if so, and how often
 * its figures are asked for. Pure: takes bytes, which may be anything.
 */
#ifndef BL_KVM_TRAITS_H
#define BL_KVM_TRAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bl_kvm_traits {
	uint32_t fixed;     /* enum balloon_fixed */
	uint32_t period_s;  /* of the balloon's statistics; 0 = never asked for */
	bool device;        /* has a balloon device */
};

/* -EBADMSG: not a domain's XML. -E2BIG: longer than any. */
int bl_kvm_traits_read(const char *xml, size_t n, struct bl_kvm_traits *ret_traits);

#endif
