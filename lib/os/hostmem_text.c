/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ZFS's cache and a group's limit, reckoned into the host's figures. Pure. */
#include <errno.h>

#include "hostmem.h"
#include "text.h"

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
