/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mappings of a process that are memory, and those of them that could be
 * mapped here as well. Opens files of /proc/PID; reads no memory.
 */
#ifndef BL_OS_PAGES_LIST_H
#define BL_OS_PAGES_LIST_H

#include "pages.h"
#include "pages_maps.h"

struct bl_mapped {
	struct bl_mapping m;
	const unsigned char *here; /* the same memory in this process, or NULL */
};

struct bl_mappings {
	struct bl_mapped *list;
	size_t n;
	size_t room;
};

/* -errno of opening or reading, -ENOMEM, -EBADMSG: smaps is not as it should be. */
int bl_mappings_read(struct bl_mappings *l, int pid, const struct bl_pages_wish *wish);

/* Maps what may be: a file that is sealed against shrinking, since reading behind
 * the end of one that did would be fatal. What cannot be mapped will be copied. */
void bl_mappings_map(struct bl_mappings *l, int pid);

void bl_mappings_free(struct bl_mappings *l);

#endif
