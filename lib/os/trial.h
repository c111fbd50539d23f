/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of a range, and what trials have shown of each: cold, in use, or nothing
 * yet. Pure: which pages to try, and what it means which of them came back.
 */
#ifndef BL_OS_TRIAL_H
#define BL_OS_TRIAL_H

#include <stdint.h>

#include "procmem.h"
#include "wset.h"

/* In one block; 8 pages all unused by chance are 10 % likely where a fourth of
 * the block is in use, 0.4 % where half of it is. */
#define BL_TRIAL_PAGES 8

/* Fewer in memory than this in a block, and nothing is said about it. */
#define BL_TRIAL_LEAST 4

struct bl_trial {
	uint64_t *blocks; /* address of each */
	uint32_t *cold_since; /* the period, from 1; 0: not cold, or not known */
	size_t blocks_n;
	uint32_t period;
	uint64_t seed;
	size_t picked[BL_WSET_TRIALS / BL_TRIAL_PAGES]; /* blocks of this period */
	size_t picked_n;
};

/* 0 or -ENOMEM. */
int bl_trial_open(struct bl_trial *trial, const struct bl_ram *ram, uint64_t seed);
void bl_trial_close(struct bl_trial *trial);

/* The pages to try in the next period: BL_TRIAL_PAGES for each picked block, at
 * most BL_WSET_TRIALS. Their number. */
size_t bl_trial_pick(struct bl_trial *trial, uint64_t page, uint64_t *ret_addresses);

/* What came of them: tried[i] and back[i] for the pages as they were picked. */
void bl_trial_learn(struct bl_trial *trial, const uint8_t *tried, const uint8_t *back);

/* See bl_wset_cold(). */
size_t bl_trial_cold(const struct bl_trial *trial, struct bl_range *ret_ranges, size_t max);

#endif
