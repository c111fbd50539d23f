/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one domain's numbers mean: its size, whether it can be moved, and how
 * the hypervisor's count of its pages relates to what it was told. Must not
 * talk to anybody; the time is handed in.
 */
#include "domain.h"

#include <stdio.h>
#include <string.h>

#define MIB_KIB UINT64_C(1024)

/*
 * The largest offset and slack that are believed. Beyond video memory they are
 * what firmware, device model and special pages take: libxl allows 1 MiB and
 * squeezed was seen to be wrong by as much; 16 MiB is far above and still less
 * than any balloon that stands somewhere on its way.
 */
#define OFFSET_MAX_KIB (16 * MIB_KIB)

/* What libxl leaves between a domain's size and its ceiling
 * (LIBXL_MAXMEM_CONSTANT): never less, or it cannot reach its target. */
#define SLACK_MIN_KIB MIB_KIB

/* Pages that have not moved for so long have come to rest: a driver that works
 * moves within a second (seen with Linux 6.1 under emulation). */
#define STILL_NS UINT64_C(2000000000)

/* -------------------------------------------------------------- identity */

/* The finalizer of MurmurHash3's 64-bit variant in public use: every input bit
 * moves every output bit. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

/* A domain that reboots has another number and the same UUID: another life. A
 * program that comes back gives the same life the same key. */
static uint64_t key_of(const struct bl_xen_info *info)
{
	uint64_t half[2], key;

	memcpy(half, info->uuid, sizeof(half));
	key = mix(mix(mix(half[0]) + half[1]) + info->domid);
	return key ? key : 1;
}

static void print_uuid(const unsigned char *uuid, char *text)
{
	for (size_t i = 0; i < BL_XEN_UUID_BYTES; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		text += snprintf(text, 4, dash ? "-%02x" : "%02x", uuid[i]);
	}
}

void bl_xen_domain_meet(struct bl_xen_domain *d, const struct bl_xen_info *info, uint64_t now_ns)
{
	memset(d, 0, sizeof(*d));
	d->info = *info;
	d->key = key_of(info);
	d->keys_old = d->told_old = true;
	d->serial = BALLOON_UNKNOWN;
	d->still_ns = now_ns;
	d->slack_kib = SLACK_MIN_KIB;
	d->ceiling_bytes = BALLOON_UNKNOWN;
	bl_xen_told_clear(&d->told);
	print_uuid(info->uuid, d->uuid_text);
	snprintf(d->name, sizeof(d->name), "domain %u", info->domid);
}

void bl_xen_domain_update(struct bl_xen_domain *d, const struct bl_xen_info *info,
                          uint64_t now_ns)
{
	if (d->info.tot_kib != info->tot_kib)
		d->still_ns = now_ns;
	d->info = *info;
}

/* ---------------------------------------------------------------- numbers */

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > BALLOON_BYTES_MAX || b > BALLOON_BYTES_MAX ? BALLOON_UNKNOWN : a + b;
}

static uint64_t or_nothing(uint64_t bytes)
{
	return bytes == BALLOON_UNKNOWN ? 0 : bytes;
}

uint64_t bl_xen_domain_target(const struct bl_xen_domain *d)
{
	return sum(d->keys.target_bytes, or_nothing(d->keys.videoram_bytes));
}

