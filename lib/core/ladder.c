/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Down the ladder: what balloons do not give, the host takes by its own means,
 * the cheapest pieces first.
 *
 * Two things make it wanted. Guests that do not give (no driver, a dead one, one
 * that refuses) owe what others are entitled to, need and do not get; that is
 * taken of those who owe it, and of nobody else. And where the host itself is
 * short, everybody's cold pages go before it starves.
 *
 * A guest is led to a level: so much of it may lie in host memory. One means at a
 * time; if nothing is seen to come within its deadline, the next is tried. What
 * was told is lifted as soon as nobody waits for it.
 */
#include "ladder.h"

void bl_ladder_meet(struct bl_ladder *l)
{
	*l = (struct bl_ladder){
	        .level = BALLOON_UNKNOWN,
	        .ceiling = BALLOON_UNKNOWN,
	        .refault = BALLOON_UNKNOWN,
	};
	for (size_t m = 0; m < BALLOON_MEANS_N; m++)
		l->rungs[m].failed_ns = BALLOON_UNKNOWN;
}

/* ------------------------------------------------------------------ judge */

uint32_t bl_rung(const struct bl_ladder *l)
{
	if (l->told & BL_BIT(BALLOON_MEANS_SWAP))
		return BALLOON_MEANS_SWAP;
	if (l->told & BL_BIT(BALLOON_MEANS_COMPRESS))
		return BALLOON_MEANS_COMPRESS;
	return l->told & BL_BIT(BALLOON_MEANS_CEILING) ? BALLOON_MEANS_CEILING
	                                               : BALLOON_MEANS_BALLOON;
}

static void count_back(const struct bl_guest *g, struct bl_ladder *l)
{
	uint64_t before = l->refault;

	l->refault = g->seen.refault;
	if (before != BALLOON_UNKNOWN && l->refault != BALLOON_UNKNOWN)
		l->back = bl_min(l->back + bl_less(l->refault, before), BALLOON_BYTES_MAX);
}

/* By what the host sees, not by what anybody says: is it getting less? */
static void judge(const struct bl_world *w, struct bl_guest *g, struct bl_ladder *l, uint64_t now)
{
	struct bl_rung *r = &l->rungs[bl_rung(l)];
	uint64_t left = bl_less(g->resident, l->level);

	l->tell = 0;
	count_back(g, l);
	if (l->level == BALLOON_UNKNOWN || g->resident == BALLOON_UNKNOWN)
		return;
	if (g->resident < l->mark) {
		r->applied += l->mark - g->resident;
		r->pace = bl_pace(r->pace, l->mark - g->resident, w->since_ns);
		l->taken = bl_min(l->taken + (l->mark - g->resident), BALLOON_BYTES_MAX);
		l->mark = g->resident;
		l->mark_ns = now;
	}
	if (left <= bl_step(g)) {
		l->mark_ns = now;
	} else if (now - l->mark_ns > bl_deadline(bl_rung(l))) {
		r->refused += left;
		r->failed_ns = l->mark_ns = now;
	}
}

/* ----------------------------------------------------------------- wanted */

/* It keeps what others are entitled to, and its balloon will not bring it. */
static int owes(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	if (!bl_pressable(g) || (g->hold && !g->overridden) || bl_booting(w, g, now))
		return 0;
	if (!g->seen.fixed && !((g->stuck || g->hollow) && g->seen.running))
		return 0;
	return bl_holds(g) > bl_max(g->entitlement, g->min);
}

static uint64_t next(const struct bl_guest *g)
{
	return g->order == BALLOON_UNKNOWN ? g->target : g->order;
}

/* What guests are entitled to, need, and will not have after this beat. */
static uint64_t waits(const struct bl_guest *g)
{
	return bl_can_move(g) && !bl_frozen(g) && !g->stale && !g->stuck && !g->hollow
	               ? bl_less(bl_min(g->entitlement, g->need), next(g))
	               : 0;
}

/* Sums what is owed and waited for. What obedient balloons are about to bring
 * need not be taken from anybody. */
static void sum_up(struct bl_world *w, uint64_t now)
{
	uint64_t owed = 0, wait = bl_less(w->charged, w->capacity), coming = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];
		struct bl_ladder *l = &w->ladders[i];

		l->owes = (uint8_t)owes(w, g, now);
		wait = bl_min(wait + waits(g), BALLOON_BYTES_MAX);
		if (l->owes)
			owed += bl_holds(g) - bl_max(g->entitlement, g->min);
		else if (!g->pin)
			coming += bl_less(bl_charge(g), bl_min(g->goal, next(g)));
		owed = bl_min(owed, BALLOON_BYTES_MAX);
		coming = bl_min(coming, BALLOON_BYTES_MAX);
	}
	w->owed = bl_min(owed, bl_less(wait, coming));
}

