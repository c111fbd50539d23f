/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's configuration: one JSON object, judged whole. balloond.8 has
 * the keys. Knows nothing of running daemons.
 */
#ifndef BALLOOND_CONFIG_H
#define BALLOOND_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <balloon/balloon.h>

#include "text.h"

#define CONFIG_ERROR_MAX 1024

struct config {
	char *uri;
	char *socket;
	char profile_name[16];
	struct balloon_profile profile; /* with tuning and interval_ms in it */
	uint64_t budget_bytes;          /* BALLOON_UNKNOWN = not given */
	uint64_t reserve_bytes;         /* likewise */
	bool keep_on_stop;
	struct balloon_pool *pools; /* parents before children; names are ours too */
	size_t pools_n;
	struct balloon_allocation fallback; /* its pool, and guests' pools, are among pools */
	struct balloon_named_allocation *guests; /* names are ours too */
	size_t guests_n;
};

/* What holds where nothing is said. -ENOMEM. */
int config_defaults(struct config *ret);

/* 0; -EINVAL, or -ENOMEM, with a sentence in error. */
int config_parse(const char *text, size_t len, struct config *ret, char *error, size_t size);

/* Reads a file that only we or root may write; else as config_parse(). */
int config_load(const char *path, struct config *ret, char *error, size_t size);

void config_free(struct config *c);

/* As the library takes it; it points into c. */
struct balloon_policy config_policy(const struct config *c);

/* Asks the library whether it would take the policy, without any host. */
int config_check(const struct config *c, char *error, size_t size);

/* The effective configuration as one line that config_parse() takes back. */
void config_write(const struct config *c, struct text *out);

#endif
