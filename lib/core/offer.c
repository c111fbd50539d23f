/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host could take of a guest without its help, and what a byte of it
 * costs the guest. Must not know what is wanted.
 *
 * Prices are time lost per byte, in the time it takes to fault in a page that is
 * still there: to unpack a page is about 8 of them, to read one from a disk 128.
 * What is cold is asked for again an eighth as often as what is warm. Only their
 * order matters.
 */
#include "ladder.h"

#define SECONDS(n) (UINT64_C(1000000000) * (n))

#define UNTOUCHED 1
#define UNPACK 8
#define READ 128
#define COLD 8
#define FORCE 255

uint64_t bl_deadline(uint32_t means)
{
	static const uint64_t deadlines[BALLOON_MEANS_N] = {
	        [BALLOON_MEANS_SHARE] = SECONDS(300), /* ksmd looks twice at each page */
	        [BALLOON_MEANS_COMPRESS] = SECONDS(5), /* a GiB takes about two */
	        [BALLOON_MEANS_SWAP] = SECONDS(20), /* a GiB to a disk of 100 MB/s, half done */
	        [BALLOON_MEANS_CEILING] = SECONDS(5),
	};

	return deadlines[means];
}

int bl_pressable(const struct bl_guest *g)
{
	return g->seen.here && g->seen.size && g->resident != BALLOON_UNKNOWN &&
	       (g->seen.means & BL_PRESS);
}

/* Of what is compressed, the part that stays in memory. */
static uint32_t remains(const struct bl_guest *g, uint32_t means)
{
	uint64_t bp = g->seen.compress_bp == BALLOON_UNKNOWN ? 5000 : g->seen.compress_bp;

	return means == BALLOON_MEANS_COMPRESS ? (uint32_t)bl_min(bp, 9999) : 0;
}

uint64_t bl_freeing(const struct bl_guest *g, uint32_t means, uint64_t taken)
{
	return bl_part(taken, 10000 - remains(g, means));
}

uint64_t bl_taking(const struct bl_guest *g, uint32_t means, uint64_t freed)
{
	return (uint64_t)((bl_u128)freed * 10000 / (10000 - remains(g, means)));
}

int bl_failed(const struct bl_ladder *l, uint32_t means, uint64_t now)
{
	uint64_t then = l->rungs[means].failed_ns;

	return then != BALLOON_UNKNOWN && now - then < 12 * bl_deadline(means);
}

/* What hardly shrinks is not worth compressing. */
#define COMPRESSES 8000

/* Room for the least that would be ordered; what is not known is not full. */
static int has_room(const struct bl_world *w, const struct bl_guest *g, uint32_t means)
{
	if (means == BALLOON_MEANS_COMPRESS)
		return w->compress_free >= bl_part(bl_step(g), remains(g, means));
	return w->swap_free >= bl_step(g);
}

/* Those who owe nothing give when the host itself is short, and are not asked
 * while somebody holds them or they come up. */
static int asked(const struct bl_world *w, size_t i, uint64_t now)
{
	const struct bl_guest *g = &w->guests[i];

	if (w->ladders[i].owes)
		return 1;
	return w->lacking && bl_pressable(g) && !g->hold && !bl_booting(w, g, now);
}

/* Without force. */
static uint32_t cheapest(const struct bl_world *w, size_t i, uint64_t now)
{
	const struct bl_guest *g = &w->guests[i];
	const struct bl_ladder *l = &w->ladders[i];

	if ((g->seen.means & BL_BIT(BALLOON_MEANS_COMPRESS)) &&
	    has_room(w, g, BALLOON_MEANS_COMPRESS) &&
	    remains(g, BALLOON_MEANS_COMPRESS) <= COMPRESSES &&
	    !bl_failed(l, BALLOON_MEANS_COMPRESS, now))
		return BALLOON_MEANS_COMPRESS;
	if ((g->seen.means & BL_BIT(BALLOON_MEANS_SWAP)) && has_room(w, g, BALLOON_MEANS_SWAP) &&
	    !bl_failed(l, BALLOON_MEANS_SWAP, now))
		return BALLOON_MEANS_SWAP;
	return BALLOON_MEANS_BALLOON;
}

