/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A content with c copies saves f(c) = c - ceil(c / sharers). In the sample with
 * a chance of 1 / r, it stands for r of its kind (pinned ones for themselves):
 *
 *	saved = Σ w f(c)        variance = Σ w (w - 1) f(c)²,   w = r or 1
 *
 * The count of distinct contents gives the same from another side, less exact in
 * large samples and more in small ones; the two are weighted by their variances.
 */
#include "sum.h"

#include <errno.h>
#include <stdlib.h>

/* Contents of one cluster of lines are in the sample together; see LINE_TAG. */
#define CLUSTER_SHIFT 40

/* One guest's copies of the content at hand. */
struct part {
	uint32_t guest;
	double copies;
	double mergeable;
};

/* What contents add up to, for one guest or for all. */
struct tally {
	struct bl_sum sum;
	double pages;
	double inside_variance;
	double chains, inside_chains; /* frames above one a content */
};

/* One run over contents: those of one word, or the others. */
struct summing {
	struct bl_group *g;
	struct part *parts;
	size_t parts_n;
	struct tally *guests; /* by number */
	struct tally all;
	uint64_t cluster;
	double cluster_saved;
	double by_content; /* variance, had every content come alone */
};

static double frames(const struct bl_group *g, double copies)
{
	double s = g->sharers_max;

	return (double)((uint64_t)((copies + s - 1) / s));
}

static double saved(const struct bl_group *g, double copies)
{
	return copies - frames(g, copies);
}

static double square(double x)
{
	return x * x;
}

/* ------------------------------------------------------------- one content */

static void add_part(struct summing *s, const struct part *p, const struct part *all, double weight)
{
	struct tally *t = &s->guests[p->guest];
	double saves = saved(s->g, all->copies) * p->copies / all->copies;
	double inside = saved(s->g, p->copies);

	t->pages += weight * p->copies;
	t->sum.saved += weight * saves;
	t->sum.known += saves;
	t->sum.variance += weight * (weight - 1) * square(saves);
	t->sum.inside += weight * inside;
	t->inside_variance += weight * (weight - 1) * square(inside);
	t->inside_chains += weight * (frames(s->g, p->copies) - 1);
	if (all->mergeable > 1) {
		double part = weight * p->mergeable / all->mergeable;

		t->sum.mergeable += part * saved(s->g, all->mergeable);
		t->sum.shared += part * frames(s->g, all->mergeable);
	}
}

static void end_cluster(struct summing *s, double weight)
{
	s->all.sum.variance += weight * (weight - 1) * square(s->cluster_saved);
	s->cluster_saved = 0;
}

/* All parts of one content. */
static void add_content(struct summing *s, uint64_t tag, double weight)
{
	struct part all = {0};
	double saves;

	for (size_t i = 0; i < s->parts_n; i++) {
		all.copies += s->parts[i].copies;
		all.mergeable += s->parts[i].mergeable;
	}
	saves = saved(s->g, all.copies);
	for (size_t i = 0; i < s->parts_n; i++)
		add_part(s, &s->parts[i], &all, weight);
	s->all.pages += weight * all.copies;
	s->all.sum.saved += weight * saves;
	s->all.sum.known += saves;
	s->all.chains += weight * (frames(s->g, all.copies) - 1);
	s->by_content += weight * (weight - 1) * square(saves);
	s->parts_n = 0;
	if (weight <= 1)
		return;
	if (!s->g->by_lines || tag >> CLUSTER_SHIFT != s->cluster)
		end_cluster(s, weight);
	s->cluster = tag >> CLUSTER_SHIFT;
	s->cluster_saved += saves;
}

static void add_copies(struct summing *s, uint32_t guest, double copies, bool mergeable)
{
	struct part *p = s->parts_n ? &s->parts[s->parts_n - 1] : NULL;

	if (!p || p->guest != guest) {
		p = &s->parts[s->parts_n++];
		*p = (struct part){.guest = guest};
	}
	p->copies += copies;
	p->mergeable += mergeable ? copies : 0;
}

