/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's status as a struct; see view.h. */
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <balloon/balloon.h>

/* What is missing, null or no number is unknown; a fraction is cut off. */
static uint64_t number(json_object *from, const char *key)
{
	json_object *v = NULL;
	int64_t n;

	if (!json_object_object_get_ex(from, key, &v))
		return BALLOON_UNKNOWN;
	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return BALLOON_UNKNOWN;
	n = json_object_get_int64(v);
	return n < 0 ? BALLOON_UNKNOWN : (uint64_t)n;
}

static void string(json_object *from, const char *key, char *ret, size_t size)
{
	json_object *v = NULL;

	if (json_object_object_get_ex(from, key, &v) && json_object_is_type(v, json_type_string))
		snprintf(ret, size, "%s", json_object_get_string(v));
}

static void read_row(json_object *from, struct row *r)
{
	string(from, "name", r->name, sizeof(r->name));
	string(from, "uuid", r->uuid, sizeof(r->uuid));
	string(from, "state", r->state, sizeof(r->state));
	string(from, "reason", r->reason, sizeof(r->reason));
	string(from, "fixed", r->fixed, sizeof(r->fixed));
	r->size = number(from, "size_bytes");
	r->actual = number(from, "actual_bytes");
	r->target = number(from, "target_bytes");
	r->active = number(from, "active_bytes");
	r->shares = number(from, "shares");
	r->lag_s = number(from, "lag_s");
}

static void read_host(json_object *from, struct view *v)
{
	v->total = number(from, "total_bytes");
	v->available = number(from, "available_bytes");
	v->reserve = number(from, "reserve_bytes");
	v->capacity = number(from, "capacity_bytes");
	v->charged = number(from, "charged_bytes");
	v->shortfall = number(from, "shortfall_bytes");
	v->orders = number(from, "orders");
	v->refused = number(from, "refused");
	v->moved = number(from, "moved_bytes");
	v->lost_samples = number(from, "lost_samples");
	v->lost_beats = number(from, "lost_beats");
	v->clamped = number(from, "clamped");
}

int view_read(json_object *status, struct view *ret)
{
	json_object *host, *guests, *dry = NULL;
	struct view v = { .beat = number(status, "beat") };

	if (!json_object_object_get_ex(status, "host", &host) ||
	    !json_object_object_get_ex(status, "guests", &guests) ||
	    !json_object_is_type(guests, json_type_array))
		return -EPROTO;
	v.rows_n = json_object_array_length(guests);
	v.rows = calloc(v.rows_n + 1, sizeof(*v.rows));
	if (!v.rows)
		return -ENOMEM;
	v.dry_run = json_object_object_get_ex(status, "dry_run", &dry) &&
	            json_object_get_boolean(dry);
	read_host(host, &v);
	for (size_t i = 0; i < v.rows_n; i++)
		read_row(json_object_array_get_idx(guests, i), &v.rows[i]);
	*ret = v;
	return 0;
}

void view_free(struct view *v)
{
	free(v->rows);
	*v = (struct view){ 0 };
}

const struct row *view_find(const struct view *v, const struct row *like)
{
	for (size_t i = 0; i < v->rows_n; i++) {
		const struct row *r = &v->rows[i];

		if (!strcmp(r->uuid, like->uuid) && !strcmp(r->name, like->name))
			return r;
	}
	return NULL;
}
