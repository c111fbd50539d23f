/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests share: running CUnit suites, and a seeded random number. */
#ifndef TESTKIT_H
#define TESTKIT_H

#include <CUnit/CUnit.h>
#include <stdint.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define SECOND UINT64_C(1000000000)

struct test {
	const char *name;
	void (*run)(void);
};

/* Runs tests (ended by a NULL name) as one suite; for main() to return. */
int run_tests(const char *suite, const struct test *tests);

/* A small generator (xorshift64*): the same numbers from the same seed
 * everywhere. The seed must not be 0. */
uint64_t draw(uint64_t *seed);

/* One of lo..hi. */
uint64_t draw_between(uint64_t *seed, uint64_t lo, uint64_t hi);

/* Cases a property test runs: $CASES, or otherwise. */
unsigned long cases(unsigned long otherwise);

#endif