/* Up to the goal above clear, as soon as the host is hard pressed; less what was
 * ordered of the obedient and is on its way. */
static void look_at_host(struct bl_world *w)
{
	uint64_t goal = w->kept + w->kept / 10;

	w->lacking = 0;
	if (w->state != BALLOON_HOST_HARD && w->state != BALLOON_HOST_LOW)
		return;
	w->lacking = bl_less(goal, w->available);
	for (size_t i = 0; i < w->n; i++) {
		const struct bl_ladder *l = &w->ladders[i];

		if (l->level != BALLOON_UNKNOWN && w->guests[i].resident != BALLOON_UNKNOWN)
			w->lacking = bl_less(w->lacking, bl_less(w->guests[i].resident, l->level));
	}
}

/* ------------------------------------------------------------------- deal */

/* Where the line is drawn: all below the price, and of what costs just that the
 * part of/all. */
struct cut {
	uint32_t price;
	uint64_t part, all;
};

static struct cut draw_line(const uint64_t *sums, uint32_t from, uint32_t to, uint64_t wanted)
{
	struct cut c = {.price = from, .all = 1};

	for (; c.price < to && wanted; c.price++) {
		if (sums[c.price] >= wanted) {
			c.part = wanted;
			c.all = sums[c.price];
			return c;
		}
		wanted -= sums[c.price];
	}
	return c;
}

static uint64_t dealt(const struct cut *c, const struct bl_offer *o)
{
	if (o->price != c->price)
		return o->price < c->price ? o->bytes : 0;
	return (uint64_t)((bl_u128)o->bytes * c->part / c->all);
}

/* Where compressed pages or swap have no room for all offers, each is made
 * smaller alike. */
struct room {
	uint64_t asked[BALLOON_MEANS_N];
	uint64_t has[BALLOON_MEANS_N];
};

static void fit(const struct room *r, const struct bl_ladder *l, struct bl_offer o[BL_OFFERS])
{
	if (r->asked[l->means] <= r->has[l->means])
		return;
	for (size_t k = 1; k < BL_OFFERS; k++)
		o[k].bytes = (uint64_t)((bl_u128)o[k].bytes * r->has[l->means] /
		                        r->asked[l->means]);
}

static void survey(struct bl_world *w, struct room *r, uint64_t now)
{
	*r = (struct room){.has = {
	        [BALLOON_MEANS_COMPRESS] = w->compress_free,
	        [BALLOON_MEANS_SWAP] = w->swap_free,
	        [BALLOON_MEANS_CEILING] = BALLOON_UNKNOWN,
	}};
	for (size_t i = 0; i < w->n; i++) {
		struct bl_ladder *l = &w->ladders[i];
		struct bl_offer o[BL_OFFERS];
		uint64_t freed, taken;

		l->means = (uint8_t)bl_choose(w, i, now);
		if (l->means == BALLOON_MEANS_BALLOON)
			continue;
		bl_offer(w, i, l->means, o);
		freed = o[1].bytes + o[2].bytes;
		taken = bl_taking(&w->guests[i], l->means, freed);
		if (l->means == BALLOON_MEANS_COMPRESS)
			taken -= freed; /* what stays is what needs room */
		r->asked[l->means] = bl_min(r->asked[l->means] + taken, BALLOON_BYTES_MAX);
	}
}

static void price_all(const struct bl_world *w, const struct room *r, uint64_t sums[BL_PRICES])
{
	for (size_t i = 0; i < w->n; i++) {
		const struct bl_ladder *l = &w->ladders[i];
		struct bl_offer o[BL_OFFERS];

		if (l->means == BALLOON_MEANS_BALLOON)
			continue;
		bl_offer(w, i, l->means, o);
		fit(r, l, o);
		for (size_t k = 0; k < BL_OFFERS; k++)
			sums[o[k].price] = bl_min(sums[o[k].price] + o[k].bytes, BALLOON_BYTES_MAX);
	}
}

static void order(struct bl_ladder *l, uint32_t means, uint64_t level)
{
	l->tell |= (uint8_t)BL_BIT(means);
	l->orders[means] = level;
}