/* --------------------------------------------------------- all the contents */

static void add_table(struct summing *s)
{
	double rate = (double)(UINT64_C(1) << s->g->table.level);
	struct bl_item item, last = {0};
	bool pinned = false;
	size_t at = 0;

	bl_table_sort(&s->g->table);
	while (bl_table_next(&s->g->table, &at, &item)) {
		if (s->parts_n && item.tag != last.tag) {
			add_content(s, last.tag, pinned ? 1 : rate);
			pinned = false;
		}
		pinned |= item.pinned;
		add_copies(s, item.guest, (double)item.copies, item.mergeable);
		last = item;
	}
	if (s->parts_n)
		add_content(s, last.tag, pinned ? 1 : rate);
	end_cluster(s, rate);
}

static void add_words(struct summing *s)
{
	const struct bl_guests *guests = s->g->guests;

	for (unsigned i = 0; i < BL_WORDS; i++) {
		for (uint32_t k = 0; k < guests->n; k++) {
			const uint64_t *copies = guests->list[k]->words[i];

			for (int kind = 0; guests->list[k]->group == s->g && kind < 2; kind++) {
				if (copies[kind])
					add_copies(s, k, (double)copies[kind], kind);
			}
		}
		if (s->parts_n)
			add_content(s, 0, 1);
	}
}

/* ------------------------------------------------------ the second estimate */

