/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in the journal, and in a setting. Pure. */
#include <string.h>

#include "knobs.h"

static bool field(struct bl_span *line, struct bl_span *ret_field)
{
	size_t left = (size_t)(line->end - line->p);
	const char *tab = left ? memchr(line->p, '\t', left) : NULL;

	if (!tab)
		return false;
	ret_field->p = line->p;
	ret_field->end = tab;
	line->p = tab + 1;
	return true;
}

/* Every field is ended by a tab, so that a torn line is not taken for a whole one. */
bool bl_knobs_line(struct bl_span line, struct bl_knobs_line *ret_line)
{
	struct bl_knobs_line l = { 0 };
	struct bl_span op;

	if (line.p == line.end || memchr(line.p, '\0', (size_t)(line.end - line.p)))
		return false;
	if (!field(&line, &op) || !field(&line, &l.path) || l.path.p == l.path.end)
		return false;
	l.gone = bl_span_is(op, "-");
	if (!l.gone && (!bl_span_is(op, "+") || !field(&line, &l.found) || !field(&line, &l.asked)))
		return false;
	if (line.p != line.end || (!l.gone && l.found.p == l.found.end))
		return false;
	*ret_line = l;
	return true;
}

static bool bracketed(struct bl_span line, struct bl_span *ret_value)
{
	const char *open = memchr(line.p, '[', (size_t)(line.end - line.p)), *shut;

	shut = open ? memchr(open, ']', (size_t)(line.end - open)) : NULL;
	if (!shut || shut == open + 1)
		return false;
	ret_value->p = open + 1;
	ret_value->end = shut;
	return true;
}

bool bl_knobs_value(struct bl_span text, struct bl_span *ret_value)
{
	struct bl_span line;

	if (!bl_span_line(&text, &line) || text.p != text.end || line.p == line.end)
		return false;
	if (memchr(line.p, '\t', (size_t)(line.end - line.p)) ||
	    memchr(line.p, '\0', (size_t)(line.end - line.p)))
		return false;
	if (!bracketed(line, ret_value))
		*ret_value = line;
	return true;
}
