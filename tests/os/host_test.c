/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's own figures: ARC, groups' limits, paging, swap. Texts, then this host. */
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "os/hostmem.h"
#include "os/swap.h"
#include "os/vmstat.h"

static void reads_the_arc(void)
{
	static const char text[] = "13 1 0x01 147 39984 1 2\nname type data\n"
	                           "hits                            4    1234\n"
	                           "c_min                           4    1000\n"
	                           "size                            4    5000\n"
	                           "size_not                        4    1\n";
	struct bl_arc arc;

	CU_ASSERT_EQUAL(bl_arc_parse(text, strlen(text), &arc), 0);
	CU_ASSERT(arc.size_bytes == 5000 && arc.min_bytes == 1000);
	CU_ASSERT_EQUAL(bl_arc_parse("size 4 1\n", 9, &arc), -EBADMSG);
	CU_ASSERT_EQUAL(bl_arc_parse("size 4 1\nc_min 4 -1\n", 20, &arc), -EBADMSG);
}

static struct bl_meminfo host_of(uint64_t total, uint64_t available)
{
	struct bl_meminfo info = { .total_bytes = total, .available_bytes = available };

	return info;
}

static void adds_the_arc(void)
{
	static const struct {
		uint64_t available, size, min, then;
	} cases_of[] = {
		{ 10, 50, 20, 40 },  { 10, 200, 20, 100 }, { 10, 20, 20, 10 }, { 10, 10, 20, 10 },
		{ 100, 50, 0, 100 }, { UINT64_MAX, 50, 0, UINT64_MAX },
		{ 10, UINT64_MAX, 0, 100 },
	};

	for (size_t i = 0; i < sizeof(cases_of) / sizeof(cases_of[0]); i++) {
		struct bl_meminfo info = host_of(100, cases_of[i].available);
		struct bl_arc arc = { cases_of[i].size, cases_of[i].min };

		bl_meminfo_add_arc(&info, &arc);
		CU_ASSERT_EQUAL(info.available_bytes, cases_of[i].then);
	}
}

static void is_confined_by_a_group(void)
{
	static const struct {
		uint64_t limit, current, droppable, total, available;
	} cases_of[] = {
		{ UINT64_MAX, 10, 0, 100, 80 }, { 100, 10, 0, 100, 80 },
		{ 50, 30, 10, 50, 30 },         { 50, 30, UINT64_MAX, 50, 20 },
		{ 50, 60, 0, 50, 0 },           { 50, 30, 40, 50, 50 },
		{ 99, 1, 0, 99, 80 },           { 50, UINT64_MAX, 0, 50, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(cases_of) / sizeof(cases_of[0]); i++) {
		struct bl_meminfo info = host_of(100, 80);
		struct bl_cgroup_memory group = { .limit_bytes = cases_of[i].limit,
			                          .current_bytes = cases_of[i].current,
			                          .droppable_bytes = cases_of[i].droppable };

		bl_meminfo_confine(&info, &group);
		CU_ASSERT_EQUAL(info.total_bytes, cases_of[i].total);
		CU_ASSERT_EQUAL(info.available_bytes, cases_of[i].available);
	}
}

static void reads_this_host(void)
{
	struct bl_hostmem *h;
	struct bl_meminfo info;

	CU_ASSERT_EQUAL_FATAL(bl_hostmem_open(&h), 0);
	CU_ASSERT_EQUAL(bl_hostmem_read(h, NULL, NULL, &info), 0);
	CU_ASSERT(info.available_bytes > 0 && info.available_bytes <= info.total_bytes);
	CU_ASSERT(info.swap_free_bytes <= info.swap_total_bytes);
	bl_hostmem_close(h);
	bl_hostmem_close(NULL);
}

static void reads_paging(void)
{
	static const char text[] = "pswpin 1\npswpout 2\npgsteal_kswapd 3\npgsteal_direct 4\n"
	                           "pgsteal_anon 100\npgscan_direct_throttle 9\noom_kill x\n";
	struct bl_vmstat v;

	CU_ASSERT_EQUAL(bl_vmstat_parse(text, strlen(text), &v), 0);
	CU_ASSERT(v.swap_ins == 1 && v.swap_outs == 2 && v.stolen == 7);
	CU_ASSERT(v.zswap_ins == UINT64_MAX && v.direct_scans == UINT64_MAX);
	CU_ASSERT_EQUAL(v.oom_kills, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_vmstat_parse("nr_free_pages 1\n", 16, &v), -EBADMSG);
	CU_ASSERT_EQUAL(bl_vmstat_read(&v), 0);
	CU_ASSERT(v.stolen != UINT64_MAX && v.oom_kills != UINT64_MAX);
}

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

static int swaps(const char *text, struct bl_swaps *s)
{
	return bl_swaps_parse(text, strlen(text), s);
}

static void reads_swaps(void)
{
	static const char *const bad[] = { "", "\n", "/a file 1 0 0", HEAD "/a file 1", HEAD "/a",
		                           HEAD "/a file 1 2 0", HEAD "/a file -1 0 0",
		                           HEAD "/a file 18446744073709551616 0 0", HEAD "\n" };
	struct bl_swaps s = { .devices = 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(swaps(bad[i], &s), -EBADMSG);
	CU_ASSERT_EQUAL(s.devices, 7);
	CU_ASSERT_EQUAL(swaps(HEAD, &s), 0);
	CU_ASSERT(s.devices == 0 && s.total_bytes == 0 && s.free_bytes == 0);
	CU_ASSERT_EQUAL(swaps(HEAD "/dev/zram0 partition 100 40 100\n"
	                           "/a\\040b file\t\t50\t\t10\t\t-2\n", &s), 0);
	CU_ASSERT(s.devices == 2 && s.total_bytes == 150 * 1024 && s.free_bytes == 100 * 1024);
	CU_ASSERT(s.zram_bytes == 100 * 1024 && s.zram_free_bytes == 60 * 1024);
	CU_ASSERT_EQUAL(swaps(HEAD "/a file 18446744073709551615 0 0", &s), 0);
	CU_ASSERT_EQUAL(s.total_bytes, UINT64_MAX);
}

static void reads_zram(void)
{
	struct bl_zram z;

	CU_ASSERT_EQUAL(bl_zram_parse("  100  40  50  200 7 8 9 10 11\n", 31, &z), 0);
	CU_ASSERT(z.stored_bytes == 100 && z.compressed_bytes == 40);
	CU_ASSERT(z.used_bytes == 50 && z.limit_bytes == 200);
	CU_ASSERT_EQUAL(bl_zram_parse("100 40 50", 9, &z), -EBADMSG);
}

static void sees_a_swap_file(void)
{
	struct bl_swap_state now;

	if (!swap_start(16 * MIB))
		return;
	CU_ASSERT_EQUAL(bl_swap_read(GIB, &now), 0);
	CU_ASSERT(now.swaps.devices > 0 && now.swaps.total_bytes > 15 * MIB);
	CU_ASSERT(now.disk_room_bytes > 0);
	CU_ASSERT(now.compress_room_bytes <= now.swaps.free_bytes);
	swap_end();
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads the ARC", reads_the_arc },
		{ "adds the ARC", adds_the_arc },
		{ "is confined by a group", is_confined_by_a_group },
		{ "reads this host", reads_this_host },
		{ "reads paging", reads_paging },
		{ "reads swaps", reads_swaps },
		{ "reads zram", reads_zram },
		{ "sees a swap file", sees_a_swap_file },
		{ NULL, NULL },
	};

	return run_tests("os_host", tests);
}
