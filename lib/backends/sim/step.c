/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time goes by: what a guest that obeys does in a step, and the host's sums.
 * Must not know how a guest misbehaves (odd.c) or who is asking.
 */
#include "world.h"

/*
 * bytes_s for ms, exactly over any number of steps:
 *
 *	part = (bytes_s * ms + carry) / 1000, the remainder is carried
 */
uint64_t bl_sim_part(uint64_t bytes_s, uint64_t ms, uint32_t *carry)
{
	uint64_t thousandths = bytes_s * ms + *carry;

	*carry = (uint32_t)(thousandths % 1000);
	return thousandths / 1000;
}

/* actual moves towards goal for ms. Arrived, it forgets the carry: a new
 * journey starts even. */
void bl_sim_move(struct hot *h, uint64_t goal, uint64_t ms)
{
	uint64_t way = goal > h->actual ? goal - h->actual : h->actual - goal;
	uint64_t part = bl_sim_part(goal > h->actual ? h->up : h->down, ms, &h->carry);

	if (part >= way) {
		h->actual = goal;
		h->carry = 0;
		return;
	}
	h->actual = goal > h->actual ? h->actual + part : h->actual - part;
}

/* What its swap costs: cold pages are asked for each hundred seconds, hot ones
 * each second, and the disk gives what it can. */
static uint64_t refaults(const struct hot *h)
{
	uint64_t pages = h->wants > h->base ? h->wants - h->base : 0;
	uint64_t cold = pages > h->hot_part ? pages - h->hot_part : 0;
	uint64_t hot = h->unmet > cold ? h->unmet - cold : 0;
	uint64_t rate = hot + (h->unmet - hot) / 100;

	return rate < DISK_BYTES_S ? rate : DISK_BYTES_S;
}

static void kill_one(struct balloon_sim *sim, uint32_t i)
{
	struct hot *h = &sim->hot[i];
	uint64_t excess = h->unmet - h->swap_max;

	h->killed += excess;
	h->wants -= excess;
	h->unmet -= excess;
	sim->cold[i].oom_kills++;
	sim->oom_kills++;
}

static void swap(struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	struct hot *h = &sim->hot[i];
	uint64_t rate, bytes;

	if (h->unmet > h->swap_max)
		kill_one(sim, i);
	if (h->unmet > h->swapped)
		h->swap_out += h->unmet - h->swapped;
	bytes = h->unmet < h->swapped ? h->swapped - h->unmet : 0;
	h->swapped = h->unmet;
	rate = refaults(h);
	h->pressure_bp = (uint32_t)(rate * 10000 / DISK_BYTES_S);
	h->swap_out += rate * ms / 1000;
	bytes += rate * ms / 1000;
	h->swap_in += bytes;
	h->faults += bytes / BALLOON_PAGE_BYTES;
	sim->cold[i].unmet_kib_ms += (h->unmet >> 10) * ms;
}

static void grow_cache(struct hot *h, uint64_t ms)
{
	uint64_t room = h->actual - h->used;

	if (room > h->cache_max)
		room = h->cache_max;
	if (h->cache < room)
		h->cache += h->cache_rate * ms / 1000;
	if (h->cache > room)
		h->cache = room;
}

/* Programs, cache and swap make do with actual. */
void bl_sim_use(struct balloon_sim *sim, uint32_t i, uint64_t spike, uint64_t ms)
{
	struct hot *h = &sim->hot[i];
	uint64_t wants = h->base + h->demand + spike;

	if (wants <= h->actual)
		h->killed = 0; /* it fits: someone starts it again */
	wants = wants > h->killed + h->base ? wants - h->killed : h->base;
	h->wants = wants < h->size ? wants : h->size;
	h->used = h->wants < h->actual ? h->wants : h->actual;
	h->unmet = h->wants - h->used;
	h->pressure_bp = 0;
	if (h->unmet || h->swapped)
		swap(sim, i, ms);
	grow_cache(h, ms);
	if (h->resident + h->out < h->used + h->cache)
		h->resident = h->used + h->cache - h->out;
}

/* The host's sums are kept, not taken: a guest at rest is not read. */
void bl_sim_count(struct balloon_sim *sim, uint32_t i)
{
	const struct hot *h = &sim->hot[i];

	sim->resident += h->resident;
	sim->promised += h->actual > h->target ? h->actual : h->target;
	sim->wants += h->wants;
	sim->unmet += h->unmet;
	sim->out += h->out;
	sim->zipped += h->zipped;
	sim->shared += h->shared;
	sim->stall_bp += h->stall_bp;
}

void bl_sim_uncount(struct balloon_sim *sim, uint32_t i)
{
	const struct hot *h = &sim->hot[i];

	sim->resident -= h->resident;
	sim->promised -= h->actual > h->target ? h->actual : h->target;
	sim->wants -= h->wants;
	sim->unmet -= h->unmet;
	sim->out -= h->out;
	sim->zipped -= h->zipped;
	sim->shared -= h->shared;
	sim->stall_bp -= h->stall_bp;
}

