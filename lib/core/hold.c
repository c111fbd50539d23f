/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Holds: somebody wants a guest left alone for a while. What a held guest keeps
 * above its entitlement is not there for the others, so all holds together are
 * capped, and beyond that the largest are overridden.
 */
#include "core.h"

static uint64_t wants(const struct bl_guest *g)
{
	return g->hold == BL_HOLD_FULL ? bl_max(g->max, bl_charge(g)) : bl_charge(g);
}

/* What holds keep from others, counting those that keep at most so much each. */
static uint64_t kept(const struct bl_world *w, uint64_t most)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];
		uint64_t more = g->hold ? bl_less(wants(g), g->entitlement) : 0;

		if (more <= most)
			sum = bl_min(sum + more, BALLOON_BYTES_MAX);
	}
	return sum;
}

size_t bl_hold(struct bl_world *w)
{
	uint64_t cap = bl_part(w->capacity, w->rules.hold_max_bp), most = BALLOON_BYTES_MAX;
	size_t pins = 0;

	while (kept(w, most) > cap)
		most /= 2;
	w->held = kept(w, most);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		g->overridden = 0;
		if (!g->hold || g->seen.fixed)
			continue;
		if (bl_less(wants(g), g->entitlement) > most) {
			g->overridden = 1;
		} else if (wants(g) > g->entitlement) {
			g->pin = wants(g);
			pins++;
		}
	}
	return pins;
}
