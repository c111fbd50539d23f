/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of swap devices and of one zram device. Pure. */
#include <errno.h>

#include "swap.h"
#include "text.h"

static uint64_t kib(uint64_t n)
{
	return n > UINT64_MAX / 1024 ? UINT64_MAX : n * 1024;
}

static void add(uint64_t *sum, uint64_t value)
{
	*sum = value < UINT64_MAX - *sum ? *sum + value : UINT64_MAX;
}

/* Name (its blanks are written \040), type, size, used, priority; sizes in KiB. */
static int read_device(struct bl_span line, struct bl_swaps *s)
{
	struct bl_span name, type;
	uint64_t size, used;

	if (!bl_span_word(&line, &name) || !bl_span_word(&line, &type))
		return -EBADMSG;
	if (!bl_span_u64(&line, &size) || !bl_span_u64(&line, &used) || used > size)
		return -EBADMSG;
	s->devices++;
	add(&s->total_bytes, kib(size));
	add(&s->free_bytes, kib(size - used));
	if (!bl_span_skip(&name, "/dev/zram"))
		return 0;
	add(&s->zram_bytes, kib(size));
	add(&s->zram_free_bytes, kib(size - used));
	return 0;
}

int bl_swaps_parse(const char *text, size_t n, struct bl_swaps *ret_swaps)
{
	struct bl_span rest = bl_span(text, n), line;
	struct bl_swaps s = { 0 };

	if (!bl_span_line(&rest, &line) || !bl_span_skip(&line, "Filename"))
		return -EBADMSG;
	while (bl_span_line(&rest, &line)) {
		if (read_device(line, &s) < 0)
			return -EBADMSG;
	}
	*ret_swaps = s;
	return 0;
}

int bl_zram_parse(const char *text, size_t n, struct bl_zram *ret_zram)
{
	struct bl_span line = bl_span(text, n);
	struct bl_zram z;

	if (!bl_span_u64(&line, &z.stored_bytes) || !bl_span_u64(&line, &z.compressed_bytes) ||
	    !bl_span_u64(&line, &z.used_bytes) || !bl_span_u64(&line, &z.limit_bytes))
		return -EBADMSG;
	*ret_zram = z;
	return 0;
}
