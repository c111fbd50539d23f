/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's state, from free memory against a sliding minimum, as ESX has it.
 * Each border has two edges, so that a host on it does not flicker: it is left
 * downwards at the border and upwards a tenth above it.
 */
#include "core.h"

/* Least free memory for a state, in bp of the minimum (ESX 6 and later). */
static const uint32_t borders[] = {
        [BALLOON_HOST_HIGH] = 40000,
        [BALLOON_HOST_CLEAR] = 10000,
        [BALLOON_HOST_SOFT] = 6400,
        [BALLOON_HOST_HARD] = 3200,
        [BALLOON_HOST_LOW] = 0,
};

static int above(uint64_t free, uint64_t minimum, uint32_t bp)
{
	return (bl_u128)free * 10000 >= (bl_u128)minimum * bp;
}

uint8_t bl_host_state(uint8_t was, uint64_t free, uint64_t minimum)
{
	uint8_t state = BALLOON_HOST_HIGH;

	if (free == BALLOON_UNKNOWN || !minimum)
		return BALLOON_HOST_UNKNOWN;
	while (!above(free, minimum, borders[state]))
		state++;
	while (was != BALLOON_HOST_UNKNOWN && state < was &&
	       !above(free, minimum, borders[state] + borders[state] / 10))
		state++;
	return state;
}
