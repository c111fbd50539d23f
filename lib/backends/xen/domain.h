/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is known of one domain, and what it means. Data only: must not talk to
 * anybody, and reads no clock.
 *
 * One number says how large a domain is: what it was started with or told to
 * be, video memory included. memory/target leaves the video memory out, and the
 * hypervisor's count of pages has an offset to it (nothing for a PV guest, a
 * megabyte or a few for others); both are taken off at this door.
 */
#ifndef BL_XEN_DOMAIN_H
#define BL_XEN_DOMAIN_H

#include "figures.h"
#include "host.h"

#include <balloon/backend.h>

/* Longer than what people call their guests; what is longer is cut. */
#define BL_XEN_NAME_BYTES 128

/* 36 characters and a NUL. */
#define BL_XEN_UUID_TEXT 37

/* What the toolstack, or a driver, says in the store. Bytes; BALLOON_UNKNOWN
 * where the key is missing. */
struct bl_xen_keys {
	uint64_t target_bytes;
	uint64_t static_max_bytes;
	uint64_t dynamic_min_bytes;
	uint64_t dynamic_max_bytes;
	uint64_t videoram_bytes;
	bool feature_said;  /* control/feature-balloon is there … */
	bool feature;       /* … and says yes */
	bool passthrough;   /* a PCI device is assigned */
};

struct bl_xen_domain {
	struct bl_xen_info info;
	struct bl_xen_keys keys;
	struct bl_xen_told told;
	uint64_t key;
	char uuid_text[BL_XEN_UUID_TEXT];
	char name[BL_XEN_NAME_BYTES];
	bool named;          /* the toolstack has given it a name */
	bool on_demand;      /* its balloon has not yet taken what it was never given */
	bool foreign;        /* the transport in use does not know it */

	bool seen;           /* in the look being taken */
	bool watched;        /* news of it are listened to */
	bool keys_old;       /* to be read again, at the next look */
	bool told_old;
	bool greeted;        /* a watch's first event is no news: it had that one */
	uint64_t serial;     /* news of its figures; BALLOON_UNKNOWN = none yet */

	bool calibrated;
	int64_t offset_kib;  /* of the hypervisor's count to the domain's size */
	uint64_t slack_kib;  /* of the ceiling to the same */
	bool slack_known;
	uint64_t still_ns;   /* its pages have not moved since */

	bool capped;         /* its ceiling can be ordered by itself */
	uint64_t ceiling_bytes; /* as ordered; BALLOON_UNKNOWN = lifted */
	bool ordered;        /* we gave it a target in this life */
	bool pressed;        /* we lowered its ceiling to less than its target needs */
};

/* A domain met for the first time, at now_ns. */
void bl_xen_domain_meet(struct bl_xen_domain *d, const struct bl_xen_info *info,
                        uint64_t now_ns);

/* The hypervisor says this of it now. */
void bl_xen_domain_update(struct bl_xen_domain *d, const struct bl_xen_info *info,
                          uint64_t now_ns);

/* After everything about it was read: draws conclusions. */
void bl_xen_domain_settle(struct bl_xen_domain *d, uint64_t now_ns);

/* The size it was last told; BALLOON_UNKNOWN: none. */
uint64_t bl_xen_domain_target(const struct bl_xen_domain *d);

/* The size it has, by the hypervisor's count of its pages. */
uint64_t bl_xen_domain_actual(const struct bl_xen_domain *d);

/* Why it cannot be moved (enum balloon_fixed), or 0. */
uint32_t bl_xen_domain_fixed(const struct bl_xen_domain *d);

bool bl_xen_domain_runs(const struct bl_xen_domain *d);

/* It is one that a guest's row can be made of. Else it is being built and nobody
 * can say yet what it is called or how large it will be. */
bool bl_xen_domain_counts(const struct bl_xen_domain *d);

/* The domain as the library wants it. Strings stay the domain's. observed: all
 * is somebody else's to move. */
void bl_xen_domain_sample(const struct bl_xen_domain *d, bool observed,
                          struct balloon_sample *ret_sample);

#endif
