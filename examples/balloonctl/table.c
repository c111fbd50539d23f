/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A view as a table; see table.h. */
#include "table.h"

#include "deeds.h"

#include <stdio.h>
#include <string.h>

#include <balloon/balloon.h>

/* size actual target active, 6 each; shares 6; state 7; reason 11; and a space
 * in front of each: what is left of a line is for the name and the bar. */
#define FIXED_COLUMNS (4 * 7 + 7 + 8 + 12)
#define NAME_LEAST 8u
#define NAME_MOST 36u
#define BAR_LEAST 8u
#define BAR_MOST 40u

static unsigned int longest_name(const struct canvas *c, const struct view *v)
{
	unsigned int longest = NAME_LEAST;

	for (size_t i = 0; i < v->rows_n; i++) {
		unsigned int width = canvas_measure(c, v->rows[i].name);

		longest = width > longest ? width : longest;
	}
	return longest < NAME_MOST ? longest : NAME_MOST;
}

struct columns table_columns(const struct canvas *c, const struct view *v, bool bars)
{
	unsigned int rest = c->width > FIXED_COLUMNS ? c->width - FIXED_COLUMNS : 0;
	struct columns k = { longest_name(c, v), 0 };

	if (bars && rest > k.name + BAR_LEAST + 1)
		k.bar = rest - k.name - 1;
	else if (bars && rest > NAME_LEAST + BAR_LEAST + 1)
		k = (struct columns){ rest - BAR_LEAST - 1, BAR_LEAST };
	else if (k.name > rest)
		k.name = rest > NAME_LEAST ? rest : NAME_LEAST;
	/* A short bar and a cut name are both bad: share what there is. */
	if (k.bar > BAR_MOST)
		k.bar = BAR_MOST;
	return k;
}

static void cell(struct canvas *c, uint64_t bytes)
{
	canvas_put(c, " ");
	canvas_right(c, human(bytes).s, 6);
}

/* The bar's signs, as far as there is room to explain them. */
static const char *legend(const struct canvas *c, unsigned int width)
{
	if (width < 23)
		return c->utf8 ? "\xe2\x96\x88" "active\xe2\x94\x82target" : "#active|target";
	return c->utf8 ? "\xe2\x96\x88" "active \xe2\x96\x92" "actual \xe2\x94\x82target"
	               : "#active =actual |target";
}

void table_head(struct canvas *c, const struct columns *k)
{
	canvas_style(c, REVERSE);
	canvas_left(c, "GUEST", k->name);
	canvas_put(c, "   SIZE ACTUAL TARGET ACTIVE SHARES STATE   REASON     ");
	if (k->bar) {
		canvas_put(c, " ");
		canvas_left(c, legend(c, k->bar), k->bar);
	}
	canvas_end(c);
}

static enum style style_of(const struct row *r)
{
	if (!strcmp(r->state, "stuck") || !strcmp(r->state, "pressed"))
		return RED;
	if (!strcmp(r->state, "stale") || !strcmp(r->state, "booting"))
		return YELLOW;
	if (!strcmp(r->state, "fixed") || !strcmp(r->state, "paused"))
		return DIM;
	return PLAIN;
}

/* Which cell of n a number falls into; n = beyond, or unknown. */
static unsigned int cell_of(uint64_t bytes, uint64_t size, unsigned int n)
{
	if (bytes == BALLOON_UNKNOWN || size == BALLOON_UNKNOWN || !size || bytes > size)
		return n;
	return (unsigned int)((double)bytes / (double)size * n + 0.5);
}

static void bar(struct canvas *c, const struct row *r, unsigned int n, enum style style)
{
	static const char *const wide[] = { "\xe2\x94\x82", "\xe2\x96\x88", "\xe2\x96\x92", "\xc2\xb7" };
	static const char *const ascii[] = { "|", "#", "=", "." };
	const char *const *glyph = c->utf8 ? wide : ascii;
	unsigned int actual = cell_of(r->actual, r->size, n);
	unsigned int active = r->active == BALLOON_UNKNOWN ? 0 : cell_of(r->active, r->size, n);
	unsigned int target = cell_of(r->target, r->size, n);

	if (r->size == BALLOON_UNKNOWN || r->actual == BALLOON_UNKNOWN)
		return;
	target -= target == n && r->target != BALLOON_UNKNOWN;
	for (unsigned int i = 0; i < n; i++) {
		canvas_style(c, i == target ? BOLD : i >= actual ? DIM : style == PLAIN ? GREEN : style);
		canvas_put(c, i == target ? glyph[0] : i >= actual ? glyph[3]
		              : i < active ? glyph[1] : glyph[2]);
	}
}