/* From here on only the age of its figures changes. */
static bool rests(const struct beat *b, const struct hot *h, uint64_t goal)
{
	uint64_t room = h->actual - h->used;

	if (room > h->cache_max)
		room = h->cache_max;
	return !(b->flags & MOVING) && h->actual == goal && !h->unmet && !h->busy &&
	       (h->cache == room || !h->cache_rate);
}

static void step_plain(struct balloon_sim *sim, uint32_t i, uint64_t from, uint64_t to)
{
	struct beat *b = &sim->beat[i];
	struct hot *h = &sim->hot[i];
	struct balloon_sample *row = &sim->row[i];
	uint64_t goal = h->target > h->base ? h->target : h->base;
	uint64_t begin = from > h->move_ms ? from : h->move_ms;
	uint64_t due;

	if (h->actual != goal && to > begin)
		bl_sim_move(h, goal, to - begin);
	bl_sim_use(sim, i, 0, to - from);
	bl_sim_trim(h);
	bl_sim_press(sim, i, to - from);
	row->actual_bytes = h->actual;
	row->resident_bytes = h->resident;
	due = bl_sim_figures_due(b, to);
	if (due == NEVER)
		return;
	bl_sim_figures(sim, h, row);
	row->serial = due + 1;
	if (rests(b, h, goal))
		b->flags |= AT_REST;
}

static void note_least(struct balloon_sim *sim, uint32_t i)
{
	if (sim->hot[i].actual < sim->cold[i].actual_min)
		sim->cold[i].actual_min = sim->hot[i].actual;
}

static void step_guest(struct balloon_sim *sim, uint32_t i, uint64_t from, uint64_t to)
{
	struct beat *b = &sim->beat[i];
	uint64_t before;

	if (b->flags & AT_REST) {
		if (b->figures_ms <= to)
			sim->row[i].serial = bl_sim_figures_due(b, to) + 1;
		return;
	}
	if (b->flags & ABSENT) {
		if (sim->cold[i].start_ms <= to)
			bl_sim_begin(sim, i, sim->cold[i].start_ms);
		return;
	}
	bl_sim_uncount(sim, i);
	before = sim->hot[i].actual;
	if (b->flags & MOVING)
		sim->hot[i].demand = bl_sim_demand(sim, i, to);
	if (b->flags & ODD)
		bl_sim_step_odd(sim, i, from, to);
	else
		step_plain(sim, i, from, to);
	bl_sim_count(sim, i);
	if (sim->hot[i].actual < before)
		note_least(sim, i);
}

/* After the program changed something about it: the same moment once more. */
void bl_sim_touch(struct balloon_sim *sim, uint32_t i)
{
	struct beat *b = &sim->beat[i];

	if (b->flags & ABSENT)
		return;
	b->flags &= ~(uint32_t)AT_REST;
	if (sim->row[i].serial == sim->ms + 1)
		b->figures_ms = sim->ms; /* just taken: taken again */
	step_guest(sim, i, sim->ms, sim->ms);
	bl_sim_record(sim);
}

static void keep_sum(uint64_t bytes, uint64_t ms, uint64_t *rest, uint64_t *kib_s)
{
	*rest += (bytes >> 10) * ms;
	*kib_s += *rest / 1000;
	*rest %= 1000;
}

static uint64_t above(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t taken(const struct balloon_sim *sim)
{
	return sim->own - sim->host_cache + sim->resident - sim->shared + bl_sim_pool(sim);
}

uint64_t bl_sim_available(const struct balloon_sim *sim)
{
	return above(sim->total, taken(sim));
}

/* The worst there ever was. */
void bl_sim_record(struct balloon_sim *sim)
{
	uint64_t available = bl_sim_available(sim);
	uint64_t lacking = above(taken(sim), sim->total);
	uint64_t over = above(sim->promised, sim->capacity);

	if (available < sim->available_min)
		sim->available_min = available;
	if (lacking > sim->over_max)
		sim->over_max = lacking;
	if (over > sim->promised_over_max)
		sim->promised_over_max = over;
}

static void piece(struct balloon_sim *sim, uint64_t to)
{
	uint64_t from = sim->ms, ms = to - from;

	for (size_t i = 0; i < sim->n; i++)
		step_guest(sim, (uint32_t)i, from, to);
	sim->ms = to;
	keep_sum(above(sim->promised, sim->capacity), ms, &sim->over_kib_ms, &sim->over_kib_s);
	keep_sum(sim->wants, ms, &sim->wants_kib_ms, &sim->wants_kib_s);
	keep_sum(sim->unmet, ms, &sim->unmet_kib_ms, &sim->unmet_kib_s);
	bl_sim_record(sim);
}

/* In pieces no longer than arithmetic likes, and cut where faults change. */
void bl_sim_advance(struct balloon_sim *sim, uint64_t ms)
{
	while (sim->ms < ms) {
		uint64_t to = ms - sim->ms > PIECE_MS ? sim->ms + PIECE_MS : ms;
		uint64_t slot = sim->ms / FAULT_MS;

		if (sim->faults_bp && to / FAULT_MS != slot)
			to = (slot + 1) * FAULT_MS;
		piece(sim, to);
		if (sim->faults_bp && to % FAULT_MS == 0)
			bl_sim_faults(sim, to / FAULT_MS);
	}
}
