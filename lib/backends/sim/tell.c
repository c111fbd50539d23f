/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An order reaches a guest. Must not know who gave it or whether it was wise.
 */
#include <errno.h>

#include "world.h"

/* A smaller change is not counted as a move (the trace world's rule). */
#define MOVE_BYTES (UINT64_C(1) << 20)

static void count_move(struct balloon_sim *sim, struct cold *c, uint64_t target)
{
	uint64_t last = c->last_told;
	int up = target > last ? 1 : -1;

	if ((up > 0 ? target - last : last - target) < MOVE_BYTES)
		return;
	c->last_told = target;
	c->moves++;
	sim->moves++;
	if (c->moved_up && c->moved_up != up) {
		c->reversals++;
		sim->reversals++;
	}
	c->moved_up = up;
}

static void note(struct balloon_sim *sim, struct cold *c, uint64_t target)
{
	c->told = target;
	c->orders++;
	sim->orders++;
	count_move(sim, c, target);
}

/* A driver at rest wakes after its latency; one on its way turns at once. */
static void retarget(struct balloon_sim *sim, uint32_t i, uint64_t target)
{
	struct hot *h = &sim->hot[i];
	uint64_t wake = sim->ms + bl_sim_now(&sim->cold[i])->latency_ns / MS_NS;
	bool was_up = h->target > h->actual, is_up = target > h->actual;

	if (target == h->target)
		return;
	bl_sim_uncount(sim, i);
	if (h->actual == h->target && wake > h->move_ms)
		h->move_ms = wake;
	if (was_up != is_up)
		h->carry = 0;
	h->target = target;
	sim->beat[i].flags &= ~(uint32_t)AT_REST;
	bl_sim_count(sim, i);
	bl_sim_record(sim);
}

static int answer(struct balloon_sim *sim, uint32_t i, uint64_t target)
{
	const struct balloon_sim_behaviour *now = bl_sim_now(&sim->cold[i]);

	if (now->flags & BALLOON_SIM_HUNG)
		return -ETIMEDOUT;
	if (now->flags & BALLOON_SIM_REFUSE)
		return now->refuse_rc < 0 ? now->refuse_rc : -EPERM;
	if (sim->row[i].fixed == BALLOON_FIXED_NO_DEVICE)
		return -ENOTSUP;
	return target > sim->hot[i].size ? -EINVAL : 0;
}

int bl_sim_tell(struct balloon_sim *sim, uint64_t key, uint64_t target_bytes)
{
	uint32_t i = bl_sim_find(sim, key);
	int rc;

	if (i == NO_INDEX || sim->beat[i].flags & ABSENT)
		return -ESRCH;
	if (bl_sim_now(&sim->cold[i])->flags & BALLOON_SIM_DIES) {
		bl_sim_remove_index(sim, i);
		return -ESRCH;
	}
	note(sim, &sim->cold[i], target_bytes);
	rc = answer(sim, i, target_bytes);
	if (rc == 0) {
		retarget(sim, i, target_bytes);
		return 0;
	}
	sim->cold[i].refused++;
	sim->refused++;
	return rc;
}
