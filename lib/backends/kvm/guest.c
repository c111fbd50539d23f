/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one guest's figures mean over time: is its driver alive, are the
 * figures from this life, and how does it look as a sample. Must not talk to
 * libvirt; the time is handed in.
 */
#include "roster.h"

#include <string.h>

/*
 * A guest that has run so long and never answered has no balloon driver.
 * Slow firmware, a boot menu and a file system check fit in a minute, and a
 * guest that comes later is believed at once.
 */
#define GRACE_NS UINT64_C(60000000000)

/* The process counts its answers from 0: going back to "never" is a new one. */
static bool began_anew(const struct bl_kvm_guest *g, const struct bl_kvm_figures *f)
{
	return f->never_answered && g->serial != BALLOON_UNKNOWN;
}

static bool moved(const struct bl_kvm_guest *g, const struct bl_kvm_figures *f)
{
	return g->figures.actual_bytes != BALLOON_UNKNOWN &&
	       f->actual_bytes != BALLOON_UNKNOWN &&
	       g->figures.actual_bytes != f->actual_bytes;
}

static void take_serial(struct bl_kvm_guest *g, uint64_t serial, uint64_t now_ns)
{
	if (serial == BALLOON_UNKNOWN || serial == g->serial)
		return;
	g->serial = serial;
	g->serial_ns = now_ns;
	g->serial_void = BALLOON_UNKNOWN;
	g->driver_alive = true;
	g->ask_pause_ns = 0;
}

void bl_kvm_guest_update(struct bl_kvm_roster *r, struct bl_kvm_guest *g,
                         const struct bl_kvm_figures *f, uint64_t now_ns)
{
	uint64_t size = g->figures.size_bytes;

	if (began_anew(g, f)) {
		bl_kvm_roster_renew(r, g, now_ns);
		g->serial = BALLOON_UNKNOWN;
		g->serial_void = BALLOON_UNKNOWN;
		g->traits_known = false;
		g->period_owned = false;
	} else if (moved(g, f)) {
		g->driver_alive = true;
	}
	/* The statistics timer runs on the guest's clock, which stands still
	 * with the guest: time in which nobody could answer does not count. */
	if (!f->running || !f->heard) {
		g->since_ns = now_ns;
		g->serial_ns = now_ns;
	}
	g->silent_n = f->heard ? 0 : g->silent_n + 1;
	take_serial(g, f->serial, now_ns);
	g->figures = *f;
	if (f->size_bytes == BALLOON_UNKNOWN)
		g->figures.size_bytes = size;
}

static uint32_t fixed_of(const struct bl_kvm_guest *g, uint64_t now_ns)
{
	const struct bl_kvm_figures *f = &g->figures;

	/* Until its XML was read nobody knows whether it may be moved. */
	if (!g->traits_known)
		return BALLOON_FIXED_OTHER;
	if (g->traits.fixed)
		return g->traits.fixed;
	if (f->never_answered && !g->driver_alive && f->running &&
	    now_ns - g->since_ns >= GRACE_NS)
		return BALLOON_FIXED_NO_DRIVER;
	return BALLOON_FIXED_NOT;
}

/* The guest's own figures, if they are from this life of it. */
static void fill_told(const struct bl_kvm_guest *g, struct balloon_sample *s)
{
	const struct bl_kvm_figures *f = &g->figures;

	s->total_bytes = f->total_bytes;
	s->available_bytes = f->available_bytes;
	s->unused_bytes = f->unused_bytes;
	s->cache_bytes = f->cache_bytes;
	s->swap_in_bytes = f->swap_in_bytes;
	s->swap_out_bytes = f->swap_out_bytes;
	s->major_faults = f->major_faults;
	s->serial = g->serial;
}

static void blank_told(struct balloon_sample *s)
{
	s->total_bytes = BALLOON_UNKNOWN;
	s->available_bytes = BALLOON_UNKNOWN;
	s->unused_bytes = BALLOON_UNKNOWN;
	s->cache_bytes = BALLOON_UNKNOWN;
	s->swap_in_bytes = BALLOON_UNKNOWN;
	s->swap_out_bytes = BALLOON_UNKNOWN;
	s->major_faults = BALLOON_UNKNOWN;
	s->serial = BALLOON_UNKNOWN;
}

/* What its state shows is of now; its job may end unheard. */
static enum bl_kvm_work work_on(const struct bl_kvm_guest *g)
{
	enum bl_kvm_work shown = bl_kvm_work_shown(g->figures.state, g->figures.reason);

	return shown ? shown : g->work;
}

void bl_kvm_guest_sample(const struct bl_kvm_guest *g, uint64_t now_ns,
                         struct balloon_sample *ret_sample)
{
	struct balloon_sample *s = ret_sample;

	memset(s, 0, sizeof(*s));
	s->key = g->key;
	s->name = g->name;
	s->uuid = g->uuid_text;
	s->flags = g->figures.running ? BALLOON_SAMPLE_RUNNING : 0;
	s->fixed = fixed_of(g, now_ns);
	s->size_bytes = g->figures.size_bytes;
	s->actual_bytes = g->figures.actual_bytes;
	s->resident_bytes = g->figures.resident_bytes;
	s->active_bytes = BALLOON_UNKNOWN; /* libvirt samples none of these */
	s->cold_bytes = s->compress_bp = s->swapped_bytes = BALLOON_UNKNOWN;
	s->refault_bytes = s->shared_bytes = s->shareable_bytes = BALLOON_UNKNOWN;
	s->stall_bp = BALLOON_UNKNOWN;
	s->hold = bl_kvm_work_hold(work_on(g));
	s->note = bl_kvm_work_note(work_on(g));
	if (g->serial_void != BALLOON_UNKNOWN && g->serial_void == g->serial)
		blank_told(s);
	else
		fill_told(g, s);
}
