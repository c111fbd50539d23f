/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* v1's memory.pressure_level, told through an eventfd. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "file.h"

/* The kernel keeps the event for as long as the eventfd is open, and needs the
 * file it is about only while it is told. */
static int subscribe(const struct bl_cgroups *c, const char *group, int event)
{
	char path[2 * BL_CGROUP_MAX], text[64];
	int rc = bl_cgroup_path(c, group, "memory.pressure_level", path, sizeof(path)), level;

	if (rc < 0)
		return rc;
	level = open(path, O_RDONLY | O_CLOEXEC);
	if (level < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d %d medium", event, level);
	rc = bl_cgroup_path(c, group, "cgroup.event_control", path, sizeof(path));
	if (!rc)
		rc = bl_file_write(AT_FDCWD, path, text);
	close(level);
	return rc;
}

int bl_cgroup_pressure_event(const struct bl_cgroups *cgroups, const char *group)
{
	int event, rc;

	if (bl_cgroups_version(cgroups) == 2)
		return -EOPNOTSUPP;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -errno;
	rc = subscribe(cgroups, group, event);
	if (!rc)
		return event;
	close(event);
	return rc;
}
