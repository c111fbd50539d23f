/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A simulated host with more than balloons: does memory go where its manual
 * says, and is none of it lost or made on the way? Knows the public sim.h and
 * the contract only.
 */
#include <errno.h>
#include <string.h>

#include "simkit.h"

extern const struct balloon_backend balloon_backend_module;

#define OWN (256 * MIB)

static struct balloon_sim_host plain(void)
{
	return (struct balloon_sim_host){
		.struct_size = sizeof(struct balloon_sim_host),
		.total_bytes = 8 * GIB,
		.own_bytes = OWN,
		.capacity_bytes = BALLOON_UNKNOWN,
		.seed = 1,
	};
}

static void make_host(struct world *w, const struct balloon_sim_host *host)
{
	char error[128];

	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(host, &w->sim), 0);
	w->backend = balloon_sim_backend(w->sim);
	CU_ASSERT_EQUAL_FATAL(w->backend->open(NULL, &w->self, error, sizeof(error)), 0);
	w->sheet = (struct balloon_sheet){ .struct_size = sizeof(w->sheet),
		                           .swap_bytes = BALLOON_UNKNOWN };
	CU_ASSERT_EQUAL(balloon_sim_step(w->sim, 0), 0);
}

static int press(struct world *w, uint64_t key, uint32_t means, uint64_t level)
{
	struct balloon_order o = { .key = key, .means = means, .target_bytes = level };

	CU_ASSERT_EQUAL(w->backend->order(w->self, 0, &o, 1), 0);
	return o.rc;
}

static void step(struct world *w, uint64_t now)
{
	CU_ASSERT_EQUAL(balloon_sim_step(w->sim, now), 0);
}

/* A guest of 1 GiB whose programs want 500 MiB and touch 100 of it always. */
static uint64_t worker(struct world *w, const char *name)
{
	uint64_t key = add(w, name, GIB);

	CU_ASSERT_EQUAL(balloon_sim_set_demand(w->sim, key, 500 * MIB, 100 * MIB), 0);
	return key;
}

static void a_host_without_them_is_silent(void)
{
	struct balloon_sim_host host = plain();
	const struct balloon_sample *s;
	struct world w;
	uint64_t key;

	make_host(&w, &host);
	key = worker(&w, "a");
	s = see(&w, SEC, key);
	CU_ASSERT_EQUAL(s->means, 0);
	CU_ASSERT_EQUAL(s->cold_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->swapped_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->refault_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->shared_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->stall_bp, BALLOON_UNKNOWN);
	CU_ASSERT_PTR_NULL(s->misses);
	CU_ASSERT_PTR_NULL(s->node_bytes);
	CU_ASSERT_EQUAL(w.sheet.swap_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_SWAP, 0), -ENOTSUP);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_N, 0), -ENOTSUP);
	CU_ASSERT_EQUAL(press(&w, 12345, BALLOON_MEANS_SWAP, 0), -ESRCH);
	unmake(&w);
}

static void cold_memory_goes_to_swap_and_comes_back(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key, before, counted;

	host.swap_bytes = GIB;
	make_host(&w, &host);
	key = worker(&w, "a");
	step(&w, SEC);
	before = host_truth(&w).available_bytes;
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_SWAP, 0), 0);
	step(&w, 2 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.swapped_bytes, 100 * MIB); /* the disk's rate */
	CU_ASSERT_EQUAL(host_truth(&w).available_bytes, before + 100 * MIB);
	for (uint64_t now = 3; now < 20; now++)
		step(&w, now * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.resident_bytes, t.hot_bytes); /* what is hot stays */
	CU_ASSERT_EQUAL(t.resident_bytes + t.swapped_bytes, t.used_bytes);
	CU_ASSERT(t.stall_bp > 0);
	CU_ASSERT_EQUAL(see(&w, 20 * SEC, key)->swapped_bytes, t.swapped_bytes);
	CU_ASSERT_EQUAL(w.sheet.swap_free_bytes, GIB - t.swapped_bytes);

	counted = truth(&w, key).refault_bytes;
	step(&w, 21 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).refault_bytes - counted, t.swapped_bytes / 100);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_SWAP, BALLOON_UNKNOWN), 0);
	step(&w, 31 * SEC);
	CU_ASSERT(truth(&w, key).swapped_bytes < t.swapped_bytes * 92 / 100);
	for (uint64_t now = 32; now < 3000; now++)
		step(&w, now * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).swapped_bytes / MIB, 0);
	unmake(&w);
}

