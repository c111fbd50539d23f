/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages to try, and what is learnt of it. Pure, but for malloc. */
#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lots.h"

#define PICKS (BL_WSET_TRIALS / BL_TRIAL_PAGES)

static size_t blocks_in(struct bl_range r)
{
	return r.end > r.start ? (size_t)((r.end - r.start) / BL_WSET_BLOCK) : 0;
}

/* What is left over at the end of a range, less than a block, is never cold. */
int bl_trial_open(struct bl_trial *trial, const struct bl_ram *ram, uint64_t seed)
{
	struct bl_trial t = { .seed = seed };
	size_t n = 0;

	for (size_t i = 0; i < ram->ranges_n; i++)
		t.blocks_n += blocks_in(ram->ranges[i]);
	t.blocks = calloc(t.blocks_n + 1, sizeof(t.blocks[0]));
	t.cold_since = calloc(t.blocks_n + 1, sizeof(t.cold_since[0]));
	if (!t.blocks || !t.cold_since) {
		bl_trial_close(&t);
		return -ENOMEM;
	}
	for (size_t i = 0; i < ram->ranges_n; i++) {
		for (size_t b = 0; b < blocks_in(ram->ranges[i]); b++)
			t.blocks[n++] = ram->ranges[i].start + b * BL_WSET_BLOCK;
	}
	*trial = t;
	return 0;
}

void bl_trial_close(struct bl_trial *trial)
{
	free(trial->blocks);
	free(trial->cold_since);
	trial->blocks = NULL;
	trial->cold_since = NULL;
}

/* One by lot of each of PICKS equal parts, so that all of it is looked at. */
static void pick_blocks(struct bl_trial *t)
{
	size_t picks = t->blocks_n < PICKS ? t->blocks_n : PICKS;

	for (size_t i = 0; i < picks; i++) {
		size_t from = t->blocks_n * i / picks, to = t->blocks_n * (i + 1) / picks;

		t->picked[i] = from + (size_t)bl_lot(&t->seed, to - from);
	}
	t->picked_n = picks;
}

/* The same way within a block: one of each eighth. */
size_t bl_trial_pick(struct bl_trial *trial, uint64_t page, uint64_t *ret_addresses)
{
	uint64_t part = BL_WSET_BLOCK / BL_TRIAL_PAGES;
	size_t n = 0;

	trial->period++;
	pick_blocks(trial);
	for (size_t i = 0; i < trial->picked_n; i++) {
		for (uint64_t p = 0; p < BL_TRIAL_PAGES; p++) {
			uint64_t lot = bl_lot(&trial->seed, part / page) * page;

			ret_addresses[n++] = trial->blocks[trial->picked[i]] + p * part + lot;
		}
	}
	return n;
}

static unsigned count(const uint8_t *flags)
{
	unsigned n = 0;

	for (size_t i = 0; i < BL_TRIAL_PAGES; i++)
		n += flags[i] != 0;
	return n;
}

void bl_trial_learn(struct bl_trial *trial, const uint8_t *tried, const uint8_t *back)
{
	for (size_t i = 0; i < trial->picked_n; i++) {
		uint32_t *since = &trial->cold_since[trial->picked[i]];

		if (count(back + i * BL_TRIAL_PAGES))
			*since = 0;
		else if (count(tried + i * BL_TRIAL_PAGES) >= BL_TRIAL_LEAST && !*since)
			*since = trial->period;
	}
	trial->picked_n = 0;
}

/* The periods there are, from the earliest on; blocks of one period in order of
 * address, neighbours as one range. */
static uint32_t next_period(const struct bl_trial *t, uint32_t after)
{
	uint32_t next = 0;

	for (size_t i = 0; i < t->blocks_n; i++) {
		uint32_t since = t->cold_since[i];

		if (since > after && (!next || since < next))
			next = since;
	}
	return next;
}

static size_t add_period(const struct bl_trial *t, uint32_t period, struct bl_range *ranges,
                         size_t n, size_t max)
{
	for (size_t i = 0; i < t->blocks_n; i++) {
		uint64_t start = t->blocks[i];

		if (t->cold_since[i] != period)
			continue;
		if (n && ranges[n - 1].end == start)
			ranges[n - 1].end = start + BL_WSET_BLOCK;
		else if (n < max)
			ranges[n++] = (struct bl_range){ start, start + BL_WSET_BLOCK };
		else
			break;
	}
	return n;
}

size_t bl_trial_cold(const struct bl_trial *trial, struct bl_range *ret_ranges, size_t max)
{
	uint32_t period = 0;
	size_t n = 0;

	while (n < max && (period = next_period(trial, period)))
		n = add_period(trial, period, ret_ranges, n, max);
	return n;
}
