/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that have less than is reserved for them: a boot storm, a new policy.
 * They come before all who merely want more. Must not know what others want.
 */
#include "core.h"

static uint64_t misses(const struct bl_guest *g)
{
	return bl_can_move(g) && !bl_frozen(g) ? bl_less(g->min, g->target) : 0;
}

/* What those below their bounds miss, counting only who misses at most so much. */
uint64_t bl_missing(const struct bl_world *w, uint64_t most)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		uint64_t miss = misses(&w->guests[i]);

		if (miss <= most)
			sum = bl_min(sum + miss, BALLOON_BYTES_MAX);
	}
	return sum;
}

/* What those who can are still to give of what they have beyond their goals. */
static uint64_t coming(const struct bl_world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];

		if (!g->pin)
			sum = bl_min(sum + bl_less(bl_charge(g), bl_max(g->goal, g->min)),
			             BALLOON_BYTES_MAX);
	}
	return sum;
}

/*
 * Reservations come before wants, and whole: an order below a reservation is
 * never given. If what is free does not do for all, those who miss least are
 * served, so that it does not matter who is listed first. What is left waits for
 * the others while the rest of what they miss is on its way; dealt to wants it
 * would trickle away, and they would wait until nobody wants anything. Returns
 * what wants may have.
 */
uint64_t bl_restore(struct bl_world *w, uint64_t free)
{
	uint64_t most = BALLOON_BYTES_MAX, left = bl_missing(w, most);

	if (!left)
		return free;
	while (bl_missing(w, most) > free)
		most /= 2;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t miss = misses(g);

		if (!miss)
			continue;
		g->reason = BALLOON_REASON_WAIT;
		if (miss <= most) {
			bl_grow(g, miss, g->entitlement > g->min ? BALLOON_REASON_WAIT
			                                         : BALLOON_REASON_RESERVATION);
			free -= miss;
			left = bl_less(left, miss);
		}
	}
	return left && left <= free + coming(w) ? 0 : free;
}
