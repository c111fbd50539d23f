/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first in line without sorting, against sorting. */
#include "core/lend.h"

#include <stdlib.h>
#include <string.h>

#include "testkit.h"

#define MOST 60

static struct bl_guest guests[MOST];
static struct bl_scratch line[MOST], sorted[MOST];

static int by_key(const void *a, const void *b)
{
	const struct bl_scratch *x = a, *y = b;

	return x->key < y->key ? 1 : -(x->key > y->key);
}

/* How many of the sorted line it takes. */
static size_t needed(size_t n, uint64_t amount)
{
	uint64_t sum = 0;
	size_t k = 0;

	for (; k < n && sum < amount; k++)
		sum += guests[sorted[k].i].part;
	return k;
}

static void against_sorting(void)
{
	struct bl_world w = {.guests = guests};
	uint64_t seed = 5;

	for (unsigned long c = 0; c < cases(3000); c++) {
		size_t n = (size_t)draw_between(&seed, 0, MOST), got, want;
		uint64_t amount = draw_between(&seed, 0, 60 * GIB);
		int last = 1;

		for (size_t i = 0; i < n; i++) {
			guests[i].part = draw_between(&seed, 0, 2 * GIB);
			line[i] = (struct bl_scratch){.key = draw(&seed), .i = (uint32_t)i};
		}
		memcpy(sorted, line, sizeof(line));
		qsort(sorted, n, sizeof(*sorted), by_key);
		want = needed(n, amount);
		got = bl_pick(&w, line, n, amount);
		CU_ASSERT_EQUAL(got, want);
		for (size_t k = 0; k < got; k++) {
			CU_ASSERT(line[k].key >= sorted[got - 1].key);
			last = line[k].i == sorted[got - 1].i;
		}
		CU_ASSERT(last || want == n); /* where all go there is no last one */
	}
}

int main(void)
{
	static const struct test tests[] = {
	        {"against sorting", against_sorting},
	        {NULL, NULL},
	};

	return run_tests("pick", tests);
}
