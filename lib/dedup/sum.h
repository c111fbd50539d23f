/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What counts come to: estimates of a group and of each guest in it, in pages.
 * No public words here, and no memory kept.
 */
#ifndef BL_DEDUP_SUM_H
#define BL_DEDUP_SUM_H

#include "group.h"

struct bl_sum {
	double saved;     /* if all equal pages were merged; a guest's part by its copies */
	double variance;  /* of saved */
	double known;     /* of saved, seen for sure */
	double inside;    /* of saved, if nobody else were there */
	double filled;    /* of saved, pages filled with one word */
	double mergeable; /* saved of mergeable pages alone */
	double shared;    /* frames that mergeable pages with company would share */
	double distinct;  /* contents */
};

/* ret_guests by number, g->guests->n of them; those of other groups are left alone.
 * Sorts the table. -ENOMEM. */
int bl_group_sum(struct bl_group *g, struct bl_sum *ret_guests, struct bl_sum *ret_group);

/* Huge pages with at least one page worth merging, of those in blocks: the seen
 * ones, and how many more there must be if so many were seen only once or twice
 * (Chao, 1984: f1² / 2 f2). Exact where all pages are counted. */
double bl_guest_broken(const struct bl_guest *guest, bool exact);

#endif
