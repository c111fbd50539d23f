/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading what libvirt says about one guest's memory. Pure: takes libvirt's
 * parameter lists, which may hold anything, and never talks to libvirt.
 */
#ifndef BL_KVM_FIGURES_H
#define BL_KVM_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvirt/libvirt.h>

/* One guest's numbers, in the units of struct balloon_sample. */
struct bl_kvm_figures {
	uint64_t size_bytes;
	uint64_t actual_bytes;
	uint64_t total_bytes;
	uint64_t available_bytes;
	uint64_t unused_bytes;
	uint64_t cache_bytes;
	uint64_t swap_in_bytes;
	uint64_t swap_out_bytes;
	uint64_t major_faults;
	uint64_t resident_bytes;
	uint64_t serial;
	bool running;
	int state, reason;   /* virDomainState, and why */
	bool heard;          /* the hypervisor was asked, not only libvirtd's memory */
	bool never_answered; /* it said that the guest's driver never gave figures */
};

/* Nothing known. */
void bl_kvm_figures_clear(struct bl_kvm_figures *f);

/* KiB to bytes. What does not fit, and -1 in any of its disguises, is UNKNOWN. */
uint64_t bl_kvm_bytes(uint64_t kib);

/* A record of virConnectGetAllDomainStats(); unknown names are passed over. */
void bl_kvm_figures_read(const virTypedParameter *params, int n, struct bl_kvm_figures *ret_f);

/* What virDomainMemoryStats() gave, on top of what *f already has. */
void bl_kvm_figures_add(const virDomainMemoryStatStruct *stats, int n, struct bl_kvm_figures *f);

/* Does a guest in this state (virDomainState) execute? */
bool bl_kvm_runs(int state);

#endif