void table_row(struct canvas *c, const struct columns *k, const struct row *r)
{
	enum style style = style_of(r);
	char shares[24] = "?";

	if (r->shares != BALLOON_UNKNOWN)
		snprintf(shares, sizeof(shares), "%llu", (unsigned long long)r->shares);
	canvas_style(c, style);
	canvas_left(c, r->name, k->name);
	cell(c, r->size);
	cell(c, r->actual);
	cell(c, r->target);
	cell(c, r->active);
	canvas_put(c, " ");
	canvas_right(c, shares, 6);
	canvas_put(c, " ");
	canvas_left(c, r->state, 7);
	canvas_put(c, " ");
	/* "fixed" twice says nothing; why it is fixed does. */
	canvas_left(c, strcmp(r->reason, "fixed") ? r->reason : r->fixed, 11);
	if (k->bar) {
		canvas_put(c, " ");
		bar(c, r, k->bar, style);
	}
	canvas_end(c);
}

/* Refusals, losses and clamps are said only when there are any. */
static void troubles(struct canvas *c, const struct view *v)
{
	const struct { uint64_t n; const char *what; } all[] = {
		{ v->refused, "refused" }, { v->lost_samples, "samples lost" },
		{ v->lost_beats, "beats lost" }, { v->clamped, "clamped" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!all[i].n || all[i].n == BALLOON_UNKNOWN)
			continue;
		canvas_style(c, YELLOW);
		canvas_putf(c, ", %llu %s", (unsigned long long)all[i].n, all[i].what);
	}
	canvas_style(c, PLAIN);
}

static void host_bar(struct canvas *c, const struct view *v)
{
	struct row r = { .size = v->capacity, .actual = v->charged, .target = BALLOON_UNKNOWN,
	                 .active = v->charged };

	if (!c->escapes || c->width < c->at + 14)
		return;
	if (r.actual > r.size)
		r.actual = r.active = r.size;
	canvas_put(c, " ");
	bar(c, &r, 12, v->shortfall && v->shortfall != BALLOON_UNKNOWN ? RED : CYAN);
	canvas_style(c, PLAIN);
}

/* Below clear the host wants memory back; below soft, urgently. */
static void host_state(struct canvas *c, const struct view *v)
{
	char clean[sizeof(v->host_state)];

	if (!v->host_state[0])
		return;
	printable(v->host_state, clean, sizeof(clean));
	canvas_put(c, ": ");
	if (!strcmp(clean, "soft"))
		canvas_style(c, YELLOW);
	if (!strcmp(clean, "hard") || !strcmp(clean, "low"))
		canvas_style(c, RED);
	canvas_put(c, clean);
	canvas_style(c, PLAIN);
}

/* What is kept from the guests, when there is any. */
static void kept(struct canvas *c, uint64_t bytes, const char *how)
{
	if (bytes && bytes != BALLOON_UNKNOWN)
		canvas_putf(c, ", %s %s", human(bytes).s, how);
}

void table_host(struct canvas *c, const struct view *v)
{
	canvas_putf(c, "host    %s total, %s available, %s reserve", human(v->total).s,
	            human(v->available).s, human(v->reserve).s);
	host_state(c, v);
	canvas_putf(c, "; %llu orders", (unsigned long long)v->orders);
	troubles(c, v);
	if (v->dry_run)
		canvas_put(c, "; dry run");
	canvas_end(c);
	canvas_putf(c, "guests  %s charged of %s capacity", human(v->charged).s,
	            human(v->capacity).s);
	host_bar(c, v);
	if (v->shortfall && v->shortfall != BALLOON_UNKNOWN) {
		canvas_style(c, RED);
		canvas_putf(c, " shortfall %s", human(v->shortfall).s);
		canvas_style(c, PLAIN);
	} else {
		canvas_put(c, c->escapes ? " no shortfall" : ", no shortfall");
	}
	kept(c, v->claimed, "claimed");
	kept(c, v->held, "held");
	canvas_putf(c, ", %s moved", human(v->moved).s);
	canvas_end(c);
}

void table_all(struct canvas *c, const struct view *v)
{
	struct columns k = table_columns(c, v, false);

	table_host(c, v);
	canvas_end(c);
	table_head(c, &k);
	for (size_t i = 0; i < v->rows_n; i++)
		table_row(c, &k, &v->rows[i]);
	deeds_means(c, v);
	deeds_notes(c, v);
}
