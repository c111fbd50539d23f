/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many different contents were there? HyperLogLog with 4096 registers, read
 * by Ertl's estimator (2017), which needs no tables and no correction at its
 * ends. 4 KiB for each guest; the error is 1.6 % of the answer at any size.
 */
#ifndef BL_DEDUP_DISTINCT_H
#define BL_DEDUP_DISTINCT_H

#include <stdint.h>

#define BL_REGISTERS 4096

/* One standard error, as a part of the answer: 1.04 / sqrt(registers). */
#define BL_DISTINCT_ERROR (1.04 / 64)

struct bl_distinct {
	uint8_t registers[BL_REGISTERS];
};

static inline void bl_distinct_see(struct bl_distinct *d, uint64_t bits)
{
	uint8_t *r = &d->registers[bits % BL_REGISTERS];
	uint8_t rank = (uint8_t)(__builtin_clzll(bits | BL_REGISTERS) + 1);

	if (rank > *r)
		*r = rank;
}

/* What either has seen. */
void bl_distinct_join(struct bl_distinct *d, const struct bl_distinct *other);

double bl_distinct_count(const struct bl_distinct *d);

#endif
