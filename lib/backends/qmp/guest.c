/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one guest's answers mean over time: which life of it this is, whether its
 * driver is alive, whether its figures are from this life. The time is handed in.
 */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The finalizer of MurmurHash3's 64-bit variant in public use: every input
 * bit moves every output bit. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

static uint64_t hash_text(const char *text)
{
	uint64_t h = 0;

	while (*text)
		h = mix(h + (unsigned char)*text++);
	return h;
}

/*
 * A process and its start name one life on this host, for every observer and
 * also after a restart of ours. A path stands in where the process is not known;
 * and it has to be the guest's own: one relay may serve many guests.
 */
static uint64_t key_of(const struct bl_qmp_guest *g)
{
	uint64_t who = g->own ? mix((uint64_t)g->process.pid) + mix(~g->process.start)
	                      : hash_text(g->path) + mix(~g->lives);
	uint64_t key = mix(who + mix(g->generation));

	return key ? key : 1;
}

/* "…/db.qmp" is db, until it says what it is called. */
static void name_by_path(struct bl_qmp_guest *g)
{
	const char *slash = strrchr(g->path, '/');
	char *dot;

	snprintf(g->name, sizeof(g->name), "%s", slash ? slash + 1 : g->path);
	dot = strrchr(g->name, '.');
	if (dot && dot != g->name)
		*dot = '\0';
}

struct bl_qmp_guest *bl_qmp_guest_new(const char *path)
{
	struct bl_qmp_guest *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->path = strdup(path);
	if (!g->path) {
		free(g);
		return NULL;
	}
	g->wire.fd = -1;
	g->process.status_fd = -1;
	bl_qmp_guest_start(g, 0);
	return g;
}

void bl_qmp_guest_free(struct bl_qmp_guest *g)
{
	bl_qmp_wire_fini(&g->wire);
	bl_qmp_process_close(&g->process);
	free(g->path);
	free(g);
}

/* What belongs to one run of the guest's kernel, not to the process. */
static void start_life(struct bl_qmp_guest *g, uint64_t now_ns)
{
	g->since_ns = now_ns;
	g->driver_alive = false;
	g->serial_ns = now_ns;
	g->key = key_of(g);
}

void bl_qmp_guest_start(struct bl_qmp_guest *g, uint64_t now_ns)
{
	g->own = false;
	g->learned = false;
	g->heard = false;
	g->generation = 0;
	g->lives++;
	g->ask_ns = 0;
	g->ask_pause_ns = 0;
	g->period_owned = false;
	g->serial = BALLOON_UNKNOWN;
	g->serial_void = BALLOON_UNKNOWN;
	bl_qmp_figures_clear(&g->figures);
	bl_qmp_facts_clear(&g->facts);
	name_by_path(g);
	start_life(g, now_ns);
}

void bl_qmp_guest_renew(struct bl_qmp_guest *g, uint64_t now_ns)
{
	g->generation++;
	g->serial_void = g->serial;
	start_life(g, now_ns);
}

bool bl_qmp_guest_learn(struct bl_qmp_guest *g, uint64_t now_ns)
{
	/* Without all of them nobody knows whether it may be moved. */
	if (g->learning.lists != BL_QMP_LISTS)
		return false;
	if (strcmp(g->learning.device, g->facts.device) == 0) {
		g->learning.period_s = g->facts.period_s;
		g->learning.reports = g->facts.reports;
		g->learning.deflates = g->facts.deflates;
	}
	g->learned = true;
	g->learned_ns = now_ns;
	g->facts = g->learning;
	g->ask_device = g->facts.device[0] != '\0';
	if (g->facts.name[0])
		memcpy(g->name, g->facts.name, sizeof(g->name));
	return true;
}

/* --------------------------------------------------------------- figures */

static bool moved(const struct bl_qmp_guest *g, const struct bl_qmp_figures *f)
{
	return g->figures.actual_bytes != BALLOON_UNKNOWN &&
	       f->actual_bytes != BALLOON_UNKNOWN &&
	       g->figures.actual_bytes != f->actual_bytes;
}

static void take_serial(struct bl_qmp_guest *g, uint64_t serial, uint64_t now_ns)
{
	if (serial == BALLOON_UNKNOWN || serial == g->serial)
		return;
	g->serial = serial;
	g->serial_ns = now_ns;
	g->serial_void = BALLOON_UNKNOWN;
	g->driver_alive = true;
	g->ask_pause_ns = 0;
}

/* The statistics timer runs on the guest's clock, which stands still with the
 * guest: time in which nobody could answer does not count. */
static void could_not_answer(struct bl_qmp_guest *g, uint64_t now_ns)
{
	g->since_ns = now_ns;
	g->serial_ns = now_ns;
}

void bl_qmp_guest_update(struct bl_qmp_guest *g, uint64_t now_ns)
{
	const struct bl_qmp_figures *f = &g->incoming;

	if (moved(g, f))
		g->driver_alive = true;
	if (f->plugged_bytes != g->figures.plugged_bytes &&
	    g->figures.plugged_bytes != BALLOON_UNKNOWN)
		g->learned = false;
	if (!f->running)
		could_not_answer(g, now_ns);
	take_serial(g, f->serial, now_ns);
	g->figures = *f;
	g->heard = true;
}

/* Its QEMU maps at least the guest's memory: a process that does not is a relay. */
static void own_up(struct bl_qmp_guest *g)
{
	bool own = g->alive && g->figures.size_bytes != BALLOON_UNKNOWN &&
		   g->memory.virtual_bytes >= g->figures.size_bytes;

	if (own == g->own)
		return;
	g->own = own;
	g->key = key_of(g);
}

/* Old figures are nobody's, but its size is still its size; and while nobody
 * knows better, it does what it did. */
static void forget_figures(struct bl_qmp_guest *g)
{
	struct bl_qmp_figures known = g->figures;

	bl_qmp_figures_clear(&g->figures);
	g->figures.size_bytes = known.size_bytes;
	g->figures.plugged_bytes = known.plugged_bytes;
	g->figures.running = known.running;
	g->figures.migrating = known.migrating;
	g->figures.backed_up = known.backed_up;
}

void bl_qmp_guest_check(struct bl_qmp_guest *g, uint64_t now_ns)
{
	g->alive = bl_qmp_process_read(&g->process, &g->memory) == 0;
	if (g->phase == BL_QMP_DOWN && g->process.pid)
		g->there = g->alive;
	if (g->heard) {
		own_up(g);
	} else {
		could_not_answer(g, now_ns);
		forget_figures(g);
	}
}