uint64_t bl_xen_domain_actual(const struct bl_xen_domain *d)
{
	int64_t kib = (int64_t)d->info.tot_kib - d->offset_kib;

	if (d->info.tot_kib == BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	return kib > 0 ? (uint64_t)kib * 1024 : 0;
}

/* ---------------------------------------------------------- being built */

/* Its toolstack has not let it run yet, and may still give it pages. */
static bool is_finished(const struct bl_xen_domain *d)
{
	return d->info.domid == 0 || d->info.cpu_ns != 0;
}

/*
 * What it will have when it is done. libxl sets the ceiling before the first page
 * and writes memory/target after the last (seen with 4.17): a domain of few pages
 * has the rest promised to it, and whoever gave that away would let it fail.
 */
static uint64_t promised(const struct bl_xen_domain *d)
{
	uint64_t target = bl_xen_domain_target(d);

	if (target != BALLOON_UNKNOWN)
		return target;
	if (d->info.max_kib == BALLOON_UNKNOWN || d->info.max_kib <= SLACK_MIN_KIB)
		return BALLOON_UNKNOWN;
	return (d->info.max_kib - SLACK_MIN_KIB) * 1024;
}

bool bl_xen_domain_counts(const struct bl_xen_domain *d)
{
	return is_finished(d) || (d->named && promised(d) != BALLOON_UNKNOWN);
}

/* What it counts as having: while it is built, all it was promised. */
static uint64_t holds(const struct bl_xen_domain *d)
{
	uint64_t actual = bl_xen_domain_actual(d), later = promised(d);

	if (is_finished(d) || later == BALLOON_UNKNOWN)
		return actual;
	return actual != BALLOON_UNKNOWN && actual > later ? actual : later;
}

/* Host memory that is its own. Pages claimed for it are free, and the host's
 * figure leaves them out: they are counted here, once. */
static uint64_t resident_of(const struct bl_xen_domain *d)
{
	const struct bl_xen_info *i = &d->info;

	if (i->tot_kib == BALLOON_UNKNOWN || i->claimed_kib == BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	return (i->tot_kib + i->claimed_kib) * 1024;
}

/* What the toolstack lets it have: an operator who lowered dynamic-max under
 * static-max meant it. dom0, and a domain without keys, has what it may have. */
static uint64_t size_of(const struct bl_xen_domain *d)
{
	uint64_t most = d->keys.static_max_bytes;

	if (d->keys.dynamic_max_bytes < most)
		most = d->keys.dynamic_max_bytes;
	if (most == BALLOON_UNKNOWN || most == 0)
		most = holds(d);
	return most;
}

bool bl_xen_domain_runs(const struct bl_xen_domain *d)
{
	return !(d->info.flags & (BL_XEN_DYING | BL_XEN_SHUTDOWN | BL_XEN_PAUSED));
}

/* ----------------------------------------------------------- calibration */

/* Pages of a domain at rest, against what it was told. It is done once per life
 * and not while the two are further apart than any offset: then a balloon is on
 * its way, or refuses. */
static void calibrate(struct bl_xen_domain *d, uint64_t now_ns)
{
	uint64_t target = bl_xen_domain_target(d);
	int64_t gap, most = OFFSET_MAX_KIB;

	if (d->calibrated || target == BALLOON_UNKNOWN || !bl_xen_domain_runs(d) ||
	    d->info.tot_kib == BALLOON_UNKNOWN || now_ns - d->still_ns < STILL_NS)
		return;
	gap = (int64_t)d->info.tot_kib - (int64_t)(target / 1024);
	if (gap > most || gap < -most)
		return;
	d->offset_kib = gap;
	d->calibrated = true;
}

/* The slack is what the toolstack left when it set the ceiling; one that was
 * pressed by somebody says nothing. */
static void learn_slack(struct bl_xen_domain *d)
{
	uint64_t target = bl_xen_domain_target(d), slack;

	if (d->slack_known || target == BALLOON_UNKNOWN)
		return;
	d->slack_known = true;
	if (d->info.max_kib == BALLOON_UNKNOWN || d->info.max_kib < target / 1024)
		return;
	slack = d->info.max_kib - target / 1024;
	if (slack > SLACK_MIN_KIB && slack <= OFFSET_MAX_KIB)
		d->slack_kib = slack;
}

void bl_xen_domain_settle(struct bl_xen_domain *d, uint64_t now_ns)
{
	learn_slack(d);
	calibrate(d, now_ns);
}

/* --------------------------------------------------------------- verdict */

/* Dom0 is the host's own: it is moved only where its toolstack gave it a range,
 * and never out of that. */
static bool is_ranged(const struct bl_xen_domain *d)
{
	return d->keys.dynamic_max_bytes != BALLOON_UNKNOWN &&
	       d->keys.dynamic_min_bytes < d->keys.dynamic_max_bytes;
}

/*
 * control/feature-balloon is what a guest's agent writes for XenServer's
 * toolstack, which is known by its dynamic range. Linux writes it nowhere else
 * (xl's guests may not even), so there only a no counts; whether such a guest
 * follows is seen when it is told to.
 */
static bool has_driver(const struct bl_xen_domain *d)
{
	if (d->keys.feature_said)
		return d->keys.feature;
	return d->keys.dynamic_max_bytes == BALLOON_UNKNOWN;
}

/* Why a domain is left alone, or all zero. */
struct verdict {
	uint32_t fixed;   /* enum balloon_fixed */
	const char *note; /* for people, where that alone does not say it */
};

static struct verdict verdict_on(const struct bl_xen_domain *d)
{
	if (d->info.domid == 0 && !is_ranged(d))
		return (struct verdict){ BALLOON_FIXED_OTHER, "is the host's own domain, and has "
		        "no range in xenstore (memory/dynamic-min to dynamic-max)" };
	if (d->info.domid == 0)
		return (struct verdict){ 0 };
	if (!is_finished(d))
		return (struct verdict){ BALLOON_FIXED_OTHER, "is being built, and counts as all "
		        "it was promised" };
	if (!d->named || d->keys.target_bytes == BALLOON_UNKNOWN)
		return (struct verdict){ BALLOON_FIXED_OTHER, "has no name or no memory/target in "
		        "xenstore" };
	if (d->keys.passthrough)
		return (struct verdict){ BALLOON_FIXED_PASSTHROUGH, NULL };
	/* If it touches what it was promised and is not there, it dies. */
	if (d->on_demand)
		return (struct verdict){ BALLOON_FIXED_OTHER, "is populated on demand, and its "
		        "balloon has not taken yet what it was started without" };
	if (d->foreign)
		return (struct verdict){ BALLOON_FIXED_OTHER, "was not made by libvirt, through "
		        "which orders go" };
	return (struct verdict){ has_driver(d) ? BALLOON_FIXED_NOT : BALLOON_FIXED_NO_DRIVER,
	                         NULL };
}

uint32_t bl_xen_domain_fixed(const struct bl_xen_domain *d)
{
	return verdict_on(d).fixed;
}

/* Qubes' guests say what they use; what is left of what they have they could. */
static uint64_t available_of(const struct bl_xen_domain *d)
{
	const struct bl_xen_told *t = &d->told;
	uint64_t actual = bl_xen_domain_actual(d);

	if (t->available_bytes != BALLOON_UNKNOWN)
		return t->available_bytes;
	if (t->free_bytes != BALLOON_UNKNOWN)
		return t->free_bytes;
	if (t->used_bytes == BALLOON_UNKNOWN || actual == BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	return t->used_bytes < actual ? actual - t->used_bytes : 0;
}

void bl_xen_domain_sample(const struct bl_xen_domain *d, bool observed,
                          struct balloon_sample *ret_sample)
{
	static const struct balloon_sample unknown = {
		.cache_bytes = BALLOON_UNKNOWN, .swap_in_bytes = BALLOON_UNKNOWN,
		.swap_out_bytes = BALLOON_UNKNOWN, .major_faults = BALLOON_UNKNOWN,
		.active_bytes = BALLOON_UNKNOWN, .cold_bytes = BALLOON_UNKNOWN,
		.compress_bp = BALLOON_UNKNOWN, .swapped_bytes = BALLOON_UNKNOWN,
		.refault_bytes = BALLOON_UNKNOWN, .shared_bytes = BALLOON_UNKNOWN,
		.shareable_bytes = BALLOON_UNKNOWN, .stall_bp = BALLOON_UNKNOWN,
	};
	struct balloon_sample *s = ret_sample;
	struct verdict verdict = verdict_on(d);

	if (observed && !verdict.fixed)
		verdict = (struct verdict){ BALLOON_FIXED_OTHER, "is only observed: somebody else "
		        "moves memory on this host" };
	*s = unknown;
	s->key = d->key;
	s->name = d->name;
	s->uuid = d->uuid_text;
	s->flags = bl_xen_domain_runs(d) ? BALLOON_SAMPLE_RUNNING : 0;
	s->fixed = verdict.fixed;
	s->note = verdict.note;
	if (d->capped && !observed)
		s->means = 1u << BALLOON_MEANS_CEILING;
	if (d->serial == BALLOON_UNKNOWN)
		s->traits = BALLOON_TRAIT_NO_FIGURES;
	s->size_bytes = size_of(d);
	s->actual_bytes = holds(d);
	s->resident_bytes = resident_of(d);
	s->total_bytes = d->told.total_bytes;
	s->available_bytes = available_of(d);
	s->unused_bytes = d->told.free_bytes;
	s->serial = d->serial;
}
