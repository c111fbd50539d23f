/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child uses half of its memory: the other half is what should be found unused. */
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "os/wset.h"

#define SIZE (256 * MIB)
#define HALF (SIZE / 2)

static int has_swap;

static void open_child(struct child *c, struct bl_process *p, struct bl_ram *ram)
{
	CU_ASSERT_FATAL(child_start(c, CHILD_ANON, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_process_open(c->pid, p), 0);
	CU_ASSERT_EQUAL_FATAL(bl_ram_of(p, SIZE, ram), 0);
	CU_ASSERT_EQUAL(ram->ranges[0].start, c->start);
}

static void shut_child(struct child *c, struct bl_process *p)
{
	bl_process_close(p);
	child_end(c);
}

static void say(const char *way, const struct bl_wset_result *r)
{
	printf("\n    %s: %.1f of %llu MiB active, %.1f MiB cold, %.2f ms of CPU (%.2f ms a GiB) ", way,
	       (double)r->active_bytes / MIB, (unsigned long long)(SIZE / MIB),
	       r->cold_bytes == UINT64_MAX ? -1. : (double)r->cold_bytes / MIB,
	       (double)r->cost_ns / 1e6, (double)r->cost_ns / 1e6 * (double)GIB / SIZE);
}

/* All that was used, and hardly more or less: Linux 6.1 also counts what was on its way
 * to the kernel's lists when the period began; and whoever else ages pages (the
 * kernel's own lists, DAMON) takes marks away before they are read: seen 25 pages. */
#define HARDLY (4 * MIB)

static void referenced_is_what_was_used(void)
{
	struct bl_wset_result r;
	struct bl_process p;
	struct bl_ram ram;
	struct bl_wset *w;
	struct child c;

	open_child(&c, &p, &ram);
	CU_ASSERT_EQUAL_FATAL(bl_wset_open(&p, &ram, BL_WSET_REFERENCED, 1, &w), 0);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), -EAGAIN);
	CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
	child_touch(&c, HALF);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), 0);
	say("referenced", &r);
	CU_ASSERT(r.active_bytes >= HALF - HARDLY && r.active_bytes <= HALF + HARDLY);
	CU_ASSERT_EQUAL(r.cold_bytes, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), -EAGAIN);
	CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), 0);
	CU_ASSERT(r.active_bytes <= HARDLY);
	bl_wset_close(w);
	shut_child(&c, &p);
}

static uint64_t inside(const struct bl_range *ranges, size_t n, uint64_t start, uint64_t end)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t a = ranges[i].start > start ? ranges[i].start : start;
		uint64_t b = ranges[i].end < end ? ranges[i].end : end;

		sum += b > a ? b - a : 0;
	}
	return sum;
}

/* All blocks of 256 MiB are tried in each period, so that where is exact but for
 * the one that the halves share; how much is too, being a share of 1024 pages. */
static void trial_finds_the_half(void)
{
	struct bl_range cold[256];
	struct bl_wset_result r;
	struct bl_process p;
	struct bl_ram ram;
	struct bl_wset *w;
	struct child c;
	size_t n;

	if (!has_swap)
		return;
	open_child(&c, &p, &ram);
	CU_ASSERT_EQUAL_FATAL(bl_wset_open(&p, &ram, BL_WSET_TRIAL, 1, &w), 0);
	CU_ASSERT_EQUAL(bl_wset_cold(w, cold, 256), 0);
	CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
	child_touch(&c, HALF);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), 0);
	say("trial", &r);
	n = bl_wset_cold(w, cold, 256);
	CU_ASSERT(r.active_bytes > HALF - 8 * MIB && r.active_bytes < HALF + 8 * MIB);
	CU_ASSERT(inside(cold, n, c.start + HALF + 2 * MIB, c.start + SIZE) > HALF - 8 * MIB);
	CU_ASSERT(inside(cold, n, c.start, c.start + HALF - 2 * MIB) == 0);
	CU_ASSERT(r.cold_bytes > HALF - 8 * MIB && r.cold_bytes <= HALF);
	bl_wset_close(w);
	shut_child(&c, &p);
}

/* What was cold and is used is no longer cold. */
static void cold_is_forgotten(void)
{
	struct bl_range cold[256];
	struct bl_wset_result r;
	struct bl_process p;
	struct bl_ram ram;
	struct bl_wset *w;
	struct child c;

	if (!has_swap)
		return;
	open_child(&c, &p, &ram);
	CU_ASSERT_EQUAL_FATAL(
	        bl_wset_open(&p, &ram, BL_WSET_TRIAL | BL_WSET_REFERENCED, 7, &w), 0);
	CU_ASSERT_EQUAL(bl_wset_ways(w), BL_WSET_TRIAL | BL_WSET_REFERENCED);
	CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), 0);
	say("both", &r);
	CU_ASSERT(bl_wset_cold(w, cold, 256) > 0);
	CU_ASSERT(r.cold_bytes > SIZE - 8 * MIB);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
		child_touch(&c, SIZE);
		CU_ASSERT_EQUAL(bl_wset_end(w, &r), 0);
	}
	CU_ASSERT_EQUAL(r.active_bytes, SIZE);
	CU_ASSERT_EQUAL(r.cold_bytes, 0);
	CU_ASSERT_EQUAL(bl_wset_cold(w, cold, 256), 0);
	bl_wset_close(w);
	shut_child(&c, &p);
}

static void survives_its_end(void)
{
	struct bl_wset_result r;
	struct bl_process p;
	struct bl_ram ram;
	struct bl_wset *w;
	struct child c;

	open_child(&c, &p, &ram);
	CU_ASSERT_EQUAL_FATAL(
	        bl_wset_open(&p, &ram, BL_WSET_TRIAL | BL_WSET_REFERENCED, 1, &w), 0);
	CU_ASSERT_EQUAL(bl_wset_begin(w), 0);
	child_end(&c);
	CU_ASSERT_EQUAL(bl_wset_end(w, &r), -ESRCH);
	CU_ASSERT_EQUAL(bl_wset_begin(w), -ESRCH);
	bl_wset_close(w);
	bl_process_close(&p);
	bl_wset_close(NULL);
}

int main(void)
{
	static const struct test tests[] = {
		{ "referenced is what was used", referenced_is_what_was_used },
		{ "trial finds the half", trial_finds_the_half },
		{ "cold is forgotten", cold_is_forgotten },
		{ "survives its end", survives_its_end },
		{ NULL, NULL },
	};
	int rc;

	has_swap = swap_start(128 * MIB);
	rc = run_tests("os_wset", tests);
	swap_end();
	return rc ? rc : has_swap ? 0 : 77;
}
