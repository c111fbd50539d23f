/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From JSON text to struct config. Pure but for malloc(): files are
 * config_file.c's. Every sentence begins with the key it is about.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "field.h"
#include "pools.h"
#include "scan.h"

/* Keys of a thousand guests with all they can have, and as much again. */
#define KEYS_MAX 8192
#define DAY_MS UINT64_C(86400000)

#define PROFILE(field) offsetof(struct balloon_profile, field)
#define ALLOCATION(field) offsetof(struct balloon_allocation, field)
#define CONFIG(field) offsetof(struct config, field)

/* Wide bounds: beyond them is a slip of the unit, not a choice. */
static const struct field tuning_fields[] = {
	FIELD("tax_pct", PCT, PROFILE(tax_bp), 0, 9999),
	FIELD("headroom_pct", PCT, PROFILE(headroom_bp), 0, 100000),
	FIELD("balloon_max_pct", PCT, PROFILE(balloon_max_bp), 0, 10000),
	FIELD("pool_pct", PCT, PROFILE(pool_bp), 0, 5000),
	FIELD("deadband_pct", PCT, PROFILE(deadband_bp), 0, 5000),
	FIELD("shrink_step_pct", PCT, PROFILE(shrink_step_bp), 1, 10000),
	FIELD("pressed_pct", PCT, PROFILE(pressed_bp), 0, 9000),
	FIELD("fast_ms", MS, PROFILE(fast_ns), 1, DAY_MS),
	FIELD("slow_ms", MS, PROFILE(slow_ns), 1, DAY_MS),
	FIELD("stale_ms", MS, PROFILE(stale_ns), 1, DAY_MS),
	FIELD("stuck_ms", MS, PROFILE(stuck_ns), 1, DAY_MS),
	FIELD("settle_ms", MS, PROFILE(settle_ns), 0, DAY_MS),
	FIELD("boot_ms", MS, PROFILE(boot_ns), 0, DAY_MS),
	FIELD("hold_max_pct", PCT, PROFILE(hold_max_bp), 0, 10000),
	{ .name = "progressive_tax", .kind = BOOL,
	  .flags_at = PROFILE(flags), .flag = BALLOON_PROFILE_PROGRESSIVE_TAX },
	FIELD_END,
};

/* A beat costs a round of questions to the hypervisor: not more than ten a
 * second. Beyond ten minutes nobody would call it arbitration. */
static const struct field interval_field = FIELD("interval_ms", MS, PROFILE(beat_ns), 100, 600000);

static const struct field allocation_fields[] = {
	FIELD("shares", SHARES, ALLOCATION(shares), 0, BALLOON_SHARES_MAX),
	FIELD("reservation", BYTES, ALLOCATION(reservation_bytes), 0, BALLOON_BYTES_MAX),
	FIELD("limit", BYTES, ALLOCATION(limit_bytes), MIB, BALLOON_BYTES_MAX),
	{ .name = "pool", .kind = NAME, .at = ALLOCATION(pool) },
	{ .name = "tax_pct", .kind = PCT, .at = ALLOCATION(tax_bp), .max = 9999,
	  .flags_at = ALLOCATION(flags), .flag = BALLOON_ALLOCATION_TAX },
	FIELD_END,
};

static const struct field host_fields[] = {
	FIELD("budget", BYTES, CONFIG(budget_bytes), MIB, BALLOON_BYTES_MAX),
	FIELD("reserve", BYTES, CONFIG(reserve_bytes), 0, BALLOON_BYTES_MAX),
	FIELD_END,
};

static int take_section(struct parser *p, const char *name, const struct field *fields,
                        json_object *v, void *base)
{
	int rc;

	if (!json_object_is_type(v, json_type_object))
		return refuse(p, name, "should be an object, { ... }");
	snprintf(p->at, sizeof(p->at), "%s.", name);
	rc = fields_take(p, fields, v, base);
	p->at[0] = '\0';
	return rc;
}