static void what_is_hot_comes_back_at_once(void)
{
	struct balloon_sim_host host = plain();
	struct world w;
	uint64_t key;

	host.swap_bytes = GIB;
	make_host(&w, &host);
	key = worker(&w, "a");
	step(&w, SEC);
	press(&w, key, BALLOON_MEANS_SWAP, 0);
	step(&w, 10 * SEC);
	press(&w, key, BALLOON_MEANS_SWAP, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(balloon_sim_set_demand(w.sim, key, 500 * MIB, 180 * MIB), 0);
	step(&w, 11 * SEC);
	CU_ASSERT(truth(&w, key).resident_bytes >= truth(&w, key).hot_bytes);
	CU_ASSERT(truth(&w, key).stall_bp > 5000); /* 80 of the 100 MiB/s */
	unmake(&w);
}

static void the_pool_takes_room_itself(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key, before;

	host.compress_max_bytes = 64 * MIB;
	host.compress_bp = 2500;
	make_host(&w, &host);
	key = worker(&w, "a");
	step(&w, SEC);
	before = host_truth(&w).available_bytes;
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_COMPRESS, 0), 0);
	step(&w, 5 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.compressed_bytes, 256 * MIB); /* the pool is full then */
	CU_ASSERT_EQUAL(t.swapped_bytes, t.compressed_bytes);
	CU_ASSERT_EQUAL(host_truth(&w).compress_used_bytes, 64 * MIB);
	CU_ASSERT_EQUAL(host_truth(&w).available_bytes, before + 192 * MIB);
	CU_ASSERT_EQUAL(see(&w, 5 * SEC, key)->compress_bp, 2500);
	CU_ASSERT_EQUAL(w.sheet.compress_free_bytes, 0);
	CU_ASSERT_EQUAL(w.sheet.swap_bytes, 0);
	unmake(&w);
}

static void swap_has_an_end(void)
{
	struct balloon_sim_host host = plain();
	struct world w;
	uint64_t a, b;

	host.swap_bytes = 300 * MIB;
	make_host(&w, &host);
	a = worker(&w, "a");
	b = worker(&w, "b");
	step(&w, SEC);
	press(&w, a, BALLOON_MEANS_SWAP, 0);
	press(&w, b, BALLOON_MEANS_SWAP, 0);
	for (uint64_t now = 2; now < 30; now++) {
		step(&w, now * SEC);
		CU_ASSERT(host_truth(&w).swap_used_bytes <= 300 * MIB);
	}
	CU_ASSERT_EQUAL(host_truth(&w).swap_used_bytes, 300 * MIB);
	CU_ASSERT_EQUAL(truth(&w, a).swapped_bytes + truth(&w, b).swapped_bytes, 300 * MIB);
	unmake(&w);
}

static void a_ceiling_stops_growth(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key;

	host.features = BALLOON_SIM_CEILINGS;
	make_host(&w, &host);
	key = worker(&w, "a");
	step(&w, SEC);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_CEILING, 100 * MIB), 0);
	balloon_sim_set_demand(w.sim, key, 800 * MIB, 100 * MIB);
	step(&w, 5 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.resident_bytes, BASE_1G + 500 * MIB); /* what it had */
	CU_ASSERT_EQUAL(t.stall_bp, 10000);
	CU_ASSERT_EQUAL(t.ceiling_told, 100 * MIB);
	press(&w, key, BALLOON_MEANS_CEILING, BALLOON_UNKNOWN);
	step(&w, 6 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).resident_bytes, BASE_1G + 800 * MIB);
	CU_ASSERT_EQUAL(truth(&w, key).stall_bp, 0);
	unmake(&w);
}

