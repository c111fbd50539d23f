/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policy as data: the profiles, and the two curves they lean on. */
#include "core.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SECONDS(n) (UINT64_C(1000000000) * (n))

const struct balloon_profile bl_balanced = {
	.struct_size = sizeof(struct balloon_profile),
	.tax_bp = 7500,         /* ESX's rate: an idle page costs four active ones */
	.headroom_bp = 2000,    /* Hyper-V's buffer */
	.balloon_max_bp = 6500, /* ESX's Mem.CtlMaxPercent */
	.pool_bp = 300,         /* one guest's surge, granted without waiting for others */
	.deadband_bp = 200,     /* averages wander by about that much in a quiet guest */
	.shrink_step_bp = 2500, /* a guest of 2 GiB follows in a second at 512 MiB/s */
	.pressed_bp = 600,      /* Linux starts to reclaim in earnest at about 3 % */
	.beat_ns = SECONDS(1),  /* QEMU's shortest statistics period */
	.fast_ns = SECONDS(5),
	.slow_ns = SECONDS(60), /* a pause between two jobs is not idleness */
	.stale_ns = SECONDS(10),
	.stuck_ns = SECONDS(10),
	.settle_ns = SECONDS(30),
	.boot_ns = SECONDS(20), /* a small guest has its driver up by then */
	.hold_max_bp = 2500,    /* a backup window must not starve the rest */
};

/* ESX-like: memory goes where it is used, at once. */
const struct balloon_profile bl_aggressive = {
	.struct_size = sizeof(struct balloon_profile),
	.tax_bp = 7500,
	.headroom_bp = 1000,
	.balloon_max_bp = 6500,
	.pool_bp = 200,
	.deadband_bp = 100,
	.shrink_step_bp = 10000, /* no cap: the driver sets the pace */
	.pressed_bp = 400,
	.beat_ns = SECONDS(1),
	.fast_ns = SECONDS(2),
	.slow_ns = SECONDS(20),
	.stale_ns = SECONDS(10),
	.stuck_ns = SECONDS(5), /* squeezed's figure */
	.settle_ns = SECONDS(10),
	.boot_ns = SECONDS(10),
	.hold_max_bp = 1000,
};

/* Hyper-V-like: give at once, take slowly and only for somebody. */
const struct balloon_profile bl_conservative = {
	.struct_size = sizeof(struct balloon_profile),
	.tax_bp = 9999,        /* Hyper-V weighs need only: shares decide when memory is short */
	.headroom_bp = 2000,
	.balloon_max_bp = 5000,
	.pool_bp = 500,
	.deadband_bp = 500,
	.shrink_step_bp = 500,
	.pressed_bp = 1000,
	.beat_ns = SECONDS(1),
	.fast_ns = SECONDS(10),
	.slow_ns = SECONDS(300), /* Hyper-V takes from idle guests every five minutes */
	.stale_ns = SECONDS(10),
	.stuck_ns = SECONDS(20),
	.settle_ns = SECONDS(120),
	.boot_ns = SECONDS(60),
	.hold_max_bp = 5000,
};

/*
 * Memory goes to whoever will need it next, whatever the shares say, as long as
 * all demands come to less than there is; shares decide when they do not. Few
 * orders: guests are given more than they need as long as that is free.
 */
const struct balloon_profile bl_lending = {
	.struct_size = sizeof(struct balloon_profile),
	.tax_bp = 7500,          /* entitlements, which it reports beside, as in balanced */
	.headroom_bp = 2000,
	.balloon_max_bp = 10000, /* idle memory is lent down to the reservation */
	.pool_bp = 100,          /* guests have headroom of their own: this is for surprises */
	.deadband_bp = 0,        /* it has bands of its own, by what is free */
	.shrink_step_bp = 10000, /* only what idles is taken, so no guest notices how fast */
	.pressed_bp = 300,       /* Linux reclaims in earnest below that; more would idle */
	.beat_ns = SECONDS(1),
	.fast_ns = SECONDS(5),
	.slow_ns = SECONDS(60),
	.stale_ns = SECONDS(10),
	.stuck_ns = SECONDS(10),
	.settle_ns = SECONDS(10), /* short: what is taken idles, what is given is missing */
	.boot_ns = SECONDS(20),
	.hold_max_bp = 2500,
	.flags = BALLOON_PROFILE_LEND,
};

uint64_t bl_floor(uint64_t size)
{
	if (size < 128 * MIB)
		return bl_min(size, 8 * MIB + size / 2);
	if (size < 512 * MIB)
		return 40 * MIB + size / 4;
	if (size < 2048 * MIB)
		return 104 * MIB + size / 8;
	if (size < 8192 * MIB)
		return 232 * MIB + size / 16;
	return 488 * MIB + size / 32;
}

/* Between two points of a curve, from.size < size <= to.size. */
static uint64_t on_line(struct balloon_floor_point from, struct balloon_floor_point to,
                        uint64_t size)
{
	uint64_t step = size - from.size_bytes, whole = to.size_bytes - from.size_bytes;

	if (to.floor_bytes < from.floor_bytes)
		return from.floor_bytes -
		       (uint64_t)((bl_u128)(from.floor_bytes - to.floor_bytes) * step / whole);
	return from.floor_bytes +
	       (uint64_t)((bl_u128)(to.floor_bytes - from.floor_bytes) * step / whole);
}

uint64_t bl_floor_by(const struct balloon_floor_point *points, size_t n, uint64_t size)
{
	size_t k = 0;

	if (!n)
		return bl_floor(size);
	while (k < n && points[k].size_bytes < size)
		k++;
	if (k == 0)
		return bl_min(points[0].floor_bytes, size);
	return k == n ? points[n - 1].floor_bytes : on_line(points[k - 1], points[k], size);
}

/* The part of v that lies in from..to. */
static uint64_t slice(uint64_t v, uint64_t from, uint64_t to)
{
	return bl_less(bl_min(v, to), from);
}

uint64_t bl_min_free(uint64_t total)
{
	return bl_part(slice(total, 0, 4 * GIB), 600) + bl_part(slice(total, 4 * GIB, 12 * GIB), 400) +
	       bl_part(slice(total, 12 * GIB, 28 * GIB), 200) +
	       bl_part(slice(total, 28 * GIB, UINT64_MAX), 100);
}
