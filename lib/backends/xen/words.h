/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What exactly is said to whom: from a target to numbers for the wire. Pure.
 */
#ifndef BL_XEN_WORDS_H
#define BL_XEN_WORDS_H

#include "domain.h"

struct bl_xen_word {
	uint32_t domid;
	unsigned char uuid[BL_XEN_UUID_BYTES]; /* of the life that is meant */
	uint64_t size_kib;    /* the size it shall have */
	uint64_t target_kib;  /* the same as memory/target has it; 0 = leave it alone */
	uint64_t ceiling_kib; /* most pages it may have; 0 = leave it alone */
	uint64_t demand_pages; /* the same for what is populated on demand; 0 = not its kind */
};

/* The word for an order. The toolstack's range binds: a domain is never told
 * less than its dynamic-min. size_kib 0: there is none, the target would not
 * even hold its video memory. */
struct bl_xen_word bl_xen_word_order(const struct bl_xen_domain *d, uint64_t target_bytes);

/*
 * Before memory is given away: a domain that was never told anything by us and
 * does not follow what it was told by others, or cannot, is held at the lesser
 * of its target and what it has, or it would wake up and take what was given to
 * somebody else. false: nothing to be done.
 */
bool bl_xen_word_press(const struct bl_xen_domain *d, uint64_t now_ns,
                       struct bl_xen_word *ret_word);

/* The end of that: what its target needs. Nothing without a target. */
struct bl_xen_word bl_xen_word_lift(const struct bl_xen_domain *d);

/* A ceiling ordered by itself; BALLOON_UNKNOWN lifts it. */
struct bl_xen_word bl_xen_word_ceiling(const struct bl_xen_domain *d, uint64_t ceiling_bytes);

#endif
