/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/ksm_stat: a name and a number to each line, without and (the later
 * ones) with a colon. Pure. */
#include <errno.h>

#include "ksm.h"
#include "text.h"

static void colon_off(struct bl_span *word)
{
	if (word->end > word->p && word->end[-1] == ':')
		word->end--;
}

static bool yes_or_no(struct bl_span line, int *ret_value)
{
	struct bl_span word;

	if (!bl_span_word(&line, &word))
		return false;
	if (!bl_span_is(word, "yes") && !bl_span_is(word, "no"))
		return false;
	*ret_value = bl_span_is(word, "yes");
	return true;
}

static bool read_line(struct bl_span line, struct bl_ksm_process *p)
{
	struct bl_span name;

	if (!bl_span_word(&line, &name))
		return false;
	colon_off(&name);
	if (bl_span_is(name, "ksm_rmap_items"))
		return bl_span_u64(&line, &p->rmap_items);
	if (bl_span_is(name, "ksm_merging_pages"))
		return bl_span_u64(&line, &p->merging_pages);
	if (bl_span_is(name, "ksm_zero_pages"))
		return bl_span_u64(&line, &p->zero_pages);
	if (bl_span_is(name, "ksm_process_profit"))
		return bl_span_i64(&line, &p->profit_bytes);
	if (bl_span_is(name, "ksm_mergeable"))
		return yes_or_no(line, &p->mergeable);
	return false;
}

int bl_ksm_process_parse(const char *text, size_t n, struct bl_ksm_process *ret_process)
{
	struct bl_ksm_process p = { UINT64_MAX, UINT64_MAX, UINT64_MAX, INT64_MIN, -1 };
	struct bl_span rest = bl_span(text, n), line;
	bool found = false;

	while (bl_span_line(&rest, &line))
		found |= read_line(line, &p);
	if (!found)
		return -EBADMSG;
	*ret_process = p;
	return 0;
}
