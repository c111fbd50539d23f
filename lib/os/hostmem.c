/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/meminfo, with ZFS's cache and a group's limit. */
#include "hostmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

/* OpenZFS 2.2 has some 100 lines of 50 bytes; c_min and size are in the first 60. */
#define ARC_BYTES 16384

struct bl_hostmem {
	int meminfo;
};

/* "size                            4    123": name, type, value. */
int bl_arc_parse(const char *text, size_t n, struct bl_arc *ret_arc)
{
	struct bl_span rest = bl_span(text, n), line, name;
	struct bl_arc arc = { UINT64_MAX, UINT64_MAX };
	uint64_t type, value;

	while (bl_span_line(&rest, &line)) {
		if (!bl_span_word(&line, &name) || !bl_span_u64(&line, &type) ||
		    !bl_span_u64(&line, &value))
			continue;
		if (bl_span_is(name, "size"))
			arc.size_bytes = value;
		else if (bl_span_is(name, "c_min"))
			arc.min_bytes = value;
	}
	if (arc.size_bytes == UINT64_MAX || arc.min_bytes == UINT64_MAX)
		return -EBADMSG;
	*ret_arc = arc;
	return 0;
}

void bl_meminfo_add_arc(struct bl_meminfo *info, const struct bl_arc *arc)
{
	uint64_t room, spare;

	if (info->available_bytes == UINT64_MAX || arc->size_bytes <= arc->min_bytes)
		return;
	if (info->available_bytes >= info->total_bytes)
		return;
	room = info->total_bytes - info->available_bytes;
	spare = arc->size_bytes - arc->min_bytes;
	info->available_bytes += spare < room ? spare : room;
}

/* What a group uses and cannot drop; all it uses, where nothing else is known. */
static uint64_t kept(const struct bl_cgroup_memory *group)
{
	if (group->droppable_bytes == UINT64_MAX)
		return group->current_bytes;
	if (group->droppable_bytes > group->current_bytes)
		return 0;
	return group->current_bytes - group->droppable_bytes;
}

void bl_meminfo_confine(struct bl_meminfo *info, const struct bl_cgroup_memory *group)
{
	uint64_t room;

	if (group->limit_bytes >= info->total_bytes)
		return;
	info->total_bytes = group->limit_bytes;
	if (group->current_bytes == UINT64_MAX) {
		info->available_bytes = UINT64_MAX;
		return;
	}
	room = kept(group) < group->limit_bytes ? group->limit_bytes - kept(group) : 0;
	if (room < info->available_bytes)
		info->available_bytes = room;
}

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
