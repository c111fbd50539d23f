/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process's memory carried from the reader (os) to the counts (dedup). */
#include "dedup_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/pages.h"

struct balloon_dedup_reader {
	struct balloon_dedup *d;
	struct bl_guest *guest;
	struct bl_pages *pages;
	struct bl_pages_count told; /* of it, to the guest so far */
};

static int make_wish(const struct balloon_dedup_reading *how, struct bl_pages_wish *ret_wish)
{
	struct balloon_dedup_reading h = {.struct_size = sizeof(h), .node = -1};
	const uint32_t known = BALLOON_DEDUP_MERGEABLE_ONLY | BALLOON_DEDUP_COPY;

	if (how && how->struct_size != sizeof(h))
		return -EINVAL;
	h = how ? *how : h;
	h.parts = h.parts ? h.parts : 1;
	if (h.part >= h.parts || h.node < -1 || h.flags & ~known || h.pad)
		return -EINVAL;
	*ret_wish = (struct bl_pages_wish){
	        .mergeable_only = h.flags & BALLOON_DEDUP_MERGEABLE_ONLY,
	        .copy = h.flags & BALLOON_DEDUP_COPY,
	        .part = h.part,
	        .parts = h.parts,
	        .node = h.node,
	};
	return 0;
}

int balloon_dedup_attach(struct balloon_dedup *d, uint32_t guest, int pid,
                         const struct balloon_dedup_reading *how,
                         struct balloon_dedup_reader **ret_r)
{
	struct balloon_dedup_reader *r;
	struct bl_pages_wish wish;
	int rc = make_wish(how, &wish);

	if (rc || guest >= d->guests.n || pid <= 0)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	rc = bl_pages_open(pid, &wish, &r->pages);
	if (rc) {
		free(r);
		return rc;
	}
	r->d = d;
	r->guest = d->guests.list[guest];
	*ret_r = r;
	return 0;
}

/* What the reader passed over or lost since it was last asked. */
static void tell(struct balloon_dedup_reader *r)
{
	struct bl_pages_count now = bl_pages_count(r->pages);

	r->guest->swapped_bytes += now.swapped_bytes - r->told.swapped_bytes;
	r->guest->zero_mapped_bytes += now.zero_mapped_bytes - r->told.zero_mapped_bytes;
	r->guest->lost_bytes += now.lost_bytes - r->told.lost_bytes;
	r->told = now;
}

int balloon_dedup_step(struct balloon_dedup_reader *r, uint64_t bytes_max)
{
	uint64_t bytes = 0;
	struct bl_span s;
	int rc;

	do {
		rc = bl_pages_next(r->pages, &s);
		if (rc != 1)
			break;
		bytes += s.pages * BALLOON_PAGE_BYTES;
		rc = balloon_dedup_pages(r->d, r->guest->number, s.address, s.bytes, s.pages,
		                         (s.mergeable ? BALLOON_DEDUP_MERGEABLE : 0u) |
		                                 (s.huge ? BALLOON_DEDUP_HUGE : 0u));
	} while (rc == 0 && bytes < bytes_max);
	tell(r);
	return rc ? rc : bytes > 0;
}

void balloon_dedup_progress(const struct balloon_dedup_reader *r, uint64_t *ret_done_bytes,
                            uint64_t *ret_all_bytes)
{
	struct bl_pages_count c = bl_pages_count(r->pages);

	*ret_done_bytes = c.done_bytes;
	*ret_all_bytes = c.all_bytes;
}

void balloon_dedup_detach(struct balloon_dedup_reader *r)
{
	if (!r)
		return;
	bl_pages_close(r->pages);
	free(r);
}

int balloon_dedup_process(struct balloon_dedup *d, uint32_t guest, int pid,
                          const struct balloon_dedup_reading *how)
{
	struct balloon_dedup_reader *r;
	int rc = balloon_dedup_attach(d, guest, pid, how, &r);

	if (rc)
		return rc;
	do {
		rc = balloon_dedup_step(r, UINT64_MAX);
	} while (rc == 1);
	balloon_dedup_detach(r);
	return rc;
}

/* rest = what both limits say that step and rest take together, less the step. */
uint64_t balloon_dedup_rest(uint64_t spent_ns, uint64_t bytes, uint32_t duty_bp,
                            uint64_t bytes_per_second)
{
	unsigned __int128 by_duty = duty_bp ? (unsigned __int128)spent_ns * 10000 / duty_bp : 0;
	unsigned __int128 by_bytes = bytes_per_second ? (unsigned __int128)bytes * 1000000000 /
	                                                        bytes_per_second : 0;
	unsigned __int128 whole = by_duty > by_bytes ? by_duty : by_bytes;

	if (whole <= spent_ns)
		return 0;
	whole -= spent_ns;
	return whole < UINT64_MAX ? (uint64_t)whole : UINT64_MAX;
}
