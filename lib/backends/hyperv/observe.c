/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A beat's look at a host. A host that answers is waited for, a little; one
 * that did not answer last time is not, and is heard of when it does. Must not
 * judge what it sees.
 */
#include "hyperv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIB_SHIFT 20

/* A look is given four times as long as the last took and a little more, and
 * at most this: a host that dies costs one beat so much, once. */
#define PATIENCE_MIN_NS UINT64_C(20000000)
#define PATIENCE_MAX_NS UINT64_C(300000000)

/* A view that came in since the last beat and is no older than this is as good
 * as a new one: it was asked for by that beat and was late. */
#define RECENT_NS UINT64_C(500000000)

/* Linux's driver reports 45 s after it is up (pressure_report_delay): a guest that
 * has run for twice that and more without a word has no driver. */
#define DRIVER_MS 120000

static uint64_t bytes(uint64_t mib)
{
	return mib >= UINT64_C(1) << (64 - MIB_SHIFT) ? BALLOON_UNKNOWN : mib << MIB_SHIFT;
}

static void keep(struct bl_hyperv *b, struct bl_hyperv_view *v)
{
	uint64_t patience = PATIENCE_MIN_NS + 4 * v->taken_ns;

	b->patience_ns = v->rc < 0 ? 0 : patience < PATIENCE_MAX_NS ? patience : PATIENCE_MAX_NS;
	memcpy(b->error, v->text, sizeof(b->error));
	free(b->view);
	b->view = v;
}

/* ---------------------------------------------------------------- samples */

static uint32_t fixed_by(const struct bl_hyperv_sight *s)
{
	if (s->known && s->huge_pages)
		return BALLOON_FIXED_HUGEPAGES;
	if (s->known && s->sgx)
		return BALLOON_FIXED_LOCKED;
	if (!s->caps || s->state == BL_HYPERV_CRITICAL)
		return BALLOON_FIXED_OTHER;
	if (s->dynamic && s->demand_mib == BL_HYPERV_UNKNOWN &&
	    s->uptime_ms != BL_HYPERV_UNKNOWN && s->uptime_ms > DRIVER_MS)
		return BALLOON_FIXED_NO_DRIVER;
	return BALLOON_FIXED_NOT;
}

static void fill_row(const struct bl_hyperv_sight *s, uint64_t serial, struct balloon_sample *row)
{
	bool heard = s->demand_mib != BL_HYPERV_UNKNOWN;

	*row = (struct balloon_sample){
		.key = s->key, .name = s->name, .uuid = s->guid,
		.flags = s->state == BL_HYPERV_RUNNING ? BALLOON_SAMPLE_RUNNING : 0,
		.fixed = fixed_by(s),
		.size_bytes = bytes(s->size_mib),
		.actual_bytes = bytes(s->usage_mib),
		.total_bytes = heard ? bytes(s->usage_mib) : BALLOON_UNKNOWN,
		.available_bytes = BALLOON_UNKNOWN, .unused_bytes = BALLOON_UNKNOWN,
		.cache_bytes = BALLOON_UNKNOWN, .swap_in_bytes = BALLOON_UNKNOWN,
		.swap_out_bytes = BALLOON_UNKNOWN, .major_faults = BALLOON_UNKNOWN,
		.resident_bytes = bytes(s->usage_mib),
		.active_bytes = BALLOON_UNKNOWN,
		.serial = heard ? serial : BALLOON_UNKNOWN,
		.traits = heard ? 0 : BALLOON_TRAIT_NO_FIGURES,
		.cold_bytes = BALLOON_UNKNOWN, .compress_bp = BALLOON_UNKNOWN,
		.swapped_bytes = BALLOON_UNKNOWN, .refault_bytes = BALLOON_UNKNOWN,
		.shared_bytes = BALLOON_UNKNOWN, .shareable_bytes = BALLOON_UNKNOWN,
		.stall_bp = BALLOON_UNKNOWN,
	};
	/* More demand than memory is a shortage, and leaves nothing available. */
	if (heard)
		row->available_bytes = s->usage_mib > s->demand_mib
		                       ? bytes(s->usage_mib - s->demand_mib) : 0;
}

static int room_for(struct bl_hyperv *b, size_t n)
{
	struct balloon_sample *rows;

	if (n <= b->rows_cap)
		return 0;
	n += n / 2; /* guests come one by one: do not grow for each */
	rows = realloc(b->rows, n * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	b->rows = rows;
	b->rows_cap = n;
	return 0;
}

static int fill(struct bl_hyperv *b, struct balloon_sheet *ret_sheet)
{
	const struct bl_hyperv_view *v = b->view;

	if (room_for(b, v->n) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < v->n; i++)
		fill_row(&v->guests[i], v->serial, &b->rows[i]);
	ret_sheet->stride = sizeof(*b->rows);
	ret_sheet->guests = b->rows;
	ret_sheet->guests_n = v->n;
	ret_sheet->total_bytes = bytes(v->total_mib);
	ret_sheet->available_bytes = bytes(v->available_mib);
	return 0;
}

/* ---------------------------------------------------------------- looking */

/* What came in late since the last beat, if it is recent. */
static struct bl_hyperv_view *late(struct bl_hyperv *b)
{
	struct bl_hyperv_view *v = bl_hyperv_clerk_take(b->clerk, 0);

	if (v && v->rc == 0 && bl_hyperv_clock() - v->ended_ns <= RECENT_NS)
		return v;
	if (v)
		keep(b, v); /* for its sentence, and for how long it took */
	return NULL;
}

static int nothing_new(struct bl_hyperv *b)
{
	b->patience_ns = 0;
	if (!b->error[0] || (b->view && b->view->rc == 0))
		snprintf(b->error, sizeof(b->error), "Hyper-V host %.100s has not answered yet; it "
		         "is asked again at the next beat", b->host);
	return -EAGAIN;
}

int bl_hyperv_observe(struct bl_hyperv *b, struct balloon_sheet *ret_sheet)
{
	struct bl_hyperv_view *v = late(b);

	if (!v) {
		bl_hyperv_clerk_look(b->clerk);
		if (b->patience_ns)
			v = bl_hyperv_clerk_take(b->clerk, bl_hyperv_clock() + b->patience_ns);
	}
	if (!v)
		return nothing_new(b);
	keep(b, v);
	return v->rc < 0 ? -EAGAIN : fill(b, ret_sheet);
}
