/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads libvirt's memory figures of one guest into bytes. Reports what it was
 * told: whether it is believable is judged elsewhere. Must not talk to libvirt.
 */
#include "figures.h"

#include <string.h>

#include <balloon/balloon.h>

enum unit { KIB, COUNT, STAMP };

/*
 * Both of libvirt's namings of one figure. Beware: libvirt's "available" is
 * the guest's MemTotal, and its "usable" is the guest's MemAvailable.
 */
static const struct field {
	const char *name; /* in virConnectGetAllDomainStats() */
	int tag;          /* in virDomainMemoryStats(), or -1 */
	enum unit unit;
	size_t offset;
} fields[] = {
#define FIELD(name, tag, unit, member) \
	{ name, tag, unit, offsetof(struct bl_kvm_figures, member) }
	FIELD("balloon.current", VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, KIB, actual_bytes),
	FIELD("balloon.maximum", -1, KIB, size_bytes),
	FIELD("balloon.available", VIR_DOMAIN_MEMORY_STAT_AVAILABLE, KIB, total_bytes),
	FIELD("balloon.usable", VIR_DOMAIN_MEMORY_STAT_USABLE, KIB, available_bytes),
	FIELD("balloon.unused", VIR_DOMAIN_MEMORY_STAT_UNUSED, KIB, unused_bytes),
	FIELD("balloon.disk_caches", VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, KIB, cache_bytes),
	FIELD("balloon.swap_in", VIR_DOMAIN_MEMORY_STAT_SWAP_IN, KIB, swap_in_bytes),
	FIELD("balloon.swap_out", VIR_DOMAIN_MEMORY_STAT_SWAP_OUT, KIB, swap_out_bytes),
	FIELD("balloon.major_fault", VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, COUNT, major_faults),
	FIELD("balloon.rss", VIR_DOMAIN_MEMORY_STAT_RSS, KIB, resident_bytes),
	FIELD("balloon.last-update", VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, STAMP, serial),
#undef FIELD
};

#define FIELDS_N (sizeof(fields) / sizeof(fields[0]))

void bl_kvm_figures_clear(struct bl_kvm_figures *f)
{
	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < FIELDS_N; i++)
		memset((char *)f + fields[i].offset, 0xff, sizeof(uint64_t));
}

uint64_t bl_kvm_bytes(uint64_t kib)
{
	/* QEMU's "not supported" is -1 bytes. A libvirt that divides it makes
	 * 2^54 - 1 KiB of it, which is UINT64_MAX / 1024: both are caught here. */
	return kib >= UINT64_MAX / 1024 ? BALLOON_UNKNOWN : kib * 1024;
}

static uint64_t number_of(const virTypedParameter *p)
{
	switch (p->type) {
	case VIR_TYPED_PARAM_ULLONG:
		return p->value.ul;
	case VIR_TYPED_PARAM_UINT:
		return p->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		return p->value.l < 0 ? BALLOON_UNKNOWN : (uint64_t)p->value.l;
	case VIR_TYPED_PARAM_INT:
		return p->value.i < 0 ? BALLOON_UNKNOWN : (uint64_t)p->value.i;
	default:
		return BALLOON_UNKNOWN;
	}
}

static void take(const struct field *field, uint64_t value, struct bl_kvm_figures *f)
{
	if (field->unit == KIB)
		value = bl_kvm_bytes(value);
	if (field->unit == STAMP && value == 0) {
		f->never_answered = true;
		value = BALLOON_UNKNOWN;
	}
	/* libvirtd gives current and maximum from memory when it may not ask
	 * the hypervisor (seen with 9.0.0 and NOWAIT); these two it must ask for. */
	if (field->unit == STAMP || field->tag == VIR_DOMAIN_MEMORY_STAT_RSS)
		f->heard = true;
	memcpy((char *)f + field->offset, &value, sizeof(value));
}

bool bl_kvm_runs(int state)
{
	return state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED;
}

static void read_one(const virTypedParameter *p, struct bl_kvm_figures *f)
{
	if (strncmp(p->field, "state.state", sizeof(p->field)) == 0) {
		f->state = p->type == VIR_TYPED_PARAM_INT ? p->value.i : VIR_DOMAIN_NOSTATE;
		f->running = bl_kvm_runs(f->state);
		return;
	}
	if (strncmp(p->field, "state.reason", sizeof(p->field)) == 0) {
		f->reason = p->type == VIR_TYPED_PARAM_INT ? p->value.i : 0;
		return;
	}
	for (size_t i = 0; i < FIELDS_N; i++)
		if (strncmp(p->field, fields[i].name, sizeof(p->field)) == 0)
			take(&fields[i], number_of(p), f);
}

void bl_kvm_figures_read(const virTypedParameter *params, int n, struct bl_kvm_figures *ret_f)
{
	bl_kvm_figures_clear(ret_f);
	for (int i = 0; i < n; i++)
		read_one(&params[i], ret_f);
}

void bl_kvm_figures_add(const virDomainMemoryStatStruct *stats, int n, struct bl_kvm_figures *f)
{
	for (int i = 0; i < n; i++)
		for (size_t k = 0; k < FIELDS_N; k++)
			if (fields[k].tag >= 0 && fields[k].tag == stats[i].tag)
				take(&fields[k], stats[i].val, f);
}
