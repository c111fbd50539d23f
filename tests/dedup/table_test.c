/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table against a plain list, and the counters that find heavy contents. */
#include <stdlib.h>
#include <string.h>

#include "dedup/heavy.h"
#include "dedup/table.h"
#include "testkit.h"

enum { CONTENTS = 3000, GUESTS = 5, BLOCKS = 40 };

/* Copies by content, guest and kind, and the marks that were given. */
static uint64_t model[CONTENTS][GUESTS][2];
static uint64_t marks_given[GUESTS][BLOCKS], marks_due[GUESTS][BLOCKS];
static uint32_t first_guest[CONTENTS], first_block[CONTENTS];

static void mark(const void *arg, uint32_t guest, uint32_t block)
{
	CU_ASSERT(arg == model);
	if (block < BLOCKS)
		marks_given[guest][block]++;
}

static const struct bl_marks marks = {model, mark};

static uint64_t tag_of(size_t content)
{
	uint64_t seed = content + 1;

	for (int i = 0; i < 3; i++)
		draw(&seed);
	return draw(&seed);
}

static void forget(void)
{
	memset(model, 0, sizeof(model));
	memset(marks_given, 0, sizeof(marks_given));
	memset(marks_due, 0, sizeof(marks_due));
}

static uint64_t copies(size_t content)
{
	uint64_t sum = 0;

	for (int g = 0; g < GUESTS; g++)
		sum += model[content][g][0] + model[content][g][1];
	return sum;
}

static void put(struct bl_table *t, size_t content, uint64_t *seed)
{
	struct bl_item item = {.tag = tag_of(content),
	                       .copies = 1,
	                       .guest = (uint32_t)(draw(seed) % GUESTS),
	                       .block = (uint32_t)(draw(seed) % BLOCKS),
	                       .mergeable = draw(seed) % 2};
	uint64_t before = copies(content);

	if (before == 0) {
		first_guest[content] = item.guest;
		first_block[content] = item.block;
	} else {
		marks_due[item.guest][item.block]++;
	}
	marks_due[first_guest[content]][first_block[content]] += before == 1;
	model[content][item.guest][item.mergeable]++;
	CU_ASSERT_EQUAL(bl_table_add(t, &item, &marks), 0);
}

static size_t content_of(uint64_t tag)
{
	for (size_t i = 0; i < CONTENTS; i++) {
		if (tag_of(i) == tag)
			return i;
	}
	return CONTENTS;
}

/* All that is in the table, in order of tags, is as in the model; returns the items. */
static size_t compare(struct bl_table *t)
{
	struct bl_item item;
	uint64_t last = 0;
	size_t at = 0, n = 0;

	bl_table_sort(t);
	while (bl_table_next(t, &at, &item)) {
		size_t content = content_of(item.tag);

		CU_ASSERT(item.tag >= last);
		last = item.tag;
		n++;
		CU_ASSERT_FATAL(content < CONTENTS);
		CU_ASSERT_EQUAL(model[content][item.guest][item.mergeable], item.copies);
		CU_ASSERT(item.pinned || bl_table_samples(t, item.tag));
	}
	CU_ASSERT_EQUAL(n, t->used);
	return n;
}

static size_t model_items(const struct bl_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < CONTENTS; i++) {
		for (int g = 0; g < GUESTS; g++) {
			for (int k = 0; k < 2; k++)
				n += model[i][g][k] && bl_table_samples(t, tag_of(i));
		}
	}
	return n;
}

static void counts_all(void)
{
	struct bl_table t;
	uint64_t seed = 11;

	forget();
	CU_ASSERT_EQUAL_FATAL(bl_table_init(&t, 0, 0, 0), 0);
	for (int i = 0; i < 20000; i++)
		put(&t, draw(&seed) % CONTENTS, &seed);
	CU_ASSERT_EQUAL(compare(&t), model_items(&t));
	for (size_t i = 0; i < CONTENTS; i++) /* sorting must not lose the way to an entry */
		put(&t, i, &seed);
	CU_ASSERT_EQUAL(compare(&t), model_items(&t));
	CU_ASSERT(memcmp(marks_given, marks_due, sizeof(marks_due)) == 0);
	bl_table_clear(&t);
	CU_ASSERT_EQUAL(compare(&t), 0);
	bl_table_wipe(&t);
}

/* Within its bytes, and what is left of the sample is complete. */
static void thins_when_full(void)
{
	struct bl_table t;
	uint64_t seed = 12;

	forget();
	CU_ASSERT_EQUAL_FATAL(bl_table_init(&t, 1, 0, 16384), 0);
	for (int i = 0; i < 30000; i++) {
		size_t content = draw(&seed) % CONTENTS;

		if (bl_table_samples(&t, tag_of(content)))
			put(&t, content, &seed);
		CU_ASSERT(bl_table_bytes(&t) <= 16384);
	}
	CU_ASSERT(t.level > 1 && t.used > 100);
	compare(&t);
	bl_table_wipe(&t);
}

static void pinned_stay_until_too_many(void)
{
	struct bl_item item = {.copies = 1, .pinned = true}, found;
	size_t at = 0, n = 0;
	struct bl_table t;

	CU_ASSERT_EQUAL_FATAL(bl_table_init(&t, 0, 0, 16384), 0);
	for (size_t i = 0; i < 100; i++) {
		item.tag = tag_of(i);
		bl_table_add(&t, &item, &marks);
	}
	bl_table_raise(&t, 20);
	while (bl_table_next(&t, &at, &found))
		n += found.pinned;
	CU_ASSERT_EQUAL(n, 0); /* they were more than half: none is special any more */
	CU_ASSERT_TRUE(t.unpinned);
	bl_table_clear(&t);
	t.level = 0;
	for (size_t i = 0; i < 300; i++) {
		item.tag = tag_of(i);
		item.pinned = i < 50;
		bl_table_add(&t, &item, &marks);
	}
	bl_table_raise(&t, 2);
	for (at = n = 0; bl_table_next(&t, &at, &found);)
		n += found.pinned;
	CU_ASSERT_EQUAL(n, 50);
	bl_table_wipe(&t);
}

/* Among a hundred thousand pages that come once or twice, a content with a few
 * hundred copies is found, and hardly any of its copies is missed. */
static void heavy_contents_are_found(void)
{
	struct bl_heavy *h = calloc(1, sizeof(*h));
	uint64_t seed = 4711, counted[20] = {0}; /* tag_of() draws from small seeds */
	size_t others = 0;

	for (size_t i = 0; i < 100000; i++) {
		others += bl_heavy_see(h, draw(&seed)) > 0;
		if (i % 250 < 20)
			counted[i % 250] += bl_heavy_see(h, tag_of(i % 250));
	}
	CU_ASSERT_EQUAL(others, 0);
	for (int i = 0; i < 20; i++)
		CU_ASSERT(counted[i] > 300 && counted[i] <= 400);
	bl_heavy_again(h);
	CU_ASSERT_EQUAL(bl_heavy_see(h, tag_of(0)), 1); /* from its first copy on */
	free(h);
}

int main(void)
{
	static const struct test tests[] = {
	        {"counts all", counts_all},
	        {"thins when full", thins_when_full},
	        {"pinned stay until there are too many", pinned_stay_until_too_many},
	        {"heavy contents are found", heavy_contents_are_found},
	        {NULL, NULL},
	};

	return run_tests("dedup table", tests);
}
