/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt is at work on with a guest: a job of its own, which goes on while
 * the guest runs. Reading only; must not talk to libvirt.
 */
#ifndef BL_KVM_WORK_H
#define BL_KVM_WORK_H

#include <stdint.h>

#include <libvirt/libvirt.h>

enum bl_kvm_work {
	BL_KVM_AT_REST,
	BL_KVM_COPIES, /* its disks: a backup, a snapshot deleted */
	BL_KVM_MOVES,  /* its memory: migrated, saved, dumped, a snapshot */
};

/* What virDomainGetJobStats() said. */
enum bl_kvm_work bl_kvm_work_read(int type, const virTypedParameter *params, int n);

/* Does a guest in this state (virDomainState) for this reason show that it moves? */
enum bl_kvm_work bl_kvm_work_shown(int state, int reason);

/* 0, or 1 + enum balloon_hold_mode; and a sentence for people, or NULL. */
uint32_t bl_kvm_work_hold(enum bl_kvm_work work);
const char *bl_kvm_work_note(enum bl_kvm_work work);

#endif
