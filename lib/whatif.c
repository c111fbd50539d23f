/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What if: a handle on a host that stands still. Its backend hands in the same
 * sheet at every beat, made of what was seen last, and takes no orders.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "still.h"

/* The guests as they were judged: averages, clocks, and what they were told;
 * and the account of the last beat, for whoever asks before the first here. */
static void carry_over(struct balloon *view, const struct balloon *b)
{
	struct bl_world *to = &view->world;
	const struct bl_world *from = &b->world;

	for (size_t i = 0; i < to->n; i++) {
		to->guests[i] = from->guests[i];
		to->ladders[i] = from->ladders[i];
		view->rows[i].size = b->rows[i].size;
		view->rows[i].met = b->rows[i].met;
		view->proposed[i] = b->dry_run ? b->proposed[i] : from->guests[i].target;
	}
	to->total = from->total;
	to->available = from->available;
	to->host_room = from->host_room;
	to->capacity = from->capacity;
	to->kept = from->kept;
	to->spare = from->spare;
	to->charged = from->charged;
	to->shortfall = from->shortfall;
	to->plenty = from->plenty;
	to->state = from->state;
	to->scarce = from->scarce;
	to->scarce_ns = from->scarce_ns;
	view->swap = b->swap;
	view->ticked = 1;
	view->now_ns = b->now_ns;
}

static int dress(struct balloon *view, const struct balloon *b)
{
	struct bl_policy p;
	struct balloon_sheet sheet;

	if (bl_policy_copy(&p, &b->policy) < 0)
		return -ENOMEM;
	if (bl_roster_adopt(view, &p) < 0) {
		bl_policy_free(&p);
		return -ENOMEM;
	}
	view->world.rules = p.profile;
	view->world.budget = p.budget;
	view->world.reserve = p.reserve;
	view->backend->observe(view->self, b->now_ns, &sheet);
	view->report.beat = b->report.beat;
	if (bl_roster_sync(view, &sheet) < 0 || bl_claims_copy(view, b) < 0 ||
	    bl_holds_copy(view, b) < 0)
		return -ENOMEM;
	carry_over(view, b);
	return 0;
}

int balloon_what_if(struct balloon *b, struct balloon **ret_view)
{
	struct balloon *view;

	if (!b->ticked)
		return bl_fail(b, -EAGAIN, "the host was not observed yet; ask after a beat");
	view = calloc(1, sizeof(*view));
	if (!view)
		return bl_fail(b, -ENOMEM, "what if: out of memory");
	view->backend = &bl_still_backend;
	view->dry_run = 1;
	view->self = bl_still(b);
	if (!view->self || dress(view, b) < 0) {
		if (view->self)
			balloon_close(view);
		else
			free(view);
		return bl_fail(b, -ENOMEM, "what if: out of memory");
	}
	*ret_view = view;
	return 0;
}

/* ---------------------------------------------------------------- changing */

static struct still *still_of(struct balloon *view)
{
	if (view->backend == &bl_still_backend)
		return view->self;
	bl_fail(view, -EINVAL, "this is a host, not a view of one; see balloon_what_if()");
	return NULL;
}

int balloon_what_if_host(struct balloon *view, uint64_t total_bytes, uint64_t available_bytes)
{
	struct still *f = still_of(view);

	if (!f)
		return -EINVAL;
	if (total_bytes > BALLOON_BYTES_MAX || available_bytes > total_bytes)
		return bl_fail(view, -ERANGE, "what if: more than 4 PiB, or more free than there is");
	f->sheet.total_bytes = total_bytes;
	f->sheet.available_bytes = available_bytes;
	return 0;
}

/* What a guest holds is taken from the host's free memory, or given back. */
static void take_free(struct still *f, uint64_t bytes)
{
	if (f->sheet.available_bytes != BALLOON_UNKNOWN)
		f->sheet.available_bytes = bl_less(f->sheet.available_bytes, bytes);
}

static void give_free(struct still *f, uint64_t bytes)
{
	if (f->sheet.available_bytes != BALLOON_UNKNOWN)
		f->sheet.available_bytes =
		        bl_min(f->sheet.available_bytes + bytes, f->sheet.total_bytes);
}

/* In a view of a view others were made up before. */
static uint64_t new_key(struct still *f)
{
	uint64_t key = UINT64_MAX - ++f->keys;

	for (size_t i = 0; i < f->sheet.guests_n; i++) {
		if (f->samples[i].key == key)
			return new_key(f);
	}
	return key;
}

static int invent(struct still *f, const char *name, uint64_t size, uint64_t active)
{
	struct balloon_sample *s = &f->samples[f->sheet.guests_n];

	*s = (struct balloon_sample){
	        .key = new_key(f),
	        .name = strdup(name),
	        .uuid = strdup(""),
	        .flags = BALLOON_SAMPLE_RUNNING,
	        .size_bytes = size,
	        .actual_bytes = size,
	        .total_bytes = size,
	        .available_bytes = size - active,
	        .unused_bytes = BALLOON_UNKNOWN,
	        .cache_bytes = BALLOON_UNKNOWN,
	        .swap_in_bytes = BALLOON_UNKNOWN,
	        .swap_out_bytes = BALLOON_UNKNOWN,
	        .major_faults = BALLOON_UNKNOWN,
	        .resident_bytes = size,
	        .active_bytes = BALLOON_UNKNOWN,
	        .serial = 1,
	        .cold_bytes = BALLOON_UNKNOWN,
	        .compress_bp = BALLOON_UNKNOWN,
	        .swapped_bytes = BALLOON_UNKNOWN,
	        .refault_bytes = BALLOON_UNKNOWN,
	        .shared_bytes = BALLOON_UNKNOWN,
	        .shareable_bytes = BALLOON_UNKNOWN,
	        .stall_bp = BALLOON_UNKNOWN,
	};
	if (!s->name || !s->uuid) {
		bl_still_forget(s);
		return -ENOMEM;
	}
	f->sheet.guests_n++;
	take_free(f, size);
	return 0;
}

int balloon_what_if_guest(struct balloon *view, const char *name, uint64_t size_bytes,
                          uint64_t active_bytes)
{
	struct still *f = still_of(view);
	struct balloon_sample *more;

	if (!f)
		return -EINVAL;
	if (!name || !*name || size_bytes < BALLOON_PAGE_BYTES ||
	    size_bytes > BALLOON_BYTES_MAX / 2)
		return bl_fail(view, -EINVAL, "what if: a guest needs a name and a size");
	more = realloc(f->samples, (f->sheet.guests_n + 1) * sizeof(*more));
	if (!more)
		return bl_fail(view, -ENOMEM, "what if: out of memory");
	f->samples = more;
	if (invent(f, name, size_bytes, bl_min(active_bytes, size_bytes)) < 0)
		return bl_fail(view, -ENOMEM, "what if: out of memory");
	return 0;
}

int balloon_what_if_gone(struct balloon *view, const char *guest)
{
	struct still *f = still_of(view);

	if (!f)
		return -EINVAL;
	for (size_t i = 0; guest && i < f->sheet.guests_n; i++) {
		struct balloon_sample *s = &f->samples[i];

		if (strcmp(s->name, guest) && (!*s->uuid || strcmp(s->uuid, guest)))
			continue;
		give_free(f, bl_min(s->actual_bytes, s->resident_bytes));
		bl_still_forget(s);
		memmove(s, s + 1, (--f->sheet.guests_n - i) * sizeof(*s));
		return 0;
	}
	return bl_fail(view, -ENOENT, "there is no guest \"%s\" here", guest ? guest : "");
}
