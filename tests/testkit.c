/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "testkit.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>

int run_tests(const char *suite, const struct test *tests)
{
	unsigned failed;
	CU_pSuite s;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite(suite, NULL, NULL);
	for (; s && tests->name; tests++) {
		if (!CU_add_test(s, tests->name, tests->run))
			s = NULL;
	}
	if (!s) {
		fprintf(stderr, "%s: a test could not be registered\n", suite);
		return 1;
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_tests_failed();
	printf("%u passed, %u failed\n", CU_get_number_of_tests_run() - failed, failed);
	CU_cleanup_registry();
	return failed != 0;
}

uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

uint64_t draw_between(uint64_t *seed, uint64_t lo, uint64_t hi)
{
	return lo + draw(seed) % (hi - lo + 1);
}

unsigned long cases(unsigned long otherwise)
{
	const char *text = getenv("CASES");

	return text ? strtoul(text, NULL, 10) : otherwise;
}
