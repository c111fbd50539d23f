/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of memory groups: whose is whose, limits, statistics. Pure. */
#include <errno.h>
#include <string.h>

#include "cgroup.h"
#include "text.h"

static bool has_word(struct bl_span list, const char *word)
{
	while (list.p < list.end) {
		const char *comma = memchr(list.p, ',', (size_t)(list.end - list.p));
		struct bl_span one = { list.p, comma ? comma : list.end };

		if (bl_span_is(one, word))
			return true;
		list.p = comma ? comma + 1 : list.end;
	}
	return false;
}

/* "4:memory:/a" (v1) or "0::/a" (v2), the path being all that follows. */
static bool split(struct bl_span line, struct bl_span *ret_controllers, struct bl_span *ret_path)
{
	uint64_t number;
	const char *colon;

	if (!bl_span_u64(&line, &number) || !bl_span_skip(&line, ":"))
		return false;
	colon = memchr(line.p, ':', (size_t)(line.end - line.p));
	if (!colon || colon + 1 == line.end || colon[1] != '/')
		return false;
	*ret_controllers = (struct bl_span){ line.p, colon };
	*ret_path = (struct bl_span){ colon + 1, line.end };
	return !memchr(line.p, '\0', (size_t)(line.end - line.p));
}

int bl_cgroup_parse(const char *text, size_t n, int version, char *ret_group, size_t size)
{
	struct bl_span rest = bl_span(text, n), line, controllers, path;
	size_t length;

	while (bl_span_line(&rest, &line)) {
		if (!split(line, &controllers, &path))
			continue;
		if (version == 2 ? controllers.p != controllers.end
		                 : !has_word(controllers, "memory"))
			continue;
		length = (size_t)(path.end - path.p);
		if (path.end[-1] == '/')
			length--; /* the root itself */
		if (length >= size)
			return -ENAMETOOLONG;
		memcpy(ret_group, path.p, length);
		ret_group[length] = '\0';
		return 0;
	}
	return -ENOENT;
}

static bool ends(char c)
{
	return !c || c == '/';
}

void bl_cgroup_common(char *a, const char *b)
{
	size_t end = 0;

	for (size_t i = 0;; i++) {
		if (ends(a[i]) && ends(b[i]))
			end = i;
		if (!a[i] || a[i] != b[i])
			break;
	}
	a[end] = '\0';
}

/* v1 says "no limit" by the largest number of whole pages that fits 63 bits. */
#define NO_LIMIT (UINT64_C(1) << 62)

int bl_cgroup_limit_parse(const char *text, size_t n, uint64_t *ret_bytes)
{
	struct bl_span line, rest = bl_span(text, n), word;
	uint64_t bytes;

	if (!bl_span_line(&rest, &line) || rest.p != rest.end)
		return -EBADMSG;
	if (bl_span_is(line, "max")) {
		*ret_bytes = UINT64_MAX;
		return 0;
	}
	if (!bl_span_u64(&line, &bytes) || bl_span_word(&line, &word))
		return -EBADMSG;
	*ret_bytes = bytes < NO_LIMIT ? bytes : UINT64_MAX;
	return 0;
}

/* v1 counts the group alone and, as total_, with its children; v2 always so. */
void bl_cgroup_stat_line(const char *text, size_t n, struct bl_cgroup_memory *memory)
{
	struct bl_span rest = bl_span(text, n), line, word;
	uint64_t bytes;
	bool total;

	if (!bl_span_line(&rest, &line) || !bl_span_word(&line, &word) ||
	    !bl_span_u64(&line, &bytes))
		return;
	total = bl_span_skip(&word, "total_");
	if (bl_span_is(word, "inactive_file") &&
	    (total || memory->droppable_bytes == UINT64_MAX))
		memory->droppable_bytes = bytes;
	if (bl_span_is(word, "swap") && (total || memory->swap_bytes == UINT64_MAX))
		memory->swap_bytes = bytes;
}
