/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission counts swap where the host says how much it has. */
#include "puppet.h"

#include <errno.h>
#include <string.h>

/* 6 GiB for guests; web may use 4, the new one 5: 3 GiB must go somewhere. */
static int ask(uint64_t host_swap, uint64_t *ret_short, char *ret_why, size_t size)
{
	struct balloon_request r = {.struct_size = sizeof(r),
	                            .reservation_bytes = GIB,
	                            .size_bytes = 5 * GIB};
	struct puppet host = {.sheet = {.struct_size = sizeof(host.sheet),
	                                .total_bytes = 8 * GIB,
	                                .available_bytes = 4 * GIB,
	                                .guests_n = 1,
	                                .swap_bytes = host_swap},
	                      .guests = {puppet_guest(1, "web", 4 * GIB, 2 * GIB, GIB)}};
	struct balloon *b = puppet_beat(&host);
	int rc;

	rc = balloon_admit(b, &r, ret_short);
	strncpy(ret_why, balloon_error(b), size - 1);
	balloon_close(b);
	return rc;
}

static void swap_counts(void)
{
	uint64_t missing = 0;
	char why[256] = "";

	CU_ASSERT_EQUAL(ask(BALLOON_UNKNOWN, &missing, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(ask(3 * GIB, &missing, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(ask(2 * GIB, &missing, why, sizeof(why)), -ENOSPC);
	CU_ASSERT_EQUAL(missing, GIB);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "short of 1024 MiB of swap"));
	CU_ASSERT_EQUAL(ask(0, &missing, why, sizeof(why)), -ENOSPC);
	CU_ASSERT_EQUAL(missing, 3 * GIB);
}

int main(void)
{
	static const struct test tests[] = {
	        {"swap counts", swap_counts},
	        {NULL, NULL},
	};

	return run_tests("swap", tests);
}
