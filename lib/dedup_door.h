/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the doors to dedup share: the handle. */
#ifndef BL_DEDUP_DOOR_H
#define BL_DEDUP_DOOR_H

#include <balloon/dedup.h>

#include "dedup/group.h"
#include "dedup/sum.h"

struct balloon_dedup {
	struct bl_wish wish;
	struct bl_guests guests;
	uint32_t guests_room;
	struct bl_group **groups;
	uint32_t groups_n;
	bool compared; /* there was a scan before this one, with the same keys */
	const struct balloon_dedup *parent; /* of a fork */
	/* What counts come to, until something else is counted: by guest, and by group. */
	struct bl_sum *sums;
	struct bl_sum *group_sums;
	bool summed;
};

/* Brings sums up to date. -ENOMEM. */
int bl_dedup_sum(struct balloon_dedup *d);

#endif
