/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lending while demands come to more than there is.
 *
 * Only what idles, or lies in the pool, is lost; who of those that are short is
 * short changes nothing. So what idles is taken soon: once as much idled for as
 * long as makes an order worth it, more where the guest was grown last, or it
 * would be turned around for nothing. It is cut to where its fall will have led
 * it. What was seen free goes, in small parts, to whom it will be used by for
 * longest: a guest that has been full for long, and used far more before, will
 * not hand it back soon.
 *
 * Shares and pools decide by the level at which what there is comes to, divided
 * among what guests need. When those far below it are owed more than is free
 * or on its way, those above it are cut to it; and they come first in line.
 */
#include "lend.h"

/* A guest cut to its share once is not cut again before others were served. */
#define CUT_BEATS 6

/* So long after it became full its trend still tells what it misses. */
#define KNOWN_BEATS 5

/* What is given to one at a time, of what it uses: not much idles if it was too
 * much, and it is given as much again in the next beat if it was not. One that
 * was only just filled shows by less whether it misses anything. */
static uint64_t step(const struct bl_world *w, const struct bl_guest *g)
{
	return g->used / (bl_rare(w) ? 50 : 20);
}

static uint64_t probe(const struct bl_world *w, const struct bl_guest *g)
{
	return g->used / (bl_rare(w) ? 150 : 50);
}

/* Places in line: the higher is served before any of the lower. */
#define LINE(n) ((bl_u128)(n) << 100)

/* What all decisions of a beat lean on. */
struct scale {
	uint64_t idle; /* so many bytes and beats make a cut worth while … */
	uint64_t turn; /* … and so many if it was grown last */
	uint64_t small; /* a deficit below this counts for nothing in sharing */
};

static struct scale measure(const struct bl_world *w)
{
	uint64_t mean = w->capacity / w->n, sizes = 0;

	for (size_t i = 0; i < w->n; i++)
		sizes = bl_min(sizes + w->guests[i].seen.size, BALLOON_BYTES_MAX);
	return (struct scale){
	        /* As good as at once; less is not worth an order. */
	        .idle = bl_part(mean, bl_rare(w) ? 10 : 50),
	        /* By size, and not by what there is: a turn costs as much in a deep
	         * shortage, where hardly anything comes of it. A twentieth of a
	         * percent for six beats, or 0.4. */
	        .turn = bl_part(sizes / w->n, bl_rare(w) ? 30 : 240),
	        .small = bl_max(BL_LEND_LEAST, bl_part(mean, 200)),
	};
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
	uint64_t beats = bl_rare(w) ? 4 : BL_LEND_BEATS;

	return g->trend < 0 && now - g->full_ns + w->rules.beat_ns < beats * w->rules.beat_ns;
}

/* Its place in line, with what it is to get in part; 0 = nothing. */
static bl_u128 rank(const struct bl_world *w, const struct scale *s, struct bl_guest *g,
                    uint64_t now)
{
	uint64_t miss = bl_less(bl_min(bl_most(g), g->demand), g->target);
	uint64_t below = far_below(s, g), most = bl_less(bl_most(g), g->target), beats;

	g->part = 0;
	if (below) {
		g->part = bl_min(step(w, g), bl_max(below, bl_full(g) ? miss : 0));
		return LINE(3) + below;
	}
	if (!bl_full(g) || passes(w, g, now))
		return 0;
	beats = (now - g->full_ns) / w->rules.beat_ns;
	if (beats < KNOWN_BEATS) {
		g->part = bl_min(most, miss > BL_LEND_LEAST ? bl_min(miss, step(w, g))
		                                            : probe(w, g));
		return LINE(1) + miss;
	}
	g->part = bl_min(most, step(w, g));
	/* Larger guests find use for more, also where they never did so far. */
	return LINE(2) + (bl_u128)(bl_less(g->peak, g->used) + g->seen.size / 20) * beats;
}

/* Who is to be given something goes to scratch; the sum of their parts. */
static size_t line_up(struct bl_world *w, const struct scale *s, uint64_t now, uint64_t *ret_sum)
{
	size_t n = 0;

	*ret_sum = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];
		bl_u128 key;

		if (!g->led || g->order != BALLOON_UNKNOWN || g->target >= bl_most(g))
			continue;
		key = rank(w, s, g, now);
		if (!g->part)
			continue;
		w->scratch[n++] = (struct bl_scratch){.key = key, .i = (uint32_t)i};
		*ret_sum = bl_min(*ret_sum + g->part, BALLOON_BYTES_MAX);
	}
	return n;
}

/* What it uses; less, where that falls, by two beats of the fall: it will have
 * come to that by the time others have what it gave. */
static uint64_t after_fall(const struct bl_guest *g)
{
	uint64_t fall = g->trend < 0 ? (uint64_t)-g->trend : 0;

	return bl_less(g->works, bl_min(2 * fall, g->works));
}

/* Long enough idle, and not about to use it. */
static int idles(const struct scale *s, const struct bl_guest *g)
{
	if (!g->led || bl_full(g) || g->order != BALLOON_UNKNOWN ||
	    bl_less(g->actual, g->works) / BL_LEND_BEATS < bl_rise(g))
		return 0;
	return g->idle > (bl_was_grown(g) ? s->turn : s->idle);
}

/* Takes what those in line are to be given, and what the pool lacks. */
static void take_idle(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	uint64_t sum, over = bl_less(w->charged, w->capacity);
	size_t n = 0;

	line_up(w, s, now, &sum);
	sum = bl_less(sum + over + bl_part(w->capacity, w->rules.pool_bp), free);
	for (size_t i = 0; i < w->n; i++) {
		struct bl_guest *g = &w->guests[i];

		if (!idles(s, g))
			continue;
		g->part = bl_less(g->target, after_fall(g));
		w->scratch[n++] = (struct bl_scratch){.key = g->idle, .i = (uint32_t)i};
	}
	n = bl_pick(w, w->scratch, n, sum);
	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];

		if (bl_lend_cut(w, g, after_fall(g), BALLOON_REASON_LENT, now))
			g->idle = 0;
	}
}

/* More than all are to be given: up to three or six times as much each, since in
 * the pool it is lost for certain. */
static void fill_up(struct bl_world *w, size_t n, uint64_t free, uint64_t sum)
{
	uint64_t times = bl_rare(w) ? 6 : 3;

	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];
		uint64_t part = (uint64_t)((bl_u128)g->part * bl_min(free, times * sum) / sum);

		g->part = bl_min(part, bl_less(bl_most(g), g->target));
	}
}

/* A part of a want is given only if it is worth an order. */
static void give(struct bl_world *w, const struct scale *s, uint64_t free, uint64_t now)
{
	uint64_t sum;
	size_t n = line_up(w, s, now, &sum);

	if (n && sum < free)
		fill_up(w, n, free, sum);
	n = bl_pick(w, w->scratch, n, free);
	for (size_t k = 0; k < n; k++) {
		struct bl_guest *g = &w->guests[w->scratch[k].i];
		uint64_t part = bl_min(free, g->part);

		if (part == g->part || part >= w->capacity / 50000)
			free -= bl_lend_grow(g, part, g->pressed ? BALLOON_REASON_PRESSED
			                                         : BALLOON_REASON_SHARE);
	}
}

void bl_lend_scarce(struct bl_world *w, uint64_t free, uint64_t now)
{
	struct scale s = measure(w);

	share_out(w);
	take_idle(w, &s, free, now);
	cut_to_level(w, &s, free, now);
	give(w, &s, free, now);
}
