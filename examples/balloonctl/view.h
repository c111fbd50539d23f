/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's status as a struct. Numbers nobody knows are BALLOON_UNKNOWN. */
#ifndef BALLOONCTL_VIEW_H
#define BALLOONCTL_VIEW_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row {
	char name[256];
	char uuid[64];
	char state[16], reason[16], fixed[16];
	uint64_t size, actual, target, active, shares;
	uint64_t lag_s;
	char note[320]; /* what people should know of it; "" = nothing */
};

/* A means, and what came of it. */
struct rung {
	char name[16];
	uint64_t price, offered, ordered, applied, refused;
	uint64_t expected_s, deadline_s;
};

/* There are five; a later balloond's sixth has room, too. */
#define RUNGS_MAX 8u

struct view {
	uint64_t beat;
	bool dry_run;
	uint64_t total, available, reserve, capacity, charged, shortfall;
	uint64_t claimed, held;
	char host_state[16]; /* "" = not said */
	uint64_t orders, refused, moved, lost_samples, lost_beats, clamped;
	struct row *rows;
	size_t rows_n;
	struct rung rungs[RUNGS_MAX];
	size_t rungs_n;
};

int view_read(json_object *status, struct view *ret); /* 0, -EPROTO or -ENOMEM */
void view_free(struct view *v);

/* What is missing, null or no number is unknown; a fraction is cut off. */
uint64_t view_number(json_object *from, const char *key);
/* What is missing or no string leaves *ret alone. */
void view_string(json_object *from, const char *key, char *ret, size_t size);

/* The same guest in another view, or NULL. */
const struct row *view_find(const struct view *v, const struct row *like);

#endif
