/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/vmstat: a name and a number to each line, names added with time. */
#include "vmstat.h"

#include <errno.h>
#include <fcntl.h>

#include "file.h"
#include "text.h"

/* Linux 6 has about 200 lines of 30 bytes. */
#define TEXT_BYTES 16384

/* An unknown sum begins to be known with its first term. */
static void add(uint64_t *sum, uint64_t value)
{
	if (*sum == UINT64_MAX)
		*sum = value;
	else
		*sum = value < UINT64_MAX - *sum ? *sum + value : UINT64_MAX;
}

/* The pgsteal_* that sum up to it; Linux 5.x has one for each kind of reclaim,
 * and two more that count the same pages again by what they were. */
static int read_line(struct bl_span line, struct bl_vmstat *v)
{
	const struct {
		const char *name;
		uint64_t *field;
	} names[] = {
		{ "pswpin", &v->swap_ins },
		{ "pswpout", &v->swap_outs },
		{ "zswpin", &v->zswap_ins },
		{ "zswpout", &v->zswap_outs },
		{ "workingset_refault_anon", &v->refaults_anon },
		{ "workingset_refault_file", &v->refaults_file },
		{ "pgsteal_kswapd", &v->stolen },
		{ "pgsteal_direct", &v->stolen },
		{ "pgsteal_khugepaged", &v->stolen },
		{ "pgsteal_proactive", &v->stolen },
		{ "pgscan_direct", &v->direct_scans },
		{ "oom_kill", &v->oom_kills },
	};
	struct bl_span word;
	uint64_t value;

	if (!bl_span_word(&line, &word) || !bl_span_u64(&line, &value))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bl_span_is(word, names[i].name)) {
			add(names[i].field, value);
			return 1;
		}
	}
	return 0;
}

int bl_vmstat_parse(const char *text, size_t n, struct bl_vmstat *ret_vmstat)
{
	struct bl_vmstat v = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		               UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct bl_span rest = bl_span(text, n), line;
	int found = 0;

	while (bl_span_line(&rest, &line))
		found |= read_line(line, &v);
	if (!found)
		return -EBADMSG;
	*ret_vmstat = v;
	return 0;
}

int bl_vmstat_read(struct bl_vmstat *ret_vmstat)
{
	char text[TEXT_BYTES];
	ssize_t n = bl_file_read(AT_FDCWD, "/proc/vmstat", text, sizeof(text));

	return n < 0 ? (int)n : bl_vmstat_parse(text, (size_t)n, ret_vmstat);
}
