/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A memory group of the test's own, below the root, and gone after it. */
#ifndef GROUP_H
#define GROUP_H

#include "os/cgroup.h"

struct group {
	struct bl_knobs *knobs;
	struct bl_cgroups *cgroups;
	char name[BL_CGROUP_MAX]; /* as cgroup.h has it */
};

/* 0: no group can be had, and a line that says SKIP and why was printed. */
int group_start(struct group *g);
void group_end(struct group *g);

/* Moves this process in, and back to where it was. */
void group_enter(const struct group *g);
void group_leave(void);

/* Writes to its file of that name. */
void group_set(const struct group *g, const char *file, const char *value);

#endif
