/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest as a sample: what it has, and why it cannot be moved if so. What the
 * host's kernel says of its process goes before what its QEMU says of itself.
 */
#include "guest.h"

#include <string.h>

/*
 * A guest that has run so long and never answered has no balloon driver.
 * Slow firmware, a boot menu and a file system check fit in a minute, and a
 * guest that comes later is believed at once.
 */
#define GRACE_NS UINT64_C(60000000000)

const char *bl_qmp_trait_sentence(uint32_t trait)
{
	switch (trait) {
	case BL_QMP_TRAIT_BUSY:
		return "does not greet, since another program holds its QMP socket or its QEMU hangs; "
		       "give it a socket that is ours alone (-qmp unix:PATH,server=on,wait=off)";
	case BL_QMP_TRAIT_STOPPED:
		return "has a QEMU that was stopped by a signal; let it go on with SIGCONT";
	case BL_QMP_TRAIT_NO_REPORTING:
		return "does not report free pages, so what it frees stays with it until a balloon "
		       "takes it; start it with free-page-reporting=on on its balloon device";
	case BL_QMP_TRAIT_DEFLATES:
		return "takes memory back by itself when it runs short (deflate-on-oom), so it may "
		       "leave its target; reserve what it needs instead of relying on that";
	case BL_QMP_TRAIT_NO_STATS:
		return "gives no memory statistics, so what it needs is not known and it is not "
		       "shrunk; see that its balloon driver (on Windows, its service) runs";
	case BL_QMP_TRAIT_MIGRATING:
		return "is being migrated, saved or restored; it is left alone until that is over";
	case BL_QMP_TRAIT_BACKED_UP:
		return "is being backed up; it is not shrunk until that is over";
	case BL_QMP_TRAIT_NO_PROCESS:
		return "is reached through a relay or from another container, so what it really "
		       "holds is not known; connect to its QEMU's own socket on this host";
	case BL_QMP_TRAIT_RIVAL:
		return "may be moved by Proxmox VE's pvestatd as well, and two controllers undo each "
		       "other's work; keep one of them off it (qm set ID --shares 0)";
	default:
		return "is well";
	}
}

static bool gives_figures(const struct bl_qmp_guest *g, uint64_t now_ns)
{
	return g->serial != BALLOON_UNKNOWN && now_ns - g->serial_ns < BL_QMP_STALE_NS;
}

static bool is_stopped(const struct bl_qmp_guest *g)
{
	return g->alive && g->memory.stopped;
}

static uint32_t silence(const struct bl_qmp_guest *g)
{
	if (is_stopped(g))
		return BL_QMP_TRAIT_STOPPED;
	return g->phase == BL_QMP_KNOCKING || !g->learned ? BL_QMP_TRAIT_BUSY : 0;
}

uint32_t bl_qmp_guest_traits(const struct bl_qmp_guest *g, uint64_t now_ns)
{
	uint32_t traits = 0;

	if (!g->heard)
		return silence(g);
	if (!g->own)
		traits |= BL_QMP_TRAIT_NO_PROCESS;
	if (g->figures.migrating)
		traits |= BL_QMP_TRAIT_MIGRATING;
	if (g->figures.backed_up)
		traits |= BL_QMP_TRAIT_BACKED_UP;
	if (!g->learned || !g->facts.device[0])
		return traits;
	if (!g->facts.reports)
		traits |= BL_QMP_TRAIT_NO_REPORTING;
	if (g->facts.deflates)
		traits |= BL_QMP_TRAIT_DEFLATES;
	if (g->rivalled)
		traits |= BL_QMP_TRAIT_RIVAL;
	if (g->figures.running && now_ns - g->since_ns >= BL_QMP_STALE_NS &&
	    !gives_figures(g, now_ns))
		traits |= BL_QMP_TRAIT_NO_STATS;
	return traits;
}

/* Most of it: a few locked or pinned buffers are no guest's memory. */
static bool most(uint64_t bytes, uint64_t size)
{
	return bytes != BALLOON_UNKNOWN && size != BALLOON_UNKNOWN && bytes >= size / 2;
}

static uint32_t fixed_by_process(const struct bl_qmp_guest *g)
{
	const struct bl_qmp_memory *m = &g->memory;

	if (!g->own || !g->alive)
		return BALLOON_FIXED_NOT;
	if (most(m->pinned_bytes, g->figures.size_bytes))
		return BALLOON_FIXED_PASSTHROUGH;
	if (most(m->locked_bytes, g->figures.size_bytes))
		return BALLOON_FIXED_LOCKED;
	/* Any: QEMU itself uses none. */
	if (m->huge_bytes != BALLOON_UNKNOWN && m->huge_bytes > 0)
		return BALLOON_FIXED_HUGEPAGES;
	return BALLOON_FIXED_NOT;
}

