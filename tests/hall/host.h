/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four guests played by the puppet, for the tests of the guard. Knows only the
 * public headers.
 */
#ifndef HOST_H
#define HOST_H

#include "spy.h"

#define GUESTS 4

struct host {
	struct spy *spy;
	struct balloon *b;
	uint64_t now;
	int obey; /* guests do at once as they are told */
	struct balloon_guest_report g[2 * GUESTS];
};

/* Four guests of 4 GiB, b and d busy, and not enough for all. */
static inline void host_init(struct host *h)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = 10 * GIB,
	                                .reserve_bytes = 0};

	*h = (struct host){.spy = spy_new(3 * GUESTS)};
	for (size_t i = 0; i < GUESTS; i++)
		h->spy->rows[i] = honest(i + 1, names[i], 4 * GIB, 2 * GIB,
		                         i % 2 ? 2 * GIB - 64 * MIB : 512 * MIB);
	h->spy->sheet.total_bytes = 16 * GIB;
	h->spy->sheet.available_bytes = 8 * GIB;
	h->spy->sheet.guests = h->spy->rows;
	h->spy->sheet.guests_n = GUESTS;
	h->b = spy_handle(h->spy, &policy, 0);
}

static inline void host_fini(struct host *h)
{
	balloon_close(h->b);
	CU_ASSERT_EQUAL(h->spy->closes, 1);
	spy_free(h->spy);
}

static inline void obey(struct spy *s, struct balloon_sample *row)
{
	const struct balloon_order *o = spy_find(s, row->key);
	uint64_t serial = row->serial;

	if (!o)
		return;
	s->sheet.available_bytes += row->actual_bytes - o->target_bytes;
	*row = honest(row->key, row->name, row->size_bytes, o->target_bytes,
	              row->actual_bytes - row->available_bytes);
	row->serial = serial;
}

/* A beat a second on; the figures are new. */
static inline int tick(struct host *h)
{
	int rc;

	for (size_t i = 0; i < h->spy->sheet.guests_n && i < 2 * GUESTS; i++) {
		h->spy->rows[i].serial++;
		if (h->obey)
			obey(h->spy, &h->spy->rows[i]);
	}
	spy_forget(h->spy);
	h->now += SECOND;
	rc = balloon_tick(h->b, h->now, NULL);
	if (rc == 0)
		balloon_guests(h->b, h->g, sizeof(h->g[0]), 2 * GUESTS);
	return rc;
}

static inline int says(struct host *h, const char *word)
{
	if (!strstr(balloon_error(h->b), word))
		printf("\n  \"%s\" does not say \"%s\"", balloon_error(h->b), word);
	return strstr(balloon_error(h->b), word) != NULL;
}

#endif
