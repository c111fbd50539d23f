/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Admission: reservations are promises, and this is where one more is made or
 * refused. A pool answers for what its members reserve out of its own
 * reservation; an expandable one may ask its parent for the rest, within its
 * limit. The root's reservation is what the host can give.
 */
#include "core.h"

/* What a pool takes from its parent's reservation: its own, used or not, or
 * what its members reserve if that is more. */
static uint64_t taken(const struct bl_pool *p)
{
	return p->reservation == BALLOON_UNKNOWN ? p->reserved : bl_max(p->reservation, p->reserved);
}

void bl_reserve(struct bl_pool *pools, uint32_t pool, uint64_t bytes)
{
	pools[pool].reserved = bl_min(pools[pool].reserved + bytes, BALLOON_BYTES_MAX);
}

void bl_reserve_guests(struct bl_world *w)
{
	for (size_t k = 0; k < w->pools_n; k++)
		w->pools[k].reserved = 0;
	for (size_t k = 0; k < w->pools_n; k++) {
		const struct bl_pool *p = &w->pools[k];

		for (uint32_t m = 0; m < p->guests_n; m++)
			bl_reserve(w->pools, (uint32_t)k,
			           w->guests[w->members[p->guests + m]].min);
	}
}

void bl_reserve_pools(struct bl_world *w)
{
	for (size_t k = w->pools_n; k-- > 1;)
		bl_reserve(w->pools, w->pools[k].parent, taken(&w->pools[k]));
}

/* What is still missing after a pool gave what it had; *ret_short if it must
 * refuse, which it does by its limit or because it may not ask on. */
static uint64_t ask(const struct bl_pool *p, uint64_t bytes, uint64_t *ret_short)
{
	uint64_t own = p->reservation == BALLOON_UNKNOWN ? 0 : bl_less(p->reservation, p->reserved);
	uint64_t missing = bl_less(bytes, own);

	*ret_short = bl_less(p->reserved + bytes, p->limit);
	if (!*ret_short && missing && !p->expandable)
		*ret_short = missing;
	return missing;
}

int bl_admit(const struct bl_world *w, uint32_t pool, uint64_t bytes, uint64_t capacity,
             uint32_t *ret_pool, uint64_t *ret_short)
{
	uint64_t missing = bytes;

	for (uint32_t k = pool; k; k = w->pools[k].parent) {
		missing = ask(&w->pools[k], missing, ret_short);
		*ret_pool = k;
		if (*ret_short)
			return 0;
		if (!missing)
			return 1;
	}
	*ret_pool = 0;
	*ret_short = bl_less(w->pools[0].reserved + missing, capacity);
	return !*ret_short;
}
