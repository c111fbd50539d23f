/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structs that begin with their size, across the door: a longer one is taken
 * if what we do not know in it is zero. Must not know what is in them.
 */
#ifndef BL_SIM_STRUCTS_H
#define BL_SIM_STRUCTS_H

#include <stddef.h>

/* Copies what we know of given (which begins with its size) to ret_known.
 * -EINVAL too short or NULL, -E2BIG a non-zero tail. */
int bl_sim_take(const void *given, void *ret_known, size_t size);

/* Copies known to where the caller has room for *ret_given's own size, which
 * stays. -EINVAL: not even room for the size. */
int bl_sim_give(const void *known, size_t size, void *ret_given);

#endif
