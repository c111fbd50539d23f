/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What would be, if; see plan.h. */
#include "plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "report.h"
#include "tree.h"

/* As report.c has it. */
#define NAME_SHOWN 255

struct host {
	uint64_t total_bytes;
	uint64_t available_bytes;
};

struct plan {
	struct parser p;
	char error[CONFIG_ERROR_MAX];
	struct balloon *b;    /* the host; only looked at */
	struct balloon *view;
	struct config c;      /* the one in force, but for its budget and guests */
	json_object *root;
	struct balloon_report now;
	struct guests guests; /* of the host */
	struct guests then;   /* of the view */
};

static const struct field budget_field =
	FIELD("budget", BYTES, offsetof(struct config, budget_bytes), MIB, BALLOON_BYTES_MAX);

static const struct field host_fields[] = {
	FIELD("total", BYTES, offsetof(struct host, total_bytes), MIB, BALLOON_BYTES_MAX),
	FIELD("available", BYTES, offsetof(struct host, available_bytes), 0, BALLOON_BYTES_MAX),
	FIELD_END,
};

/* The last call on the view failed: its sentence is what is wrong. */
static int refused(struct plan *plan, int rc)
{
	snprintf(plan->error, sizeof(plan->error), "%s", balloon_error(plan->view));
	return rc;
}

/* The object called key, or NULL; its members are then named "key.NAME". */
static int section(struct plan *plan, const char *key, json_object **ret)
{
	*ret = NULL;
	plan->p.at[0] = '\0';
	if (!json_object_object_get_ex(plan->root, key, ret))
		return 0;
	if (!json_object_is_type(*ret, json_type_object))
		return refuse(&plan->p, key, "should be an object, { ... }");
	snprintf(plan->p.at, sizeof(plan->p.at), "%s.", key);
	return 0;
}

static int check_keys(struct plan *plan)
{
	static const char *const known[] = { "cmd", "budget", "guests", "add", "gone", "host" };
	struct json_object_iterator i = json_object_iter_begin(plan->root);
	struct json_object_iterator end = json_object_iter_end(plan->root);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
		const char *name = json_object_iter_peek_name(&i);
		size_t k = 0;

		while (k < 6 && strcmp(known[k], name) != 0)
			k++;
		if (k == 6)
			return refuse(&plan->p, name, "a plan has no such key; there are budget, guests, "
			              "add, gone and host");
	}
	return 0;
}

static int take_budget(struct plan *plan)
{
	json_object *v;

	if (!json_object_object_get_ex(plan->root, "budget", &v))
		return 0;
	return field_take(&plan->p, &budget_field, v, &plan->c);
}

/* Before guests are added: what they hold comes off what is available. */
static int take_host(struct plan *plan)
{
	struct host host = { plan->now.total_bytes, plan->now.available_bytes };
	json_object *v;
	int rc = section(plan, "host", &v);

	if (rc || !v)
		return rc;
	rc = fields_take(&plan->p, host_fields, v, &host);
	if (rc)
		return rc;
	rc = balloon_what_if_host(plan->view, host.total_bytes, host.available_bytes);
	return rc < 0 ? refused(plan, rc) : 0;
}

static const struct balloon_guest_report *find_guest(const struct guests *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++) {
		if (!strcmp(g->rows[i].name, name) || (name[0] && !strcmp(g->rows[i].uuid, name)))
			return &g->rows[i];
	}
	return NULL;
}

static int add_guest(struct plan *plan, const char *name, json_object *v)
{
	/* Half of the most: where balloon_what_if_guest() has its bound. */
	const struct field size = FIELD(name, BYTES, 0, MIB, BALLOON_BYTES_MAX / 2);
	uint64_t bytes = 0;
	int rc = name_check(&plan->p, "", "guest", name);

	if (!rc)
		rc = field_take(&plan->p, &size, v, &bytes);
	if (!rc && find_guest(&plan->guests, name))
		rc = refuse(&plan->p, name, "this guest is there already");
	if (rc)
		return rc;
	/* How much it will use nobody knows yet: all of it. */
	rc = balloon_what_if_guest(plan->view, name, bytes, BALLOON_UNKNOWN);
	return rc < 0 ? refused(plan, rc) : 0;
}

