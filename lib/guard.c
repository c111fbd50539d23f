/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guard: the only caller of a backend, and a believer of nobody.
 *
 * Inwards, every number that a guest can write is bounded: QEMU reports an
 * actual of -17591112298496 after one 4-byte write by the guest. A sample that
 * cannot be true is lost for that guest alone; its last good one grows old.
 * Outwards, every order is clamped once more to reservation..limit, from the
 * guard's own copy of them, just before the wire.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define MIB (UINT64_C(1) << 20)

int bl_guard_check(const struct balloon_backend *be, char *ret_error, size_t size)
{
	if (be->abi != BALLOON_BACKEND_ABI || be->struct_size < sizeof(*be)) {
		snprintf(ret_error, size, "backend \"%s\" is of ABI %u, this library needs %u",
		         be->name ? be->name : "?", be->abi, BALLOON_BACKEND_ABI);
		return -ENOEXEC;
	}
	if (!be->name || !be->open || !be->close || !be->observe || !be->order) {
		snprintf(ret_error, size, "backend \"%s\" lacks open, close, observe or order",
		         be->name ? be->name : "?");
		return -ENOEXEC;
	}
	return 0;
}

int bl_guard_open(struct balloon *b, const char *uri)
{
	int rc = b->backend->open(uri, &b->self, b->error, sizeof(b->error));

	b->error[sizeof(b->error) - 1] = 0;
	if (rc > 0 || rc < -4095) /* no errno */
		rc = -EPROTO;
	if (rc < 0 && !b->error[0])
		snprintf(b->error, sizeof(b->error), "backend %s cannot open \"%s\": %s",
		         b->backend->name, uri ? uri : "", strerror(-rc));
	return rc;
}

void bl_guard_close(struct balloon *b)
{
	b->backend->close(b->self);
}

/* ---------------------------------------------------------------- inwards */

static int within(uint64_t v, uint64_t most)
{
	return v == BALLOON_UNKNOWN || v <= most;
}

/* Balloon and guest disagree by what firmware and kernel keep for themselves,
 * and hypervisors' sizes differ by an offset; never by more than this. */
static uint64_t slack(uint64_t size)
{
	return size + size / 16 + 16 * MIB;
}

/* Could all of this be true of a guest of this size? */
static int plausible(const struct balloon_sample *s, uint64_t size)
{
	uint64_t most = slack(size);

	if (s->actual_bytes < bl_min(MIB, size))
		return 0; /* nothing runs in nothing */
	return within(s->actual_bytes, most) && within(s->total_bytes, most) &&
	       within(s->available_bytes, most) && within(s->unused_bytes, most) &&
	       within(s->cache_bytes, most) && s->total_bytes != 0 &&
	       (s->available_bytes == BALLOON_UNKNOWN || s->available_bytes <= s->total_bytes);
}

static struct bl_seen nothing_but(const struct bl_seen *was)
{
	return (struct bl_seen){
	        .size = was->size,
	        .actual = BALLOON_UNKNOWN,
	        .available = BALLOON_UNKNOWN,
	        .total = BALLOON_UNKNOWN,
	        .swap_in = BALLOON_UNKNOWN,
	        .resident = BALLOON_UNKNOWN,
	        .active = BALLOON_UNKNOWN,
	        .serial = BALLOON_UNKNOWN,
	        .cold = BALLOON_UNKNOWN,
	        .swapped = BALLOON_UNKNOWN,
	        .refault = BALLOON_UNKNOWN,
	        .shared = BALLOON_UNKNOWN,
	        .shareable = BALLOON_UNKNOWN,
	        .stall_bp = BALLOON_UNKNOWN,
	        .compress_bp = BALLOON_UNKNOWN,
	};
}

static uint64_t up_to(uint64_t v, uint64_t most)
{
	return v <= most ? v : BALLOON_UNKNOWN;
}

