/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is there: guests by the path of their socket, by their process and by
 * their key. Growing allocates, a steady beat does not. Talks to nobody.
 */
#include "qmp.h"

#include "../hands/hands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An array that grew while another could not is just larger than it need be. */
static bool room_for(struct bl_qmp *q, size_t n)
{
	struct bl_qmp_guest **guests, **by_process;
	struct balloon_sample *rows;
	struct bl_qmp_seat *seats;

	if (n <= q->cap)
		return true;
	n += n / 2; /* guests come one by one: do not grow for each */
	guests = reallocarray(q->guests, n, sizeof(*guests));
	q->guests = guests ? guests : q->guests;
	by_process = reallocarray(q->by_process, n, sizeof(*by_process));
	q->by_process = by_process ? by_process : q->by_process;
	rows = reallocarray(q->rows, n, sizeof(*rows));
	q->rows = rows ? rows : q->rows;
	seats = reallocarray(q->seats, n, sizeof(*seats));
	q->seats = seats ? seats : q->seats;
	if (!guests || !by_process || !rows || !seats)
		return false;
	q->cap = n;
	return true;
}

/* ------------------------------------------------------------- by path */

static int compare_paths(const void *a, const void *b)
{
	const struct bl_qmp_guest *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static struct bl_qmp_guest *by_path(const struct bl_qmp *q, size_t n, const char *path)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(q->guests[mid]->path, path);

		if (order == 0)
			return q->guests[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Is there any reason to keep it? */
static bool stays(const struct bl_qmp_guest *g)
{
	return g->listed || g->phase != BL_QMP_DOWN || g->there;
}

static void sweep(struct bl_qmp *q)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->n; i++) {
		if (stays(q->guests[i]))
			q->guests[kept++] = q->guests[i];
		else
			bl_qmp_guest_free(q->guests[i]);
	}
	q->n = kept;
}

static int add_new(struct bl_qmp *q)
{
	const glob_t *found = &q->sockets.found;
	size_t known = q->n;

	if (!room_for(q, known + found->gl_pathc))
		return -ENOMEM;
	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct bl_qmp_guest *g = by_path(q, known, found->gl_pathv[i]);

		if (!g)
			g = bl_qmp_guest_new(found->gl_pathv[i]);
		if (!g)
			return -ENOMEM;
		if (!g->listed && !by_path(q, known, g->path))
			q->guests[q->n++] = g;
		g->listed = true;
	}
	return 0;
}

int bl_qmp_roster_sync(struct bl_qmp *q)
{
	int rc;

	for (size_t i = 0; i < q->n; i++)
		q->guests[i]->listed = false;
	rc = add_new(q);
	sweep(q);
	if (q->n)
		qsort(q->guests, q->n, sizeof(q->guests[0]), compare_paths);
	return rc;
}

/* ---------------------------------------------------------- by process */

/* Those of one process together, and the one that serves it best first. */
static int compare_processes(const void *a, const void *b)
{
	const struct bl_qmp_guest *x = *(struct bl_qmp_guest *const *)a;
	const struct bl_qmp_guest *y = *(struct bl_qmp_guest *const *)b;

	if (x->process.pid != y->process.pid)
		return x->process.pid < y->process.pid ? -1 : 1;
	if (x->process.start != y->process.start)
		return x->process.start < y->process.start ? -1 : 1;
	if (x->own != y->own)
		return x->own ? -1 : 1;
	if (x->heard != y->heard)
		return x->heard ? -1 : 1;
	return strcmp(x->path, y->path);
}

/*
 * Two sockets of one QEMU are one guest, whose memory counts once. Only where
 * the process is known to be the QEMU: one relay serves many guests.
 */
void bl_qmp_roster_twins(struct bl_qmp *q)
{
	const struct bl_qmp_guest *first = NULL;

	for (size_t i = 0; i < q->n; i++)
		q->by_process[i] = q->guests[i];
	if (q->n)
		qsort(q->by_process, q->n, sizeof(q->by_process[0]), compare_processes);
	for (size_t i = 0; i < q->n; i++) {
		struct bl_qmp_guest *g = q->by_process[i];

		g->spare = first && first->own && bl_qmp_process_same(&first->process, &g->process);
		if (!g->spare)
			first = g;
		g->idle = g->spare && first->heard;
	}
}

/* --------------------------------------------------------------- by key */

static int compare_keys(const void *a, const void *b)
{
	const struct bl_qmp_seat *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

void bl_qmp_roster_seat(struct bl_qmp *q)
{
	q->rows_n = 0;
	for (size_t i = 0; i < q->n; i++) {
		struct bl_qmp_guest *g = q->guests[i];

		if (!g->there || g->spare)
			continue;
		bl_qmp_guest_sample(g, q->now_ns, &q->rows[q->rows_n]);
		bl_hands_sample(q->press, g->own && g->alive ? (int)g->process.pid : 0,
		                &q->rows[q->rows_n]);
		q->seats[q->rows_n++] = (struct bl_qmp_seat){ g->key, g };
	}
	if (q->rows_n)
		qsort(q->seats, q->rows_n, sizeof(q->seats[0]), compare_keys);
}

/* Its key may have changed since: then the guest that was meant is no more. */
struct bl_qmp_guest *bl_qmp_roster_by_key(const struct bl_qmp *q, uint64_t key)
{
	const struct bl_qmp_seat wanted = { .key = key }, *seat = NULL;

	if (q->rows_n)
		seat = bsearch(&wanted, q->seats, q->rows_n, sizeof(wanted), compare_keys);
	return seat && seat->guest->key == key ? seat->guest : NULL;
}

void bl_qmp_roster_fini(struct bl_qmp *q)
{
	for (size_t i = 0; i < q->n; i++)
		bl_qmp_guest_free(q->guests[i]);
	free(q->guests);
	free(q->by_process);
	free(q->rows);
	free(q->seats);
}
