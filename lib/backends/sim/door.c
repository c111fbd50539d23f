/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A door for each host that a program made. The contract's open() is given a
 * URI and nothing else, so each door is a backend of its own whose open()
 * leads to its host. 64 doors, once for the process, are the only state here
 * that is not behind a handle. Must not know what a host is.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "world.h"

#define DOORS 64

static _Atomic(struct balloon_sim *) behind[DOORS];

static int enter(int door, void **ret_self, char *ret_error, size_t size)
{
	struct balloon_sim *sim = atomic_load(&behind[door]);

	if (!sim) {
		snprintf(ret_error, size,
		         "sim: the host of this backend was freed; make another with "
		         "balloon_sim_new()");
		return -ENODEV;
	}
	*ret_self = sim;
	return 0;
}

/* One open() per door, since C has no closures. */
#define OPEN(n)                                                                                    \
	static int open_##n(const char *uri, void **ret_self, char *ret_error, size_t size)        \
	{                                                                                          \
		(void)uri;                                                                         \
		return enter(n, ret_self, ret_error, size);                                        \
	}

#define DOOR(n)                                                                                    \
	{                                                                                          \
		.struct_size = sizeof(struct balloon_backend), .abi = BALLOON_BACKEND_ABI,         \
		.name = "sim", .open = open_##n, .close = bl_sim_close,                            \
		.observe = bl_sim_observe, .order = bl_sim_order, .fd = bl_sim_fd,                 \
		.error = bl_sim_error,                                                             \
	}

/* Written out: the preprocessor cannot count, and a missing one shows. */
OPEN(0) OPEN(1) OPEN(2) OPEN(3) OPEN(4) OPEN(5) OPEN(6) OPEN(7)
OPEN(8) OPEN(9) OPEN(10) OPEN(11) OPEN(12) OPEN(13) OPEN(14) OPEN(15)
OPEN(16) OPEN(17) OPEN(18) OPEN(19) OPEN(20) OPEN(21) OPEN(22) OPEN(23)
OPEN(24) OPEN(25) OPEN(26) OPEN(27) OPEN(28) OPEN(29) OPEN(30) OPEN(31)
OPEN(32) OPEN(33) OPEN(34) OPEN(35) OPEN(36) OPEN(37) OPEN(38) OPEN(39)
OPEN(40) OPEN(41) OPEN(42) OPEN(43) OPEN(44) OPEN(45) OPEN(46) OPEN(47)
OPEN(48) OPEN(49) OPEN(50) OPEN(51) OPEN(52) OPEN(53) OPEN(54) OPEN(55)
OPEN(56) OPEN(57) OPEN(58) OPEN(59) OPEN(60) OPEN(61) OPEN(62) OPEN(63)

static const struct balloon_backend doors[DOORS] = {
	DOOR(0), DOOR(1), DOOR(2), DOOR(3), DOOR(4), DOOR(5), DOOR(6), DOOR(7),
	DOOR(8), DOOR(9), DOOR(10), DOOR(11), DOOR(12), DOOR(13), DOOR(14), DOOR(15),
	DOOR(16), DOOR(17), DOOR(18), DOOR(19), DOOR(20), DOOR(21), DOOR(22), DOOR(23),
	DOOR(24), DOOR(25), DOOR(26), DOOR(27), DOOR(28), DOOR(29), DOOR(30), DOOR(31),
	DOOR(32), DOOR(33), DOOR(34), DOOR(35), DOOR(36), DOOR(37), DOOR(38), DOOR(39),
	DOOR(40), DOOR(41), DOOR(42), DOOR(43), DOOR(44), DOOR(45), DOOR(46), DOOR(47),
	DOOR(48), DOOR(49), DOOR(50), DOOR(51), DOOR(52), DOOR(53), DOOR(54), DOOR(55),
	DOOR(56), DOOR(57), DOOR(58), DOOR(59), DOOR(60), DOOR(61), DOOR(62), DOOR(63),
};

int bl_sim_open_door(struct balloon_sim *sim)
{
	for (int door = 0; door < DOORS; door++) {
		struct balloon_sim *nobody = NULL;

		if (!atomic_compare_exchange_strong(&behind[door], &nobody, sim))
			continue;
		sim->door = door;
		snprintf(sim->uri, sizeof(sim->uri), "sim:handle=%d", door);
		return 0;
	}
	return -ENFILE;
}

void bl_sim_close_door(struct balloon_sim *sim)
{
	if (sim->door >= 0)
		atomic_store(&behind[sim->door], NULL);
}

struct balloon_sim *bl_sim_behind(uint64_t door)
{
	return door < DOORS ? atomic_load(&behind[door]) : NULL;
}

const struct balloon_backend *balloon_sim_backend(struct balloon_sim *sim)
{
	return &doors[sim->door];
}

const char *balloon_sim_uri(struct balloon_sim *sim)
{
	return sim->uri;
}
