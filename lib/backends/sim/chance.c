/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chance without memory: a number that depends on the seed, on whom and on
 * when, and on nothing drawn before, so that a finer step or one guest more
 * changes nobody's luck. Must not know what it decides.
 */
#include "world.h"

/* The finaliser of MurmurHash3 (constants: Austin Appleby, public domain),
 * as every 64-bit mixer it turns counters into noise. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

/* An odd constant (2^64 over the golden ratio) keeps 0, 1, 2 … apart. */
#define STRIDE UINT64_C(0x9e3779b97f4a7c15)

uint64_t bl_sim_chance(uint64_t seed, uint64_t who, uint64_t when)
{
	return mix(mix(mix(seed + STRIDE) + who * STRIDE) + when * STRIDE);
}
