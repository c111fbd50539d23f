/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's plan as a table; see planned.h. */
#include "planned.h"

#include <errno.h>
#include <stdio.h>

#include <balloon/balloon.h>

#include "view.h"

/* Longer names are cut; the numbers matter more. */
#define NAME_MOST 36u

static void host(struct canvas *c, const char *when, json_object *from)
{
	char state[16] = "", clean[16];
	uint64_t shortfall = view_number(from, "shortfall_bytes");

	view_string(from, "host_state", state, sizeof(state));
	printable(state, clean, sizeof(clean));
	canvas_putf(c, "%-8s%s total, ", when, human(view_number(from, "total_bytes")).s);
	canvas_putf(c, "%s available: %s; ", human(view_number(from, "available_bytes")).s, clean);
	canvas_putf(c, "%s capacity, ", human(view_number(from, "capacity_bytes")).s);
	canvas_putf(c, "%s reserved", human(view_number(from, "reserved_bytes")).s);
	if (shortfall && shortfall != BALLOON_UNKNOWN)
		canvas_putf(c, ", shortfall %s", human(shortfall).s);
	canvas_end(c);
}

static void cell(struct canvas *c, json_object *row, const char *key)
{
	canvas_put(c, " ");
	canvas_right(c, human(view_number(row, key)).s, 7);
}

/* Of what it is entitled to: a target goes there in steps. */
static void change(struct canvas *c, json_object *row)
{
	uint64_t now = view_number(row, "entitlement_bytes");
	uint64_t then = view_number(row, "then_entitlement_bytes");
	char text[24] = "?";

	if (now != BALLOON_UNKNOWN && then != BALLOON_UNKNOWN)
		snprintf(text, sizeof(text), "%s%s", then > now ? "+" : then < now ? "-" : "",
		         human(then > now ? then - now : now - then).s);
	canvas_put(c, " ");
	canvas_right(c, text, 8);
}

static unsigned int name_width(const struct canvas *c, json_object *rows)
{
	unsigned int most = 8; /* the heading and some */

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		char name[256] = "";
		unsigned int n;

		view_string(json_object_array_get_idx(rows, i), "name", name, sizeof(name));
		n = canvas_measure(c, name);
		most = n > most ? n : most;
	}
	return most < NAME_MOST ? most : NAME_MOST;
}

static void row(struct canvas *c, json_object *from, unsigned int width)
{
	char name[256] = "", reason[16] = "";

	view_string(from, "name", name, sizeof(name));
	view_string(from, "then_reason", reason, sizeof(reason));
	canvas_left(c, name, width);
	cell(c, from, "size_bytes");
	cell(c, from, "target_bytes");
	cell(c, from, "then_target_bytes");
	cell(c, from, "entitlement_bytes");
	cell(c, from, "then_entitlement_bytes");
	change(c, from);
	canvas_put(c, " ");
	canvas_left(c, reason, 11);
	canvas_end(c);
}

int planned_table(struct canvas *c, json_object *plan)
{
	json_object *now, *then, *rows;
	unsigned int width;

	if (!json_object_object_get_ex(plan, "now", &now) ||
	    !json_object_object_get_ex(plan, "then", &then) ||
	    !json_object_object_get_ex(plan, "guests", &rows) ||
	    !json_object_is_type(rows, json_type_array))
		return -EPROTO;
	host(c, "now", now);
	host(c, "then", then);
	canvas_end(c);
	width = name_width(c, rows);
	canvas_left(c, "GUEST", width);
	canvas_put(c, "    SIZE  TARGET    THEN  ENTITL    THEN   CHANGE REASON");
	canvas_end(c);
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		row(c, json_object_array_get_idx(rows, i), width);
	return 0;
}
