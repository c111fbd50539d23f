/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a URI asks for, between who reads it (uri.c) and who makes that host
 * (wish.c).
 */
#ifndef BL_SIM_WISH_H
#define BL_SIM_WISH_H

#include "world.h"

/* Enough for any key or number that could be right. */
#define WORD_SIZE 64u
/* And for the path of a trace. */
#define PATH_SIZE 1024u
/* So many guests may be given a behaviour of their own in a URI. */
#define OWN_MAX 64u

struct wish {
	uint64_t guests, host, own, cache, size, seed, faults, boot_ms, demand, handle;
	uint64_t swap, compress_bp, share_bp, ceiling, nodes, speed;
	char behaviour[WORD_SIZE], tells[WORD_SIZE], trace[PATH_SIZE];
	struct {
		uint64_t guest;
		char behaviour[WORD_SIZE];
	} its_own[OWN_MAX];
	size_t its_own_n;
	uint32_t seen; /* a bit per key */
};

/* A sentence and the room for it. */
struct complaint {
	char *text;
	size_t size;
};

int bl_sim_complain(const struct complaint *why, const char *what, const char *word);

/* Makes the host wished for; says why not. */
int bl_sim_fulfil(const struct wish *w, struct balloon_sim **ret_sim, const struct complaint *why);

/* The features that tells= names, or -EINVAL. */
int bl_sim_tells(const char *word);

#endif
