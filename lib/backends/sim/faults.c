/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Seeded misfortune: each half minute some guests fall into one of the bad
 * habits and the others out of theirs. Must not know the habits, only names.
 */
#include "world.h"

/* Of every ten faults, one takes the daemon away too. */
#define AWAY_PART 10u
/* Longer than a beat or two, shorter than anyone's patience. */
#define AWAY_MAX_MS 20000u
/* Chance of the host, not of a guest: guests' uids start at 1. */
#define HOST_UID 0u

static const char *const habits[] = {
	"slow",  "late",     "noisy",  "floor",         "ceiling", "keeps-free", "stick",
	"stutter", "trickle", "refuse", "deaf",          "hung",    "full",       "empty",
	"absurd", "claims-target",     "stale",  "silent", "driverless", "retake", "flutter",
	"inhibited", "paused", "spiky",  "greedy", "restart",      "reset",
};

#define HABITS_N (sizeof(habits) / sizeof(habits[0]))

static void fall(struct balloon_sim *sim, uint32_t i, uint64_t chance)
{
	struct cold *c = &sim->cold[i];
	size_t habit = chance % HABITS_N;

	if (habit >= HABITS_N - 2) {
		bl_sim_restart_index(sim, i, habit == HABITS_N - 1);
		return;
	}
	c->fault->struct_size = sizeof(*c->fault);
	c->faulty = balloon_sim_behaviour(habits[habit], sim->hot[i].size, c->fault) == 0;
}

static void one(struct balloon_sim *sim, uint32_t i, uint64_t slot)
{
	struct cold *c = &sim->cold[i];
	/* Complement: the small numbers are the demand's. */
	uint64_t chance = bl_sim_chance(sim->seed, c->uid, ~slot);
	bool was = c->faulty;

	if (sim->beat[i].flags & ABSENT)
		return;
	c->faulty = false;
	if (chance % 10000 < sim->faults_bp)
		fall(sim, i, chance >> 32);
	if (!was && !c->faulty)
		return;
	c->behaviour_ms = sim->ms;
	c->late_ms = NEVER;
	sim->row[i].flags = BALLOON_SAMPLE_RUNNING;
	bl_sim_classify(sim, i);
}

void bl_sim_faults(struct balloon_sim *sim, uint64_t slot)
{
	uint64_t chance = bl_sim_chance(sim->seed, HOST_UID, ~slot);

	for (size_t i = 0; i < sim->n; i++)
		one(sim, (uint32_t)i, slot);
	if (chance % (10000 * AWAY_PART) < sim->faults_bp)
		sim->away_ms = sim->ms + 1 + (chance >> 32) % AWAY_MAX_MS;
}
