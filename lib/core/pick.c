/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first in line, as many as it takes, without sorting the line: like
 * quickselect, each round settles one side of a pivot. Knows nothing of why
 * somebody is ahead of somebody else.
 */
#include "lend.h"

/* Ties go by what does not depend on the place in the list, if anything does. */
static int ahead(const struct bl_guest *guests, const struct bl_scratch *a,
                 const struct bl_scratch *b)
{
	const struct bl_guest *x = &guests[a->i], *y = &guests[b->i];

	if (a->key != b->key)
		return a->key > b->key;
	if (x->part != y->part)
		return x->part < y->part;
	if (x->seen.size != y->seen.size)
		return x->seen.size < y->seen.size;
	if (x->used != y->used)
		return x->used < y->used;
	return a->i < b->i;
}

static void swap(struct bl_scratch *a, struct bl_scratch *b)
{
	struct bl_scratch t = *a;

	*a = *b;
	*b = t;
}

/* Moves those ahead of s[n/2] to the front and it behind them; returns how
 * many that are, it included. */
static size_t split(const struct bl_guest *guests, struct bl_scratch *s, size_t n)
{
	size_t front = 0;

	swap(&s[n / 2], &s[n - 1]);
	for (size_t k = 0; k + 1 < n; k++) {
		if (ahead(guests, &s[k], &s[n - 1]))
			swap(&s[k], &s[front++]);
	}
	swap(&s[front], &s[n - 1]);
	return front + 1;
}

size_t bl_pick(const struct bl_world *w, struct bl_scratch *s, size_t n, uint64_t amount)
{
	size_t done = 0;

	while (n && amount) {
		size_t front = split(w->guests, s, n);
		uint64_t before = 0;

		for (size_t k = 0; k + 1 < front; k++)
			before = bl_min(before + w->guests[s[k].i].part, BALLOON_BYTES_MAX);
		if (before >= amount) {
			n = front - 1;
			continue;
		}
		amount = bl_less(amount, before + w->guests[s[front - 1].i].part);
		done += front;
		s += front;
		n -= front;
	}
	return done;
}
