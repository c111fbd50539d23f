/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the last beat saw and decided, copied out. */
#include <errno.h>
#include <string.h>

#include "hall.h"

static uint64_t lost_samples(const struct balloon *b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < b->world.n; i++)
		sum += b->rows[i].lost_samples;
	return sum;
}

int balloon_report(struct balloon *b, struct balloon_report *ret_report)
{
	struct balloon_report r = b->report;
	uint32_t size = ret_report->struct_size;

	if (size < sizeof(size))
		return bl_fail(b, -EINVAL, "report without struct_size");
	r.struct_size = size;
	r.dry_run = (uint32_t)b->dry_run;
	r.now_ns = b->now_ns;
	r.total_bytes = b->world.total;
	r.available_bytes = b->world.available;
	r.reserve_bytes = b->world.kept;
	r.capacity_bytes = b->world.capacity;
	r.charged_bytes = b->world.charged;
	r.shortfall_bytes = b->world.shortfall;
	r.lost_samples = lost_samples(b);
	r.guests_n = b->world.n;
	r.spare_bytes = b->world.spare;
	r.claimed_bytes = b->world.claimed;
	r.held_bytes = b->world.held;
	r.host_state = b->world.state;
	r.reserved_bytes = bl_claims_sum(b);
	memcpy(ret_report, &r, size < sizeof(r) ? size : sizeof(r));
	return 0;
}

static uint64_t since(const struct balloon *b, uint64_t then, uint64_t otherwise)
{
	return then == BALLOON_UNKNOWN ? otherwise : b->now_ns - then;
}

static struct balloon_guest_report guest_report(const struct balloon *b, size_t i)
{
	const struct bl_guest *g = &b->world.guests[i];
	const struct bl_row *row = &b->rows[i];

	return (struct balloon_guest_report){
	        .key = row->key,
	        .name = row->name,
	        .uuid = row->uuid,
	        .size_bytes = row->size,
	        .actual_bytes = g->actual,
	        .target_bytes = b->dry_run ? b->proposed[i] : g->target,
	        .entitlement_bytes = g->entitlement,
	        .active_bytes = g->active,
	        .need_bytes = g->need,
	        .shares = g->shares,
	        .reservation_bytes = g->min,
	        .limit_bytes = g->max,
	        .age_ns = since(b, g->fresh_ns, BALLOON_UNKNOWN),
	        .lag_ns = since(b, g->lag_ns, 0),
	        .state = g->state,
	        .reason = g->reason,
	        .fixed = g->seen.fixed,
	        .order_rc = row->order_rc,
	        .orders = row->orders,
	        .lost_samples = row->lost_samples,
	        .resident_bytes = g->resident,
	        .kept_bytes = b->world.ladders[i].level,
	        .means = bl_rung(&b->world.ladders[i]),
	        .note = row->note ? row->note : "",
	};
}

int balloon_guests(struct balloon *b, struct balloon_guest_report *ret_guests, size_t stride,
                   size_t n)
{
	char *to = (char *)ret_guests;

	if (n && (!ret_guests || !stride))
		return bl_fail(b, -EINVAL, "guests: no room to write to");
	for (size_t i = 0; i < n && i < b->world.n; i++, to += stride) {
		struct balloon_guest_report r = guest_report(b, i);

		memset(to, 0, stride);
		memcpy(to, &r, stride < sizeof(r) ? stride : sizeof(r));
	}
	return (int)b->world.n;
}