/* ---- the keys of the outermost object */

static int take_string(struct parser *p, const char *key, json_object *v, const char **ret)
{
	if (!json_object_is_type(v, json_type_string))
		return refuse(p, key, "should be a string");
	*ret = json_object_get_string(v);
	return **ret ? 0 : refuse(p, key, "is empty");
}

static int replace(struct parser *p, char **old, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return no_memory(p);
	free(*old);
	*old = copy;
	return 0;
}

static int take_uri(struct parser *p, json_object *v, struct config *c)
{
	const char *s = "";
	int rc = take_string(p, "uri", v, &s);

	if (!rc && !strchr(s, ':'))
		rc = refuse(p, "uri", "\"%.60s\" has no scheme, as in \"qemu:///system\"", s);
	return rc ? rc : replace(p, &c->uri, s);
}

static int take_socket(struct parser *p, json_object *v, struct config *c)
{
	const char *s = "";
	int rc = take_string(p, "socket", v, &s);

	if (!rc && *s != '/')
		rc = refuse(p, "socket", "should be a whole path, from / on");
	if (!rc && strlen(s) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		rc = refuse(p, "socket", "is longer than the %zu bytes a socket's path may have",
		            sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	return rc ? rc : replace(p, &c->socket, s);
}

static int take_profile(struct parser *p, json_object *v, struct config *c)
{
	const char *s = "";
	int rc = take_string(p, "profile", v, &s);

	if (rc)
		return rc;
	if (strlen(s) >= sizeof(c->profile_name) || balloon_profile(s, &c->profile) < 0)
		return refuse(p, "profile", "there is no profile \"%.40s\"; there are balanced, "
		              "aggressive, conservative and lending", s);
	snprintf(c->profile_name, sizeof(c->profile_name), "%s", s);
	return 0;
}

static int take_on_stop(struct parser *p, json_object *v, struct config *c)
{
	const char *s = "";
	int rc = take_string(p, "on_stop", v, &s);

	if (rc)
		return rc;
	c->keep_on_stop = !strcmp(s, "keep");
	if (!c->keep_on_stop && strcmp(s, "release") != 0)
		return refuse(p, "on_stop", "should be \"release\" or \"keep\"");
	return 0;
}

static int take_tuning(struct parser *p, json_object *v, struct config *c)
{
	return take_section(p, "tuning", tuning_fields, v, &c->profile);
}

static int take_interval(struct parser *p, json_object *v, struct config *c)
{
	return field_take(p, &interval_field, v, &c->profile);
}

static int take_budget(struct parser *p, json_object *v, struct config *c)
{
	return field_take(p, &host_fields[0], v, c);
}

static int take_reserve(struct parser *p, json_object *v, struct config *c)
{
	return field_take(p, &host_fields[1], v, c);
}

/* ---- guests */

/* Until here the pool's name is the JSON's; from here on it is the pool's own. */
static int take_allocation(struct parser *p, json_object *v, const struct config *c,
                           struct balloon_allocation *a)
{
	int rc = fields_take(p, allocation_fields, v, a);

	return rc || !a->pool ? rc : pools_resolve(p, "pool", c, &a->pool);
}

static int take_defaults(struct parser *p, json_object *v, struct config *c)
{
	int rc;

	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "defaults", "should be an object, { ... }");
	snprintf(p->at, sizeof(p->at), "defaults.");
	rc = take_allocation(p, v, c, &c->fallback);
	p->at[0] = '\0';
	return rc;
}

/* What is not said of a guest is the default's: the two must fit together. */
static int check_bounds(struct parser *p, const struct balloon_allocation *a,
                        const struct balloon_allocation *fallback)
{
	uint64_t low = a->reservation_bytes, high = a->limit_bytes;

	if (low == BALLOON_UNKNOWN)
		low = fallback->reservation_bytes;
	if (high == BALLOON_UNKNOWN)
		high = fallback->limit_bytes;
	return bounds_check(p, low, high);
}

static const struct balloon_allocation allocation_unknown = {
	.struct_size = sizeof(struct balloon_allocation),
	.shares = BALLOON_UNKNOWN,
	.reservation_bytes = BALLOON_UNKNOWN,
	.limit_bytes = BALLOON_UNKNOWN,
};

static int take_guest(struct parser *p, const char *name, json_object *v, struct config *c)
{
	struct balloon_named_allocation *g = &c->guests[c->guests_n];
	int rc = name_check(p, "guests", "guest", name);

	if (rc)
		return rc;
	g->allocation = allocation_unknown;
	g->guest = strdup(name);
	if (!g->guest)
		return no_memory(p);
	c->guests_n++;
	snprintf(p->at, sizeof(p->at), "guests.%s", name);
	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "", "should be an object, { ... }");
	strcat(p->at, "."); /* 7 + 255 + 1 bytes of 287 */
	rc = take_allocation(p, v, c, &g->allocation);
	if (!rc)
		rc = check_bounds(p, &g->allocation, &c->fallback);
	p->at[0] = '\0';
	return rc;
}

