/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drawing by lot: pages of ranges. Pure; the same lots from the same seed. */
#ifndef BL_OS_LOTS_H
#define BL_OS_LOTS_H

#include <stddef.h>
#include <stdint.h>

#include "procmem.h"

/* A number below end, which is not 0; seed must not be 0. */
uint64_t bl_lot(uint64_t *seed, uint64_t end);

/* Bytes of all ranges together; an empty or reversed one has none. */
uint64_t bl_ranges_bytes(const struct bl_range *ranges, size_t n);

/* The address that lies at so many bytes into them; at must be less than all. */
uint64_t bl_ranges_at(const struct bl_range *ranges, size_t n, uint64_t at);

#endif
