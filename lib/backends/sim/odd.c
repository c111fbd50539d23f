/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A step of a guest that does not simply obey: where its driver lets actual
 * go, and when. Must not know what it says of itself (lies.c).
 */
#include "world.h"

/* Does not move whatever it is told. */
#define FROZEN                                                                                     \
	(BALLOON_SIM_DEAF | BALLOON_SIM_CLAIM_TARGET | BALLOON_SIM_DRIVERLESS | BALLOON_SIM_HUNG)

/* To and fro each 5 s: faster than a beat of 10 s sees, slower than a driver. */
#define FLUTTER_MS 5000u

/* 20 s of every 120: longer than a beat, and calm most of the time. */
#define SPIKE_MS 20000u
#define SPIKE_EACH_MS 120000u

const struct balloon_sim_behaviour *bl_sim_now(const struct cold *c)
{
	return c->faulty ? c->fault : &c->own;
}

static bool obeys(const struct balloon_sim_behaviour *now)
{
	return !now->flags && !now->floor_bytes && !now->noise_bp && !now->figures_delay_ns &&
	       now->free_floor_bytes == BALLOON_UNKNOWN && now->ceiling_bytes == BALLOON_UNKNOWN;
}

static uint64_t rate(uint64_t bytes_s)
{
	return bytes_s < RATE_MAX ? bytes_s : RATE_MAX;
}

static uint32_t period(uint64_t ns)
{
	uint64_t ms = ns / MS_NS;

	if (ms < 1)
		return 1;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* After anything about it changed: what kind of step does it need? */
void bl_sim_classify(struct balloon_sim *sim, uint32_t i)
{
	const struct cold *c = &sim->cold[i];
	const struct balloon_sim_behaviour *now = bl_sim_now(c);
	uint32_t flags = sim->beat[i].flags & ABSENT;

	if (!obeys(now) || c->boot_actual != BALLOON_UNKNOWN)
		flags |= ODD;
	if (c->points_n || c->wanders)
		flags |= MOVING;
	sim->beat[i].flags = flags;
	sim->beat[i].period_ms = period(now->figures_period_ns);
	sim->hot[i].down = rate(now->down_bytes_s);
	sim->hot[i].up = rate(now->up_bytes_s);
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The goal below actual, as hidden limits leave it. */
static uint64_t held_up(const struct hot *h, const struct balloon_sim_behaviour *now, uint64_t goal)
{
	uint64_t low = max(h->base, now->floor_bytes);

	if (now->free_floor_bytes != BALLOON_UNKNOWN)
		low = max(low, h->used + min(now->free_floor_bytes, h->size));
	if (now->flags & BALLOON_SIM_STICK)
		low = max(low, now->stick_at_bytes);
	return min(h->actual, max(goal, low));
}

static uint64_t goal_of(const struct hot *h, const struct balloon_sim_behaviour *now, uint64_t age)
{
	uint64_t goal = max(h->target, h->base);

	if (now->flags & FROZEN)
		return h->actual;
	if (now->flags & BALLOON_SIM_STICK && h->actual <= now->stick_at_bytes)
		return h->actual;
	if (now->flags & BALLOON_SIM_RETAKE)
		goal = max(goal, min(h->base + h->demand, h->size));
	if (now->flags & BALLOON_SIM_FLUTTER && age / FLUTTER_MS % 2)
		goal = min(h->size, goal + min(now->flutter_bytes, h->size));
	if (goal < h->actual)
		return held_up(h, now, goal);
	return max(h->actual, min(goal, now->ceiling_bytes));
}

/* Of the first t ms of off, on, off, on …: how many were on. */
static uint64_t time_on(const struct balloon_sim_behaviour *now, uint64_t t)
{
	uint64_t off = now->off_ns / MS_NS, on = now->on_ns / MS_NS, rest;

	if (off + on == 0)
		return t;
	rest = t % (off + on);
	return t / (off + on) * on + (rest > off ? rest - off : 0);
}

static void trickle(struct hot *h, uint64_t goal, uint64_t pages)
{
	uint64_t way = goal > h->actual ? goal - h->actual : h->actual - goal;
	uint64_t part = min(pages * BALLOON_PAGE_BYTES, way);

	h->actual = goal > h->actual ? h->actual + part : h->actual - part;
}

static void move(struct balloon_sim *sim, uint32_t i, uint64_t from, uint64_t to)
{
	struct hot *h = &sim->hot[i];
	const struct cold *c = &sim->cold[i];
	const struct balloon_sim_behaviour *now = bl_sim_now(c);
	uint64_t since = c->behaviour_ms, goal = goal_of(h, now, to - since);
	uint64_t begin = max(from, h->move_ms), ms;

	if (goal == h->actual || to <= begin)
		return;
	ms = to - begin;
	if (now->flags & BALLOON_SIM_STUTTER)
		ms = time_on(now, to - since) - time_on(now, begin - since);
	if (now->flags & BALLOON_SIM_TRICKLE)
		trickle(h, goal, (to - since) / period(now->trickle_ns) -
		                         (begin - since) / period(now->trickle_ns));
	else
		bl_sim_move(h, goal, ms);
}

static uint64_t spike_of(const struct hot *h, const struct balloon_sim_behaviour *now, uint64_t age)
{
	if (!(now->flags & BALLOON_SIM_SPIKES) || age % SPIKE_EACH_MS >= SPIKE_MS)
		return 0;
	return min(now->spike_bytes, h->size);
}

static void back_up(struct balloon_sim *sim, uint32_t i)
{
	struct beat *b = &sim->beat[i];
	uint64_t figures_ms = b->figures_ms;

	sim->cold[i].boot_actual = BALLOON_UNKNOWN;
	bl_sim_classify(sim, i);
	b->figures_ms = figures_ms;
}

void bl_sim_step_odd(struct balloon_sim *sim, uint32_t i, uint64_t from, uint64_t to)
{
	struct hot *h = &sim->hot[i];
	struct cold *c = &sim->cold[i];
	const struct balloon_sim_behaviour *now = bl_sim_now(c);

	if (!(now->flags & BALLOON_SIM_PAUSED)) {
		move(sim, i, from, to);
		bl_sim_use(sim, i, spike_of(h, now, to - c->behaviour_ms), to - from);
	}
	if (now->flags & BALLOON_SIM_TOUCHES_ALL)
		h->resident = max(h->resident + h->out, h->actual) - h->out;
	if (!(now->flags & BALLOON_SIM_INHIBITED))
		bl_sim_trim(h);
	bl_sim_press(sim, i, to - from);
	if (c->boot_actual != BALLOON_UNKNOWN && to >= c->boot_until_ms)
		back_up(sim, i);
	bl_sim_show_odd(sim, i, to);
}
