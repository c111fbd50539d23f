/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How well a child's pages compress, from outside. */
#include "testkit.h"

#include <errno.h>
#include <string.h>

#include "child.h"
#include "os/squash.h"

#define SIZE (16 * MIB)

static void of_one_page(void)
{
	uint8_t page[4096] = { 0 };
	uint64_t seed = 7;

	CU_ASSERT_EQUAL(bl_squash_page(page, sizeof(page)), 0);
	memset(page, 0xcc, sizeof(page));
	CU_ASSERT_EQUAL(bl_squash_page(page, sizeof(page)), 0);
	page[4095] = 1;
	CU_ASSERT(bl_squash_page(page, sizeof(page)) > 0);
	CU_ASSERT(bl_squash_page(page, sizeof(page)) < 100);
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = (uint8_t)draw(&seed);
	CU_ASSERT_EQUAL(bl_squash_page(page, sizeof(page)), sizeof(page));
}

/* Three eighths of a child's pages are noise: they cannot get smaller than that, and
 * the rest of each is one number over and over. */
static void of_a_child(void)
{
	struct bl_pagemap *pagemap;
	struct bl_squash squash;
	struct bl_process p;
	struct bl_range r;
	struct child c;

	CU_ASSERT_FATAL(child_start(&c, CHILD_ANON, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_process_open(c.pid, &p), 0);
	CU_ASSERT_EQUAL_FATAL(bl_pagemap_open(&p, &pagemap), 0);
	r = (struct bl_range){ c.start, c.start + SIZE };
	CU_ASSERT_EQUAL(bl_squash_sample(&p, pagemap, &r, 1, 3, &squash), 0);
	CU_ASSERT_EQUAL(squash.pages_n, BL_SQUASH_PAGES);
	CU_ASSERT(squash.compress_bp > 3750 && squash.compress_bp < 4250);
	CU_ASSERT_EQUAL(squash.zero_bp, 0);

	CU_ASSERT_EQUAL(bl_squash_sample(&p, pagemap, &r, 0, 3, &squash), 0);
	CU_ASSERT_EQUAL(squash.compress_bp, UINT32_MAX);
	CU_ASSERT_EQUAL(squash.pages_n, 0);
	child_end(&c);
	CU_ASSERT_EQUAL(bl_squash_sample(&p, pagemap, &r, 1, 3, &squash), -ESRCH);
	bl_pagemap_close(pagemap);
	bl_process_close(&p);
}

/* Reading must not allocate: what is a hole in a shared file stays one. */
static void leaves_holes_alone(void)
{
	struct bl_pages before, after;
	struct bl_pagemap *pagemap;
	struct bl_squash squash;
	struct bl_process p;
	struct bl_range r;
	struct child c;

	CU_ASSERT_FATAL(child_start(&c, CHILD_HOLES, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_process_open(c.pid, &p), 0);
	CU_ASSERT_EQUAL_FATAL(bl_pagemap_open(&p, &pagemap), 0);
	r = (struct bl_range){ c.start, c.start + SIZE };
	CU_ASSERT_EQUAL(bl_pagemap_count(pagemap, &r, 1, &before), 0);
	CU_ASSERT_EQUAL(before.present_bytes, SIZE / 2);
	CU_ASSERT_EQUAL(bl_squash_sample(&p, pagemap, &r, 1, 5, &squash), 0);
	CU_ASSERT_EQUAL(squash.pages_n, BL_SQUASH_PAGES);
	CU_ASSERT_EQUAL(bl_pagemap_count(pagemap, &r, 1, &after), 0);
	CU_ASSERT_EQUAL(after.present_bytes, SIZE / 2);
	bl_pagemap_close(pagemap);
	bl_process_close(&p);
	child_end(&c);
}

int main(void)
{
	static const struct test tests[] = {
		{ "of one page", of_one_page },
		{ "of a child", of_a_child },
		{ "leaves holes alone", leaves_holes_alone },
		{ NULL, NULL },
	};

	return run_tests("os_squash", tests);
}
