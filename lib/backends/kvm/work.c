/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which jobs keep a guest from being moved, and how. While its memory is copied
 * QEMU inflates nothing and libvirt lets no order pass (it waits for 30 s and
 * refuses); while its disks are, what is taken from the guest's
 * cache is read again, in competition with the backup.
 */
#include "work.h"

#include <string.h>

#include <balloon/balloon.h>

static int operation_of(const virTypedParameter *params, int n)
{
	for (int i = 0; i < n; i++)
		if (strncmp(params[i].field, VIR_DOMAIN_JOB_OPERATION, sizeof(params[i].field)) == 0 &&
		    params[i].type == VIR_TYPED_PARAM_INT)
			return params[i].value.i;
	return VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
}

enum bl_kvm_work bl_kvm_work_read(int type, const virTypedParameter *params, int n)
{
	if (type != VIR_DOMAIN_JOB_BOUNDED && type != VIR_DOMAIN_JOB_UNBOUNDED)
		return BL_KVM_AT_REST;
	switch (operation_of(params, n)) {
	case VIR_DOMAIN_JOB_OPERATION_BACKUP:
	case 10: /* VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_DELETE, since 9.0.0 */
		return BL_KVM_COPIES;
	default: /* also what is not known yet: leaving it alone harms nobody */
		return BL_KVM_MOVES;
	}
}

static enum bl_kvm_work shown_paused(int reason)
{
	switch (reason) {
	case VIR_DOMAIN_PAUSED_MIGRATION:
	case VIR_DOMAIN_PAUSED_SAVE:
	case VIR_DOMAIN_PAUSED_DUMP:
	case VIR_DOMAIN_PAUSED_SNAPSHOT:
	case VIR_DOMAIN_PAUSED_POSTCOPY:
	case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
		return BL_KVM_MOVES;
	default:
		return BL_KVM_AT_REST;
	}
}

enum bl_kvm_work bl_kvm_work_shown(int state, int reason)
{
	if (state == VIR_DOMAIN_PAUSED)
		return shown_paused(reason);
	if (state == VIR_DOMAIN_RUNNING && (reason == VIR_DOMAIN_RUNNING_POSTCOPY ||
	                                    reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED))
		return BL_KVM_MOVES;
	return BL_KVM_AT_REST;
}

uint32_t bl_kvm_work_hold(enum bl_kvm_work work)
{
	if (work == BL_KVM_MOVES)
		return 1 + BALLOON_HOLD_FREEZE;
	return work == BL_KVM_COPIES ? 1 + BALLOON_HOLD_KEEP : 0;
}

const char *bl_kvm_work_note(enum bl_kvm_work work)
{
	if (work == BL_KVM_MOVES)
		return "is being migrated, saved, dumped or restored by libvirt; it is left alone until "
		       "that is over";
	if (work == BL_KVM_COPIES)
		return "is being backed up by libvirt; it is not shrunk until that is over";
	return NULL;
}