static int take_add(struct plan *plan)
{
	struct json_object_iterator i, end;
	json_object *v;
	int rc = section(plan, "add", &v);

	if (rc || !v)
		return rc;
	i = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !rc && !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		rc = add_guest(plan, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i));
	return rc;
}

static int take_gone(struct plan *plan)
{
	json_object *list = NULL;
	int rc = 0;

	plan->p.at[0] = '\0';
	if (!json_object_object_get_ex(plan->root, "gone", &list))
		return 0;
	if (!json_object_is_type(list, json_type_array))
		return refuse(&plan->p, "gone", "should be a list of guests, [ ... ]");
	for (size_t i = 0; !rc && i < json_object_array_length(list); i++) {
		json_object *v = json_object_array_get_idx(list, i);

		if (!json_object_is_type(v, json_type_string))
			return refuse(&plan->p, "gone", "should name guests by strings");
		rc = balloon_what_if_gone(plan->view, json_object_get_string(v));
	}
	return rc < 0 ? refused(plan, rc) : 0;
}

static bool added(const struct plan *plan, const char *name)
{
	json_object *add = NULL;

	return json_object_object_get_ex(plan->root, "add", &add) &&
	       json_object_object_get_ex(add, name, NULL);
}

static struct balloon_named_allocation *named(struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->guests_n; i++) {
		if (!strcmp(c->guests[i].guest, name))
			return &c->guests[i];
	}
	return NULL;
}

/* What the configuration says of the guest, under whichever of its names; or a
 * new entry, for which take_guests() made room. */
static struct balloon_named_allocation *entry(struct plan *plan, const char *name)
{
	const struct balloon_guest_report *g = find_guest(&plan->guests, name);
	struct balloon_named_allocation *found = named(&plan->c, g ? g->name : name);

	if (!found)
		found = named(&plan->c, g ? g->uuid : NULL);
	if (found)
		return found;
	found = &plan->c.guests[plan->c.guests_n++];
	*found = (struct balloon_named_allocation){ g ? g->name : name, allocation_unknown };
	return found;
}

static int set_guest(struct plan *plan, const char *name, json_object *v)
{
	struct balloon_named_allocation *e;
	int rc = name_check(&plan->p, "", "guest", name);

	if (rc)
		return rc;
	if (!find_guest(&plan->guests, name) && !added(plan, name))
		return refuse(&plan->p, name, "there is no such guest; \"status\" lists them");
	if (!json_object_is_type(v, json_type_object))
		return refuse(&plan->p, name, "should be an object, { ... }");
	snprintf(plan->p.at, sizeof(plan->p.at), "guests.%s.", name);
	e = entry(plan, name);
	rc = allocation_take(&plan->p, v, &plan->c, &e->allocation);
	if (!rc)
		rc = allocation_check(&plan->p, &e->allocation, &plan->c.fallback);
	snprintf(plan->p.at, sizeof(plan->p.at), "guests.");
	return rc;
}

/* On a copy of the list; its strings stay the configuration's and the JSON's. */
static int take_guests(struct plan *plan)
{
	const struct balloon_named_allocation *old = plan->c.guests;
	struct json_object_iterator i, end;
	json_object *v;
	size_t more;
	int rc = section(plan, "guests", &v);

	more = v && !rc ? (size_t)json_object_object_length(v) : 0;
	plan->c.guests = calloc(plan->c.guests_n + more + 1, sizeof(*old));
	if (!plan->c.guests)
		return no_memory(&plan->p);
	if (plan->c.guests_n)
		memcpy(plan->c.guests, old, plan->c.guests_n * sizeof(*old));
	if (rc || !v)
		return rc;
	i = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !rc && !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		rc = set_guest(plan, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i));
	return rc;
}

static int look(struct plan *plan)
{
	struct balloon_policy policy = config_policy(&plan->c);
	int rc = balloon_set_policy(plan->view, &policy);

	if (!rc)
		rc = balloon_tick(plan->view, plan->now.now_ns, NULL);
	if (rc < 0)
		return refused(plan, rc);
	rc = guests_read(&plan->then, plan->view);
	return rc < 0 ? no_memory(&plan->p) : 0;
}

/* ---- the answer */

static void number(struct text *out, const char *key, uint64_t value)
{
	text_printf(out, ",\"%s\":", key);
	text_json_number(out, value);
}

