/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mapping is the RAM: as texts of virtual machine monitors have them, and in
 * children of our own. */
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "child.h"
#include "os/pagemap.h"
#include "os/text.h"

#define SIZE (64 * MIB)

static int find(const char *maps, uint64_t bytes, struct bl_ram *ram)
{
	return bl_ram_find(maps, strlen(maps), bytes, ram);
}

/* 256 MiB under TCG: the translation buffer is 1 GiB and executable; one of the
 * threads' arenas is as large as the RAM is not. */
static const char tcg[] =
        "555500000000-555500100000 rw-p 00000000 00:00 0                          [heap]\n"
        "7f0000000000-7f0040000000 rwxp 00000000 00:00 0 \n"
        "7f0050000000-7f0060000000 rw-p 00000000 00:00 0 \n"
        "7f0070000000-7f0074000000 rw-p 00000000 00:00 0 \n"
        "7f0080000000-7f0080021000 r-xp 00000000 08:01 77                         /usr/lib/libc.so\n"
        "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n";

static void under_tcg(void)
{
	struct bl_ram ram = { .bytes = 7 };

	CU_ASSERT_EQUAL(find(tcg, 256 * MIB, &ram), 0);
	CU_ASSERT_EQUAL(ram.ranges_n, 1);
	CU_ASSERT_EQUAL(ram.ranges[0].start, UINT64_C(0x7f0050000000));
	CU_ASSERT_EQUAL(ram.bytes, 256 * MIB);
	CU_ASSERT_FALSE(ram.shared);
	ram.bytes = 7;
	CU_ASSERT_EQUAL(find(tcg, GIB, &ram), -ENOENT);
	CU_ASSERT_EQUAL(find(tcg, MIB, &ram), -ENOENT);
	CU_ASSERT_EQUAL(find(tcg, 0, &ram), -ENOENT);
	CU_ASSERT_EQUAL(find(tcg, UINT64_MAX, &ram), -ENOENT);
	CU_ASSERT_EQUAL(ram.bytes, 7);
}

/* With a split buffer its two halves are a file; no size makes them RAM. */
static void split_code_buffer(void)
{
	static const char maps[] =
	        "7f0000000000-7f0010000000 rw-s 00000000 00:01 5  /memfd:tcg-jit (deleted)\n"
	        "7f0010000000-7f0020000000 r-xs 00000000 00:01 5  /memfd:tcg-jit (deleted)\n"
	        "7f0030000000-7f0040000000 rw-p 00000000 00:00 0 \n";
	struct bl_ram ram;

	CU_ASSERT_EQUAL(find(maps, 256 * MIB, &ram), 0);
	CU_ASSERT_EQUAL(ram.ranges[0].start, UINT64_C(0x7f0030000000));
}

/* Of two of a size, the one that says so; and of two that say nothing, neither. */
static void by_name(void)
{
	static const char memfd[] =
	        "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \n"
	        "7f0020000000-7f0030000000 rw-s 00000000 00:01 9  /memfd:memory-backend-memfd (deleted)\n";
	static const char huge[] =
	        "7f0000001000-7f0010001000 rw-p 00000000 00:00 0 \n"
	        "7f0020000000-7f0030000000 rw-s 00000000 00:01 9  /dev/hugepages/libvirt/qemu/1-a/pc.ram\n";
	static const char twins[] = "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \n"
	                            "7f0020000000-7f0030000000 rw-p 00000000 00:00 0 \n";
	static const char aligned[] = "7f0000001000-7f0010001000 rw-p 00000000 00:00 0 \n"
	                              "7f0020000000-7f0030000000 rw-p 00000000 00:00 0 \n";
	static const char device[] =
	        "7f0000000000-7f0010000000 rw-s 00000000 00:05 3  /dev/vfio/12\n"
	        "7f0020000000-7f0030000000 rw-s 00000000 00:05 3  anon_inode:[vfio-device]\n";
	struct bl_ram ram;

	CU_ASSERT_EQUAL(find(memfd, 256 * MIB, &ram), 0);
	CU_ASSERT(ram.ranges[0].start == UINT64_C(0x7f0020000000) && ram.shared);
	CU_ASSERT_EQUAL(find(huge, 256 * MIB, &ram), 0);
	CU_ASSERT_EQUAL(ram.ranges[0].start, UINT64_C(0x7f0020000000));
	CU_ASSERT_EQUAL(find(twins, 256 * MIB, &ram), -ENOTUNIQ);
	CU_ASSERT_EQUAL(find(aligned, 256 * MIB, &ram), 0);
	CU_ASSERT_EQUAL(ram.ranges[0].start, UINT64_C(0x7f0020000000));
	CU_ASSERT_EQUAL(find(device, 256 * MIB, &ram), -ENOENT);
}

