/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend's caller side: what a beat does with the lanes.
 */
#ifndef BL_KVM_KVM_H
#define BL_KVM_KVM_H

#include "hub.h"
#include "roster.h"

/*
 * No call of the contract keeps its caller longer than this. The shortest beat
 * that makes sense is about as long: guests publish figures once a second.
 */
#define BL_KVM_TOTAL_NS UINT64_C(1000000000)

/* How often guests are asked for figures: the finest that QEMU has. */
#define BL_KVM_PERIOD_S 1

struct bl_kvm {
	struct bl_kvm_hub *hub;
	struct bl_kvm_roster roster;
	struct balloon_sample *rows;
	size_t rows_cap;
	int meminfo_fd;              /* or -1 */
	struct bl_press *press;      /* the host's own means; NULL = none, or another host */
	int news_fd;                 /* of hub and press together; or -1 */
	uint64_t now_ns;             /* the caller's clock, of this call */
	uint64_t calls;              /* numbered so far */
	struct bl_kvm_lane *view;    /* an observation that came back, or NULL */
	uint64_t seen_ns;            /* when the last used observation was asked for */
	struct balloon_order *orders; /* of the batch that is out, or NULL */
	uint64_t batch;
	char error[1024];
};

/* Takes in all answers that wait. Observations are left in k->view. */
void bl_kvm_harvest(struct bl_kvm *k);

/* Hands a job about this guest to a lane; what bl_kvm_hub_submit() says. */
int bl_kvm_send(struct bl_kvm *k, struct bl_kvm_guest *g, struct bl_kvm_job *job);

/* The errands that are due; waits for new guests' traits until deadline_ns. */
void bl_kvm_errands(struct bl_kvm *k, uint64_t deadline_ns);

/* Gives every guest its old statistics period back. */
void bl_kvm_restore(struct bl_kvm *k, uint64_t deadline_ns);

int bl_kvm_observe(struct bl_kvm *k, struct balloon_sheet *ret_sheet);
int bl_kvm_order(struct bl_kvm *k, struct balloon_order *orders, size_t n);

__attribute__((format(printf, 2, 3)))
void bl_kvm_say(struct bl_kvm *k, const char *format, ...);

extern const struct balloon_backend balloon_backend_module;

#endif
