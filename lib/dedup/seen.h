/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of a group tell each other about pages. */
#ifndef BL_DEDUP_SEEN_H
#define BL_DEDUP_SEEN_H

#include "group.h"

/* Copies of one content, in one guest and one kind of mapping. */
struct bl_seen {
	struct bl_guest *guest;
	uint64_t copies;
	uint32_t block; /* of the first of them; BL_NO_BLOCK = in none, or marked already */
	bool mergeable;
};

/* Of pages filled with bl_words[word]. */
void bl_see_word(struct bl_group *g, const struct bl_seen *seen, unsigned word);

/* Marks blocks of the group's guests. */
struct bl_marks bl_group_marks(const struct bl_group *g);

#endif
