/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "puppet.h"

static struct puppet *next; /* whom open() attaches to */

static int puppet_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = next;
	return 0;
}

static void puppet_close(void *self)
{
	(void)self;
}

static int puppet_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	struct puppet *p = self;

	(void)now;
	*ret = p->sheet;
	ret->guests = p->guests;
	ret->stride = sizeof(p->guests[0]);
	return 0;
}

static int puppet_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
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
        .name = "puppet",
        .open = puppet_open,
        .close = puppet_close,
        .observe = puppet_observe,
        .order = puppet_order,
};

struct balloon_sample puppet_guest(uint64_t key, const char *name, uint64_t size,
                                   uint64_t actual, uint64_t available)
{
	return (struct balloon_sample){
	        .key = key,
	        .name = name,
	        .flags = BALLOON_SAMPLE_RUNNING,
	        .size_bytes = size,
	        .actual_bytes = actual,
	        .total_bytes = actual,
	        .available_bytes = available,
	        .unused_bytes = BALLOON_UNKNOWN,
	        .cache_bytes = BALLOON_UNKNOWN,
	        .swap_in_bytes = BALLOON_UNKNOWN,
	        .swap_out_bytes = BALLOON_UNKNOWN,
	        .major_faults = BALLOON_UNKNOWN,
	        .resident_bytes = actual,
	        .active_bytes = BALLOON_UNKNOWN,
	        .serial = 1,
	};
}

struct balloon *puppet_beat(struct puppet *p)
{
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = 0};
	struct balloon_options o = {
	        .struct_size = sizeof(o), .backend = &backend, .policy = &policy};
	struct balloon *b = NULL;

	next = p;
	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &b), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
	return b;
}
