/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Room for a beat to work in, made when guests or pools change. Must not know
 * what is done in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

void bl_room_free(const struct bl_room *r)
{
	free(r->claimants);
	free(r->scratch);
	free(r->entitled);
	free(r->members);
	free(r->orders);
	free(r->asked);
	free(r->proposed);
	free(r->node_bp);
	free(r->curves);
}

int bl_room_alloc(struct bl_room *r, size_t guests, size_t pools)
{
	size_t n = guests + pools + 1;

	*r = (struct bl_room){
	        calloc(n, sizeof(*r->claimants)), calloc(n, sizeof(*r->scratch)),
	        calloc(n, sizeof(*r->entitled)),  calloc(n, sizeof(*r->members)),
	        calloc(n, sizeof(*r->orders) * BALLOON_MEANS_N),
	        calloc(n, sizeof(*r->asked) * BALLOON_MEANS_N),
	        calloc(n, sizeof(*r->proposed)),  calloc(n, sizeof(*r->node_bp) * BALLOON_NODES_MAX),
	        calloc(n, sizeof(*r->curves) * (BL_MISSES + 1)),
	};
	if (r->claimants && r->scratch && r->entitled && r->members && r->orders && r->asked &&
	    r->proposed && r->node_bp && r->curves)
		return 0;
	bl_room_free(r);
	return -ENOMEM;
}

void bl_room_keep(struct bl_room *r, const struct balloon *b)
{
	const struct bl_world *w = &b->world;
	const size_t n = BL_MISSES + 1;

	for (size_t i = 0; b->proposed && i < w->n; i++)
		r->proposed[i] = b->proposed[i];
	for (size_t i = 0; i < w->n; i++) {
		if (w->guests[i].seen.curve)
			memcpy(&r->curves[i * n], bl_curve(w, i), n * sizeof(*r->curves));
	}
}

void bl_room_install(struct balloon *b, const struct bl_room *r)
{
	struct bl_world *w = &b->world;

	bl_room_free(&(struct bl_room){w->claimants, w->scratch, w->entitled, w->members, b->orders,
	                         b->asked, b->proposed, w->node_bp, w->curves});
	w->claimants = r->claimants;
	w->scratch = r->scratch;
	w->entitled = r->entitled;
	w->members = r->members;
	b->orders = r->orders;
	b->asked = r->asked;
	b->proposed = r->proposed;
	w->node_bp = r->node_bp;
	w->curves = r->curves;
}
