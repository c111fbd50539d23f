/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ways into a simulated host: URIs good and bad, handles, struct sizes and
 * the clock.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "simkit.h"

extern const struct balloon_backend balloon_backend_module;

/* -------------------------------------------------------------------- door */


static int try_uri(const char *uri, char *error, size_t size)
{
	void *self;
	int rc = balloon_backend_module.open(uri, &self, error, size);

	if (rc == 0)
		balloon_backend_module.close(self);
	return rc;
}

static void a_uri_makes_a_host(void)
{
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };
	char error[160];
	void *self;

	CU_ASSERT_EQUAL_FATAL(
	        balloon_backend_module.open("sim:guests=5,host=4GiB,size=512MiB,own=1GiB,"
	                                    "cache=512MiB,demand=100MiB,behaviour-2=hung",
	                                    &self, error, sizeof(error)),
	        0);
	CU_ASSERT_EQUAL(balloon_backend_module.observe(self, 77 * SEC, &sheet), 0);
	CU_ASSERT_EQUAL_FATAL(sheet.guests_n, 5);
	CU_ASSERT_EQUAL(sheet.total_bytes, 4 * GIB);
	CU_ASSERT_STRING_EQUAL(sheet.guests[4].name, "sim-5");
	CU_ASSERT_EQUAL(sheet.guests[4].actual_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(sheet.guests[4].total_bytes - sheet.guests[4].available_bytes,
	                164 * MIB + 512 * MIB / 50);
	CU_ASSERT_EQUAL(sheet.guests[1].actual_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(sheet.available_bytes,
	                4 * GIB - 512 * MIB - 5 * (164 * MIB + 512 * MIB / 50));
	balloon_backend_module.close(self);
	CU_ASSERT_EQUAL(try_uri("sim:", error, sizeof(error)), 0);
}

static void a_bad_uri_is_named(void)
{
	static const char *const bad[][2] = {
		{ "sim:guests=x", "guests=x" },     { "sim:host=2GB", "host=2GB" },
		{ "sim:host=2", "host=2" },         { "sim:speed=3", "speed" },
		{ "sim:guests=3,guests=4", "guests" }, { "sim:guests", "guests" },
		{ "sim:guests=3,", "guests" },      { "sim:seed=18446744073709551616", "seed" },
		{ "sim:host=99999999TiB", "host" }, { "sim:behaviour=nice", "nice" },
		{ "sim:behaviour-9=hung", "hung" }, { "sim:behaviour-0=hung", "0" },
		{ "sim:handle=63", "63" },          { "sim:faults=10001", "faults" },
		{ "sim:own=3GiB", "own" },          { "sim:boot=3h", "boot" },
		{ "sim:host=-1GiB", "host" },       { "qemu:///system", "qemu" },
		{ "sim:guests=2,handle=0", "0" },   { "sim: guests=2", " guests" },
	};

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		char error[160] = "";

		CU_ASSERT(try_uri(bad[k][0], error, sizeof(error)) < 0);
		if (!strstr(error, bad[k][1]))
			fprintf(stderr, "%s: \"%s\"\n", bad[k][0], error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, bad[k][1]));
	}
}

static void a_handle_can_be_attached_to(void)
{
	struct world w;
	char error[160];
	void *self;

	make(&w, 8 * GIB, 0, 1);
	add(&w, "mine", GIB);
	CU_ASSERT_EQUAL_FATAL(balloon_backend_module.open(balloon_sim_uri(w.sim), &self, error,
	                                                  sizeof(error)),
	                      0);
	CU_ASSERT_EQUAL(balloon_backend_module.observe(self, SEC, &w.sheet), 0);
	CU_ASSERT_STRING_EQUAL(w.sheet.guests[0].name, "mine");
	balloon_backend_module.close(self);
	CU_ASSERT_PTR_NOT_NULL(see(&w, 2 * SEC, w.sheet.guests[0].key));
	unmake(&w);
}

static void the_doors_are_counted(void)
{
	struct balloon_sim_host host = {
		.struct_size = sizeof(host),
		.total_bytes = GIB,
		.capacity_bytes = BALLOON_UNKNOWN,
	};
	struct balloon_sim *sims[64], *extra;

	for (int k = 0; k < 64; k++)
		CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &sims[k]), 0);
	CU_ASSERT_EQUAL(balloon_sim_new(&host, &extra), -ENFILE);
	for (int k = 0; k < 64; k++)
		balloon_sim_free(sims[k]);
	CU_ASSERT_EQUAL(balloon_sim_new(&host, &extra), 0);
	balloon_sim_free(extra);
	balloon_sim_free(NULL);
}

static void sizes_are_checked(void)
{
	struct {
		struct balloon_sim_host host;
		uint64_t tail;
	} newer = { .host = { .struct_size = sizeof(newer), .total_bytes = GIB }, .tail = 0 };
	struct balloon_sim *sim = NULL;

	newer.host.capacity_bytes = BALLOON_UNKNOWN;
	CU_ASSERT_EQUAL(balloon_sim_new(&newer.host, &sim), 0);
	balloon_sim_free(sim);
	newer.tail = 1;
	CU_ASSERT_EQUAL(balloon_sim_new(&newer.host, &sim), -E2BIG);
	newer.host.struct_size = 8;
	CU_ASSERT_EQUAL(balloon_sim_new(&newer.host, &sim), -EINVAL);
	CU_ASSERT_EQUAL(balloon_sim_new(NULL, &sim), -EINVAL);
}

static void time_does_not_go_back(void)
{
	struct world w;
	uint64_t key;

	make(&w, 8 * GIB, 0, 1);
	key = add(&w, "a", GIB);
	balloon_sim_step(w.sim, 10 * SEC);
	CU_ASSERT_EQUAL(balloon_sim_step(w.sim, 9 * SEC), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(see(&w, 9 * SEC, key));
	CU_ASSERT_EQUAL(host_truth(&w).clock_ns, 10 * SEC);
	CU_ASSERT_EQUAL(balloon_sim_step(w.sim, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(host_truth(&w).clock_ns, 10 * SEC + 86400 * SEC);
	unmake(&w);
}

int main(void)
{
	static const struct test tests[] = {
		{"a URI makes a host", a_uri_makes_a_host},
		{"a bad URI is named", a_bad_uri_is_named},
		{"a handle can be attached to", a_handle_can_be_attached_to},
		{"the doors are counted", the_doors_are_counted},
		{"sizes are checked", sizes_are_checked},
		{"time does not go back", time_does_not_go_back},
	        {NULL, NULL},
	};

	return run_tests("simulated door", tests);
}
