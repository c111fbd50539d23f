/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is seen of a guest that is late, noisy, silent, hung or lies. Must not
 * know how it moves.
 */
#include "world.h"

/* What QEMU 7.2 answered after one write of the guest to its device. */
#define MINUS_16_TIB ((uint64_t)INT64_C(-17591112298496))

/* Four kinds of nonsense, another with each new set of figures. */
static void absurd(struct balloon_sample *row, uint64_t chance, bool stalls)
{
	uint64_t lies[4] = { UINT64_MAX, MINUS_16_TIB, row->size_bytes * 4, chance };
	uint64_t lie = lies[chance >> 8 & 3];

	row->total_bytes = lie;
	row->available_bytes = lie;
	row->unused_bytes = lie;
	row->cache_bytes = lie;
	row->swap_in_bytes = chance;
	row->major_faults = chance;
	if (stalls)
		row->stall_bp = lie;
}

/* available off by up to noise_bp of itself, either way. */
static void noisy(struct balloon_sample *row, uint32_t noise_bp, uint64_t chance)
{
	uint64_t off = chance % (2 * (uint64_t)noise_bp + 1);
	uint64_t available = row->available_bytes / 10000 * (10000 - noise_bp + off);

	row->available_bytes = available < row->total_bytes ? available : row->total_bytes;
}

static void falsify(struct balloon_sample *row, const struct balloon_sim_behaviour *now,
                    uint64_t chance)
{
	if (now->noise_bp)
		noisy(row, now->noise_bp < 10000 ? now->noise_bp : 10000, chance);
	if (now->flags & BALLOON_SIM_CLAIM_FULL)
		row->available_bytes = row->unused_bytes = row->cache_bytes = 0;
	if (now->flags & BALLOON_SIM_CLAIM_EMPTY)
		row->available_bytes = row->unused_bytes = row->total_bytes;
	if (row->stall_bp != BALLOON_UNKNOWN && now->flags & BALLOON_SIM_CLAIM_FULL)
		row->stall_bp = 10000;
	if (row->stall_bp != BALLOON_UNKNOWN && now->flags & BALLOON_SIM_CLAIM_EMPTY)
		row->stall_bp = 0;
	if (now->flags & BALLOON_SIM_CLAIM_ABSURD)
		absurd(row, chance, row->stall_bp != BALLOON_UNKNOWN);
}

static void take_figures(struct balloon_sim *sim, uint32_t i, uint64_t due,
                         struct balloon_sample *ret_row)
{
	bl_sim_figures(sim, &sim->hot[i], ret_row);
	falsify(ret_row, bl_sim_now(&sim->cold[i]),
	        bl_sim_chance(sim->seed, sim->cold[i].uid, due));
	ret_row->serial = due + 1;
}

/* Figures taken earlier and seen by now; name, key and host's part are today's. */
static void publish(struct balloon_sample *row, const struct balloon_sample *figures)
{
	row->total_bytes = figures->total_bytes;
	row->available_bytes = figures->available_bytes;
	row->unused_bytes = figures->unused_bytes;
	row->cache_bytes = figures->cache_bytes;
	row->swap_in_bytes = figures->swap_in_bytes;
	row->swap_out_bytes = figures->swap_out_bytes;
	row->major_faults = figures->major_faults;
	row->stall_bp = figures->stall_bp;
	row->serial = figures->serial;
}

/* One set at a time is on its way. */
static void send_late(struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	struct cold *c = &sim->cold[i];
	uint64_t delay = bl_sim_now(c)->figures_delay_ns / MS_NS, due;

	if (c->late_ms <= ms) {
		publish(&sim->row[i], &c->late);
		c->late_ms = NEVER;
	}
	if (c->late_ms != NEVER)
		return;
	due = bl_sim_figures_due(&sim->beat[i], ms);
	if (due == NEVER)
		return;
	c->late = sim->row[i];
	take_figures(sim, i, due, &c->late);
	c->late_ms = due + delay;
	if (c->late_ms <= ms) {
		publish(&sim->row[i], &c->late);
		c->late_ms = NEVER;
	}
}

static uint64_t shown_actual(const struct hot *h, const struct cold *c)
{
	const struct balloon_sim_behaviour *now = bl_sim_now(c);

	if (now->flags & BALLOON_SIM_HUNG)
		return BALLOON_UNKNOWN;
	if (now->flags & BALLOON_SIM_CLAIM_ACTUAL)
		return now->claim_actual_bytes;
	if (now->flags & BALLOON_SIM_CLAIM_TARGET)
		return h->target;
	return c->boot_actual != BALLOON_UNKNOWN ? c->boot_actual : h->actual;
}

void bl_sim_show_odd(struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	struct balloon_sample *row = &sim->row[i];
	const struct cold *c = &sim->cold[i];
	uint32_t flags = bl_sim_now(c)->flags;

	row->flags = flags & BALLOON_SIM_PAUSED ? 0 : BALLOON_SAMPLE_RUNNING;
	row->actual_bytes = shown_actual(&sim->hot[i], c);
	row->resident_bytes = flags & BALLOON_SIM_HUNG ? BALLOON_UNKNOWN : sim->hot[i].resident;
	if (flags & (BALLOON_SIM_SILENT | BALLOON_SIM_DRIVERLESS | BALLOON_SIM_HUNG))
		bl_sim_no_figures(row);
	else if (!(flags & (BALLOON_SIM_STALE | BALLOON_SIM_PAUSED)))
		send_late(sim, i, ms);
}
