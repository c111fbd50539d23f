/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pushing a child's memory out to a swap file of our own, and seeing it come back. */
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "os/knobs.h"
#include "os/pageout.h"
#include "os/swap.h"

#define SIZE (64 * MIB)
#define SWAP (256 * MIB)

/* Pages not on the kernel's lists yet stay behind: a few batches of 15 for each CPU. */
#define NEARLY (SIZE - 2 * MIB)

static int has_swap;

static uint64_t after(uint64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec + ns;
}

struct scene {
	struct child child;
	struct bl_process process;
	struct bl_pagemap *pagemap;
	struct bl_range range;
};

static void enter(struct scene *s, enum child_kind kind)
{
	CU_ASSERT_FATAL(child_start(&s->child, kind, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_process_open(s->child.pid, &s->process), 0);
	CU_ASSERT_EQUAL_FATAL(bl_pagemap_open(&s->process, &s->pagemap), 0);
	s->range = (struct bl_range){ s->child.start, s->child.start + SIZE };
}

static void leave(struct scene *s)
{
	bl_pagemap_close(s->pagemap);
	bl_process_close(&s->process);
	child_end(&s->child);
}

/* What is said to be gone is gone as the kernel counts it, and all of it. */
static void goes_and_is_seen_to(void)
{
	struct bl_pageout out = { .max_bytes = UINT64_MAX, .deadline_ns = after(60 * SECOND) };
	struct bl_footprint before, now;
	struct bl_refault then, later;
	struct bl_pages pages;
	struct scene s;

	if (!has_swap)
		return;
	enter(&s, CHILD_ANON);
	CU_ASSERT_EQUAL(bl_footprint_read(&s.process, &before), 0);
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, &s.range, 1, &out), 0);
	CU_ASSERT_EQUAL(out.asked_bytes, SIZE);
	CU_ASSERT_EQUAL(out.ranges_done, 1);
	CU_ASSERT(out.gone_bytes >= NEARLY && out.gone_bytes <= SIZE);
	CU_ASSERT_EQUAL(bl_footprint_read(&s.process, &now), 0);
	CU_ASSERT_EQUAL(now.swapped_bytes - before.swapped_bytes, out.gone_bytes);
	CU_ASSERT(before.resident_bytes - now.resident_bytes >= NEARLY);
	CU_ASSERT_EQUAL(bl_pagemap_count(s.pagemap, &s.range, 1, &pages), 0);
	CU_ASSERT_EQUAL(pages.swapped_bytes, out.gone_bytes);
	CU_ASSERT_EQUAL(pages.present_bytes, SIZE - out.gone_bytes);

	CU_ASSERT_EQUAL(bl_refault_read(&s.process, &then), 0);
	CU_ASSERT_EQUAL(then.swapped_bytes, now.swapped_bytes);
	child_touch(&s.child, SIZE / 2);
	CU_ASSERT_EQUAL(bl_refault_read(&s.process, &later), 0);
	CU_ASSERT(bl_refault_between(&then, &later, 0) >= SIZE / 2 - 2 * MIB);
	CU_ASSERT(bl_refault_between(&then, &later, 0) <= SIZE / 2);
	CU_ASSERT_EQUAL(bl_pagemap_count(s.pagemap, &s.range, 1, &pages), 0);
	CU_ASSERT(pages.present_bytes >= SIZE / 2 && pages.present_bytes < SIZE);
	leave(&s);
}

static void keeps_to_its_bounds(void)
{
	struct bl_pageout out = { .max_bytes = 12 * MIB + 1, .deadline_ns = after(60 * SECOND) };
	struct bl_range ranges[2];
	struct scene s;

	if (!has_swap)
		return;
	enter(&s, CHILD_ANON);
	ranges[0] = (struct bl_range){ s.range.start, s.range.start + 4 * MIB };
	ranges[1] = (struct bl_range){ s.range.start + 8 * MIB, s.range.end };
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, ranges, 2, &out), 0);
	CU_ASSERT_EQUAL(out.asked_bytes, 12 * MIB);
	CU_ASSERT(out.gone_bytes > 0 && out.gone_bytes <= 12 * MIB);
	CU_ASSERT_EQUAL(out.ranges_done, 1);
	out.deadline_ns = after(0);
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, ranges, 2, &out), 0);
	CU_ASSERT_EQUAL(out.asked_bytes, 0);
	CU_ASSERT_EQUAL(out.ranges_done, 0);
	leave(&s);
}

/* Shared memory goes as well; the kernel keeps its swap in the file. */
static void shared_memory_goes(void)
{
	struct bl_pageout out = { .max_bytes = UINT64_MAX, .deadline_ns = after(60 * SECOND) };
	struct scene s;

	if (!has_swap)
		return;
	enter(&s, CHILD_MEMFD);
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, &s.range, 1, &out), 0);
	CU_ASSERT(out.gone_bytes >= NEARLY);
	leave(&s);
}

static const char zswap[] = "/sys/module/zswap/parameters/enabled";

/* Between there and the swap file, compressed: three eighths of each page are noise, so
 * that it takes between these and the half that the simplest pools put a page into. */