static void with_swap_a_ceiling_takes_hot_pages_too(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key;

	host.features = BALLOON_SIM_CEILINGS;
	host.swap_bytes = 2 * GIB;
	make_host(&w, &host);
	key = worker(&w, "a");
	step(&w, SEC);
	press(&w, key, BALLOON_MEANS_CEILING, 50 * MIB);
	for (uint64_t now = 2; now < 30; now++)
		step(&w, now * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.resident_bytes, 50 * MIB);
	CU_ASSERT(t.resident_bytes < t.hot_bytes);
	CU_ASSERT(t.stall_bp > 5000);
	unmake(&w);
}

static void sharing_saves_what_is_offered(void)
{
	struct balloon_sim_host host = plain();
	const struct balloon_sample *s;
	struct world w;
	uint64_t key, before;

	host.share_bp = 2000;
	make_host(&w, &host);
	key = worker(&w, "a");
	s = see(&w, SEC, key);
	before = w.sheet.available_bytes;
	CU_ASSERT_EQUAL(s->shared_bytes, 0);
	CU_ASSERT_EQUAL(s->shareable_bytes / MIB, (s->resident_bytes / 5) / MIB);
	press(&w, key, BALLOON_MEANS_SHARE, 200 * MIB);
	s = see(&w, 2 * SEC, key);
	CU_ASSERT_EQUAL(s->shared_bytes, 20 * MIB); /* as fast as it is scanned */
	s = see(&w, 5 * SEC, key);
	CU_ASSERT_EQUAL(s->shared_bytes, 40 * MIB);
	CU_ASSERT_EQUAL(w.sheet.available_bytes, before + 40 * MIB);
	press(&w, key, BALLOON_MEANS_SHARE, 0);
	s = see(&w, 20 * SEC, key);
	CU_ASSERT_EQUAL(s->shared_bytes, 40 * MIB); /* undone it would cost memory */
	order(&w, key, 0);
	s = see(&w, 60 * SEC, key);
	CU_ASSERT_EQUAL(s->shared_bytes, s->resident_bytes / 5); /* the pages are gone */
	unmake(&w);
}

static void a_balloon_takes_what_is_out_as_well(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key;

	host.swap_bytes = GIB;
	make_host(&w, &host);
	key = worker(&w, "a");
	behave(&w, key, "greedy", GIB);
	step(&w, SEC);
	press(&w, key, BALLOON_MEANS_SWAP, 600 * MIB);
	step(&w, 10 * SEC);
	CU_ASSERT_EQUAL(truth(&w, key).swapped_bytes, 424 * MIB);
	press(&w, key, BALLOON_MEANS_SWAP, BALLOON_UNKNOWN);
	order(&w, key, 200 * MIB);
	step(&w, 20 * SEC);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.actual_bytes, 200 * MIB);
	CU_ASSERT(t.resident_bytes + t.swapped_bytes <= 200 * MIB);
	CU_ASSERT_EQUAL(host_truth(&w).swap_used_bytes, t.swapped_bytes);
	unmake(&w);
}

static void levels_are_lifted_at_close(void)
{
	struct balloon_sim_host host = plain();
	struct balloon_sim_truth t;
	struct world w;
	uint64_t key;

	host.swap_bytes = GIB;
	host.share_bp = 1000;
	host.features = BALLOON_SIM_CEILINGS;
	make_host(&w, &host);
	key = worker(&w, "a");
	press(&w, key, BALLOON_MEANS_SHARE, GIB);
	press(&w, key, BALLOON_MEANS_SWAP, 0);
	press(&w, key, BALLOON_MEANS_CEILING, 0);
	w.backend->close(w.self);
	t = truth(&w, key);
	CU_ASSERT_EQUAL(t.swap_told, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(t.ceiling_told, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(t.share_told, GIB);
	balloon_sim_free(w.sim);
}

static void pinned_memory_stays(void)
{
	struct balloon_sim_host host = plain();
	struct world w;
	uint64_t key;

	host.swap_bytes = GIB;
	make_host(&w, &host);
	key = worker(&w, "a");
	CU_ASSERT_EQUAL(see(&w, SEC, key)->means, 1u << BALLOON_MEANS_SWAP);
	balloon_sim_set_fixed(w.sim, key, BALLOON_FIXED_PASSTHROUGH);
	CU_ASSERT_EQUAL(see(&w, SEC, key)->means, 0);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_SWAP, 0), -ENOTSUP);
	balloon_sim_set_fixed(w.sim, key, BALLOON_FIXED_NO_DRIVER);
	CU_ASSERT_EQUAL(press(&w, key, BALLOON_MEANS_SWAP, 0), 0);
	unmake(&w);
}