/* What the host says of the memory behind a guest. */
static void believe_host(struct bl_seen *seen, const struct balloon_sample *s)
{
	uint64_t most = bl_min(2 * BALLOON_BYTES_MAX, 4 * slack(seen->size));

	seen->resident = up_to(s->resident_bytes, most);
	seen->cold = up_to(s->cold_bytes, most);
	seen->swapped = up_to(s->swapped_bytes, most);
	seen->refault = s->refault_bytes;
	seen->shared = up_to(s->shared_bytes, most);
	seen->shareable = up_to(s->shareable_bytes, most);
	seen->stall_bp = up_to(s->stall_bp, 10000);
	seen->compress_bp = up_to(s->compress_bp, 10000);
	seen->means = (uint8_t)(s->means & ((1u << BALLOON_MEANS_N) - 1));
}

static int size_ok(uint64_t size)
{
	return size >= BALLOON_PAGE_BYTES && size <= BALLOON_BYTES_MAX / 2;
}

/* A guest without a size yet is there and cannot be judged: it is fixed at
 * nothing until the host says how large it is. */
static void believe(struct bl_row *row, struct bl_seen *seen, const struct balloon_sample *s)
{
	seen->here = 1;
	seen->running = (s->flags & BALLOON_SAMPLE_RUNNING) != 0;
	seen->fixed = (uint8_t)(s->fixed <= BALLOON_FIXED_OTHER ? s->fixed : BALLOON_FIXED_OTHER);
	if (size_ok(s->size_bytes) && (row->size == BALLOON_UNKNOWN || plausible(s, s->size_bytes)))
		row->size = s->size_bytes;
	if (row->size == BALLOON_UNKNOWN) {
		seen->size = 0;
		seen->fixed = BALLOON_FIXED_OTHER;
		return;
	}
	seen->size = row->size;
	believe_host(seen, s);
	if (!plausible(s, row->size)) {
		row->lost_samples++;
		return;
	}
	if (s->actual_bytes != BALLOON_UNKNOWN)
		seen->actual = bl_min(s->actual_bytes, row->size);
	seen->available = s->available_bytes;
	seen->total = s->total_bytes;
	seen->swap_in = s->swap_in_bytes;
	seen->active = s->active_bytes;
	seen->serial = s->serial;
}

/* What people read of a guest is a sentence or two; more is not one. */
#define NOTE_MAX 300

/* Without memory for it the old one serves a while longer. */
static void note(struct bl_row *row, const char *said)
{
	char *copy;

	if (said && row->note && !strncmp(row->note, said, NOTE_MAX))
		return;
	copy = said ? strndup(said, NOTE_MAX) : NULL;
	if (said && !copy)
		return;
	free(row->note);
	row->note = copy;
}

/* A hold of a kind that is not known yet is taken for the strongest. */
static void hear_hold(struct bl_row *row, const struct balloon_sample *s)
{
	row->hold = (uint8_t)(s->hold <= BL_HOLD_FULL ? s->hold : BL_HOLD_FREEZE);
	note(row, s->note && *s->note ? s->note : NULL);
}

_Static_assert(BL_HOLD_FULL == 1 + BALLOON_HOLD_FULL, "core's holds are the contract's");
_Static_assert(BL_MISSES == BALLOON_MISSES, "core has room for a backend's curve");

/* A curve that rises somewhere, or does not know, is none. It is copied, as it is
 * the backend's only until we call it again. */
static void draw(struct balloon *b, size_t i, const uint64_t *misses)
{
	uint64_t *curve = bl_curve(&b->world, i), last = BALLOON_UNKNOWN - 1;

	for (size_t k = 0; misses && k <= BL_MISSES; k++) {
		curve[k] = misses[k];
		if (misses[k] > last)
			return;
		last = misses[k];
	}
	b->world.guests[i].seen.curve = misses && b->world.guests[i].seen.size;
}

/* How each guest's memory lies on the nodes. A guest of which that is not known
 * counts on none. */
