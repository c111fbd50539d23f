/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest would use if it could. While something idles in it, that is what
 * it uses. When all it has is used nobody can see what is missing; demand then
 * goes on as it last rose, for a while, and if a growth was swallowed whole, by
 * twice that growth. Must not know what there is to divide.
 *
 * A guest that is not to be pressed needs a little free beside what it uses
 * (pressed_bp of what it has); that little counts as used. Changes are counted
 * per beat of the profile, however often figures come.
 */
#include "lend.h"

#define SECONDS(n) (UINT64_C(1000000000) * (n))

/* A guest that rose steeply once may do so again: jobs come by the quarter of
 * an hour, so a rise is half forgotten after about as long. */
#define FADE_NS SECONDS(1200)

/* What it used at most it may use again for longer: work comes by the hour. */
#define PEAK_NS SECONDS(3600)

/* Time since the last figures, at least a beat: what comes early by an event is
 * not taken for a trend of so much a millisecond. */
static uint64_t elapsed(const struct bl_world *w, const struct bl_guest *g)
{
	return g->since_ns == BALLOON_UNKNOWN ? w->rules.beat_ns
	                                      : bl_max(g->since_ns, w->rules.beat_ns);
}

/* v a beat, over dt. */
static uint64_t over(const struct bl_world *w, uint64_t v, uint64_t dt)
{
	bl_u128 sum = (bl_u128)v * dt / w->rules.beat_ns;

	return sum < BALLOON_BYTES_MAX ? (uint64_t)sum : BALLOON_BYTES_MAX;
}

static int64_t change(const struct bl_world *w, const struct bl_guest *g, uint64_t used)
{
	__int128 d;

	if (g->used == BALLOON_UNKNOWN)
		return 0;
	d = (__int128)used - g->used;
	return (int64_t)(d * w->rules.beat_ns / elapsed(w, g));
}

/* Something idles: it uses what it wants. Just after it was full the rise is
 * at most what it shows, since it used no less before, and may be its growth
 * alone: the trend from before counts unless that was steeper. */
static void in_sight(const struct bl_world *w, struct bl_guest *g, int64_t change)
{
	if (!bl_full(g) || change < g->trend)
		g->trend = change;
	g->demand = g->works;
	g->full_ns = BALLOON_UNKNOWN;
	g->idle = bl_min(g->idle + over(w, bl_less(g->actual, g->works), elapsed(w, g)),
	                 BALLOON_BYTES_MAX);
}

/* It was grown between its last two figures, and is full again. */
static int swallowed(const struct bl_guest *g, uint64_t now)
{
	return g->grown_ns != BALLOON_UNKNOWN && g->since_ns != BALLOON_UNKNOWN && g->grant &&
	       now - g->grown_ns <= g->since_ns;
}

/* A beat further along its trend. */
static uint64_t along(const struct bl_guest *g)
{
	return g->trend < 0 ? bl_less(g->demand, (uint64_t)-g->trend) : g->demand + bl_rise(g);
}

static void out_of_sight(const struct bl_world *w, struct bl_guest *g, int64_t change,
                         uint64_t now)
{
	uint64_t demand = g->demand;
	int was_full = bl_full(g);

	g->full_ns = was_full ? g->full_ns : now;
	g->idle = 0;
	if (demand > g->actual + BALLOON_PAGE_BYTES) {
		if (now - g->full_ns + w->rules.beat_ns < BL_LEND_BEATS * w->rules.beat_ns)
			demand = g->trend < 0 ? along(g) : demand + over(w, bl_rise(g), elapsed(w, g));
	} else if (was_full) {
		demand = g->actual + bl_rise(g);
		if (swallowed(g, now))
			demand = g->actual + bl_max(bl_rise(g), 2 * g->grant);
	} else {
		g->trend = change > g->trend ? change : g->trend;
		demand = along(g);
	}
	g->demand = bl_max(bl_max(demand, g->works), g->actual);
}

static uint64_t faded(uint64_t v, uint64_t dt, uint64_t tau)
{
	return v - (uint64_t)((bl_u128)v * bl_min(dt, tau) / tau);
}

static void fade(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t steep = g->trend < 0 ? (uint64_t)-g->trend : (uint64_t)g->trend;
	uint64_t above = bl_less(g->peak, g->used), dt = elapsed(w, g);

	g->vol = bl_max(faded(g->vol, dt, FADE_NS), steep);
	/* How much less it would use now does not show while it is full. */
	g->peak = bl_max(g->used + (bl_full(g) ? above : faded(above, dt, PEAK_NS)), g->demand);
}

/* Nothing is known but what it has and uses. If that is all, it may use any
 * amount up to its size, and soon. */
static void first_sight(struct bl_guest *g)
{
	g->demand = g->works;
	g->full_ns = BALLOON_UNKNOWN;
	g->idle = g->grant = g->peak = 0;
	g->trend = 0;
	g->vol = g->works < g->actual ? 0 : bl_less(g->seen.size, g->actual) / 10;
}

void bl_demand(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	uint64_t used;
	int64_t change_;

	if (!(w->rules.flags & BALLOON_PROFILE_LEND)) {
		g->used = BALLOON_UNKNOWN; /* or it would be old when lending begins */
		return;
	}
	if (!g->fresh)
		return;
	used = bl_in_use(g);
	change_ = change(w, g, used);
	g->works = used + bl_part(g->actual, w->rules.pressed_bp);
	if (g->used == BALLOON_UNKNOWN)
		first_sight(g);
	g->used = used;
	if (g->works < g->actual)
		in_sight(w, g, change_);
	else
		out_of_sight(w, g, change_, now);
	fade(w, g);
}
