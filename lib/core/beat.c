/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One beat: verify, estimate, arbitrate, plan, and the ladder. */
#include "core.h"

void bl_beat(struct bl_world *w, uint64_t now)
{
	w->since_ns = bl_less(now, w->beat_ns);
	w->beat_ns = now;
	for (size_t i = 0; i < w->n; i++) {
		bl_verify(w, &w->guests[i], now);
		bl_estimate(w, &w->guests[i]);
		bl_demand(w, &w->guests[i], now);
	}
	bl_arbitrate(w, now);
	bl_plan(w, now);
	bl_ladder(w, now);
}