/* Whatever is ordered: what backs guests, the pool and what is free are the host. */
static void nothing_is_lost_or_made(void)
{
	static const uint32_t all[] = { BALLOON_MEANS_BALLOON, BALLOON_MEANS_SHARE,
		                        BALLOON_MEANS_COMPRESS, BALLOON_MEANS_SWAP,
		                        BALLOON_MEANS_CEILING };
	struct balloon_sim_host host = plain();
	uint64_t keys[6], x = 1;
	struct world w;

	host.swap_bytes = GIB;
	host.compress_max_bytes = 128 * MIB;
	host.compress_bp = 3000;
	host.share_bp = 1500;
	host.features = BALLOON_SIM_CEILINGS;
	make_host(&w, &host);
	for (size_t k = 0; k < 6; k++) {
		keys[k] = worker(&w, "a");
		balloon_sim_set_wander(w.sim, keys[k]);
		balloon_sim_set_cache(w.sim, keys[k], 100 * MIB, 10 * MIB);
	}
	behave(&w, keys[4], "inhibited", GIB);
	behave(&w, keys[5], "greedy", GIB);
	for (uint64_t now = 1; now < 2000; now++) {
		struct balloon_sim_host_truth h;
		uint64_t taken = 0, out = 0, zipped = 0, shared = 0;

		x = x * 6364136223846793005u + 1442695040888963407u;
		press(&w, keys[x >> 60 & 3 ? (x >> 40) % 6 : 0], all[(x >> 33) % 5],
		      x >> 50 & 1 ? BALLOON_UNKNOWN >> (x >> 55 & 1) : (x >> 20) % GIB);
		step(&w, now * SEC);
		for (size_t k = 0; k < 6; k++) {
			struct balloon_sim_truth t = truth(&w, keys[k]);

			CU_ASSERT(t.compressed_bytes <= t.swapped_bytes);
			CU_ASSERT(t.shared_bytes <= t.resident_bytes);
			CU_ASSERT(t.resident_bytes + t.swapped_bytes <= GIB);
			taken += t.resident_bytes - t.shared_bytes;
			out += t.swapped_bytes;
			zipped += t.compressed_bytes;
			shared += t.shared_bytes;
		}
		h = host_truth(&w);
		CU_ASSERT_EQUAL(h.available_bytes,
		                8 * GIB - OWN - taken - h.compress_used_bytes);
		CU_ASSERT_EQUAL(h.swap_used_bytes, out - zipped);
		CU_ASSERT_EQUAL(h.compress_used_bytes, zipped * 3 / 10);
		CU_ASSERT_EQUAL(h.shared_bytes, shared);
		CU_ASSERT(h.swap_used_bytes <= GIB);
		CU_ASSERT(h.compress_used_bytes <= 128 * MIB);
	}
	CU_ASSERT(host_truth(&w).refault_bytes > 0);
	unmake(&w);
}

static void curves_fall_to_what_is_wanted(void)
{
	struct balloon_sim_host host = plain();
	const uint64_t *misses;
	struct world w;
	uint64_t key;

	host.features = BALLOON_SIM_TELLS_MISSES;
	make_host(&w, &host);
	key = worker(&w, "a");
	misses = see(&w, SEC, key)->misses;
	CU_ASSERT_PTR_NOT_NULL_FATAL(misses);
	for (size_t k = 1; k <= BALLOON_MISSES; k++)
		CU_ASSERT(misses[k] <= misses[k - 1]);
	CU_ASSERT(misses[9] > 0); /* of 576 MiB; it wants 584 */
	CU_ASSERT_EQUAL(misses[10], 0);
	unmake(&w);
}

