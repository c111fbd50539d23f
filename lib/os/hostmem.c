/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/meminfo, with ZFS's cache and a group's limit. */
#include "hostmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"

/* OpenZFS 2.2 has some 100 lines of 50 bytes; c_min and size are in the first 60. */
#define ARC_BYTES 16384

struct bl_hostmem {
	int meminfo;
};

int bl_hostmem_open(struct bl_hostmem **ret_host)
{
	struct bl_hostmem *h = malloc(sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->meminfo = bl_meminfo_open();
	if (h->meminfo < 0) {
		int rc = h->meminfo;

		free(h);
		return rc;
	}
	*ret_host = h;
	return 0;
}

/* A host without ZFS has no such file, and nothing to add. */
static void add_arc(struct bl_meminfo *info)
{
	char text[ARC_BYTES];
	ssize_t n = bl_file_read(AT_FDCWD, "/proc/spl/kstat/zfs/arcstats", text, sizeof(text));
	struct bl_arc arc;

	if (n > 0 && bl_arc_parse(text, (size_t)n, &arc) == 0)
		bl_meminfo_add_arc(info, &arc);
}

int bl_hostmem_read(struct bl_hostmem *host, struct bl_cgroups *cgroups, const char *group,
                    struct bl_meminfo *ret_info)
{
	struct bl_cgroup_memory memory;
	struct bl_meminfo info;
	int rc = bl_meminfo_read(host->meminfo, &info);

	if (rc < 0)
		return rc;
	add_arc(&info);
	if (cgroups && group) {
		rc = bl_cgroup_memory(cgroups, group, &memory);
		if (rc < 0)
			return rc;
		bl_meminfo_confine(&info, &memory);
	}
	*ret_info = info;
	return 0;
}

void bl_hostmem_close(struct bl_hostmem *host)
{
	if (!host)
		return;
	close(host->meminfo);
	free(host);
}