int bl_can_press(const struct bl_world *w, size_t i, uint64_t now)
{
	const struct bl_guest *g = &w->guests[i];

	return bl_pressable(g) && (g->seen.fixed || ((g->stuck || g->hollow) && g->seen.running)) &&
	       cheapest(w, i, now) != BALLOON_MEANS_BALLOON;
}

uint32_t bl_choose(const struct bl_world *w, size_t i, uint64_t now)
{
	uint32_t means = asked(w, i, now) ? cheapest(w, i, now) : BALLOON_MEANS_BALLOON;

	if (means == BALLOON_MEANS_BALLOON && w->ladders[i].owes &&
	    (w->guests[i].seen.means & BL_BIT(BALLOON_MEANS_CEILING)))
		return BALLOON_MEANS_CEILING;
	return means;
}

/* What it has beyond its entitlement makes it cheap: a quarter of the price when
 * that is as much again or more. */
static uint32_t standing(const struct bl_guest *g)
{
	uint64_t above = bl_less(bl_holds(g), g->entitlement);

	if (!above || !g->entitlement)
		return above ? 1 : 4;
	return 4 - (uint32_t)bl_min(3, 3 * above / g->entitlement); /* above <= 2^52 */
}

/* Pages that come back were not as cold as they looked. */
static uint32_t returning(const struct bl_ladder *l)
{
	return l->taken ? (uint32_t)(1 + bl_min(3, 4 * l->back / l->taken)) : 1;
}

static uint32_t price(const struct bl_world *w, size_t i, uint32_t means, int cold)
{
	const struct bl_guest *g = &w->guests[i];
	const struct bl_ladder *l = &w->ladders[i];
	uint32_t p = means == BALLOON_MEANS_SWAP ? READ : UNPACK;

	if (means == BALLOON_MEANS_CEILING)
		return FORCE;
	p = (cold ? p / COLD : p) * returning(l);
	p = p * 10000 / (10000 - remains(g, means));
	if (!l->owes)
		return (uint32_t)(BL_HONEST + bl_min(p * standing(g), BL_PRICES - BL_HONEST - 1));
	return (uint32_t)bl_min(p, FORCE);
}

/* As little as may stay in memory: one that refuses is led to its entitlement;
 * others only give what they do not look at, unless the host is at its end. */
static uint64_t least(const struct bl_world *w, const struct bl_guest *g, int owes)
{
	return owes || w->state != BALLOON_HOST_LOW ? bl_max(g->entitlement, g->min) : g->min;
}

static uint64_t cold(const struct bl_guest *g)
{
	return g->seen.cold == BALLOON_UNKNOWN ? 0 : bl_min(g->seen.cold, bl_backed(g));
}

void bl_offer(const struct bl_world *w, size_t i, uint32_t means,
              struct bl_offer ret_offers[BL_OFFERS])
{
	const struct bl_guest *g = &w->guests[i];
	int owes = w->ladders[i].owes;
	uint64_t has = owes ? bl_holds(g) : bl_backed(g), end = least(w, g, owes);
	uint64_t untouched, frozen, warm;

	untouched = bl_min(bl_less(has, bl_min(g->resident, g->seen.size)), bl_less(has, end));
	has -= untouched;
	frozen = bl_min(cold(g), bl_less(has, owes ? end : g->min));
	warm = bl_less(has - frozen, end);
	ret_offers[0] = (struct bl_offer){untouched, UNTOUCHED};
	ret_offers[1] = (struct bl_offer){bl_freeing(g, means, frozen), price(w, i, means, 1)};
	ret_offers[2] = (struct bl_offer){bl_freeing(g, means, warm), price(w, i, means, 0)};
}
