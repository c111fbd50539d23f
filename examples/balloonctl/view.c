/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's status as a struct; see view.h. */
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <balloon/balloon.h>

uint64_t view_number(json_object *from, const char *key)
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

void view_string(json_object *from, const char *key, char *ret, size_t size)
{
	json_object *v = NULL;

	if (json_object_object_get_ex(from, key, &v) && json_object_is_type(v, json_type_string))
		snprintf(ret, size, "%s", json_object_get_string(v));
}

static void read_row(json_object *from, struct row *r)
{
	view_string(from, "name", r->name, sizeof(r->name));
	view_string(from, "uuid", r->uuid, sizeof(r->uuid));
	view_string(from, "state", r->state, sizeof(r->state));
	view_string(from, "reason", r->reason, sizeof(r->reason));
	view_string(from, "fixed", r->fixed, sizeof(r->fixed));
	r->size = view_number(from, "size_bytes");
	r->actual = view_number(from, "actual_bytes");
	r->target = view_number(from, "target_bytes");
	r->active = view_number(from, "active_bytes");
	r->shares = view_number(from, "shares");
	r->lag_s = view_number(from, "lag_s");
	view_string(from, "note", r->note, sizeof(r->note));
}

static void read_rung(json_object *from, struct rung *r)
{
	view_string(from, "name", r->name, sizeof(r->name));
	r->price = view_number(from, "price");
	r->offered = view_number(from, "offered_bytes");
	r->ordered = view_number(from, "ordered_bytes");
	r->applied = view_number(from, "applied_bytes");
	r->refused = view_number(from, "refused_bytes");
	r->expected_s = view_number(from, "expected_s");
	r->deadline_s = view_number(from, "deadline_s");
}

static void read_rungs(json_object *status, struct view *v)
{
	json_object *means;

	if (!json_object_object_get_ex(status, "means", &means) ||
	    !json_object_is_type(means, json_type_array))
		return;
	for (; v->rungs_n < json_object_array_length(means) && v->rungs_n < RUNGS_MAX; v->rungs_n++)
		read_rung(json_object_array_get_idx(means, v->rungs_n), &v->rungs[v->rungs_n]);
}

static void read_host(json_object *from, struct view *v)
{
	v->total = view_number(from, "total_bytes");
	v->available = view_number(from, "available_bytes");
	v->reserve = view_number(from, "reserve_bytes");
	v->capacity = view_number(from, "capacity_bytes");
	v->charged = view_number(from, "charged_bytes");
	v->shortfall = view_number(from, "shortfall_bytes");
	v->claimed = view_number(from, "claimed_bytes");
	v->held = view_number(from, "held_bytes");
	view_string(from, "host_state", v->host_state, sizeof(v->host_state));
	v->orders = view_number(from, "orders");
	v->refused = view_number(from, "refused");
	v->moved = view_number(from, "moved_bytes");
	v->lost_samples = view_number(from, "lost_samples");
	v->lost_beats = view_number(from, "lost_beats");
	v->clamped = view_number(from, "clamped");
}

int view_read(json_object *status, struct view *ret)
{
	json_object *host, *guests, *dry = NULL;
	struct view v = { .beat = view_number(status, "beat") };

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
	read_rungs(status, &v);
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