static void is_kept_compressed(void)
{
	struct bl_pageout out = { .max_bytes = UINT64_MAX, .deadline_ns = after(60 * SECOND) };
	struct bl_swap_state before, now;
	char journal[64];
	struct bl_knobs *knobs;
	struct scene s;

	if (!has_swap)
		return;
	snprintf(journal, sizeof(journal), "/tmp/balloon-zswap-%d", getpid());
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &knobs), 0);
	if (bl_knobs_set(knobs, zswap, "Y") == 0) {
		enter(&s, CHILD_ANON);
		CU_ASSERT_EQUAL(bl_swap_read(GIB, &before), 0);
		CU_ASSERT_TRUE(before.zswap_enabled);
		CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, &s.range, 1, &out), 0);
		CU_ASSERT_EQUAL(bl_swap_read(GIB, &now), 0);
		CU_ASSERT(now.stored_bytes >= before.stored_bytes + NEARLY - MIB);
		CU_ASSERT(now.compress_bp > 2500 && now.compress_bp < 7500);
		CU_ASSERT(now.pool_bytes < now.stored_bytes);
		CU_ASSERT(now.compress_room_bytes <= now.swaps.free_bytes);
		leave(&s);
	} else {
		printf("SKIP of this one: no zswap in this kernel ");
	}
	bl_knobs_close(knobs);
	unlink(journal);
}

/* A hole, an end, and a process that is no more. */
static void bears_what_it_meets(void)
{
	struct bl_pageout out = { .max_bytes = UINT64_MAX, .deadline_ns = after(60 * SECOND) };
	struct bl_range odd[4];
	struct scene s;

	enter(&s, CHILD_ANON);
	odd[0] = (struct bl_range){ s.range.end, s.range.start };
	odd[1] = (struct bl_range){ 4096, 1 * MIB };
	odd[2] = (struct bl_range){ s.range.start, s.range.start };
	odd[3] = (struct bl_range){ s.range.start + MIB, s.range.start + MIB + 4096 };
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, odd, 4, &out), 0);
	CU_ASSERT_EQUAL(out.asked_bytes, 4096);
	CU_ASSERT_EQUAL(out.ranges_done, 4);
	child_end(&s.child);
	CU_ASSERT_EQUAL(bl_pageout(&s.process, s.pagemap, &s.range, 1, &out), -ESRCH);
	CU_ASSERT_EQUAL(out.asked_bytes, 0);
	bl_pagemap_close(s.pagemap);
	bl_process_close(&s.process);
	bl_pagemap_close(NULL);
}

static void reads_what_came_back(void)
{
	static const char good[] = "12 (a ) b) S 1 2 3 4 -1 4194560 100 200 37 0 5 6";
	static const char *const bad[] = { "", "12 (a", "12 (a)", "12 (a) S 1 2 3", "12 a S 1",
		                           "1 (a) S 1 2 3 4 5 6 7 8 x", ")" };
	static const char *const no_swap[] = { "", "VmSwap:", "VmSwap: 1 MB", "xVmSwap: 1 kB" };
	uint64_t value = 0;

	CU_ASSERT_EQUAL(bl_majflt_parse(good, strlen(good), &value), 0);
	CU_ASSERT_EQUAL(value, 37);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(bl_majflt_parse(bad[i], strlen(bad[i]), &value), -EBADMSG);
	CU_ASSERT_EQUAL(bl_vmswap_parse("Name:\ta\nVmSwap:\t   12 kB\n", 26, &value), 0);
	CU_ASSERT_EQUAL(value, 12 * 1024);
	for (size_t i = 0; i < sizeof(no_swap) / sizeof(no_swap[0]); i++)
		CU_ASSERT_EQUAL(bl_vmswap_parse(no_swap[i], strlen(no_swap[i]), &value), -EBADMSG);
}

static void reckons_what_came_back(void)
{
	struct bl_refault before = { 10, 8 * MIB }, now = { 11, 9 * MIB };

	CU_ASSERT_EQUAL(bl_refault_between(&before, &now, 4 * MIB), 3 * MIB);
	CU_ASSERT_EQUAL(bl_refault_between(&before, &now, 0), 4096);
	CU_ASSERT_EQUAL(bl_refault_between(&now, &now, 0), 0);
	CU_ASSERT_EQUAL(bl_refault_between(&now, &before, 0), MIB);
	now.major_faults = UINT64_MAX;
	CU_ASSERT_EQUAL(bl_refault_between(&before, &now, UINT64_MAX), UINT64_MAX);
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads what came back", reads_what_came_back },
		{ "reckons what came back", reckons_what_came_back },
		{ "bears what it meets", bears_what_it_meets },
		{ "goes and is seen to", goes_and_is_seen_to },
		{ "keeps to its bounds", keeps_to_its_bounds },
		{ "shared memory goes", shared_memory_goes },
		{ "is kept compressed", is_kept_compressed },
		{ NULL, NULL },
	};
	int rc;

	has_swap = swap_start(SWAP);
	rc = run_tests("os_pageout", tests);
	swap_end();
	return rc ? rc : has_swap ? 0 : 77;
}
