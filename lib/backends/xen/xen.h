/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend's caller side: what a beat does with the lanes. Lane 0 is the
 * eyes, the others are mouths: one straight, or several through libvirt.
 */
#ifndef BL_XEN_XEN_H
#define BL_XEN_XEN_H

#include "crew.h"
#include "eyes.h"
#include "mouth.h"

/*
 * No call of the contract keeps its caller longer than this. The shortest beat
 * that makes sense is about as long: guests publish figures once a second.
 */
#define BL_XEN_TOTAL_NS UINT64_C(1000000000)

#define BL_XEN_MOUTHS_MAX (BL_XEN_LANES_MAX - 1)

struct bl_xen {
	struct bl_xen_crew *crew;
	struct bl_xen_eyes *eyes; /* ours to read while lane 0 is free */
	struct bl_xen_mouth *mouths[BL_XEN_MOUTHS_MAX];
	size_t mouths_n;
	bool virt;
	int bell;
	uint64_t now_ns;          /* the caller's clock, of this call */

	bool looking;             /* a look is out … */
	uint64_t looked_ns;       /* … since this time of bl_xen_clock() */
	bool seen;                /* the eyes have seen a host */
	struct balloon_sample *rows;
	size_t rows_cap;

	struct balloon_order *orders; /* of the batch that is out, or NULL */
	uint64_t batch;
	struct bl_xen_native *natives; /* what libvirt knows, by domid */
	size_t natives_n;

	char error[BL_XEN_ERROR_BYTES + 128];
};

int bl_xen_observe(struct bl_xen *x, struct balloon_sheet *ret_sheet);
int bl_xen_order(struct bl_xen *x, struct balloon_order *orders, size_t n);

/* Lifts every ceiling that presses. */
void bl_xen_lift(struct bl_xen *x, uint64_t deadline_ns);

/* Takes in what mouths have to say. */
void bl_xen_harvest(struct bl_xen *x);

/* A mouth that is free, or NULL; and its lane. */
struct bl_xen_mouth *bl_xen_mouth_free(struct bl_xen *x, size_t *ret_lane);

struct bl_xen_domain *bl_xen_find(struct bl_xen *x, uint64_t key);

__attribute__((format(printf, 2, 3)))
void bl_xen_say(struct bl_xen *x, const char *format, ...);

extern const struct balloon_backend balloon_backend_module;

#endif