/* madvise on a part splits a mapping; the rest are its neighbours. */
static void in_pieces(void)
{
	static const char split[] = "7f0000000000-7f0008000000 rw-p 00000000 00:00 0 \n"
	                            "7f0008000000-7f000c000000 rw-p 00000000 00:00 0 \n"
	                            "7f000c000000-7f0010000000 rw-p 00000000 00:00 0 \n";
	static const char nodes[] =
	        "7f0000000000-7f0008000000 rw-s 00000000 00:01 1  /memfd:ram-node0 (deleted)\n"
	        "7f0020000000-7f0028000000 rw-s 00000000 00:01 2  /memfd:ram-node1 (deleted)\n"
	        "7f0030000000-7f0034000000 rw-p 00000000 00:00 0 \n";
	static const char unnamed[] = "7f0000000000-7f0008000000 rw-p 00000000 00:00 0 \n"
	                              "7f0020000000-7f0028000000 rw-p 00000000 00:00 0 \n"
	                              "7f0030000000-7f0030001000 rw-p 00000000 00:00 0 \n";
	static const char other_file[] =
	        "7f0000000000-7f0008000000 rw-s 00000000 00:01 1  /a\n"
	        "7f0008000000-7f0010000000 rw-s 00000000 00:01 1  /a\n";
	struct bl_ram ram;

	CU_ASSERT_EQUAL(find(split, 256 * MIB, &ram), 0);
	CU_ASSERT(ram.ranges_n == 1 && ram.bytes == 256 * MIB);
	CU_ASSERT_EQUAL(find(nodes, 256 * MIB, &ram), 0);
	CU_ASSERT(ram.ranges_n == 2 && ram.bytes == 256 * MIB);
	CU_ASSERT_EQUAL(find(unnamed, 256 * MIB, &ram), 0);
	CU_ASSERT(ram.ranges_n == 2 && ram.bytes == 256 * MIB);
	CU_ASSERT_EQUAL(find(unnamed, 257 * MIB, &ram), -ENOENT);
	/* the same offset twice is two views, not one piece after the other */
	CU_ASSERT_EQUAL(find(other_file, 128 * MIB, &ram), -ENOTUNIQ);
}

static void a_bit_larger(void)
{
	static const char joined[] = "7f0000000000-7f0011000000 rw-p 00000000 00:00 0 \n"
	                             "7f0020000000-7f0028000000 rw-p 00000000 00:00 0 \n";
	struct bl_ram ram;

	CU_ASSERT_EQUAL(find(joined, 256 * MIB, &ram), 0);
	CU_ASSERT_EQUAL(ram.bytes, 272 * MIB);
	CU_ASSERT_EQUAL(find(joined, 200 * MIB, &ram), -ENOENT);
}

