/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests of a trace file: do they want what it says, when it says so, and is a
 * file that cannot be read refused by name? Knows the public sim.h only.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simkit.h"

extern const struct balloon_backend balloon_backend_module;

static char dir[64];

static char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void put_both(const char *demands, const char *sizes)
{
	put("x-active-mib.csv", demands);
	put("x-provisioned-mib.csv", sizes);
}

static int load(struct world *w, const char *path, uint32_t speed, uint64_t max, uint64_t skip_s,
                char *ret_error, size_t size)
{
	struct balloon_sim_trace_file file = {
		.struct_size = sizeof(file),
		.speed = speed,
		.path = path,
		.guests_max = max,
		.skip_s = skip_s,
		.actual_bp = 10000,
	};
	size_t n = 0;
	int rc = balloon_sim_add_traces(w->sim, &file, &n, ret_error, size);

	return rc < 0 ? rc : (int)n;
}

/* What the programs of the guest called name want now. */
static uint64_t demand(struct world *w, uint64_t now, const char *name)
{
	CU_ASSERT_EQUAL_FATAL(w->backend->observe(w->self, now, &w->sheet), 0);
	for (size_t i = 0; i < w->sheet.guests_n; i++)
		if (!strcmp(w->sheet.guests[i].name, name))
			return truth(w, w->sheet.guests[i].key).wants_bytes - BASE_1G;
	return BALLOON_UNKNOWN;
}

static const char three[] = "unix_s,a,b,c\n1000,100,,7\n1300,400.5,50,\n1600,100,,\n";
static const char sizes3[] = "vm,provisioned_mib\nc,1024\na,1024\nb,1024\n";

static void it_is_linear_between_samples(void)
{
	struct world w;

	put_both(three, sizes3);
	make(&w, 8 * GIB, 0, 1);
	CU_ASSERT_EQUAL(load(&w, dir, 1, BALLOON_UNKNOWN, 0, NULL, 0), 3);
	CU_ASSERT_EQUAL(demand(&w, 0, "a"), 100 * MIB);
	CU_ASSERT_EQUAL(demand(&w, 100 * SEC, "a"), 100 * MIB + 300 * MIB / 3 + MIB / 6);
	CU_ASSERT_EQUAL(demand(&w, 100 * SEC, "b"), 50 * MIB); /* level before the first … */
	CU_ASSERT_EQUAL(demand(&w, 300 * SEC, "a"), 400 * MIB + MIB / 2);
	CU_ASSERT_EQUAL(demand(&w, 700 * SEC, "a"), 100 * MIB);
	CU_ASSERT_EQUAL(demand(&w, 700 * SEC, "c"), 7 * MIB); /* … and after the last */
	unmake(&w);
}

static void its_time_can_be_scaled_and_skipped(void)
{
	struct world w;

	put_both(three, sizes3);
	make(&w, 8 * GIB, 0, 1);
	CU_ASSERT_EQUAL(load(&w, path_of("*-active-mib.csv"), 10, BALLOON_UNKNOWN, 150, NULL, 0), 3);
	CU_ASSERT_EQUAL(demand(&w, 0, "a"), 250 * MIB + MIB / 4);
	CU_ASSERT_EQUAL(demand(&w, 15 * SEC, "a"), 400 * MIB + MIB / 2);
	CU_ASSERT_EQUAL(demand(&w, 45 * SEC, "a"), 100 * MIB);
	unmake(&w);
}

static void guests_start_with_what_the_host_has(void)
{
	struct balloon_sim_trace_file file = { .struct_size = sizeof(file), .path = dir,
		                               .guests_max = BALLOON_UNKNOWN };
	struct world w;

	put_both(three, sizes3);
	make(&w, GIB + 256 * MIB, 0, 1);
	CU_ASSERT_EQUAL(balloon_sim_add_traces(w.sim, &file, NULL, NULL, 0), 0);
	CU_ASSERT(host_truth(&w).promised_bytes <= GIB);
	CU_ASSERT(host_truth(&w).promised_bytes + 3 >= GIB);
	unmake(&w);
}

/* Names of n guests chosen with a seed, joined. */
static void chosen(uint64_t seed, uint64_t n, char *ret_names, size_t size)
{
	struct world w;

	make(&w, 64 * GIB, 0, seed);
	CU_ASSERT_EQUAL(load(&w, dir, 1, n, 0, NULL, 0), (int)n);
	CU_ASSERT_EQUAL(w.backend->observe(w.self, 0, &w.sheet), 0);
	*ret_names = 0;
	for (size_t i = 0; i < w.sheet.guests_n; i++)
		snprintf(ret_names + strlen(ret_names), size - strlen(ret_names), "%s ",
		         w.sheet.guests[i].name);
	unmake(&w);
}

static void the_choice_is_the_seeds(void)
{
	char names[4][256], demands[512] = "unix_s", sizes[1024] = "vm,provisioned_mib\n";
	int differ = 0;

	for (int k = 0; k < 40; k++) {
		snprintf(demands + strlen(demands), sizeof(demands) - strlen(demands), ",%d", k);
		snprintf(sizes + strlen(sizes), sizeof(sizes) - strlen(sizes), "%d,100\n", k);
	}
	snprintf(demands + strlen(demands), sizeof(demands) - strlen(demands), "\n0");
	for (int k = 0; k < 40; k++)
		snprintf(demands + strlen(demands), sizeof(demands) - strlen(demands), ",1");
	put_both(demands, sizes);
	for (int k = 0; k < 4; k++)
		chosen(k == 3 ? 1 : (uint64_t)k + 1, 10, names[k], sizeof(names[k]));
	CU_ASSERT_STRING_EQUAL(names[0], names[3]);
	differ += strcmp(names[0], names[1]) != 0;
	differ += strcmp(names[0], names[2]) != 0;
	CU_ASSERT_EQUAL(differ, 2);
}

