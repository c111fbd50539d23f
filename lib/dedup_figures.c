/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From sums in pages to figures in bytes, and to what may be promised of them. */
#include "dedup_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of a normal error, 95 of 100 fall within so many of its standard ones. */
#define CONFIDENCE 1.96

/*
 * What the kernel's scanner takes for a page until two passes have merged it: 9 µs
 * were measured on 4 KiB pages, 13 on huge ones that it had to break.
 */
#define MERGE_PAGE_NS 9000
#define MERGE_HUGE_PAGE_NS 13000

/* A page is merged at the second look at the soonest: the first takes its checksum. */
#define MERGE_PASSES 2

#define BLOCK_PAGES 512 /* of 4 KiB in a huge page of 2 MiB */

int bl_dedup_sum(struct balloon_dedup *d)
{
	int rc = 0;

	for (uint32_t i = 0; i < d->groups_n && !rc && !d->summed; i++)
		rc = bl_group_sum(d->groups[i], d->sums, &d->group_sums[i]);
	d->summed = !rc;
	return rc;
}

/* By Newton: the library needs no libm. */
static double root(double x)
{
	double r = x > 1 ? x : 1;

	for (double last = 2 * r; r < last;) {
		last = r;
		r = 0.5 * (r + x / r);
	}
	return x > 0 ? r : 0;
}

static uint64_t bytes(double pages)
{
	return pages <= 0 ? 0 : (uint64_t)(pages + 0.5) * BALLOON_PAGE_BYTES;
}

/* Counts of one guest, added to those of others. */
static void add_counts(struct balloon_dedup_figures *f, const struct bl_guest *g, uint64_t *same,
                       uint64_t *seen)
{
	bool exact = g->group->table.level == 0;

	f->guests++;
	f->sample_one_in = f->sample_one_in > UINT32_C(1) << g->group->table.level
	                           ? f->sample_one_in
	                           : UINT32_C(1) << g->group->table.level;
	f->present_bytes += g->pages * BALLOON_PAGE_BYTES;
	f->mergeable_bytes += g->mergeable * BALLOON_PAGE_BYTES;
	f->zero_bytes += g->zero * BALLOON_PAGE_BYTES;
	f->filled_bytes += g->filled * BALLOON_PAGE_BYTES;
	f->huge_pages += g->blocks_n;
	f->huge_broken += (uint64_t)(bl_guest_broken(g, exact) + 0.5);
	f->swapped_bytes += g->swapped_bytes;
	f->zero_mapped_bytes += g->zero_mapped_bytes;
	f->lost_bytes += g->lost_bytes;
	f->memory_bytes += bl_guest_bytes(g);
	*same += g->places.same;
	*seen += g->places.seen;
}

static void add_sum(struct bl_sum *s, const struct bl_sum *more)
{
	s->saved += more->saved;
	s->variance += more->variance;
	s->known += more->known;
	s->inside += more->inside;
	s->filled += more->filled;
	s->mergeable += more->mergeable;
	s->shared += more->shared;
	s->distinct += more->distinct;
}

static void put_sum(struct balloon_dedup_figures *f, const struct bl_sum *s)
{
	double pages = (double)(f->present_bytes / BALLOON_PAGE_BYTES);
	double error = CONFIDENCE * root(s->variance);
	double low = s->saved - error > s->known ? s->saved - error : s->known;
	double high = s->saved + error < pages ? s->saved + error : pages;

	f->saved_bytes = bytes(s->saved);
	f->saved_low_bytes = bytes(low < s->saved ? low : s->saved);
	f->saved_high_bytes = bytes(high > s->saved ? high : s->saved);
	f->distinct_bytes = bytes(s->distinct);
	f->inside_bytes = bytes(s->inside < s->saved ? s->inside : s->saved);
	f->across_bytes = f->saved_bytes - f->inside_bytes;
	f->saved_filled_bytes = bytes(s->filled);
	f->saved_mergeable_bytes = bytes(s->mergeable);
	f->ksm_sharing_pages = f->saved_mergeable_bytes / BALLOON_PAGE_BYTES;
	f->ksm_shared_pages = bytes(s->shared) / BALLOON_PAGE_BYTES;
	f->ksm_unshared_pages = f->mergeable_bytes / BALLOON_PAGE_BYTES;
	f->ksm_unshared_pages -= f->ksm_sharing_pages + f->ksm_shared_pages < f->ksm_unshared_pages
	                                 ? f->ksm_sharing_pages + f->ksm_shared_pages
	                                 : f->ksm_unshared_pages;
	f->flags = f->sample_one_in == 1 ? BALLOON_DEDUP_FIGURES_EXACT : 0;
}

