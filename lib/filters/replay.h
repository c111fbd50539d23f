/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The player's answers to the contract, for the two ways it is handed out. */
#ifndef BALLOON_FILTERS_REPLAY_H
#define BALLOON_FILTERS_REPLAY_H

#include <balloon/replay.h>

int bl_replay_open(const char *uri, void **ret_self, char *ret_error, size_t size);
void bl_replay_close(void *self);
int bl_replay_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet);
int bl_replay_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n);
const char *bl_replay_error(void *self);

#define BL_REPLAY_BACKEND                                                                          \
	{                                                                                          \
		.struct_size = sizeof(struct balloon_backend), .abi = BALLOON_BACKEND_ABI,         \
		.name = "replay", .open = bl_replay_open, .close = bl_replay_close,                \
		.observe = bl_replay_observe, .order = bl_replay_order, .error = bl_replay_error,  \
	}

#endif