static void spread(struct balloon *b, size_t i, const struct balloon_sample *s)
{
	uint16_t *bp = &b->world.node_bp[i * b->world.nodes_n];
	uint64_t sum = 0;

	for (uint32_t k = 0; k < b->world.nodes_n; k++) {
		bp[k] = 0;
		if (s->node_bytes)
			sum += bl_min(s->node_bytes[k], BALLOON_BYTES_MAX);
	}
	for (uint32_t k = 0; sum && k < b->world.nodes_n; k++)
		bp[k] = (uint16_t)(bl_min(s->node_bytes[k], BALLOON_BYTES_MAX) * 2048 / sum * 10000 / 2048);
}

/* Nodes count only where all of them say what they have. */
static void nodes(struct balloon *b, const struct balloon_sheet *sheet)
{
	b->world.nodes_n = 0;
	if (!sheet->nodes || sheet->nodes_n < 2 || sheet->nodes_n > BALLOON_NODES_MAX)
		return;
	for (size_t k = 0; k < sheet->nodes_n; k++) {
		if (sheet->nodes[k].available_bytes > BALLOON_BYTES_MAX)
			return;
		b->world.node_free[k] = sheet->nodes[k].available_bytes;
	}
	b->world.nodes_n = (uint32_t)sheet->nodes_n;
}

static int check_sheet(struct balloon *b, const struct balloon_sheet *sheet)
{
	if (sheet->guests_n > BALLOON_GUESTS_MAX || (sheet->guests_n && !sheet->guests) ||
	    sheet->stride < sizeof(struct balloon_sample) ||
	    sheet->stride % _Alignof(struct balloon_sample))
		return bl_fail(b, -EPROTO, "backend %s handed in a sheet of %zu rows of %u bytes",
		               b->backend->name, sheet->guests_n, sheet->stride);
	for (size_t i = 0; i < sheet->guests_n; i++) {
		const struct balloon_sample *s =
		        (const void *)((const char *)sheet->guests + i * sheet->stride);

		if (!s->key)
			return bl_fail(b, -EPROTO, "backend %s handed in a guest without a key",
			               b->backend->name);
	}
	return 0;
}

static int observe(struct balloon *b, uint64_t now, struct balloon_sheet *sheet)
{
	const char *why = NULL;
	int rc;

	*sheet = (struct balloon_sheet){
	        .struct_size = sizeof(*sheet),
	        .stride = sizeof(struct balloon_sample),
	        .total_bytes = BALLOON_UNKNOWN,
	        .available_bytes = BALLOON_UNKNOWN,
	        .swap_bytes = BALLOON_UNKNOWN,
	        .swap_free_bytes = BALLOON_UNKNOWN,
	        .compress_free_bytes = BALLOON_UNKNOWN,
	        .stall_bp = BALLOON_UNKNOWN,
	};
	rc = b->backend->observe(b->self, now, sheet);
	if (rc == 0)
		return check_sheet(b, sheet);
	if (b->backend->error)
		why = b->backend->error(b->self);
	return bl_fail(b, rc == -ENOMEM ? rc : -EAGAIN, "%s",
	               why && *why ? why : "the host could not be observed");
}

static uint64_t floor_of(const struct bl_floors *f, uint64_t size)
{
	return bl_floor_by(f->points, f->n, size);
}

