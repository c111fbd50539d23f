/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest would use if it could, by tables of numbers: MiB, beats of 10 s. */
#include "core/lend.h"

#include "testkit.h"

#define BEAT (10 * SECOND)

static struct bl_world w;
static struct bl_guest g;
static uint64_t now;

static void fresh_start(uint64_t actual)
{
	w = (struct bl_world){0};
	w.rules.flags = BALLOON_PROFILE_LEND;
	w.rules.beat_ns = BEAT;
	bl_meet(&g);
	g.seen.active = g.seen.resident = BALLOON_UNKNOWN;
	g.actual = g.target = actual * MIB;
	now = BEAT;
}

/* Its figures, dt after the last. */
static uint64_t shown(uint64_t used, uint64_t dt)
{
	now += dt;
	g.since_ns = dt;
	g.fresh = 1;
	g.seen.available = g.actual - used * MIB;
	bl_demand(&w, &g, now);
	return g.demand / MIB;
}

static void grow(uint64_t to)
{
	g.grant = to * MIB - g.target;
	g.grown_ns = now;
	g.actual = g.target = to * MIB;
}

static void in_sight(void)
{
	fresh_start(1000);
	CU_ASSERT_EQUAL(shown(300, BEAT), 300);
	CU_ASSERT_EQUAL(g.trend, 0);
	CU_ASSERT_EQUAL(shown(400, BEAT), 400);
	CU_ASSERT_EQUAL(g.trend, 100 * (int64_t)MIB);
	CU_ASSERT_EQUAL(g.vol, 100 * MIB);
	CU_ASSERT_EQUAL(g.idle, (700 + 600) * MIB);
	CU_ASSERT_EQUAL(shown(300, 2 * BEAT), 300); /* half of it a beat */
	CU_ASSERT_EQUAL(g.trend, -50 * (int64_t)MIB);
	CU_ASSERT_EQUAL(g.idle, (700 + 600 + 2 * 700) * MIB);
	CU_ASSERT(g.vol < 100 * MIB && g.vol > 97 * MIB);
	CU_ASSERT_EQUAL(shown(310, BEAT / 10), 310); /* early: as if after a beat */
	CU_ASSERT_EQUAL(g.trend, 10 * (int64_t)MIB);
}

/* It rose by 300 a beat and is full at 1000: that goes on, for ten beats. */
static void goes_on(void)
{
	fresh_start(1000);
	shown(500, BEAT);
	shown(800, BEAT);
	CU_ASSERT_EQUAL(shown(1000, BEAT), 1100);
	CU_ASSERT(bl_full(&g));
	CU_ASSERT_EQUAL(g.idle, 0);
	CU_ASSERT_EQUAL(shown(1000, BEAT), 1400);
	for (int k = 0; k < 20; k++)
		shown(1000, BEAT);
	CU_ASSERT_EQUAL(g.demand / MIB, 1100 + 8 * 300);
	CU_ASSERT_EQUAL(shown(900, BEAT), 900);
	CU_ASSERT(!bl_full(&g));
}

/* One that fell when it was cut to what it uses does not go on falling below it. */
static void never_below(void)
{
	fresh_start(1000);
	shown(900, BEAT);
	shown(700, BEAT);
	g.actual = g.target = 600 * MIB;
	CU_ASSERT_EQUAL(shown(600, BEAT), 600);
	for (int k = 0; k < 5; k++)
		CU_ASSERT(shown(600, BEAT) >= 600);
}

/* It misses far more than its trend tells, and is given enough: that rise is
 * what it was given, not how it goes on. */
static void growth_is_no_trend(void)
{
	fresh_start(1000);
	shown(980, BEAT);
	shown(990, BEAT);
	shown(1000, BEAT);
	CU_ASSERT_EQUAL(g.trend, 10 * (int64_t)MIB);
	grow(1500);
	CU_ASSERT_EQUAL(shown(1400, BEAT), 1400);
	CU_ASSERT_EQUAL(g.trend, 10 * (int64_t)MIB);
	CU_ASSERT_EQUAL(shown(1430, BEAT), 1430);
	CU_ASSERT_EQUAL(g.trend, 30 * (int64_t)MIB);
}

/* Full when first seen: a tenth of what it lacks of its size, any beat. */
static void first_sight(void)
{
	fresh_start(1000);
	g.seen.size = 3000 * MIB;
	shown(1000, BEAT);
	CU_ASSERT(g.vol <= 200 * MIB && g.vol > 198 * MIB);
	CU_ASSERT_EQUAL(g.demand, 1000 * MIB);
	fresh_start(1000);
	g.seen.size = 3000 * MIB;
	shown(999, BEAT);
	CU_ASSERT_EQUAL(g.vol, 0);
}

/* The most it used is forgotten by and by; not while it could not show more. */
static void peak(void)
{
	fresh_start(1000);
	shown(900, BEAT);
	shown(540, BEAT);
	CU_ASSERT_EQUAL(g.peak, 899 * MIB);
	for (int k = 0; k < 360; k++)
		shown(540, BEAT);
	CU_ASSERT(g.peak > 640 * MIB && g.peak < 700 * MIB);
	shown(540, 3600 * SECOND);
	CU_ASSERT_EQUAL(g.peak, 540 * MIB);
	shown(800, BEAT);
	g.actual = g.target = 700 * MIB;
	shown(700, BEAT);
	shown(700, 7200 * SECOND);
	CU_ASSERT(g.peak >= 800 * MIB);
}

/* A growth that is full again a beat later was too small: twice as much. */
static void swallowed(void)
{
	fresh_start(1000);
	shown(1000, BEAT);
	grow(1100);
	CU_ASSERT_EQUAL(shown(1100, BEAT), 1300);
	grow(1300);
	CU_ASSERT_EQUAL(shown(1200, BEAT), 1200);
}

static void old_figures(void)
{
	fresh_start(1000);
	shown(500, BEAT);
	shown(800, BEAT);
	g.fresh = 0;
	bl_demand(&w, &g, now + BEAT);
	CU_ASSERT_EQUAL(g.trend, 300 * (int64_t)MIB);
	CU_ASSERT_EQUAL(g.idle, (500 + 200) * MIB);
	w.rules.flags = 0;
	bl_demand(&w, &g, now + 2 * BEAT);
	CU_ASSERT_EQUAL(g.used, BALLOON_UNKNOWN);
}

/* What must lie free in a guest that is not to be pressed counts as used. */
static void pressed_margin(void)
{
	fresh_start(1000);
	w.rules.pressed_bp = 1000;
	CU_ASSERT_EQUAL(shown(700, BEAT), 800);
	CU_ASSERT(!bl_full(&g));
	CU_ASSERT_EQUAL(shown(901, BEAT), 1001);
	CU_ASSERT(bl_full(&g));
}

int main(void)
{
	static const struct test tests[] = {
	        {"in sight", in_sight},
	        {"goes on", goes_on},
	        {"never below", never_below},
	        {"growth is no trend", growth_is_no_trend},
	        {"first sight", first_sight},
	        {"peak", peak},
	        {"swallowed", swallowed},
	        {"old figures", old_figures},
	        {"pressed margin", pressed_margin},
	        {NULL, NULL},
	};

	return run_tests("demand", tests);
}
