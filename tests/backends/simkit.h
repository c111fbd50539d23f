/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the simulated host share: a host, a guest, an order. */
#ifndef SIMKIT_H
#define SIMKIT_H

#include <balloon/sim.h>

#include "testkit.h"

#define MS UINT64_C(1000000)
#define SEC SECOND

/* The kernel's part of a guest of 1 GiB. */
#define BASE_1G (64 * MIB + GIB / 50)

struct world {
	struct balloon_sim *sim;
	const struct balloon_backend *backend;
	void *self;
	struct balloon_sheet sheet;
};

static inline void make(struct world *w, uint64_t total, uint32_t faults_bp, uint64_t seed)
{
	struct balloon_sim_host host = {
		.struct_size = sizeof(host),
		.faults_bp = faults_bp,
		.total_bytes = total,
		.own_bytes = 256 * MIB,
		.capacity_bytes = BALLOON_UNKNOWN,
		.seed = seed,
	};
	char error[128];

	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &w->sim), 0);
	w->backend = balloon_sim_backend(w->sim);
	CU_ASSERT_EQUAL_FATAL(w->backend->open(NULL, &w->self, error, sizeof(error)), 0);
	w->sheet = (struct balloon_sheet){ .struct_size = sizeof(w->sheet) };
	CU_ASSERT_EQUAL(balloon_sim_step(w->sim, 0), 0);
}

static inline void unmake(struct world *w)
{
	w->backend->close(w->self);
	balloon_sim_free(w->sim);
}

static inline uint64_t add(struct world *w, const char *name, uint64_t size)
{
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = name,
		.size_bytes = size,
		.actual_bytes = BALLOON_UNKNOWN,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	uint64_t key = 0;

	CU_ASSERT_EQUAL_FATAL(balloon_sim_add(w->sim, &g, &key), 0);
	CU_ASSERT_NOT_EQUAL(key, 0);
	return key;
}

static inline void behave(struct world *w, uint64_t key, const char *name, uint64_t size)
{
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };

	CU_ASSERT_EQUAL_FATAL(balloon_sim_behaviour(name, size, &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(w->sim, key, &b), 0);
}

static inline struct balloon_sim_truth truth(struct world *w, uint64_t key)
{
	struct balloon_sim_truth t = { .struct_size = sizeof(t) };

	CU_ASSERT_EQUAL_FATAL(balloon_sim_truth(w->sim, key, &t), 0);
	return t;
}

static inline struct balloon_sim_host_truth host_truth(struct world *w)
{
	struct balloon_sim_host_truth t = { .struct_size = sizeof(t) };

	CU_ASSERT_EQUAL_FATAL(balloon_sim_host_truth(w->sim, &t), 0);
	return t;
}

static inline int order(struct world *w, uint64_t key, uint64_t target)
{
	struct balloon_order o = { .key = key, .target_bytes = target };

	CU_ASSERT_EQUAL(w->backend->order(w->self, 0, &o, 1), 0);
	return o.rc;
}

static inline const struct balloon_sample *see(struct world *w, uint64_t now, uint64_t key)
{
	CU_ASSERT_EQUAL_FATAL(w->backend->observe(w->self, now, &w->sheet), 0);
	CU_ASSERT_EQUAL(w->sheet.stride, sizeof(struct balloon_sample));
	for (size_t i = 0; i < w->sheet.guests_n; i++)
		if (w->sheet.guests[i].key == key)
			return &w->sheet.guests[i];
	return NULL;
}

static inline uint64_t actual_at(struct world *w, uint64_t now, uint64_t key)
{
	CU_ASSERT_EQUAL(balloon_sim_step(w->sim, now), 0);
	return truth(w, key).actual_bytes;
}

#endif
