/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host that says what the test puts into it, and accepts every order. */
#ifndef PUPPET_H
#define PUPPET_H

#include <balloon/backend.h>

#include "testkit.h"

struct puppet {
	struct balloon_sheet sheet; /* handed in as it is */
	struct balloon_sample guests[8];
};

/* A running guest, all of whose other figures are unknown. */
struct balloon_sample puppet_guest(uint64_t key, const char *name, uint64_t size,
                                   uint64_t actual, uint64_t available);

/* Opens the library on it with nothing reserved for the host, and beats once.
 * The puppet must outlive the handle. */
struct balloon *puppet_beat(struct puppet *p);

#endif
