/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the host that a URI wishes for. Must not know how it was written, nor
 * what guests do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wish.h"

/* Three guests that want a bit more than there is. */
#define GUESTS 3
#define SIZE (UINT64_C(1) << 30)

/* zswap's max_pool_percent as Linux starts it: a fifth of the host. */
#define POOL_PART 5

int bl_sim_tells(const char *word)
{
	if (!strcmp(word, "stall"))
		return BALLOON_SIM_TELLS_STALL;
	if (!strcmp(word, "misses"))
		return BALLOON_SIM_TELLS_MISSES;
	if (!strcmp(word, "stall+misses"))
		return BALLOON_SIM_TELLS_STALL | BALLOON_SIM_TELLS_MISSES;
	return -EINVAL;
}

static int attach(const struct wish *w, struct balloon_sim **ret_sim, const struct complaint *why)
{
	char number[WORD_SIZE];
	struct balloon_sim *sim = bl_sim_behind(w->handle);

	snprintf(number, sizeof(number), "%llu", (unsigned long long)w->handle);
	if (w->seen & (w->seen - 1))
		return bl_sim_complain(why, "other keys beside handle", number);
	if (!sim)
		return bl_sim_complain(why, "no host in this process with handle", number);
	*ret_sim = sim;
	return 0;
}

static int behave(struct balloon_sim *sim, const struct wish *w, uint32_t i)
{
	const char *name = w->behaviour;
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };
	int rc;

	for (size_t k = 0; k < w->its_own_n; k++)
		if (w->its_own[k].guest == i + 1)
			name = w->its_own[k].behaviour;
	rc = balloon_sim_behaviour(name, sim->hot[i].size, &b);
	return rc < 0 ? rc : balloon_sim_set_behaviour(sim, sim->row[i].key, &b);
}

static int add_guest(struct balloon_sim *sim, const struct wish *w, uint64_t n)
{
	char name[WORD_SIZE];
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = name,
		.size_bytes = w->size == BALLOON_UNKNOWN ? SIZE : w->size,
		.actual_bytes = BALLOON_UNKNOWN,
		.boot_ns = w->boot_ms * MS_NS,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	uint64_t key;
	int rc;

	snprintf(name, sizeof(name), "sim-%llu", (unsigned long long)n);
	rc = balloon_sim_add(sim, &g, &key);
	if (rc < 0)
		return rc;
	if (w->demand == BALLOON_UNKNOWN)
		return balloon_sim_set_wander(sim, key);
	return balloon_sim_set_demand(sim, key, w->demand, BALLOON_UNKNOWN);
}

static int add_guests(struct balloon_sim *sim, const struct wish *w)
{
	uint64_t n = w->guests == BALLOON_UNKNOWN ? GUESTS : w->guests;
	int rc = 0;

	for (uint64_t k = 1; k <= n && rc == 0; k++)
		rc = add_guest(sim, w, k);
	return rc;
}

static int add_traces(struct balloon_sim *sim, const struct wish *w, const struct complaint *why)
{
	struct balloon_sim_trace_file file = {
		.struct_size = sizeof(file),
		.speed = (uint32_t)w->speed,
		.path = w->trace,
		.guests_max = w->guests,
	};

	if (w->size != BALLOON_UNKNOWN || w->demand != BALLOON_UNKNOWN || w->boot_ms)
		return bl_sim_complain(why, "size, demand and boot are the file's, with trace=",
		                       w->trace);
	return balloon_sim_add_traces(sim, &file, NULL, why->text, why->size);
}

static int populate(struct balloon_sim *sim, const struct wish *w, const struct complaint *why)
{
	int rc;

	if (w->speed && !*w->trace)
		return bl_sim_complain(why, "no trace to go by a", "speed");
	rc = *w->trace ? add_traces(sim, w, why) : add_guests(sim, w);
	for (size_t k = 0; k < w->its_own_n && rc == 0; k++)
		if (w->its_own[k].guest > sim->n)
			return bl_sim_complain(why, "no guest for the behaviour",
			                       w->its_own[k].behaviour);
	for (uint32_t i = 0; i < sim->n && rc == 0; i++)
		rc = behave(sim, w, i);
	return rc;
}

static struct balloon_sim_host host_of(const struct wish *w)
{
	return (struct balloon_sim_host){
		.struct_size = sizeof(struct balloon_sim_host),
		.faults_bp = (uint32_t)w->faults,
		.total_bytes = w->host,
		.own_bytes = w->own,
		.cache_bytes = w->cache,
		.capacity_bytes = BALLOON_UNKNOWN,
		.seed = w->seed,
		.swap_bytes = w->swap,
		.compress_max_bytes = w->compress_bp ? w->host / POOL_PART : 0,
		.compress_bp = (uint32_t)w->compress_bp,
		.share_bp = (uint32_t)w->share_bp,
		.nodes = (uint32_t)w->nodes,
		.features = (w->ceiling ? BALLOON_SIM_CEILINGS : 0) |
		            (*w->tells ? (uint32_t)bl_sim_tells(w->tells) : 0),
	};
}

/* What cannot be, of a URI that can be read. */
static int refuse(const struct wish *w, int rc, const struct complaint *why)
{
	if (!why->text || !why->size || *why->text)
		return rc;
	if (rc == -EINVAL)
		snprintf(why->text, why->size, "sim: a host of %llu MiB with %llu MiB of own use "
		         "cannot be, or its guests are below 1 MiB; see balloon/sim.h",
		         (unsigned long long)w->host >> 20, (unsigned long long)w->own >> 20);
	else
		snprintf(why->text, why->size, "sim: %s while making the host", strerror(-rc));
	return rc;
}

int bl_sim_fulfil(const struct wish *w, struct balloon_sim **ret_sim, const struct complaint *why)
{
	struct balloon_sim_host host = host_of(w);
	struct balloon_sim *sim;
	int rc;

	if (w->handle != BALLOON_UNKNOWN)
		return attach(w, ret_sim, why);
	if (why->text && why->size)
		*why->text = 0;
	rc = bl_sim_create(&host, &sim);
	if (rc < 0)
		return refuse(w, rc, why);
	sim->owned = true;
	rc = populate(sim, w, why);
	if (rc < 0) {
		bl_sim_destroy(sim);
		return refuse(w, rc, why);
	}
	*ret_sim = sim;
	return 0;
}
