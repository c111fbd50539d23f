/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's own means, for memory that no balloon gives: what is shared between
 * ladder.c, which orders, and offer.c, which prices.
 */
#ifndef BL_LADDER_H
#define BL_LADDER_H

#include "core.h"

#define BL_BIT(means) (1u << (means))

/* Those by which the host takes pages of a guest without asking it. */
#define BL_RECLAIM (BL_BIT(BALLOON_MEANS_COMPRESS) | BL_BIT(BALLOON_MEANS_SWAP))
#define BL_PRESS (BL_RECLAIM | BL_BIT(BALLOON_MEANS_CEILING))

struct bl_rung {
	uint64_t applied; /* bytes the host saw it give, ever */
	uint64_t refused; /* bytes it was to give and did not in time, ever */
	uint64_t pace;    /* bytes a second; 0 = never seen */
	uint64_t failed_ns; /* when that was seen last; UNKNOWN = never */
};

/* How far a guest was led down it. */
struct bl_ladder {
	uint64_t level;   /* most of it that is to lie in host memory; UNKNOWN = no matter */
	uint64_t ceiling; /* likewise, by force */
	uint64_t shared;  /* bytes of it offered for sharing */
	uint64_t mark;    /* resident when it last gave */
	uint64_t mark_ns; /* when that was */
	uint64_t told_ns; /* last level by compress or swap */
	uint64_t taken;   /* bytes given since the level was told, and … */
	uint64_t back;    /* … of them, come back */
	uint64_t refault; /* the counter, as last seen */
	struct bl_rung rungs[BALLOON_MEANS_N];
	uint64_t orders[BALLOON_MEANS_N];
	uint8_t tell;  /* bits: means that have an order in this beat */
	uint8_t told;  /* bits: means with a level in force */
	uint8_t means; /* by which it would be taken from now */
	uint8_t owes;  /* refuses what others wait for */
};

/* One piece that could be had of a guest. */
struct bl_offer {
	uint64_t bytes; /* of host memory that would become free */
	uint32_t price; /* what a byte costs the guest; see offer.c */
};

/* Pieces a guest may offer: what it never touched, what is cold, what is warm. */
#define BL_OFFERS 3

/* Prices are below this; those of guests that owe nothing stand above HONEST. */
#define BL_PRICES 512
#define BL_HONEST 256

/* How long a means may show nothing before the next one is tried. */
uint64_t bl_deadline(uint32_t means);

/* Levels nearer than this are the same: it takes many pages to be worth an order. */
static inline uint64_t bl_step(const struct bl_guest *g)
{
	return bl_max(UINT64_C(4) << 20, g->seen.size / 64);
}

/* What a guest has of the host's memory, or a claim to. A hollow one has given by
 * its own account alone. */
static inline uint64_t bl_holds(const struct bl_guest *g)
{
	return g->hollow ? bl_max(bl_charge(g), bl_min(g->resident, g->seen.size)) : bl_charge(g);
}

/* One that failed may have been busy: it is tried again after a while. */
int bl_failed(const struct bl_ladder *l, uint32_t means, uint64_t now);

/* The cheapest means that guest i is to be taken from by: one that it has, that
 * did not fail and that has room. BALLOON_MEANS_BALLOON: by none. */
uint32_t bl_choose(const struct bl_world *w, size_t i, uint64_t now);

/* Fills what guest i offers by a means, and at which price. */
void bl_offer(const struct bl_world *w, size_t i, uint32_t means,
              struct bl_offer ret_offers[BL_OFFERS]);

/* By which of the means that were told it is led down now. */
uint32_t bl_rung(const struct bl_ladder *l);

/* What has to be taken from a guest's resident memory for so much to be free. */
uint64_t bl_taking(const struct bl_guest *g, uint32_t means, uint64_t freed);

/* Likewise the other way round. */
uint64_t bl_freeing(const struct bl_guest *g, uint32_t means, uint64_t taken);

#endif
