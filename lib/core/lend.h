/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leading guests by what they demand; what the files of lend*.c share. */
#ifndef BL_LEND_H
#define BL_LEND_H

#include "core.h"

/* Smaller changes are not worth an order. */
#define BL_LEND_LEAST (UINT64_C(1) << 20)

/* In a rise or fall of demand, changes of this many beats ago still count. */
#define BL_LEND_BEATS 10

/* The days that tell whether shortage is rare. */
#define BL_LEND_DAYS_NS (UINT64_C(2) * 86400 * 1000000000)

/* Orders for guests that have none yet; free is what was seen free. */
void bl_lend(struct bl_world *w, uint64_t free, uint64_t now);

/* While there is enough for all demands (base being their sum), and while there is not. */
void bl_lend_plenty(struct bl_world *w, uint64_t free, uint64_t base, uint64_t now);
void bl_lend_scarce(struct bl_world *w, uint64_t free, uint64_t now);

/* Divides what there is among the guests' claims, into their goals: by shares
 * and pools, nobody getting more than it claims. */
void bl_lend_divide(struct bl_world *w);

/* An order to grow by part, which was seen free: what is given, in whole pages. */
uint64_t bl_lend_grow(struct bl_guest *g, uint64_t part, uint8_t why);

/* An order to shrink to a target, unless a rule forbids it: what that frees. */
uint64_t bl_lend_cut(const struct bl_world *w, struct bl_guest *g, uint64_t to, uint8_t why,
                     uint64_t now);

/*
 * Moves those of s[0..n) with the largest keys whose guests' parts together
 * come to amount to the front, and returns how many that are. If all parts come
 * to more, the one with the least key among them stands last.
 */
size_t bl_pick(const struct bl_world *w, struct bl_scratch *s, size_t n, uint64_t amount);

/* What a guest is told after this beat, as far as decided. */
static inline uint64_t bl_told_next(const struct bl_guest *g)
{
	return g->order == BALLOON_UNKNOWN ? g->target : g->order;
}

/* By how much its demand rises a beat. */
static inline uint64_t bl_rise(const struct bl_guest *g)
{
	return g->trend > 0 ? (uint64_t)g->trend : 0;
}

/* Short for less than a fifth of the time: orders are to spare, and what one more
 * saves is worth it. Where it is short day by day the same care would cost more
 * orders than a guest should be given. */
static inline int bl_rare(const struct bl_world *w)
{
	return w->scarce_ns < BL_LEND_DAYS_NS / 5;
}

/* All it has is used. */
static inline int bl_full(const struct bl_guest *g)
{
	return g->full_ns != BALLOON_UNKNOWN;
}

/* The direction of its last order was up. */
static inline int bl_was_grown(const struct bl_guest *g)
{
	return g->grown_ns != BALLOON_UNKNOWN &&
	       (g->shrunk_ns == BALLOON_UNKNOWN || g->grown_ns >= g->shrunk_ns);
}

#endif
