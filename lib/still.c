/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host that stands still: the sheet of what was seen last, in copy, as a
 * backend. Must not know why anybody wants it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "still.h"

void bl_still_forget(struct balloon_sample *s)
{
	free((void *)(uintptr_t)s->name);
	free((void *)(uintptr_t)s->uuid);
	free((void *)(uintptr_t)s->note);
}

static void close_still(void *self)
{
	struct still *f = self;

	for (size_t i = 0; i < f->sheet.guests_n; i++)
		bl_still_forget(&f->samples[i]);
	free(f->samples);
	free(f->lists);
	free(f);
}

static int observe_still(void *self, uint64_t now, struct balloon_sheet *ret_sheet)
{
	struct still *f = self;

	(void)now;
	*ret_sheet = f->sheet;
	ret_sheet->guests = f->samples;
	return 0;
}

static int open_still(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_self;
	snprintf(ret_error, size, "a view is made by balloon_what_if()");
	return -ENOTSUP;
}

static int order_still(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	(void)self;
	(void)now;
	(void)orders;
	(void)n;
	return -EROFS; /* dry: nobody asks */
}

const struct balloon_backend bl_still_backend = {
        .struct_size = sizeof(bl_still_backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "what-if",
        .open = open_still,
        .close = close_still,
        .observe = observe_still,
        .order = order_still,
};

/* ----------------------------------------------------------------- copying */

static struct balloon_sample sample_of(const struct bl_row *row, const struct bl_guest *g)
{
	return (struct balloon_sample){
	        .key = row->key,
	        .name = strdup(row->name),
	        .uuid = strdup(row->uuid),
	        .flags = g->seen.running ? BALLOON_SAMPLE_RUNNING : 0,
	        .fixed = g->seen.fixed,
	        .size_bytes = row->size,
	        .actual_bytes = g->actual,
	        .total_bytes = g->seen.total,
	        .available_bytes = g->seen.available,
	        .unused_bytes = BALLOON_UNKNOWN,
	        .cache_bytes = BALLOON_UNKNOWN,
	        .swap_in_bytes = g->seen.swap_in,
	        .swap_out_bytes = BALLOON_UNKNOWN,
	        .major_faults = BALLOON_UNKNOWN,
	        .resident_bytes = g->resident,
	        .active_bytes = g->seen.active,
	        .serial = g->serial,
	        .means = g->seen.means,
	        .cold_bytes = g->seen.cold,
	        .compress_bp = g->seen.compress_bp,
	        .swapped_bytes = g->seen.swapped,
	        .refault_bytes = g->seen.refault,
	        .shared_bytes = g->seen.shared,
	        .shareable_bytes = g->seen.shareable,
	        .stall_bp = g->seen.stall_bp,
	        .hold = row->hold,
	        .note = row->note ? strdup(row->note) : NULL, /* or none: nothing rests on it */
	};
}

/* Where its memory lies, as far as shares of it tell, and its curve. */
static void list(struct balloon_sample *s, uint64_t *list, const struct bl_world *w, size_t i)
{
	const struct bl_guest *g = &w->guests[i];
	uint64_t *misses = list + BALLOON_NODES_MAX;

	for (uint32_t k = 0; k < w->nodes_n; k++)
		list[k] = bl_part(bl_min(g->actual, g->resident), w->node_bp[i * w->nodes_n + k]);
	if (w->nodes_n)
		s->node_bytes = list;
	if (!g->seen.curve)
		return;
	memcpy(misses, bl_curve(w, i), (BALLOON_MISSES + 1) * sizeof(*misses));
	s->misses = misses;
}

static void stand_nodes(struct still *f, const struct bl_world *w)
{
	for (uint32_t k = 0; k < w->nodes_n; k++)
		f->nodes[k] = (struct balloon_node){BALLOON_UNKNOWN, w->node_free[k]};
	f->sheet.nodes = w->nodes_n ? f->nodes : NULL;
	f->sheet.nodes_n = w->nodes_n;
}

struct still *bl_still(const struct balloon *b)
{
	struct still *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->samples = calloc(b->world.n + 1, sizeof(*f->samples));
	f->sheet = (struct balloon_sheet){
	        .struct_size = sizeof(f->sheet),
	        .stride = sizeof(*f->samples),
	        .total_bytes = b->world.total,
	        .available_bytes = b->world.available,
	        .swap_bytes = b->swap,
	        .swap_free_bytes = b->world.swap_free,
	        .compress_free_bytes = b->world.compress_free,
	        .stall_bp = b->world.stall_bp,
	};
	stand_nodes(f, &b->world);
	f->lists = calloc(b->world.n + 1, sizeof(*f->lists));
	for (size_t i = 0; f->samples && f->lists && i < b->world.n; i++) {
		f->samples[i] = sample_of(&b->rows[i], &b->world.guests[i]);
		list(&f->samples[i], f->lists[i], &b->world, i);
		f->sheet.guests_n = i + 1;
		if (!f->samples[i].name || !f->samples[i].uuid)
			break;
	}
	if (f->samples && f->lists && f->sheet.guests_n == b->world.n &&
	    (!b->world.n || f->samples[b->world.n - 1].uuid))
		return f;
	close_still(f);
	return NULL;
}
