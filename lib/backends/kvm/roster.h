/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guests known to this backend, each with its key and what was learnt of
 * it. Data only: must not talk to libvirt, and reads no clock.
 */
#ifndef BL_KVM_ROSTER_H
#define BL_KVM_ROSTER_H

#include "figures.h"
#include "traits.h"
#include "work.h"

#include <balloon/backend.h>

#define BL_KVM_UUID_BYTES 16

struct bl_kvm_guest {
	unsigned char uuid[BL_KVM_UUID_BYTES];
	char uuid_text[VIR_UUID_STRING_BUFLEN];
	char *name;
	int id;                /* libvirt's number of this life of the hypervisor process */
	uint64_t generation;   /* moves when the guest is reset within that life */
	uint64_t key;
	bool seen;             /* in the observation being read */
	uint64_t call;         /* number of the call about it that is out; 0 = none */
	struct bl_kvm_figures figures;
	uint64_t silent_n;     /* observations in a row that its hypervisor had no part in */

	bool traits_known;
	struct bl_kvm_traits traits;
	uint64_t ask_ns;       /* no errand to it before this; then its pause doubles */
	uint64_t ask_pause_ns;

	enum bl_kvm_work work; /* libvirt's, on it */
	bool ask_work;         /* something may have begun or ended */
	bool work_out;         /* the call that is out asks for it */
	uint64_t work_ns;      /* not asked before this */

	bool period_owned;     /* we set its statistics period, and owe it the old one */
	uint32_t period_old_s;

	int pid;               /* its process on this host in this life; 0 = not known */
	uint64_t pid_ns;       /* not looked for before this */

	uint64_t since_ns;     /* running and observed without a break since */
	bool driver_alive;     /* gave figures, or moved, in this life */
	uint64_t serial;       /* last one seen, and when it was seen to change */
	uint64_t serial_ns;
	uint64_t serial_void;  /* figures with this serial are from before a reset */
};

struct bl_kvm_roster {
	struct bl_kvm_guest **guests;
	size_t n, cap;
	uint32_t *by_uuid, *by_key; /* open addressing; index + 1, 0 = empty */
	size_t slots;               /* a power of two, at least twice cap */
	uint64_t generation;        /* the last one given out */
};

void bl_kvm_roster_fini(struct bl_kvm_roster *r);

struct bl_kvm_guest *bl_kvm_roster_by_uuid(const struct bl_kvm_roster *r,
                                           const unsigned char *uuid);
struct bl_kvm_guest *bl_kvm_roster_by_key(const struct bl_kvm_roster *r, uint64_t key);

/*
 * The guest with this identity was seen just now: finds or adds it, and gives
 * it a new key if it is another life. NULL: no memory.
 */
struct bl_kvm_guest *bl_kvm_roster_see(struct bl_kvm_roster *r, const unsigned char *uuid,
                                       int id, const char *name, uint64_t now_ns);

/* A guest was reset: another life for the policy, the same process for us. */
void bl_kvm_roster_renew(struct bl_kvm_roster *r, struct bl_kvm_guest *g, uint64_t now_ns);

/* Before an observation is read, and after: whoever was not seen is let go. */
void bl_kvm_roster_begin(struct bl_kvm_roster *r);
void bl_kvm_roster_end(struct bl_kvm_roster *r);

/* Takes new figures of a guest and draws conclusions from how they changed. */
void bl_kvm_guest_update(struct bl_kvm_roster *r, struct bl_kvm_guest *g,
                         const struct bl_kvm_figures *f, uint64_t now_ns);

/* The guest as the library wants it. Strings stay the guest's. */
void bl_kvm_guest_sample(const struct bl_kvm_guest *g, uint64_t now_ns,
                         struct balloon_sample *ret_sample);

#endif