/* All fields, or those that a caller of an older library knows. */
static int hand_over(const struct balloon_dedup_figures *f, struct balloon_dedup_figures *ret_f)
{
	uint32_t size = ret_f->struct_size, known = size < sizeof(*f) ? size : (uint32_t)sizeof(*f);

	if (size < offsetof(struct balloon_dedup_figures, flags))
		return -EINVAL;
	memset(ret_f, 0, size);
	memcpy(ret_f, f, known);
	ret_f->struct_size = size;
	return 0;
}

/* The figures of one guest, or (guest NULL) of all in a group, or (both NULL) of all. */
static int figures(struct balloon_dedup *d, const struct bl_guest *guest, const struct bl_group *g,
                   struct balloon_dedup_figures *ret_figures)
{
	struct balloon_dedup_figures f = {.name = "", .group = "", .sample_one_in = 1};
	uint64_t same = 0, seen = 0;
	struct bl_sum sum = {0};
	int rc = bl_dedup_sum(d);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < d->guests.n; i++) {
		const struct bl_guest *one = d->guests.list[i];

		if (guest ? one == guest : !g || one->group == g)
			add_counts(&f, one, &same, &seen);
	}
	for (uint32_t i = 0; i < d->groups_n && !guest; i++) {
		if (g && d->groups[i] != g)
			continue;
		add_sum(&sum, &d->group_sums[i]);
		f.memory_bytes += bl_group_bytes(d->groups[i]);
	}
	if (g || guest)
		f.group = g ? g->name : guest->group->name;
	if (guest)
		sum = d->sums[guest->number];
	f.name = guest ? guest->name : f.group;
	f.stable_bp = d->compared && seen ? same * 10000 / seen : BALLOON_UNKNOWN;
	put_sum(&f, &sum);
	return hand_over(&f, ret_figures);
}

int balloon_dedup_guest_figures(struct balloon_dedup *d, uint32_t guest,
                                struct balloon_dedup_figures *ret_figures)
{
	if (guest >= d->guests.n)
		return -EINVAL;
	return figures(d, d->guests.list[guest], NULL, ret_figures);
}

int balloon_dedup_group_figures(struct balloon_dedup *d, uint32_t guest,
                                struct balloon_dedup_figures *ret_figures)
{
	if (guest >= d->guests.n)
		return -EINVAL;
	return figures(d, NULL, d->guests.list[guest]->group, ret_figures);
}

int balloon_dedup_all_figures(struct balloon_dedup *d, struct balloon_dedup_figures *ret_figures)
{
	return figures(d, NULL, NULL, ret_figures);
}

/* -------------------------------------------------------------------- yield */

static uint64_t part_of(uint64_t x, uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((unsigned __int128)x * part / whole) : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What is mergeable of it, and keeps still, and is not the balloon's. A page that
 * was never looked at twice is taken as it is: its caller scans again. */
static uint64_t promise(const struct balloon_dedup_figures *f, uint64_t low, uint64_t unused)
{
	uint64_t filled = part_of(f->saved_filled_bytes, f->saved_mergeable_bytes, f->saved_bytes);
	uint64_t rest = less(low, unused == BALLOON_UNKNOWN ? 0 : least(unused, filled));

	rest = f->stable_bp == BALLOON_UNKNOWN ? rest : part_of(rest, f->stable_bp, 10000);
	return rest / BALLOON_PAGE_BYTES * BALLOON_PAGE_BYTES;
}

int balloon_dedup_yield(const struct balloon_dedup_figures *figures, uint64_t unused_bytes,
                        uint64_t pages_per_second, struct balloon_dedup_yield *ret_yield)
{
	const struct balloon_dedup_figures *f = figures;
	uint64_t pages, huge;
	struct balloon_dedup_yield y = {.struct_size = sizeof(y)};

	if (f->struct_size < sizeof(*f) || ret_yield->struct_size < sizeof(y))
		return -EINVAL;
	y.low_bytes = part_of(f->saved_low_bytes, f->saved_mergeable_bytes, f->saved_bytes);
	y.high_bytes = part_of(f->saved_high_bytes, f->saved_mergeable_bytes, f->saved_bytes);
	y.shareable_bytes = promise(f, y.low_bytes, unused_bytes);
	pages = f->mergeable_bytes / BALLOON_PAGE_BYTES;
	huge = least(f->huge_pages * BLOCK_PAGES, pages);
	y.cost_ns = (pages - huge) * MERGE_PAGE_NS + huge * MERGE_HUGE_PAGE_NS;
	y.ns_per_mib = y.shareable_bytes ? part_of(y.cost_ns, 1 << 20, y.shareable_bytes)
	                                 : BALLOON_UNKNOWN;
	y.takes_ns = pages_per_second ? part_of(MERGE_PASSES * pages, 1000000000, pages_per_second)
	                              : BALLOON_UNKNOWN;
	y.huge_broken = f->huge_broken;
	*ret_yield = y;
	return 0;
}