int bl_guard_observe(struct balloon *b, uint64_t now)
{
	struct balloon_sheet sheet;
	int rc = observe(b, now, &sheet);

	if (rc < 0)
		return rc;
	rc = bl_roster_sync(b, &sheet);
	if (rc < 0)
		return bl_fail(b, rc, "%s: %zu guests",
		               rc == -ENOMEM ? "out of memory" : "a key stands twice in the sheet",
		               sheet.guests_n);
	b->world.total = sheet.total_bytes <= BALLOON_BYTES_MAX ? sheet.total_bytes
	                                                        : BALLOON_UNKNOWN;
	b->world.available = sheet.available_bytes <= bl_min(b->world.total, BALLOON_BYTES_MAX)
	                             ? sheet.available_bytes
	                             : BALLOON_UNKNOWN;
	b->swap = up_to(sheet.swap_bytes, BALLOON_BYTES_MAX);
	b->world.swap_free = up_to(sheet.swap_free_bytes, b->swap);
	b->world.compress_free = up_to(sheet.compress_free_bytes, BALLOON_BYTES_MAX);
	b->world.stall_bp = up_to(sheet.stall_bp, 10000);
	nodes(b, &sheet);
	for (size_t i = 0; i < sheet.guests_n; i++) {
		struct bl_seen *seen = &b->world.guests[i].seen;
		const struct balloon_sample *s =
		        (const void *)((const char *)sheet.guests + i * sheet.stride);

		*seen = nothing_but(seen);
		believe(&b->rows[i], seen, s);
		hear_hold(&b->rows[i], s);
		draw(b, i, s->misses);
		b->world.guests[i].floor = floor_of(&b->rows[i].floors, seen->size);
		if (b->world.nodes_n)
			spread(b, i, s);
	}
	return 0;
}

/* --------------------------------------------------------------- outwards */

/* The last word on an order. Deliberately not core's bounds but worked out
 * again from what the operator said and how large the guest is. A level may be
 * lifted, and no level but that of sharing be less than the reservation. */
static uint64_t clamp(const struct bl_row *row, uint32_t means, uint64_t target)
{
	uint64_t most = bl_min(row->limit, row->size);
	uint64_t least = row->reservation == BALLOON_UNKNOWN ? floor_of(&row->floors, row->size)
	                                                     : row->reservation;

	if (means == BALLOON_MEANS_SHARE)
		return bl_min(target, row->size);
	if (means != BALLOON_MEANS_BALLOON)
		return bl_max(target, bl_min(least, most));
	return bl_min(bl_max(target, least), most);
}

static void answer(struct balloon *b, const struct bl_asked *a, int32_t said, uint64_t now)
{
	struct bl_row *row = &b->rows[a->row];
	int32_t rc = said > 0 ? -EPROTO : said;
	int gone = a->means && a->target == BALLOON_UNKNOWN &&
	           (rc == -EOPNOTSUPP || rc == -ESRCH); /* there is nothing left to lift */
	int sure = rc != -ETIMEDOUT && rc != -EINPROGRESS && rc != -EPROTO;

	row->orders++;
	row->order_rc = rc;
	b->report.orders++;
	if (rc < 0)
		b->report.refused++;
	if (a->means != BALLOON_MEANS_BALLOON)
		bl_ladder_told(&b->world, a->row, a->means, a->target, gone ? 0 : rc, now);
	else if (rc == 0 || !sure)
		bl_told(&b->world.guests[a->row], a->target, sure, now);
}

/* Writes the orders out, clamped once more. */
static void address(struct balloon *b, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		struct bl_asked *a = &b->asked[k];
		uint64_t target = clamp(&b->rows[a->row], a->means, a->target);

		b->report.clamped += target != a->target;
		a->target = target;
		b->orders[k] = (struct balloon_order){
		        .key = b->rows[a->row].key,
		        .target_bytes = target,
		        .rc = -EPROTO, /* an answer that never came is not consent */
		        .means = a->means,
		};
	}
}

int bl_guard_order(struct balloon *b, size_t n, uint64_t now)
{
	int rc;

	if (!n)
		return 0;
	address(b, n);
	rc = b->backend->order(b->self, now, b->orders, n);
	for (size_t k = 0; k < n; k++) {
		const struct balloon_order *o = &b->orders[k];
		const struct bl_asked *a = &b->asked[k];

		answer(b, a, rc < 0 ? rc : o->key == b->rows[a->row].key ? o->rc : -EPROTO, now);
	}
	return rc;
}