static double clamped(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* What the count of distinct contents says. */
static double by_distinct(const struct bl_distinct *d, double pages, double chains,
                          double *ret_variance)
{
	double distinct = bl_distinct_count(d);

	*ret_variance = square(BL_DISTINCT_ERROR * distinct) + 1;
	return pages - distinct - chains;
}

/* Both, weighted by their variances. One more content with one copy more could
 * always be in the sample: an empty sample is not an exact one. */
static double meet(const struct summing *s, double a, double *variance, double b, double b_variance)
{
	double rate = (double)(UINT64_C(1) << s->g->table.level);
	double a_variance = *variance + square(rate), both = a_variance + b_variance;

	if (s->g->by_lines) { /* what is not read is not counted: there is no second one */
		*variance = a_variance;
		return a;
	}
	*variance = a_variance * b_variance / both;
	return (a * b_variance + b * a_variance) / both;
}

static void meet_inside(struct summing *s, const struct bl_guest *guest)
{
	struct tally *t = &s->guests[guest->number];
	double variance;
	double other = by_distinct(&guest->distinct, t->pages, t->inside_chains, &variance);

	t->sum.inside = clamped(meet(s, t->sum.inside, &t->inside_variance, other, variance), 0,
	                        t->pages);
}

/* A guest's part of the group's sum as it is now. Its error is that of its part,
 * and its part of the group's. */
static void share_out(struct summing *s, const struct bl_guest *guest, const struct bl_sum *before)
{
	struct tally *t = &s->guests[guest->number];
	double part = before->saved > 0 ? t->sum.saved / before->saved
	              : s->all.pages > 0 ? t->pages / s->all.pages : 0;
	double own = t->sum.variance - square(part) * before->variance;

	t->sum.mergeable *= before->saved > 0 ? s->all.sum.saved / before->saved : 1;
	t->sum.saved = clamped(part * s->all.sum.saved, t->sum.known, t->pages);
	t->sum.variance = (own > 0 ? own : 0) + square(part) * s->all.sum.variance;
}

static void meet_all(struct summing *s, const struct bl_distinct *distinct)
{
	const struct bl_guests *guests = s->g->guests;
	struct bl_sum before = s->all.sum;
	double variance;
	double other = by_distinct(distinct, s->all.pages, s->all.chains, &variance);

	if (s->by_content > 0) /* clusters of lines, which guests do not see */
		before.variance = s->by_content;
	s->all.sum.saved = clamped(meet(s, before.saved, &s->all.sum.variance, other, variance),
	                           before.known, s->all.pages);
	for (uint32_t k = 0; k < guests->n; k++) {
		if (guests->list[k]->group != s->g)
			continue;
		meet_inside(s, guests->list[k]);
		share_out(s, guests->list[k], &before);
	}
}

/* Pages that were hashed, and the contents among them by the sketches of all guests. */
static void count_pages(struct summing *s, const struct summing *words,
                        struct bl_distinct *ret_distinct)
{
	const struct bl_guests *guests = s->g->guests;

	*ret_distinct = (struct bl_distinct){{0}};
	s->all.pages = 0;
	for (uint32_t k = 0; k < guests->n; k++) {
		if (guests->list[k]->group != s->g)
			continue;
		bl_distinct_join(ret_distinct, &guests->list[k]->distinct);
		s->guests[k].pages = (double)guests->list[k]->pages - words->guests[k].pages;
		s->all.pages += s->guests[k].pages;
	}
}

/* ---------------------------------------------------------------- the answer */

static struct bl_sum total(const struct tally *words, const struct tally *rest)
{
	const struct bl_sum *w = &words->sum, *r = &rest->sum;
	struct bl_sum sum = {
	        .saved = w->saved + r->saved,
	        .variance = r->variance,
	        .known = w->known + r->known,
	        .inside = w->inside + r->inside,
	        .filled = w->saved,
	        .mergeable = w->mergeable + r->mergeable,
	        .shared = w->shared + r->shared,
	        .distinct = words->pages + rest->pages - w->saved - r->saved - words->chains -
	                    rest->chains,
	};

	sum.inside = sum.inside < sum.saved ? sum.inside : sum.saved;
	return sum;
}

/* Contents of a guest by itself. */
static double own_distinct(const struct tally *words, const struct tally *rest)
{
	return words->pages + rest->pages - words->sum.inside - rest->sum.inside -
	       words->inside_chains - rest->inside_chains;
}

static void answer(const struct summing *words, const struct summing *rest,
                   struct bl_sum *ret_guests, struct bl_sum *ret_group)
{
	const struct bl_guests *guests = rest->g->guests;
	struct bl_sum all = total(&words->all, &rest->all);

	all.inside = all.mergeable = all.shared = 0;
	for (uint32_t k = 0; k < guests->n; k++) {
		if (guests->list[k]->group != rest->g)
			continue;
		ret_guests[k] = total(&words->guests[k], &rest->guests[k]);
		ret_guests[k].distinct = own_distinct(&words->guests[k], &rest->guests[k]);
		all.inside += ret_guests[k].inside;
		all.mergeable += ret_guests[k].mergeable;
		all.shared += ret_guests[k].shared;
	}
	*ret_group = all;
}

int bl_group_sum(struct bl_group *g, struct bl_sum *ret_guests, struct bl_sum *ret_group)
{
	size_t n = g->guests->n + 1u;
	struct part *parts = calloc(n, sizeof(*parts));
	struct tally *tallies = calloc(2 * n, sizeof(*tallies));
	struct summing words = {.g = g, .parts = parts, .guests = tallies};
	struct summing rest = {.g = g, .parts = parts, .guests = tallies ? tallies + n : NULL};
	struct bl_distinct distinct;

	if (parts && tallies) {
		add_words(&words);
		add_table(&rest);
		count_pages(&rest, &words, &distinct);
		if (g->table.level)
			meet_all(&rest, &distinct);
		answer(&words, &rest, ret_guests, ret_group);
	}
	free(parts);
	free(tallies);
	return parts && tallies ? 0 : -ENOMEM;
}

double bl_guest_broken(const struct bl_guest *guest, bool exact)
{
	double once = 0, twice = 0, seen = 0, unseen;

	for (size_t i = 0; i < guest->blocks_n; i++) {
		seen += guest->blocks[i] > 0;
		once += guest->blocks[i] == 1;
		twice += guest->blocks[i] == 2;
	}
	unseen = exact ? 0 : once * once / (2 * (twice > 0 ? twice : 1));
	return clamped(seen + unseen, seen, (double)guest->blocks_n);
}
