/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-hyperv: Microsoft Hyper-V hosts, over WS-Management, behind the
 * contract of backend.h. This file is the door: it opens, closes, passes on.
 *
 * It speaks the protocol and the classes as Microsoft and DMTF document them;
 * its test server is accepted by Dell's wsl and by python3-winrm. It was never
 * run against Windows.
 *
 * The module is linked so that it is never unmapped (-z nodelete): a thread that
 * looks up a name may still do so when the host is let go.
 */
#include "hyperv.h"
#include "wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

/* The first look of a host that is there takes three round trips more than
 * others; for one that is not, the first beat does not wait. */
#define GREET_NS UINT64_C(2000000000)

/* A stop wakes the clerk out of any exchange; only a name lookup goes on. */
#define CLOSE_NS UINT64_C(1000000000)

static void prepare(void)
{
	xmlInitParser(); /* before there are threads, as libxml2 asks */
	/* Where somebody else set libcurl up before, it is theirs, and does not wipe. */
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, bl_hyperv_wipe_free,
	                     bl_hyperv_wipe_realloc, strdup, calloc);
}

static int refuse(int rc, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "backend-hyperv could not start (errno %d); free memory "
		         "or raise the limits on open files and threads", -rc);
	return rc;
}

static int hyperv_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct bl_hyperv_address address;
	struct bl_hyperv *b;
	int rc = bl_hyperv_address_read(uri, &address, ret_error, size);

	if (rc < 0)
		return rc;
	pthread_once(&once, prepare);
	b = calloc(1, sizeof(*b));
	if (!b)
		return refuse(-ENOMEM, ret_error, size);
	memcpy(b->host, address.host, sizeof(b->host));
	rc = bl_hyperv_clerk_new(&address, &b->clerk);
	if (rc < 0) {
		free(b);
		return refuse(rc, ret_error, size);
	}
	bl_hyperv_clerk_wait(b->clerk, bl_hyperv_clock() + GREET_NS);
	*ret_self = b;
	return 0;
}

static void hyperv_close(void *self)
{
	struct bl_hyperv *b = self;

	if (!b)
		return;
	bl_hyperv_clerk_close(b->clerk, bl_hyperv_clock() + CLOSE_NS);
	free(b->view);
	free(b->rows);
	free(b);
}

static int hyperv_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	(void)now_ns; /* the host keeps its own time */
	return bl_hyperv_observe(self, ret_sheet);
}

static int hyperv_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	(void)now_ns;
	return bl_hyperv_order(self, orders, n);
}

static int hyperv_fd(void *self)
{
	const struct bl_hyperv *b = self;

	return bl_hyperv_clerk_fd(b->clerk);
}

static const char *hyperv_error(void *self)
{
	const struct bl_hyperv *b = self;

	return b->error;
}

BALLOON_API const struct balloon_backend balloon_backend_module = {
	.struct_size = sizeof(struct balloon_backend),
	.abi = BALLOON_BACKEND_ABI,
	.name = "hyperv",
	.open = hyperv_open,
	.close = hyperv_close,
	.observe = hyperv_observe,
	.order = hyperv_order,
	.fd = hyperv_fd,
	.error = hyperv_error,
};
