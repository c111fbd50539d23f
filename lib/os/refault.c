/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a process came back from swap. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "pageout.h"
#include "text.h"

/* The program's name stands in parentheses and may hold some itself: the last one
 * ends it. majflt is the tenth field after it. */
int bl_majflt_parse(const char *text, size_t n, uint64_t *ret_faults)
{
	const char *name_end = n ? memrchr(text, ')', n) : NULL;
	struct bl_span line, word;

	if (!name_end)
		return -EBADMSG;
	line = bl_span(name_end + 1, n - (size_t)(name_end + 1 - text));
	for (int field = 3; field < 12; field++) {
		if (!bl_span_word(&line, &word))
			return -EBADMSG;
	}
	return bl_span_u64(&line, ret_faults) ? 0 : -EBADMSG;
}

int bl_vmswap_parse(const char *text, size_t n, uint64_t *ret_bytes)
{
	struct bl_span rest = bl_span(text, n), line;
	uint64_t bytes;

	while (bl_span_line(&rest, &line)) {
		if (!bl_span_skip(&line, "VmSwap:"))
			continue;
		bytes = bl_span_kib(line);
		if (bytes == UINT64_MAX)
			return -EBADMSG;
		*ret_bytes = bytes;
		return 0;
	}
	return -EBADMSG;
}

/* status is some 1500 bytes, and longer on hosts of many CPUs: VmSwap comes first. */
int bl_refault_read(const struct bl_process *process, struct bl_refault *ret_refault)
{
	struct bl_refault r;
	char text[4096];
	ssize_t n = bl_file_read(process->dir, "stat", text, sizeof(text));
	int rc = n < 0 ? (int)n : bl_majflt_parse(text, (size_t)n, &r.major_faults);

	if (!rc) {
		n = bl_file_read(process->dir, "status", text, sizeof(text));
		rc = n < 0 ? (int)n : bl_vmswap_parse(text, (size_t)n, &r.swapped_bytes);
	}
	if (rc < 0)
		return rc == -ENOENT ? -ESRCH : rc;
	*ret_refault = r;
	return 0;
}

uint64_t bl_refault_between(const struct bl_refault *before, const struct bl_refault *now,
                            uint64_t pushed_bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), out, back = 0, faults = 0;

	if (__builtin_add_overflow(before->swapped_bytes, pushed_bytes, &out))
		out = UINT64_MAX;
	if (out > now->swapped_bytes)
		back = out - now->swapped_bytes;
	if (now->major_faults > before->major_faults)
		faults = now->major_faults - before->major_faults;
	if (__builtin_mul_overflow(faults, page, &faults))
		faults = UINT64_MAX;
	return back > faults ? back : faults;
}
