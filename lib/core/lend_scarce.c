/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lending while demands come to more than there is.
 *
 * What idles is taken once it has idled long enough to be worth an order: as
 * much idle memory for as long as comes to a percent of an average guest for a
 * beat; far more where the guest was grown last, or it would be turned
 * around for nothing. What was seen free goes to those who use all they have,
 * the deepest deficit first and whole: few orders, each worth it.
 *
 * Shares and pools decide by the level at which what there is comes to, divided
 * among what guests need. When those far below it are owed more than is free
 * or on its way, those above it are cut to it.
 */
#include "lend.h"

#define SECONDS(n) (UINT64_C(1000000000) * (n))

/* One that was cut must be short for so long before it is grown, while others
 * can be: demand that comes back soon mostly goes as soon. */
#define REGRET_NS SECONDS(900)

/* A guest cut to its share once is not cut again before others were served. */
#define CUT_BEATS 6

/* What all decisions of a beat lean on. */
struct scale {
	uint64_t mean; /* what a guest has on average */
	uint64_t idle; /* so many bytes and beats make a cut worth while … */
	uint64_t turn; /* … and so many if it was grown last */
	uint64_t small; /* a deficit below this counts for nothing in sharing */
};

static struct scale measure(const struct bl_world *w)
{
	uint64_t mean = w->capacity / w->n;

	return (struct scale){
	        .mean = mean,
	        .idle = bl_part(mean, 100),  /* as good as at once; less is not worth an order */
	        .turn = bl_part(mean, 7000), /* a tenth of it for seven beats */
	        .small = bl_max(BL_LEND_LEAST, bl_part(mean, 200)),
	};
}

/* What it uses; less, where that falls, by three beats of the fall: it will
 * have come to that by the time the order took. */
static uint64_t after_fall(const struct bl_guest *g)
{
	uint64_t fall = g->trend < 0 ? (uint64_t)-g->trend : 0;

	return bl_less(g->works, bl_min(3 * fall, g->works));
}

/* Somebody uses all it has and could have more, or the pool is to be refilled. */
static int wanted(const struct bl_world *w, uint64_t free)
{
	if (free < bl_part(w->capacity, w->rules.pool_bp) || w->charged > w->capacity)
		return 1;
	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];

		if (g->led && bl_full(g) && g->target < bl_most(g))
			return 1;
	}
	return 0;
}

static void take_idle(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	if (!wanted(w, free))
		return;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (!g->led || bl_full(g) || g->order != BALLOON_UNKNOWN ||
		    g->idle <= (bl_was_grown(g) ? s->turn : s->idle))
			continue;
		if (bl_lend_cut(w, g, after_fall(g), BALLOON_REASON_LENT, now))
			g->idle = 0;
	}
}

/* The level: each claims what it needs, and what there is is divided. One that
 * is full may need a little more than is known, to show it. */
static void share_out(struct bl_world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (!g->led)
			continue;
		g->claim = g->works;
		if (bl_full(g))
			g->claim = bl_max(g->demand, g->actual + g->actual / 50);
	}
	bl_lend_divide(w);
}

/* How far it is below its level, if that is far: by a tenth. */
static uint64_t far_below(const struct scale *s, const struct bl_guest *g)
{
	uint64_t miss = bl_less(g->goal, g->target);

	if (!g->led || (!bl_full(g) && g->target >= g->min))
		return 0;
	return miss > g->target / 10 && miss > s->small ? miss : 0;
}

/* What those far below are owed beyond what is free or on its way, and what is
 * promised beyond what there is. */
static uint64_t owed(const struct bl_world *w, const struct scale *s, uint64_t free)
{
	uint64_t sum = bl_less(w->charged, w->capacity), coming = free;

	for (size_t i = 0; i < w->n; i++) {
		const struct bl_guest *g = &w->guests[i];

		if (g->order == BALLOON_UNKNOWN || g->order < g->target)
			sum = bl_min(sum + far_below(s, g), BALLOON_BYTES_MAX);
		coming = bl_min(coming + bl_less(bl_charge(g), bl_told_next(g)), BALLOON_BYTES_MAX);
	}
	return bl_less(sum, coming);
}