/* Its new level, if that is another. A level goes down here, and up by lift(). */
static void lead(struct bl_world *w, size_t i, const uint64_t got[BL_OFFERS])
{
	const struct bl_guest *g = &w->guests[i];
	struct bl_ladder *l = &w->ladders[i];
	uint64_t has = l->owes ? bl_holds(g) : bl_backed(g);
	uint64_t taken = got[0] + bl_taking(g, l->means, got[1] + got[2]);
	uint64_t level = bl_max(bl_less(has, taken), g->min);

	level += BALLOON_PAGE_BYTES - 1;
	level -= level % BALLOON_PAGE_BYTES;
	if (!taken || level >= g->seen.size)
		return;
	if (l->level <= level + bl_step(g) && (l->told & BL_BIT(l->means)))
		return;
	for (uint32_t m = BALLOON_MEANS_COMPRESS; m < BALLOON_MEANS_N; m++) {
		if ((l->told & BL_BIT(m)) && m != l->means)
			order(l, m, BALLOON_UNKNOWN); /* one at a time */
	}
	order(l, l->means, level);
}

static void deal(struct bl_world *w, const struct room *r, const struct cut *owing,
                 const struct cut *honest)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_offer o[BL_OFFERS];
		uint64_t got[BL_OFFERS];

		if (w->ladders[i].means == BALLOON_MEANS_BALLOON)
			continue;
		bl_offer(w, i, w->ladders[i].means, o);
		fit(r, &w->ladders[i], o);
		for (size_t k = 0; k < BL_OFFERS; k++)
			got[k] = dealt(o[k].price < BL_HONEST ? owing : honest, &o[k]);
		lead(w, i, got);
	}
}

static void take(struct bl_world *w, uint64_t now)
{
	uint64_t sums[BL_PRICES] = {0}, most = bl_max(w->owed, w->lacking), had = 0;
	struct cut owing, honest;
	struct room r;

	if (!most)
		return;
	survey(w, &r, now);
	price_all(w, &r, sums);
	owing = draw_line(sums, 0, BL_HONEST, most);
	for (uint32_t p = 0; p < BL_HONEST; p++)
		had = bl_min(had + sums[p], BALLOON_BYTES_MAX);
	honest = draw_line(sums, BL_HONEST, BL_PRICES, bl_less(w->lacking, bl_min(had, most)));
	deal(w, &r, &owing, &honest);
}

/* ------------------------------------------------------------------- lift */

static int settled(const struct bl_world *w, const struct bl_ladder *l, uint64_t now)
{
	return now - l->told_ns >= w->rules.settle_ns;
}

/* By how much more a guest is charged when it is let go. */
static uint64_t debt(const struct bl_guest *g)
{
	return bl_less(bl_promised(g), bl_charge(g));
}

/* What it is entitled to by now, beyond where it is kept. */
static uint64_t due(const struct bl_guest *g)
{
	uint64_t due = bl_max(g->entitlement, g->min) + BALLOON_PAGE_BYTES - 1;

	due -= due % BALLOON_PAGE_BYTES;
	return g->kept == BALLOON_UNKNOWN ? 0 : bl_less(due, g->kept);
}

/* There is nothing left to press it for. */
static int obeys(const struct bl_world *w, const struct bl_guest *g)
{
	if (g->kept == BALLOON_UNKNOWN)
		return w->state == BALLOON_HOST_HIGH || w->state == BALLOON_HOST_CLEAR;
	return debt(g) <= bl_step(g) && !g->stuck && !g->hollow && !g->seen.fixed;
}

static void let_go(struct bl_ladder *l)
{
	for (uint32_t m = BALLOON_MEANS_COMPRESS; m < BALLOON_MEANS_N; m++) {
		if (l->told & BL_BIT(m))
			order(l, m, BALLOON_UNKNOWN);
	}
}

/* Whoever obeys again is let go, and everybody when nobody waits and what they
 * would be charged with lies free. */
static void lift(struct bl_world *w, uint64_t free, uint64_t now)
{
	uint64_t debts = 0, dues = 0;
	int fits;

	for (size_t i = 0; i < w->n; i++) {
		debts = bl_min(debts + debt(&w->guests[i]), BALLOON_BYTES_MAX);
		dues = bl_min(dues + due(&w->guests[i]), BALLOON_BYTES_MAX);
	}
	fits = !w->owed && !w->lacking && debts + w->spare <= free;
	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];
		struct bl_ladder *l = &w->ladders[i];

		if (l->level == BALLOON_UNKNOWN || l->tell || !settled(w, l, now))
			continue;
		if (fits || obeys(w, g))
			let_go(l);
		else if ((g->seen.means & BL_BIT(bl_rung(l))) && due(g) > bl_step(g) &&
		         dues <= free)
			order(l, bl_rung(l), l->level + due(g));
	}
}

