/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/smaps, numa_maps and entries of pagemap, as Linux 6 writes them. */
#include <errno.h>
#include <string.h>

#include "os/pages_found.h"
#include "os/pages_maps.h"
#include "testkit.h"

static int line(struct bl_mapping *m, const char *text)
{
	return bl_smaps_line(m, text, strlen(text));
}

static void a_mapping(void)
{
	struct bl_mapping m = {0};

	CU_ASSERT_EQUAL(line(&m, "7f0000000000-7f0000200000 rw-p 00001000 fd:01 0 "), 0);
	CU_ASSERT(m.start == 0x7f0000000000 && m.end == 0x7f0000200000 && m.offset == 0x1000);
	CU_ASSERT(m.major == 0xfd && m.minor == 1 && m.kind == BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(line(&m, "Size:               2048 kB"), 0);
	CU_ASSERT_EQUAL(line(&m, "Shared_Dirty:          0 kB"), 0);
	CU_ASSERT_FALSE(m.company);
	CU_ASSERT_EQUAL(line(&m, "KSM:                  12 kB"), 0);
	CU_ASSERT_TRUE(m.company);
	CU_ASSERT_FALSE(m.complete);
	CU_ASSERT_EQUAL(line(&m, "VmFlags: rd wr mr mw me ac mg hg "), 1);
	CU_ASSERT(m.complete && m.mergeable && !m.hugetlb);
	CU_ASSERT_EQUAL(line(&m, "VmFlags: io"), 0); /* not twice */
	CU_ASSERT_EQUAL(m.kind, BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(line(&m, "1000-2000 rw-p 00000000 00:00 0"), 0);
	CU_ASSERT(!m.mergeable && !m.company && !m.complete); /* begun anew */
}

static enum bl_mapping_kind kind(const char *perms, const char *inode_name)
{
	struct bl_mapping m = {0};
	char text[200] = "1000-2000 ";

	strcat(text, perms);
	strcat(text, " 00000000 00:01 ");
	strcat(text, inode_name);
	CU_ASSERT_EQUAL(line(&m, text), 0);
	return m.kind;
}

static void kinds(void)
{
	CU_ASSERT_EQUAL(kind("rw-p", "0      [heap]"), BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(kind("rw-p", "0      [stack]"), BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(kind("rw-p", "0      [anon:ram]"), BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(kind("r-xp", "0      [vdso]"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("r--p", "0      [vvar]"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("--xp", "0      [vsyscall]"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("---p", "0"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("rw-s", "7      /memfd:ram (deleted)"), BL_MAPPING_SHARED);
	CU_ASSERT_EQUAL(kind("rw-p", "7      /memfd:ram (deleted)"), BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(kind("rw-s", "7      /dev/shm/ram"), BL_MAPPING_SHARED);
	CU_ASSERT_EQUAL(kind("rw-s", "7      /dev/zero (deleted)"), BL_MAPPING_SHARED);
	CU_ASSERT_EQUAL(kind("rw-p", "7      /anon_hugepage (deleted)"), BL_MAPPING_ANONYMOUS);
	CU_ASSERT_EQUAL(kind("rw-s", "7      /var/lib/db"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("r-xp", "7      /usr/lib/libc.so.6"), BL_MAPPING_OTHER);
	CU_ASSERT_EQUAL(kind("rw-s", "7      /dev/vfio/12"), BL_MAPPING_OTHER);
}

static void device_memory_is_left_alone(void)
{
	struct bl_mapping m = {0};

	line(&m, "1000-2000 rw-s 00000000 00:01 9 /dev/shm/odd");
	CU_ASSERT_EQUAL(line(&m, "VmFlags: rd wr sh io pf dd"), 1);
	CU_ASSERT_EQUAL(m.kind, BL_MAPPING_OTHER);
}

static void nonsense(void)
{
	static const char *const bad[] = {
	        "", " ", "x", "1000", "1000-", "1000-2000", "1000-2000 ", "1000-2000 rw-p",
	        "2000-1000 rw-p 0 00:00 0", "1000-1000 rw-p 0 00:00 0", "1000-2000 rw-p z 00:00 0",
	        "1000-2000 rw-p 0 0000 0", "1000-2000 rw-p 0 00:00 ", "Nonsense",
	        "11111111111111111-2 rw-p 0 00:00 0", "1000-2000 rw-p 0 100000000:00 0",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bl_mapping m = {0};

		CU_ASSERT_EQUAL(line(&m, bad[i]), -EBADMSG);
		CU_ASSERT_EQUAL(m.end, 0);
	}
}

static void nodes(void)
{
	const char *text = "7f00 default anon=9 dirty=9 N0=3 N1=6 kernelpagesize_kB=4";
	uint64_t start;
	int32_t node;

	CU_ASSERT_EQUAL(bl_numa_maps_line(text, strlen(text), &start, &node), 0);
	CU_ASSERT(start == 0x7f00 && node == 1);
	text = "7f00 default file=/N2=7 N3";
	CU_ASSERT_EQUAL(bl_numa_maps_line(text, strlen(text), &start, &node), 0);
	CU_ASSERT_EQUAL(node, -1);
	CU_ASSERT_EQUAL(bl_numa_maps_line("default", 7, &start, &node), -EBADMSG);
}

static void entries(void)
{
	const uint64_t present = UINT64_C(1) << 63, swapped = UINT64_C(1) << 62, file = UINT64_C(1) << 61;
	const uint64_t e[] = {0, present, present | 5, swapped, 0, swapped, present | file, present};
	struct bl_found f[8];

	CU_ASSERT_EQUAL_FATAL(bl_pagemap_regions(e, 8, 0x10000, f), 5);
	CU_ASSERT(f[0].start == 0x11000 && f[0].end == 0x13000 && f[0].kind == BL_FOUND_PRESENT);
	CU_ASSERT(f[1].start == 0x13000 && f[1].end == 0x14000 && f[1].kind == BL_FOUND_SWAPPED);
	CU_ASSERT(f[2].start == 0x15000 && f[2].kind == BL_FOUND_SWAPPED);
	CU_ASSERT(f[3].start == 0x16000 && f[3].end == 0x17000 && f[3].file);
	CU_ASSERT(f[4].start == 0x17000 && !f[4].file);
}

int main(void)
{
	static const struct test tests[] = {
	        {"a mapping", a_mapping},
	        {"kinds of mappings", kinds},
	        {"device memory is left alone", device_memory_is_left_alone},
	        {"nonsense", nonsense},
	        {"nodes", nodes},
	        {"entries of pagemap", entries},
	        {NULL, NULL},
	};

	return run_tests("dedup maps", tests);
}
