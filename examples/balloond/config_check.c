/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Would the library take this policy? It is asked with a backend of nothing,
 * so that a configuration can be judged without a host and before the one in
 * force is touched.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include <balloon/backend.h>

static int nothing_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	static char self; /* the library may want something that is not NULL */

	(void)uri, (void)ret_error, (void)size;
	*ret_self = &self;
	return 0;
}

static void nothing_close(void *self)
{
	(void)self;
}

static int nothing_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	(void)self, (void)now_ns, (void)ret_sheet;
	return -EAGAIN;
}

static int nothing_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	(void)self, (void)now_ns, (void)orders, (void)n;
	return -EAGAIN;
}

static const struct balloon_backend nothing = {
	.struct_size = sizeof(nothing),
	.abi = BALLOON_BACKEND_ABI,
	.name = "nothing",
	.open = nothing_open,
	.close = nothing_close,
	.observe = nothing_observe,
	.order = nothing_order,
};

int config_check(const struct config *c, char *error, size_t size)
{
	struct balloon_policy policy = config_policy(c);
	struct balloon_options options = {
		.struct_size = sizeof(options),
		.flags = BALLOON_OPEN_DRY_RUN,
		.uri = "nothing:",
		.backend = &nothing,
		.policy = &policy,
		.error_text = error,
		.error_size = size,
	};
	struct balloon *b;
	int rc;

	snprintf(error, size, "the policy was refused");
	rc = balloon_open(&options, &b);
	if (rc < 0)
		return rc;
	balloon_close(b);
	return 0;
}
