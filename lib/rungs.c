/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ladder as it stands, for people: what each means offers, owes and gave. */
#include <errno.h>
#include <string.h>

#include "hall.h"

/* A balloon's price: the guest picks pages it can spare. */
#define BALLOON_PRICE 1

/* How long it takes at a pace of bytes a second. */
static uint64_t takes(uint64_t bytes, uint64_t pace)
{
	bl_u128 ns = (bl_u128)bytes * 1000000000;

	if (!bytes)
		return 0;
	if (!pace || ns / pace >= BALLOON_UNKNOWN)
		return BALLOON_UNKNOWN;
	return (uint64_t)(ns / pace);
}

static struct balloon_rung balloon(const struct balloon *b, const struct bl_guest *g)
{
	uint64_t ordered = g->stuck || !bl_can_move(g) ? 0 : bl_less(g->actual, g->target);
	int gives = bl_spared(&b->world, g, b->now_ns) == BALLOON_REASON_NONE;
	uint64_t offered = gives ? bl_less(bl_charge(g), g->min) : 0;

	return (struct balloon_rung){
	        .price = offered ? BALLOON_PRICE : 0,
	        .offered_bytes = offered,
	        .ordered_bytes = ordered,
	        .applied_bytes = g->given,
	        .refused_bytes = g->refused,
	        .expected_ns = takes(ordered, g->pace),
	        .deadline_ns = b->world.rules.stuck_ns,
	};
}

static uint64_t known(uint64_t v)
{
	return v == BALLOON_UNKNOWN ? 0 : v;
}

static struct balloon_rung share(const struct balloon *b, size_t i)
{
	const struct bl_seen *seen = &b->world.guests[i].seen;
	const struct bl_ladder *l = &b->world.ladders[i];
	uint64_t offered = seen->means & BL_BIT(BALLOON_MEANS_SHARE) ? known(seen->shareable) : 0;

	return (struct balloon_rung){
	        .price = offered ? 1 : 0,
	        .offered_bytes = offered,
	        .ordered_bytes = l->shared ? offered : 0,
	        .applied_bytes = known(seen->shared),
	        .refused_bytes = l->rungs[BALLOON_MEANS_SHARE].refused,
	        .expected_ns = l->shared && offered ? BALLOON_UNKNOWN : 0,
	};
}

static uint64_t cheapest(const struct bl_offer o[BL_OFFERS])
{
	uint64_t price = 0;

	for (size_t k = BL_OFFERS; k-- > 0;)
		price = o[k].bytes ? o[k].price : price;
	return price > BL_HONEST ? price - BL_HONEST : price;
}

static struct balloon_rung press(const struct balloon *b, size_t i, uint32_t means)
{
	const struct bl_guest *g = &b->world.guests[i];
	const struct bl_ladder *l = &b->world.ladders[i];
	const struct bl_rung *r = &l->rungs[means];
	struct balloon_rung ret = {.applied_bytes = r->applied, .refused_bytes = r->refused};
	struct bl_offer o[BL_OFFERS];

	if ((g->seen.means & BL_BIT(means)) && bl_pressable(g) &&
	    b->world.capacity != BALLOON_UNKNOWN) {
		bl_offer(&b->world, i, means, o);
		ret.price = (uint32_t)cheapest(o);
		ret.offered_bytes = o[0].bytes + o[1].bytes + o[2].bytes;
	}
	if (l->level != BALLOON_UNKNOWN && bl_rung(l) == means)
		ret.ordered_bytes = bl_less(known(g->resident), l->level);
	ret.expected_ns = takes(ret.ordered_bytes, r->pace);
	return ret;
}

static struct balloon_rung rung_of(const struct balloon *b, size_t i, uint32_t means)
{
	struct balloon_rung r = means == BALLOON_MEANS_BALLOON ? balloon(b, &b->world.guests[i])
	                        : means == BALLOON_MEANS_SHARE ? share(b, i)
	                                                       : press(b, i, means);

	r.means = means;
	if (means != BALLOON_MEANS_BALLOON)
		r.deadline_ns = bl_deadline(means);
	return r;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > BALLOON_UNKNOWN - 1 - b ? BALLOON_UNKNOWN - 1 : a + b;
}

/* What guests give they give side by side: the slowest says when all is there. */
static void add(struct balloon_rung *to, const struct balloon_rung *r)
{
	if (r->price && (!to->price || r->price < to->price))
		to->price = r->price;
	to->offered_bytes = sum(to->offered_bytes, r->offered_bytes);
	to->ordered_bytes = sum(to->ordered_bytes, r->ordered_bytes);
	to->applied_bytes = sum(to->applied_bytes, r->applied_bytes);
	to->refused_bytes = sum(to->refused_bytes, r->refused_bytes);
	to->expected_ns = bl_max(to->expected_ns, r->expected_ns);
	to->deadline_ns = r->deadline_ns;
}

int balloon_ladder(struct balloon *b, const char *guest, struct balloon_rung *ret_rungs,
                   size_t stride, size_t n)
{
	size_t from = 0, to = b->world.n;

	if (n && (!ret_rungs || !stride))
		return bl_fail(b, -EINVAL, "ladder: no room to write to");
	if (guest && !bl_roster_find(b, guest, &from))
		return bl_fail(b, -ENOENT, "there is no guest \"%s\" here", guest);
	to = guest ? from + 1 : to;
	for (uint32_t m = 0; m < BALLOON_MEANS_N && m < n; m++) {
		struct balloon_rung all = {.means = m, .deadline_ns = m ? bl_deadline(m)
		                                                : b->world.rules.stuck_ns};
		char *row = (char *)ret_rungs + m * stride;

		for (size_t i = from; i < to; i++) {
			struct balloon_rung r = rung_of(b, i, m);

			add(&all, &r);
		}
		memset(row, 0, stride);
		memcpy(row, &all, stride < sizeof(all) ? stride : sizeof(all));
	}
	return BALLOON_MEANS_N;
}