static void stalls_come_with_figures(void)
{
	struct balloon_sim_host host = plain();
	struct world w;
	uint64_t a, b;

	host.features = BALLOON_SIM_TELLS_STALL;
	make_host(&w, &host);
	a = worker(&w, "a");
	b = worker(&w, "b");
	behave(&w, b, "full", GIB);
	CU_ASSERT_EQUAL(see(&w, 2 * SEC, a)->stall_bp, 0);
	CU_ASSERT_EQUAL(see(&w, 2 * SEC, b)->stall_bp, 10000); /* a lie */
	order(&w, a, 150 * MIB);
	step(&w, 30 * SEC);
	CU_ASSERT_EQUAL(see(&w, 30 * SEC, a)->stall_bp, truth(&w, a).pressure_bp);
	CU_ASSERT(truth(&w, a).pressure_bp > 0);
	unmake(&w);
}

static void nodes_hold_what_is_on_them(void)
{
	struct balloon_sim_host host = plain();
	const struct balloon_sample *s;
	uint64_t keys[3];
	struct world w;

	host.nodes = 2;
	make_host(&w, &host);
	for (size_t k = 0; k < 3; k++)
		keys[k] = worker(&w, "a");
	s = see(&w, SEC, keys[1]);
	CU_ASSERT_EQUAL_FATAL(w.sheet.nodes_n, 2);
	CU_ASSERT_EQUAL(s->node_bytes[0], 0);
	CU_ASSERT_EQUAL(s->node_bytes[1], s->resident_bytes);
	CU_ASSERT_EQUAL(truth(&w, keys[2]).node, 0);
	CU_ASSERT_EQUAL(w.sheet.nodes[0].available_bytes + w.sheet.nodes[1].available_bytes,
	                w.sheet.available_bytes);
	CU_ASSERT_EQUAL(w.sheet.nodes[1].available_bytes - w.sheet.nodes[0].available_bytes,
	                s->resident_bytes);
	unmake(&w);
}

static void a_uri_can_wish_for_them(void)
{
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };
	char error[160] = "";
	void *self;

	CU_ASSERT_EQUAL_FATAL(
	        balloon_backend_module.open("sim:swap=1GiB,compress=40%,share=20%,ceiling=1,nodes=2,"
	                                    "tells=stall+misses,demand=100MiB",
	                                    &self, error, sizeof(error)),
	        0);
	CU_ASSERT_EQUAL(balloon_backend_module.observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(sheet.swap_bytes, GIB);
	CU_ASSERT_EQUAL(sheet.nodes_n, 2);
	CU_ASSERT_EQUAL(sheet.guests[0].means, 0x1e);
	CU_ASSERT_EQUAL(sheet.guests[0].compress_bp, 4000);
	CU_ASSERT_EQUAL(sheet.guests[0].stall_bp, 0);
	CU_ASSERT_PTR_NOT_NULL(sheet.guests[0].misses);
	balloon_backend_module.close(self);
	CU_ASSERT(balloon_backend_module.open("sim:tells=lies", &self, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "lies"));
	CU_ASSERT(balloon_backend_module.open("sim:share=101%", &self, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "share=101%"));
}

int main(void)
{
	static const struct test tests[] = {
		{"a host without them is silent", a_host_without_them_is_silent},
		{"cold memory goes to swap and comes back", cold_memory_goes_to_swap_and_comes_back},
		{"what is hot comes back at once", what_is_hot_comes_back_at_once},
		{"the pool takes room itself", the_pool_takes_room_itself},
		{"swap has an end", swap_has_an_end},
		{"a ceiling stops growth", a_ceiling_stops_growth},
		{"with swap a ceiling takes hot pages too", with_swap_a_ceiling_takes_hot_pages_too},
		{"sharing saves what is offered", sharing_saves_what_is_offered},
		{"a balloon takes what is out as well", a_balloon_takes_what_is_out_as_well},
		{"levels are lifted at close", levels_are_lifted_at_close},
		{"pinned memory stays", pinned_memory_stays},
		{"nothing is lost or made", nothing_is_lost_or_made},
		{"curves fall to what is wanted", curves_fall_to_what_is_wanted},
		{"stalls come with figures", stalls_come_with_figures},
		{"nodes hold what is on them", nodes_hold_what_is_on_them},
		{"a URI can wish for them", a_uri_can_wish_for_them},
		{NULL, NULL},
	};

	return run_tests("simulated means", tests);
}
