/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines below a table; see deeds.h. Figures that are nothing are not said. */
#include "deeds.h"

#include <stdio.h>
#include <string.h>

#include <balloon/balloon.h>

/* As wide as the longest name of a means, "compress", and a space. */
#define NAME_COLUMNS 9u

static bool some(uint64_t bytes)
{
	return bytes && bytes != BALLOON_UNKNOWN;
}

static bool worth_a_line(const struct rung *r)
{
	return some(r->offered) || some(r->ordered) || some(r->applied) || some(r->refused);
}

/* "512M given", with what separates it from what stands before. */
static void figure(struct canvas *c, bool *first, uint64_t bytes, const char *what)
{
	if (!some(bytes))
		return;
	canvas_putf(c, "%s%s %s", *first ? "" : ", ", human(bytes).s, what);
	*first = false;
}

static void pace(struct canvas *c, const struct rung *r)
{
	if (!some(r->ordered))
		return;
	if (r->expected_s == BALLOON_UNKNOWN)
		canvas_put(c, " (no pace seen yet");
	else
		canvas_putf(c, " (there in %llu s", (unsigned long long)r->expected_s);
	if (r->deadline_s != BALLOON_UNKNOWN)
		canvas_putf(c, ", given up after %llu s of nothing", (unsigned long long)r->deadline_s);
	canvas_put(c, ")");
}

static void means_line(struct canvas *c, const struct rung *r)
{
	bool first = true;

	canvas_left(c, r->name, NAME_COLUMNS);
	/* What sharing saves is saved now; what else came, came once and for all. */
	figure(c, &first, r->applied, strcmp(r->name, "share") ? "came" : "saved");
	figure(c, &first, r->ordered, "ordered");
	pace(c, r);
	figure(c, &first, r->refused, "did not come");
	figure(c, &first, r->offered, "to be had");
	if (some(r->offered) && some(r->price))
		canvas_putf(c, " at %llu a byte", (unsigned long long)r->price);
	canvas_end(c);
}

void deeds_means(struct canvas *c, const struct view *v)
{
	bool any = false;

	for (size_t i = 0; i < v->rungs_n; i++) {
		if (!worth_a_line(&v->rungs[i]))
			continue;
		if (!any)
			canvas_end(c);
		any = true;
		means_line(c, &v->rungs[i]);
	}
}

/* How much of text goes on a line of width: whole words, if one fits. */
static size_t line_of(const char *text, size_t width)
{
	size_t n = strlen(text), cut = width;

	if (n <= width)
		return n;
	while (cut && text[cut] != ' ')
		cut--;
	return cut ? cut : width;
}

static void wrapped(struct canvas *c, const char *text)
{
	size_t width = c->width > 2 ? c->width - 2 : 1;

	while (*text) {
		size_t n = line_of(text, width);

		canvas_putf(c, "  %.*s", (int)n, text);
		canvas_end(c);
		text += n;
		text += strspn(text, " ");
	}
}

void deeds_notes(struct canvas *c, const struct view *v)
{
	bool any = false;

	for (size_t i = 0; i < v->rows_n; i++) {
		const struct row *r = &v->rows[i];
		char line[sizeof(r->name) + sizeof(r->note) + 2], clean[sizeof(line)];

		if (!r->note[0])
			continue;
		if (!any)
			canvas_end(c);
		any = true;
		snprintf(line, sizeof(line), "%s %s", r->name, r->note);
		printable(line, clean, sizeof(clean));
		wrapped(c, clean);
	}
}
