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

#include "allocation.h"
#include "field.h"
#include "pools.h"
#include "tree.h"

#define DAY_MS UINT64_C(86400000)

#define PROFILE(field) offsetof(struct balloon_profile, field)
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
	{ .name = "share", .kind = BOOL,
	  .flags_at = PROFILE(flags), .flag = BALLOON_PROFILE_SHARE },
	FIELD_END,
};

/* A beat costs a round of questions to the hypervisor: not more than ten a
 * second. Beyond ten minutes nobody would call it arbitration. */
static const struct field interval_field = FIELD("interval_ms", MS, PROFILE(beat_ns), 100, 600000);

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

static int take_defaults(struct parser *p, json_object *v, struct config *c)
{
	int rc;

	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "defaults", "should be an object, { ... }");
	snprintf(p->at, sizeof(p->at), "defaults.");
	rc = allocation_take(p, v, c, &c->fallback);
	p->at[0] = '\0';
	return rc;
}

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
	rc = allocation_take(p, v, c, &g->allocation);
	if (!rc)
		rc = allocation_check(p, &g->allocation, &c->fallback);
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
	return allocation_check(p, &c->fallback, &c->fallback);
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
	json_object *root;
	struct config c;
	int rc = tree_parse(&p, text, len, &root);

	if (rc)
		return rc;
	rc = config_defaults(&c);
	if (rc) {
		json_object_put(root);
		return no_memory(&p);
	}
	rc = take_root(&p, root, &c);
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
	allocation_write(&c->fallback, out);
	text_add(out, "},\"guests\":{");
	for (size_t i = 0; i < c->guests_n; i++) {
		text_add(out, i ? "," : "");
		text_json_string(out, c->guests[i].guest, NAME_MAX_BYTES);
		text_add(out, ":{");
		allocation_write(&c->guests[i].allocation, out);
		text_add(out, "}");
	}
	text_add(out, "}}");
}
