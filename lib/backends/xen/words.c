/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From targets to what the store and the hypervisor are told. Must not talk to
 * either, nor judge a target beyond what the toolstack itself allows.
 */
#include "words.h"

#include <string.h>

/* A domain below its target that has not moved for so long does not follow it
 * (squeezed's own measure of an inactive domain). */
#define INACTIVE_NS UINT64_C(5000000000)

static struct bl_xen_word word_to(const struct bl_xen_domain *d)
{
	struct bl_xen_word w = { .domid = d->info.domid };

	memcpy(w.uuid, d->info.uuid, sizeof(w.uuid));
	return w;
}

/* ceiling = size + what its pages exceed that by + what the toolstack leaves */
static uint64_t ceiling_of(const struct bl_xen_domain *d, uint64_t size_kib)
{
	uint64_t over = d->offset_kib > 0 ? (uint64_t)d->offset_kib : 0;

	return size_kib + over + d->slack_kib;
}

/* A ceiling goes with the target; one that was ordered by itself binds it. */
static uint64_t lesser(uint64_t size_kib, uint64_t ceiling_bytes)
{
	return ceiling_bytes / 1024 < size_kib ? ceiling_bytes / 1024 : size_kib;
}

static uint64_t floor_of(const struct bl_xen_domain *d)
{
	return d->keys.dynamic_min_bytes == BALLOON_UNKNOWN ? 0 : d->keys.dynamic_min_bytes;
}

struct bl_xen_word bl_xen_word_order(const struct bl_xen_domain *d, uint64_t target_bytes)
{
	uint64_t floor = floor_of(d);
	uint64_t video = d->keys.videoram_bytes == BALLOON_UNKNOWN ? 0 : d->keys.videoram_bytes;
	uint64_t bytes = target_bytes > floor ? target_bytes : floor;
	struct bl_xen_word w = word_to(d);

	if (bytes <= video)
		return w;
	w.size_kib = bytes / 1024;
	w.target_kib = (bytes - video) / 1024;
	w.ceiling_kib = ceiling_of(d, lesser(w.size_kib, d->ceiling_bytes));
	if (d->info.flags & BL_XEN_HVM)
		w.demand_pages = (w.target_kib + d->slack_kib) / BL_XEN_PAGE_KIB;
	return w;
}

static bool is_inactive(const struct bl_xen_domain *d, uint64_t target, uint64_t now_ns)
{
	return bl_xen_domain_fixed(d) || !bl_xen_domain_runs(d) ||
	       (bl_xen_domain_actual(d) < target && now_ns - d->still_ns >= INACTIVE_NS);
}

bool bl_xen_word_press(const struct bl_xen_domain *d, uint64_t now_ns,
                       struct bl_xen_word *ret_word)
{
	uint64_t target = bl_xen_domain_target(d), actual = bl_xen_domain_actual(d);

	/* One being built is its toolstack's, and dom0 nobody's to press. */
	if (d->info.domid == 0 || d->info.cpu_ns == 0 || d->ordered || d->pressed ||
	    target == BALLOON_UNKNOWN || actual == BALLOON_UNKNOWN ||
	    !is_inactive(d, target, now_ns))
		return false;
	*ret_word = word_to(d);
	ret_word->size_kib = (target < actual ? target : actual) / 1024;
	ret_word->ceiling_kib = ceiling_of(d, ret_word->size_kib);
	return ret_word->ceiling_kib < d->info.max_kib;
}

struct bl_xen_word bl_xen_word_lift(const struct bl_xen_domain *d)
{
	uint64_t target = bl_xen_domain_target(d);
	struct bl_xen_word w = word_to(d);

	if (target == BALLOON_UNKNOWN)
		return w;
	w.size_kib = target / 1024;
	w.ceiling_kib = ceiling_of(d, w.size_kib);
	return w;
}

struct bl_xen_word bl_xen_word_ceiling(const struct bl_xen_domain *d, uint64_t ceiling_bytes)
{
	struct bl_xen_word w = bl_xen_word_lift(d);

	if (ceiling_bytes != BALLOON_UNKNOWN)
		w.ceiling_kib = ceiling_of(d, ceiling_bytes / 1024);
	return w;
}
