/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host that stands still, for whoever asks what if (whatif.c). */
#ifndef BL_STILL_H
#define BL_STILL_H

#include "hall.h"

/* A guest's node_bytes, and its misses behind them. */
#define BL_STILL_LIST (BALLOON_NODES_MAX + BALLOON_MISSES + 1)

struct still {
	struct balloon_sheet sheet;
	struct balloon_sample *samples; /* their names are ours … */
	uint64_t (*lists)[BL_STILL_LIST];   /* … and node_bytes and misses, of those copied */
	struct balloon_node nodes[BALLOON_NODES_MAX];
	uint64_t keys;                  /* of guests that are made up */
};

/* Hands in the same sheet at every beat and takes no orders. */
extern const struct balloon_backend bl_still_backend;

/* What b saw last, or NULL without memory. */
struct still *bl_still(const struct balloon *b);

/* Frees a sample's own texts. */
void bl_still_forget(struct balloon_sample *s);

#endif