static int take_guests(struct parser *p, json_object *v, struct config *c)
{
	struct json_object_iterator i, end;
	int rc = 0;

	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "guests", "should be an object, { \"NAME\": { ... } }");
	c->guests = calloc((size_t)json_object_object_length(v) + 1, sizeof(*c->guests));
	if (!c->guests)
		return no_memory(p);
	i = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !rc && !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		rc = take_guest(p, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i), c);
	return rc;
}

/* ---- the whole */

/* In the order they build on each other, not the order of the file. */
static const struct root_key {
	const char *name;
	int (*take)(struct parser *p, json_object *v, struct config *c);
} root_keys[] = {
	{ "uri", take_uri },           { "socket", take_socket },     { "profile", take_profile },
	{ "tuning", take_tuning },     { "interval_ms", take_interval }, { "budget", take_budget },
	{ "reserve", take_reserve },   { "on_stop", take_on_stop },   { "pools", pools_take },
	{ "defaults", take_defaults }, { "guests", take_guests },
};
#define ROOT_KEYS (sizeof(root_keys) / sizeof(root_keys[0]))

static int refuse_unknown(struct parser *p, json_object *root)
{
	struct json_object_iterator i = json_object_iter_begin(root);
	struct json_object_iterator end = json_object_iter_end(root);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		size_t k = 0;

		while (k < ROOT_KEYS && strcmp(root_keys[k].name, name) != 0)
			k++;
		if (k == ROOT_KEYS)
			return refuse(p, name, "there is no such key; balloond(8) has the list");
	}
	return 0;
}

static int take_root(struct parser *p, json_object *root, struct config *c)
{
	int rc = refuse_unknown(p, root);
	json_object *v;

	for (size_t k = 0; !rc && k < ROOT_KEYS; k++) {
		if (json_object_object_get_ex(root, root_keys[k].name, &v))
			rc = root_keys[k].take(p, v, c);
	}
	if (rc)
		return rc;
	snprintf(p->at, sizeof(p->at), "defaults.");
	return check_bounds(p, &c->fallback, &c->fallback);
}

/* Every key the scan saw must be there: json-c loses one when malloc() fails. */
static size_t count_members(json_object *object)
{
	struct json_object_iterator i, end;
	size_t n = 0;

	if (!json_object_is_type(object, json_type_object))
		return 0;
	i = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		n += 1 + count_members(json_object_iter_peek_value(&i));
	return n;
}

static int scan_text(struct parser *p, const char *text, size_t len, size_t *ret_members)
{
	struct scan scan = { .text = text, .len = len, .keys_max = KEYS_MAX };
	int rc;

	scan.keys = calloc(KEYS_MAX, sizeof(*scan.keys));
	if (!scan.keys)
		return no_memory(p);
	rc = scan_json(&scan);
	free(scan.keys);
	if (rc)
		snprintf(p->error, p->size, "%s", scan.error);
	*ret_members = scan.members;
	return rc;
}