static void what_cannot_be_read_is_named(void)
{
	static const char *const bad[][3] = {
		{ "time,a\n1,1\n", "vm,m\na,100\n", "line 1" },
		{ "unix_s\n1\n", "vm,m\na,100\n", "line" },
		{ "unix_s,a\n1,1\n2,x\n", "vm,m\na,100\n", "line 3" },
		{ "unix_s,a\n2,1\n1,1\n", "vm,m\na,100\n", "line 3" },
		{ "unix_s,a\n1,1,2\n", "vm,m\na,100\n", "line 2" },
		{ "unix_s,a,b\n1,1\n", "vm,m\na,100\nb,100\n", "line 2" },
		{ "unix_s,a\n1,99999999999999999999\n", "vm,m\na,100\n", "line 2" },
		{ "unix_s,a\n1,-5\n", "vm,m\na,100\n", "line 2" },
		{ "unix_s,a\n1,1\n", "vm,m\na,one\n", "line 2" },
		{ "unix_s,a\n1,1\n", "vm,m\nb,100\n", "size" },
		{ "", "vm,m\nb,100\n", "line" },
	};

	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		char error[256] = "";
		struct world w;

		put_both(bad[k][0], bad[k][1]);
		make(&w, 8 * GIB, 0, 1);
		CU_ASSERT_EQUAL(load(&w, dir, 1, BALLOON_UNKNOWN, 0, error, sizeof(error)), -EPROTO);
		if (!strstr(error, bad[k][2]))
			fprintf(stderr, "%zu: \"%s\"\n", k, error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, bad[k][2]));
		CU_ASSERT_EQUAL(host_truth(&w).guests_n, 0);
		unmake(&w);
	}
}

static void a_file_that_is_not_there_is_named(void)
{
	char error[256] = "";
	struct world w;

	make(&w, 8 * GIB, 0, 1);
	CU_ASSERT_EQUAL(load(&w, "/nowhere", 1, 1, 0, error, sizeof(error)), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nowhere"));
	unmake(&w);
}

/* Built without zlib it says so of each; with it, both are the same. */
static void a_compressed_one_is_the_same(void)
{
	char command[256];
	struct world w;
	int rc;

	put_both(three, sizes3);
	snprintf(command, sizeof(command), "gzip -f %s/x-active-mib.csv", dir);
	if (system(command) != 0) {
		fprintf(stderr, "SKIP: no gzip to compress a trace with\n");
		return;
	}
	make(&w, 8 * GIB, 0, 1);
	rc = load(&w, dir, 1, BALLOON_UNKNOWN, 0, NULL, 0);
	CU_ASSERT(rc == 3 || rc == -EPROTO);
	if (rc == 3)
		CU_ASSERT_EQUAL(demand(&w, 300 * SEC, "a"), 400 * MIB + MIB / 2);
	unmake(&w);
	unlink(path_of("x-active-mib.csv.gz"));
}

static void a_uri_can_name_it(void)
{
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };
	char uri[256], error[256] = "";
	void *self;

	put_both(three, sizes3);
	snprintf(uri, sizeof(uri), "sim:host=2GiB,trace=%s,speed=60,guests=2,behaviour-2=hung", dir);
	CU_ASSERT_EQUAL_FATAL(balloon_backend_module.open(uri, &self, error, sizeof(error)), 0);
	CU_ASSERT_EQUAL(balloon_backend_module.observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(sheet.guests_n, 2);
	CU_ASSERT_EQUAL(sheet.guests[0].size_bytes, GIB);
	CU_ASSERT_EQUAL(sheet.guests[1].actual_bytes, BALLOON_UNKNOWN);
	balloon_backend_module.close(self);
	snprintf(uri, sizeof(uri), "sim:trace=%s,size=1GiB", dir);
	CU_ASSERT(balloon_backend_module.open(uri, &self, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "size"));
	snprintf(uri, sizeof(uri), "sim:trace=%s,guests=2,behaviour-3=hung", dir);
	CU_ASSERT(balloon_backend_module.open(uri, &self, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "hung"));
	CU_ASSERT(balloon_backend_module.open("sim:trace=/nowhere", &self, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nowhere"));
}

int main(void)
{
	static const struct test tests[] = {
		{"it is linear between samples", it_is_linear_between_samples},
		{"its time can be scaled and skipped", its_time_can_be_scaled_and_skipped},
		{"guests start with what the host has", guests_start_with_what_the_host_has},
		{"the choice is the seed's", the_choice_is_the_seeds},
		{"what cannot be read is named", what_cannot_be_read_is_named},
		{"a file that is not there is named", a_file_that_is_not_there_is_named},
		{"a compressed one is the same", a_compressed_one_is_the_same},
		{"a URI can name it", a_uri_can_name_it},
		{NULL, NULL},
	};
	int rc;

	snprintf(dir, sizeof(dir), "%s", "/tmp/balloon-traces-XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	rc = run_tests("simulated traces", tests);
	unlink(path_of("x-active-mib.csv"));
	unlink(path_of("x-provisioned-mib.csv"));
	rmdir(dir);
	return rc;
}
