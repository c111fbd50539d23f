/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floor curves of a policy, checked and copied. Must not know who has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

static int check(const struct balloon_floor_point *points, uint64_t n, const char *who,
                 struct bl_complaint *c)
{
	for (size_t k = 0; k < n; k++) {
		if (points[k].size_bytes > BALLOON_BYTES_MAX)
			return bl_complain(c, -ERANGE, "%s: a floor for a size above 4 PiB", who);
		if (points[k].floor_bytes > points[k].size_bytes)
			return bl_complain(c, -EINVAL, "%s: a floor above the size it is for", who);
		if (k && points[k].size_bytes <= points[k - 1].size_bytes)
			return bl_complain(c, -EINVAL, "%s: floors whose sizes do not ascend", who);
	}
	return 0;
}

int bl_floors_copy(struct bl_floors *floors)
{
	const struct balloon_floor_point *from = floors->points;

	if (!floors->n)
		return 0;
	floors->points = malloc(floors->n * sizeof(*from));
	if (!floors->points) {
		floors->n = 0;
		return -ENOMEM;
	}
	memcpy(floors->points, from, floors->n * sizeof(*from));
	return 0;
}

int bl_floors_import(struct bl_floors *ret, const struct balloon_floor_point *points, uint64_t n,
                     const char *who, struct bl_complaint *c)
{
	int rc;

	if (n > BALLOON_FLOORS_MAX || (n && !points))
		return bl_complain(c, -EINVAL, "%s: floors_n does not fit floors, or is above %d", who,
		                   BALLOON_FLOORS_MAX);
	rc = check(points, n, who, c);
	if (rc < 0)
		return rc;
	*ret = (struct bl_floors){(struct balloon_floor_point *)(uintptr_t)points, n};
	rc = bl_floors_copy(ret);
	return rc < 0 ? bl_complain(c, rc, "policy: out of memory") : 0;
}
