/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend's caller side: what a beat does with the clerk. No call here
 * talks to the host, nor waits for one that does not answer.
 */
#ifndef BL_HYPERV_HYPERV_H
#define BL_HYPERV_HYPERV_H

#include "clerk.h"

#include <balloon/backend.h>

struct bl_hyperv {
	struct bl_hyperv_clerk *clerk;
	struct bl_hyperv_view *view;   /* the last that came, or NULL */
	struct balloon_sample *rows;
	size_t rows_cap;
	uint64_t patience_ns;          /* a beat waits for a look so long; 0 = host is away */
	char error[BL_HYPERV_ERROR_MAX];
	char host[BL_HYPERV_HOST_MAX];
};

/* Takes a view that is there, or waits a little for one. */
int bl_hyperv_observe(struct bl_hyperv *b, struct balloon_sheet *ret_sheet);
int bl_hyperv_order(struct bl_hyperv *b, struct balloon_order *orders, size_t n);

extern const struct balloon_backend balloon_backend_module;

#endif
