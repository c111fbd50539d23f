/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an honest guest says of itself, and when. Must not know who lies.
 */
#include "world.h"

/* Its kernel counts cache as available, as Linux does (MemAvailable). */
void bl_sim_figures(const struct balloon_sim *sim, const struct hot *h,
                    struct balloon_sample *row)
{
	uint64_t free_bytes = h->actual - h->used;

	row->total_bytes = h->actual;
	row->available_bytes = free_bytes;
	row->unused_bytes = free_bytes - h->cache;
	row->cache_bytes = h->cache;
	row->swap_in_bytes = h->swap_in;
	row->swap_out_bytes = h->swap_out;
	row->major_faults = h->faults;
	if (sim->features & BALLOON_SIM_TELLS_STALL)
		row->stall_bp = h->pressure_bp;
}

void bl_sim_no_figures(struct balloon_sample *row)
{
	row->total_bytes = BALLOON_UNKNOWN;
	row->available_bytes = BALLOON_UNKNOWN;
	row->unused_bytes = BALLOON_UNKNOWN;
	row->cache_bytes = BALLOON_UNKNOWN;
	row->swap_in_bytes = BALLOON_UNKNOWN;
	row->swap_out_bytes = BALLOON_UNKNOWN;
	row->major_faults = BALLOON_UNKNOWN;
	row->stall_bp = BALLOON_UNKNOWN;
	row->serial = BALLOON_UNKNOWN;
}

/* The last moment up to ms at which figures were taken, and the next is
 * noted; NEVER = none since the last one. */
uint64_t bl_sim_figures_due(struct beat *b, uint64_t ms)
{
	uint64_t due;

	if (b->figures_ms > ms)
		return NEVER;
	due = ms - (ms - b->figures_ms) % b->period_ms;
	b->figures_ms = due + b->period_ms;
	return due;
}