/* A guest that is not there yet has no numbers now: unknown, not 0. */
static void write_guest(const struct balloon_guest_report *was,
                        const struct balloon_guest_report *g, struct text *out)
{
	text_add(out, "{\"name\":");
	text_json_string(out, g->name, NAME_SHOWN);
	text_add(out, ",\"uuid\":");
	text_json_string(out, g->uuid, NAME_SHOWN);
	number(out, "size_bytes", g->size_bytes);
	number(out, "actual_bytes", was ? was->actual_bytes : BALLOON_UNKNOWN);
	number(out, "target_bytes", was ? was->target_bytes : BALLOON_UNKNOWN);
	number(out, "then_target_bytes", g->target_bytes);
	number(out, "entitlement_bytes", was ? was->entitlement_bytes : BALLOON_UNKNOWN);
	number(out, "then_entitlement_bytes", g->entitlement_bytes);
	text_printf(out, ",\"then_reason\":\"%s\"}", balloon_reason_name(g->reason));
}

static void write_host(const char *key, const struct balloon_report *r, struct text *out)
{
	text_printf(out, "\"%s\":{\"host_state\":\"%s\"", key, balloon_host_state_name(r->host_state));
	number(out, "total_bytes", r->total_bytes);
	number(out, "available_bytes", r->available_bytes);
	number(out, "capacity_bytes", r->capacity_bytes);
	number(out, "reserved_bytes", r->reserved_bytes);
	number(out, "shortfall_bytes", r->shortfall_bytes);
	text_add(out, "}");
}

static int write_all(struct plan *plan, struct text *out)
{
	struct balloon_report then = { .struct_size = sizeof(then) };
	int rc = balloon_report(plan->view, &then);

	if (rc < 0)
		return refused(plan, rc);
	text_add(out, "{");
	write_host("now", &plan->now, out);
	text_add(out, ",");
	write_host("then", &then, out);
	text_add(out, ",\"guests\":[");
	for (size_t i = 0; i < plan->then.n; i++) {
		const struct balloon_guest_report *g = &plan->then.rows[i];
		const struct balloon_guest_report *was = NULL;

		for (size_t k = 0; k < plan->guests.n && !was; k++)
			was = plan->guests.rows[k].key == g->key ? &plan->guests.rows[k] : NULL;
		text_add(out, i ? "," : "");
		write_guest(was, g, out);
	}
	text_add(out, "]}");
	return 0;
}

/* ---- the whole */

/* The host's report first: the guests' names last until the next call on it. */
static int open_view(struct plan *plan)
{
	int rc = balloon_what_if(plan->b, &plan->view);

	if (!rc)
		rc = balloon_report(plan->b, &plan->now);
	if (!rc)
		rc = guests_read(&plan->guests, plan->b);
	if (rc < 0)
		snprintf(plan->error, sizeof(plan->error), "%s", balloon_error(plan->b)[0]
		         ? balloon_error(plan->b) : strerror(-rc));
	return rc;
}

static int make(struct plan *plan, struct text *reply)
{
	int rc = check_keys(plan);

	if (!rc)
		rc = open_view(plan);
	if (!rc)
		rc = take_budget(plan);
	if (!rc)
		rc = take_host(plan);
	if (!rc)
		rc = take_gone(plan);
	if (!rc)
		rc = take_add(plan);
	if (!rc)
		rc = take_guests(plan);
	if (!rc)
		rc = look(plan);
	return rc ? rc : write_all(plan, reply);
}

void plan_write(struct balloon *b, const struct config *c, const char *line, size_t len,
                struct text *reply)
{
	struct plan plan = { .b = b, .c = *c, .now = { .struct_size = sizeof(plan.now) } };
	int rc;

	plan.p = (struct parser){ .error = plan.error, .size = sizeof(plan.error) };
	rc = tree_parse(&plan.p, line, len, &plan.root);
	if (!rc)
		rc = make(&plan, reply);
	if (rc)
		report_error(plan.error, reply);
	if (plan.c.guests != c->guests)
		free(plan.c.guests);
	guests_free(&plan.guests);
	guests_free(&plan.then);
	json_object_put(plan.root);
	balloon_close(plan.view);
}
