/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Admission counts swap where the host says how much it has. */
#include <balloon/backend.h>
#include <errno.h>
#include <string.h>

#include "testkit.h"

static struct balloon_sample guest = {
        .key = 1,
        .name = "web",
        .flags = BALLOON_SAMPLE_RUNNING,
        .size_bytes = 4 * GIB,
        .actual_bytes = 2 * GIB,
        .total_bytes = 2 * GIB,
        .available_bytes = GIB,
        .unused_bytes = BALLOON_UNKNOWN,
        .cache_bytes = BALLOON_UNKNOWN,
        .swap_in_bytes = BALLOON_UNKNOWN,
        .swap_out_bytes = BALLOON_UNKNOWN,
        .major_faults = BALLOON_UNKNOWN,
        .resident_bytes = 2 * GIB,
        .active_bytes = BALLOON_UNKNOWN,
        .serial = 1,
};

static uint64_t swap;

static int host_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = &guest;
	return 0;
}

static void host_close(void *self)
{
	(void)self;
}

static int host_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	(void)now;
	ret->total_bytes = 8 * GIB;
	ret->available_bytes = 4 * GIB;
	ret->guests = self;
	ret->guests_n = 1;
	ret->swap_bytes = swap;
	return 0;
}

static int host_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	(void)self;
	(void)now;
	for (size_t i = 0; i < n; i++)
		orders[i].rc = 0;
	return 0;
}

static const struct balloon_backend backend = {
        .struct_size = sizeof(backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "a host with swap",
        .open = host_open,
        .close = host_close,
        .observe = host_observe,
        .order = host_order,
};

/* 6 GiB for guests; web may use 4, the new one 5: 3 GiB must go somewhere. */
static int ask(uint64_t host_swap, uint64_t *ret_short, char *ret_why, size_t size)
{
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = 0};
	struct balloon_options o = {
	        .struct_size = sizeof(o), .backend = &backend, .policy = &policy};
	struct balloon_request r = {.struct_size = sizeof(r),
	                            .reservation_bytes = GIB,
	                            .size_bytes = 5 * GIB};
	struct balloon *b;
	int rc;

	swap = host_swap;
	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &b), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
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
