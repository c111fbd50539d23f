/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small generator (xorshift64*, Vigna 2016): not to be guessed from a few lots,
 * which is all a guest could do about them. */
#include "lots.h"

uint64_t bl_lot(uint64_t *seed, uint64_t end)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717) % end;
}

static uint64_t bytes_of(struct bl_range r)
{
	return r.end > r.start ? r.end - r.start : 0;
}

uint64_t bl_ranges_bytes(const struct bl_range *ranges, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = bytes_of(ranges[i]) < UINT64_MAX - sum ? sum + bytes_of(ranges[i]) : UINT64_MAX;
	return sum;
}

uint64_t bl_ranges_at(const struct bl_range *ranges, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++) {
		if (at < bytes_of(ranges[i]))
			return ranges[i].start + at;
		at -= bytes_of(ranges[i]);
	}
	return 0;
}