static void no_maps(void)
{
	static const char *const texts[] = { "", "\n", "x\n", "1-0 rw-p 0 00:00 0\n", "0-1 rw 0 0 0",
		                             "0-1 rw-p\n", "0-1 rwzp 0 00:00 0\n",
		                             "0-1ffffffffffffffff rw-p 0 00:00 0\n" };
	struct bl_ram ram;

	CU_ASSERT_EQUAL(find(texts[0], MIB, &ram), -ENOENT);
	for (size_t i = 1; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(find(texts[i], MIB, &ram), -EBADMSG);
}

static void reads_footprints(void)
{
	static const char text[] = "Rss: 10 kB\nReferenced: 5 kB\nKSM: 1 kB\nSwap: 2 kB\nSwapPss: 9 kB\n"
	                           "Shared_Hugetlb: 4 kB\nPrivate_Hugetlb: 8 kB\nRss: 1 kB\nLocked: x kB\n";
	struct bl_footprint f = { .resident_bytes = 7 };

	CU_ASSERT_EQUAL(bl_footprint_parse(text, strlen(text), &f), 0);
	CU_ASSERT_EQUAL(f.resident_bytes, 11 * 1024);
	CU_ASSERT_EQUAL(f.referenced_bytes, 5 * 1024);
	CU_ASSERT_EQUAL(f.swapped_bytes, 2 * 1024);
	CU_ASSERT_EQUAL(f.ksm_bytes, 1024);
	CU_ASSERT_EQUAL(f.hugetlb_bytes, 12 * 1024);
	CU_ASSERT_EQUAL(f.locked_bytes, UINT64_MAX);
	CU_ASSERT_EQUAL(f.anon_huge_bytes, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_footprint_parse("Swap: 2 kB\n", 11, &f), -EBADMSG);
}

/* A child's own mapping, its figures by smaps and page by page. */
static void of_a_child(enum child_kind kind, bool shared, uint64_t present)
{
	struct bl_pagemap *pagemap;
	struct bl_footprint f;
	struct bl_process p;
	struct bl_pages pages;
	struct bl_ram ram;
	struct child c;

	CU_ASSERT_FATAL(child_start(&c, kind, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_process_open(c.pid, &p), 0);
	CU_ASSERT_EQUAL_FATAL(bl_ram_of(&p, SIZE, &ram), 0);
	CU_ASSERT(ram.ranges_n == 1 && ram.ranges[0].start == c.start && ram.bytes == SIZE);
	CU_ASSERT_EQUAL(ram.shared, shared);
	CU_ASSERT_FALSE(ram.hugetlb);
	CU_ASSERT_EQUAL(bl_ram_footprint(&p, &ram, &f), 0);
	CU_ASSERT_EQUAL(f.resident_bytes, present);
	CU_ASSERT_EQUAL_FATAL(bl_pagemap_open(&p, &pagemap), 0);
	CU_ASSERT_EQUAL(bl_pagemap_count(pagemap, ram.ranges, ram.ranges_n, &pages), 0);
	CU_ASSERT_EQUAL(pages.present_bytes, present);
	bl_pagemap_without_scan(pagemap);
	CU_ASSERT_EQUAL(bl_pagemap_count(pagemap, ram.ranges, ram.ranges_n, &pages), 0);
	CU_ASSERT_EQUAL(pages.present_bytes, present);
	child_end(&c);
	CU_ASSERT_EQUAL(bl_ram_of(&p, SIZE, &ram), -ESRCH);
	CU_ASSERT_EQUAL(bl_ram_footprint(&p, &ram, &f), -ESRCH);
	CU_ASSERT_EQUAL(bl_footprint_read(&p, &f), -ESRCH);
	CU_ASSERT_EQUAL(bl_pagemap_count(pagemap, ram.ranges, ram.ranges_n, &pages), -ESRCH);
	bl_pagemap_close(pagemap);
	bl_process_close(&p);
	CU_ASSERT_EQUAL(bl_process_open(c.pid, &p), -ESRCH);
}

static void of_an_anonymous_child(void)
{
	of_a_child(CHILD_ANON, false, SIZE);
}

static void of_a_memfd_child(void)
{
	of_a_child(CHILD_MEMFD, true, SIZE);
}

static void of_a_child_with_holes(void)
{
	of_a_child(CHILD_HOLES, true, SIZE / 2);
}

/* A virtual machine is seen by its descriptor, where one can be made here. */
static void sees_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
	struct bl_process self;

	CU_ASSERT_EQUAL_FATAL(bl_process_open(getpid(), &self), 0);
	CU_ASSERT_EQUAL(bl_process_has_kvm(&self), 0);
	vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm >= 0) {
		CU_ASSERT_EQUAL(bl_process_has_kvm(&self), 1);
		close(vm);
	} else {
		printf("SKIP of this one: no virtual machine can be made here ");
	}
	if (kvm >= 0)
		close(kvm);
	bl_process_close(&self);
	bl_process_close(&self);
	CU_ASSERT_EQUAL(bl_process_open(0, &self), -ESRCH);
	CU_ASSERT_EQUAL(bl_process_open(-1, &self), -ESRCH);
}

int main(void)
{
	static const struct test tests[] = {
		{ "under TCG", under_tcg },
		{ "split code buffer", split_code_buffer },
		{ "by name", by_name },
		{ "in pieces", in_pieces },
		{ "a bit larger", a_bit_larger },
		{ "no maps", no_maps },
		{ "reads footprints", reads_footprints },
		{ "of an anonymous child", of_an_anonymous_child },
		{ "of a memfd child", of_a_memfd_child },
		{ "of a child with holes", of_a_child_with_holes },
		{ "sees KVM", sees_kvm },
		{ NULL, NULL },
	};

	return run_tests("os_ram", tests);
}