/* At its end the host lets nobody have more than he has. */
static void cap(const struct bl_world *w, size_t i, uint64_t now)
{
	const struct bl_guest *g = &w->guests[i];
	struct bl_ladder *l = &w->ladders[i];
	uint64_t most = bl_max(bl_promised(g), g->min);

	if (!(g->seen.means & BL_BIT(BALLOON_MEANS_CEILING)) || !bl_pressable(g) ||
	    l->owes || g->kept != BALLOON_UNKNOWN || bl_failed(l, BALLOON_MEANS_CEILING, now))
		return;
	if (w->state == BALLOON_HOST_LOW) {
		if (l->ceiling == BALLOON_UNKNOWN || most > l->ceiling)
			order(l, BALLOON_MEANS_CEILING, most);
	} else if (l->ceiling != BALLOON_UNKNOWN) {
		order(l, BALLOON_MEANS_CEILING, BALLOON_UNKNOWN);
	}
}

/* Sharing costs the guests nothing but time on the host: where they trust each other
 * it is on for all while the host has not plenty, and off after that. */
static void share(const struct bl_world *w, size_t i, uint64_t now)
{
	const struct bl_guest *g = &w->guests[i];
	struct bl_ladder *l = &w->ladders[i];
	int on = (w->rules.flags & BALLOON_PROFILE_SHARE) && w->state > BALLOON_HOST_HIGH;
	uint64_t want = on ? g->seen.size : 0;

	if ((g->seen.means & BL_BIT(BALLOON_MEANS_SHARE)) && l->shared != want &&
	    !bl_failed(l, BALLOON_MEANS_SHARE, now))
		order(l, BALLOON_MEANS_SHARE, want);
}

/* There is somebody whom the host could press, or does. */
static int awake(const struct bl_world *w)
{
	unsigned means = 0;

	for (size_t i = 0; i < w->n; i++)
		means |= w->guests[i].seen.means | (w->guests[i].kept != BALLOON_UNKNOWN);
	return means != 0;
}

/* Of what there is to divide, what this beat's orders leave. */
static uint64_t left(const struct bl_world *w)
{
	uint64_t free = bl_less(w->capacity, w->charged);

	for (size_t i = 0; i < w->n; i++)
		free = bl_less(free, bl_less(next(&w->guests[i]), w->guests[i].target));
	return free;
}

void bl_ladder(struct bl_world *w, uint64_t now)
{
	w->owed = w->lacking = 0;
	if (w->capacity == BALLOON_UNKNOWN || !awake(w))
		return;
	for (size_t i = 0; i < w->n; i++)
		judge(w, &w->guests[i], &w->ladders[i], now);
	look_at_host(w);
	sum_up(w, now);
	take(w, now);
	lift(w, left(w), now);
	for (size_t i = 0; i < w->n; i++) {
		cap(w, i, now);
		share(w, i, now);
	}
}

static void lifted(struct bl_guest *g, struct bl_ladder *l, uint32_t means)
{
	l->told &= (uint8_t)~BL_BIT(means);
	l->ceiling = means == BALLOON_MEANS_CEILING ? BALLOON_UNKNOWN : l->ceiling;
	if (!(l->told & BL_PRESS))
		l->level = g->kept = BALLOON_UNKNOWN;
}

static void led(struct bl_guest *g, struct bl_ladder *l, uint64_t level, uint64_t now)
{
	if (l->level == BALLOON_UNKNOWN)
		l->taken = l->back = 0;
	if (l->level == BALLOON_UNKNOWN || level < l->level) {
		l->mark = g->resident;
		l->mark_ns = now;
	}
	l->level = level;
	l->told_ns = now;
	g->kept = l->owes || g->kept != BALLOON_UNKNOWN ? level : BALLOON_UNKNOWN;
}

void bl_ladder_release(struct bl_world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		w->ladders[i].tell = 0;
		let_go(&w->ladders[i]);
	}
}

/* A level told for certain or perhaps. One that could not be told at all has
 * failed: the next means is tried. */
void bl_ladder_told(struct bl_world *w, size_t i, uint32_t means, uint64_t level, int rc,
                    uint64_t now)
{
	struct bl_guest *g = &w->guests[i];
	struct bl_ladder *l = &w->ladders[i];

	if (rc < 0) {
		l->rungs[means].failed_ns = now;
		l->rungs[means].refused += level == BALLOON_UNKNOWN ? 0 : bl_less(g->resident, level);
		return;
	}
	l->told |= (uint8_t)BL_BIT(means);
	if (means == BALLOON_MEANS_SHARE)
		l->shared = level;
	else if (level == BALLOON_UNKNOWN)
		lifted(g, l, means);
	else if (means == BALLOON_MEANS_CEILING && !l->owes && g->kept == BALLOON_UNKNOWN)
		l->ceiling = level;
	else
		led(g, l, level, now);
}
