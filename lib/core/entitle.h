/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exact division of memory among claimants. Pure arithmetic. */
#ifndef BL_ENTITLE_H
#define BL_ENTITLE_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 bl_u128;

/*
 * One claimant. The caller sees to min <= max and to the bounds of
 * <balloon/balloon.h> (BALLOON_BYTES_MAX, BALLOON_SHARES_MAX, tax < 10000).
 */
struct bl_claimant {
	uint64_t shares;
	uint64_t active;
	uint64_t min;
	uint64_t max;
	uint32_t tax_bp;
};

/* What the solve needs to work in, one a claimant; contents mean nothing. */
struct bl_scratch {
	bl_u128 key;
	uint32_t i;
	uint8_t lo, hi;
};

/*
 * Writes each claimant's entitlement to ret. The sum is capacity, to the byte,
 * or the sum of all min (if that is more) or of all max (if that is less).
 * Claimants without shares come last. c and scratch mean nothing afterwards.
 */
void bl_entitle(struct bl_claimant *c, size_t n, uint64_t capacity, struct bl_scratch *scratch,
                uint64_t *ret);

#endif
