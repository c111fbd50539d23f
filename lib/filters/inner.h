/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend a filter wraps: found as the library finds its own. */
#ifndef BALLOON_FILTERS_INNER_H
#define BALLOON_FILTERS_INNER_H

#include <balloon/backend.h>

struct bl_inner {
	void *module;
	const struct balloon_backend *backend;
	void *self;
};

/* Loads the module of uri's scheme from $BALLOON_BACKEND_DIR, or from where
 * this very filter lies, and opens uri with it. -errno with a sentence. */
int bl_inner_open(const char *uri, struct bl_inner *ret_inner, char *ret_error, size_t size);

void bl_inner_close(struct bl_inner *inner);

#endif
