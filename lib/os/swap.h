/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where pages go that are pushed out: swap devices, zswap before them, zram as
 * one of them; what they hold, at which ratio, and how much more they can take.
 */
#ifndef BL_OS_SWAP_H
#define BL_OS_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /proc/swaps. Zeros are what an empty table says: no swap. */
struct bl_swaps {
	uint64_t total_bytes;
	uint64_t free_bytes;
	uint64_t zram_bytes; /* of total, on /dev/zram* */
	uint64_t zram_free_bytes;
	unsigned devices;
};

/* -EBADMSG: not that table. */
int bl_swaps_parse(const char *text, size_t n, struct bl_swaps *ret_swaps);

/* The first four figures of /sys/block/zramN/mm_stat; a limit of 0 is none. */
struct bl_zram {
	uint64_t stored_bytes;
	uint64_t compressed_bytes;
	uint64_t used_bytes;
	uint64_t limit_bytes;
};

int bl_zram_parse(const char *text, size_t n, struct bl_zram *ret_zram);

/* The whole way out of memory. */
struct bl_swap_state {
	struct bl_swaps swaps;
	bool zswap_enabled;
	bool zram;                  /* a zram device is among the swaps */
	uint64_t pool_bytes;        /* memory the compressed pools take now */
	uint64_t pool_limit_bytes;  /* the most zswap's may take; UINT64_MAX: it is off */
	uint64_t stored_bytes;      /* what they hold, uncompressed */
	uint32_t compress_bp;       /* pool/stored, measured; UINT32_MAX while < 1 MiB stored */
	uint64_t compress_room_bytes; /* of pages more that will be kept compressed, at
	                                 that ratio (or half, while none is measured) */
	uint64_t disk_room_bytes;   /* swap that is free and not zram */
};

/* 0 or -errno. total_bytes: of the host, of which zswap's limit is a share. */
int bl_swap_read(uint64_t total_bytes, struct bl_swap_state *ret_state);

#endif