static int parse_tree(struct parser *p, const char *text, size_t len, json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex(SCAN_DEPTH + 1);
	json_object *root;
	enum json_tokener_error why;

	if (!tokener)
		return no_memory(p);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, (int)len + 1); /* with the 0: it is all there is */
	why = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (why == json_tokener_success && root) {
		*ret = root;
		return 0;
	}
	/* The scan found nothing wrong with the text, so it is not the text. */
	json_object_put(root);
	return no_memory(p);
}

int config_defaults(struct config *ret)
{
	struct config c = {
		.uri = strdup("qemu:///system"),
		.socket = strdup("/run/balloond/balloond.sock"),
		.profile_name = "balanced",
		.profile = { .struct_size = sizeof(struct balloon_profile) },
		.budget_bytes = BALLOON_UNKNOWN,
		.reserve_bytes = BALLOON_UNKNOWN,
		.fallback = allocation_unknown,
	};

	if (!c.uri || !c.socket || balloon_profile(c.profile_name, &c.profile) < 0) {
		config_free(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

int config_parse(const char *text, size_t len, struct config *ret, char *error, size_t size)
{
	struct parser p = { .error = error, .size = size };
	struct config c;
	json_object *root = NULL;
	size_t members = 0;
	int rc = scan_text(&p, text, len, &members);

	if (rc)
		return rc;
	if (config_defaults(&c) < 0)
		return no_memory(&p);
	rc = parse_tree(&p, text, len, &root);
	if (!rc)
		rc = count_members(root) == members ? take_root(&p, root, &c) : no_memory(&p);
	json_object_put(root);
	if (rc)
		config_free(&c);
	else
		*ret = c;
	return rc;
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < c->guests_n; i++) {
		union { const char *given; char *ours; } name = { c->guests[i].guest };

		free(name.ours);
	}
	free(c->guests);
	pools_free(c);
	free(c->uri);
	free(c->socket);
	*c = (struct config){ 0 };
}

struct balloon_policy config_policy(const struct config *c)
{
	return (struct balloon_policy){
		.struct_size = sizeof(struct balloon_policy),
		.profile = &c->profile,
		.budget_bytes = c->budget_bytes,
		.reserve_bytes = c->reserve_bytes,
		.fallback = c->fallback,
		.guests = c->guests,
		.guests_n = c->guests_n,
		.pools = c->pools,
		.pools_n = c->pools_n,
	};
}

/* ---- and back to text */

void config_write(const struct config *c, struct text *out)
{
	text_add(out, "{\"uri\":");
	text_json_string(out, c->uri, SIZE_MAX);
	field_write(&interval_field, &c->profile, out, ",");
	for (const struct field *f = host_fields; f->name; f++)
		field_write(f, c, out, ",");
	text_printf(out, ",\"profile\":\"%s\",\"tuning\":{", c->profile_name);
	fields_write(tuning_fields, &c->profile, out);
	text_add(out, "},\"socket\":");
	text_json_string(out, c->socket, SIZE_MAX);
	text_printf(out, ",\"on_stop\":\"%s\",\"pools\":{", c->keep_on_stop ? "keep" : "release");
	pools_write(c, out);
	text_add(out, "},\"defaults\":{");
	fields_write(allocation_fields, &c->fallback, out);
	text_add(out, "},\"guests\":{");
	for (size_t i = 0; i < c->guests_n; i++) {
		text_add(out, i ? "," : "");
		text_json_string(out, c->guests[i].guest, NAME_MAX_BYTES);
		text_add(out, ":{");
		fields_write(allocation_fields, &c->guests[i].allocation, out);
		text_add(out, "}");
	}
	text_add(out, "}}");
}