static size_t far_above(struct bl_world *w, const struct scale *s, uint64_t now)
{
	int over = w->charged > w->capacity;
	uint64_t least = over ? BL_LEND_LEAST : s->small;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		uint64_t more = bl_less(g->target, g->goal);

		if (!g->led || g->order != BALLOON_UNKNOWN || (!bl_full(g) && !over) || more < least ||
		    (!over && more <= g->target / 10) || bl_spared(w, g, now) ||
		    (g->shrunk_ns != BALLOON_UNKNOWN &&
		     now - g->shrunk_ns < CUT_BEATS * w->rules.beat_ns))
			continue;
		g->part = more;
		w->scratch[n++] = (struct bl_scratch){.key = more, .i = (uint32_t)i};
	}
	return n;
}

/* Memory in use goes to the guest's swap, or kills what uses it where there is
 * none: it is taken by a sixteenth of a step, unless the host itself is short. */
static uint64_t slowly(const struct bl_world *w, const struct bl_guest *g, uint64_t part)
{
	uint64_t step = bl_part(g->seen.size, w->rules.shrink_step_bp) / 16;

	return w->charged > w->capacity ? part : bl_min(part, bl_max(BL_LEND_LEAST, step));
}

/* The furthest above their level are led there first; the last as far as it takes. */
static void cut_to_level(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	uint64_t sum = owed(w, s, free);
	size_t n;

	if (sum <= (w->charged > w->capacity ? 0 : s->small))
		return;
	n = bl_pick(w, w->scratch, far_above(w, s, now), sum);
	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];
		uint64_t part = slowly(w, g, bl_min(g->part, bl_max(sum, g->part / 10)));

		sum = bl_less(sum, bl_lend_cut(w, g, g->target - part, BALLOON_REASON_SHARE, now));
	}
}

/* Falls still, and was not full for long: it will be out of need by itself. */
static int passes(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	return g->trend < 0 &&
	       now - g->full_ns + w->rules.beat_ns < BL_LEND_BEATS * w->rules.beat_ns;
}

/* Its place in line, with what it is to get in part; 0 = nothing. */
static bl_u128 rank(const struct bl_world *w, const struct scale *s, struct bl_guest *g,
                    int rich, uint64_t now)
{
	uint64_t miss = bl_less(bl_min(bl_most(g), g->demand), g->target);
	uint64_t below = far_below(s, g), c = w->capacity;
	int up = g->shrunk_ns == BALLOON_UNKNOWN || bl_was_grown(g) ||
	         now - g->shrunk_ns >= REGRET_NS;

	g->part = 0;
	if (below)
		g->part = bl_max(below, bl_full(g) ? miss : 0);
	if (below || !bl_full(g) || passes(w, g, now))
		return below ? below + (bl_u128)10 * c : 0;
	if (miss > BL_LEND_LEAST && (rich || (up && miss >= s->mean / 2))) {
		g->part = miss;
		return miss + (bl_u128)c * (up ? 2 : 1);
	}
	if (!rich)
		return 0;
	/* What it misses is not known: two percent show it. */
	g->part = bl_min(bl_less(bl_most(g), g->target), g->used / 50);
	return g->used / 50 + (up ? c / 2 : 0);
}

static size_t line_up(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	int rich = free > w->capacity / 10000;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		bl_u128 key;

		if (!g->led || g->order != BALLOON_UNKNOWN || g->target >= bl_most(g))
			continue;
		key = rank(w, s, g, rich, now);
		if (g->part)
			w->scratch[n++] = (struct bl_scratch){.key = key, .i = (uint32_t)i};
	}
	return n;
}

/* A part of a want is given only if it is worth an order. */
static void give(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	size_t n = bl_pick(w, w->scratch, line_up(w, s, free, now), free);

	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];
		uint64_t part = bl_min(free, g->part);

		if (part == g->part || part >= w->capacity / 5000)
			free -= bl_lend_grow(g, part, g->pressed ? BALLOON_REASON_PRESSED
			                                         : BALLOON_REASON_SHARE);
	}
}

void bl_lend_scarce(struct bl_world *w, uint64_t free, uint64_t now)
{
	struct scale s = measure(w);

	take_idle(w, &s, free, now);
	share_out(w);
	cut_to_level(w, &s, free, now);
	give(w, &s, free, now);
}