static uint32_t fixed_of(const struct bl_qmp_guest *g, uint64_t now_ns)
{
	const struct bl_qmp_figures *f = &g->figures;

	/* Until its devices are known nobody knows whether it may be moved. */
	if (!g->learned)
		return BALLOON_FIXED_OTHER;
	if (!g->facts.device[0])
		return BALLOON_FIXED_NO_DEVICE;
	if (g->facts.passthrough)
		return BALLOON_FIXED_PASSTHROUGH;
	if (g->facts.encrypted)
		return BALLOON_FIXED_LOCKED;
	if (fixed_by_process(g))
		return fixed_by_process(g);
	if (f->never_answered && !g->driver_alive && f->running &&
	    now_ns - g->since_ns >= GRACE_NS)
		return BALLOON_FIXED_NO_DRIVER;
	return BALLOON_FIXED_NOT;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == BALLOON_UNKNOWN || b > UINT64_MAX - a ? BALLOON_UNKNOWN : a + b;
}

static uint64_t resident_of(const struct bl_qmp_guest *g)
{
	const struct bl_qmp_memory *m = &g->memory;

	if (!g->own || !g->alive)
		return BALLOON_UNKNOWN;
	/* Kernels without huge pages have no line for them. */
	return sum(m->resident_bytes, m->huge_bytes == BALLOON_UNKNOWN ? 0 : m->huge_bytes);
}

/* The guest's own figures, if they are from this life of it. */
static void fill_told(const struct bl_qmp_guest *g, struct balloon_sample *s)
{
	const struct bl_qmp_figures *f = &g->figures;

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

/* QEMU takes orders during a migration, says that it did, and inflates nothing;
 * a backup reads what the guest frees all the same. */
static uint32_t hold_of(const struct bl_qmp_guest *g)
{
	if (g->figures.migrating)
		return 1 + BALLOON_HOLD_FREEZE;
	return g->figures.backed_up ? 1 + BALLOON_HOLD_KEEP : 0;
}

/* Of several things to say, what matters most now. */
static const char *note_of(uint32_t traits)
{
	static const uint32_t order[] = {
		BL_QMP_TRAIT_BUSY, BL_QMP_TRAIT_STOPPED, BL_QMP_TRAIT_MIGRATING,
		BL_QMP_TRAIT_BACKED_UP, BL_QMP_TRAIT_RIVAL, BL_QMP_TRAIT_NO_PROCESS,
		BL_QMP_TRAIT_NO_STATS, BL_QMP_TRAIT_DEFLATES, BL_QMP_TRAIT_NO_REPORTING,
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (traits & order[i])
			return bl_qmp_trait_sentence(order[i]);
	return NULL;
}

/* Those of the traits that are the contract's, too. */
static uint32_t told_traits(const struct bl_qmp_guest *g, uint64_t now_ns)
{
	uint32_t traits = bl_qmp_guest_traits(g, now_ns), told = 0;

	if (g->learned && g->facts.reports)
		told |= BALLOON_TRAIT_REPORTING;
	if (traits & BL_QMP_TRAIT_DEFLATES)
		told |= BALLOON_TRAIT_DEFLATE_ON_OOM;
	if (traits & BL_QMP_TRAIT_NO_STATS)
		told |= BALLOON_TRAIT_NO_FIGURES;
	return told;
}

void bl_qmp_guest_sample(const struct bl_qmp_guest *g, uint64_t now_ns,
                         struct balloon_sample *ret_sample)
{
	struct balloon_sample *s = ret_sample;

	memset(s, 0, sizeof(*s));
	s->key = g->key;
	s->name = g->name;
	s->uuid = g->facts.uuid[0] ? g->facts.uuid : NULL;
	s->flags = g->figures.running && !is_stopped(g) ? BALLOON_SAMPLE_RUNNING : 0;
	s->fixed = fixed_of(g, now_ns);
	s->size_bytes = sum(g->figures.size_bytes, g->facts.dimm_bytes);
	s->actual_bytes = g->figures.actual_bytes;
	if (s->fixed == BALLOON_FIXED_NO_DEVICE && g->heard)
		s->actual_bytes = s->size_bytes; /* nothing was ever taken from it */
	s->resident_bytes = resident_of(g);
	s->swapped_bytes = g->own && g->alive ? g->memory.swapped_bytes : BALLOON_UNKNOWN;
	s->traits = told_traits(g, now_ns);
	s->note = note_of(bl_qmp_guest_traits(g, now_ns));
	s->hold = hold_of(g);
	s->active_bytes = BALLOON_UNKNOWN; /* QEMU samples no pages */
	if (g->serial_void != BALLOON_UNKNOWN && g->serial_void == g->serial)
		blank_told(s);
	else
		fill_told(g, s);
}
