/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The backend as the library meets it, on a directory of peers. */
#ifndef QMP_HOST_H
#define QMP_HOST_H

#include "backends/qmp/qmp.h"
#include "peer.h"
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host {
	char dir[64];
	struct bl_qmp *q;
	struct balloon_sheet sheet;
	uint64_t now_ns;
};

static inline void host_open(struct host *h, const char *suffix)
{
	char uri[128], why[256] = "";
	void *self = NULL;

	snprintf(uri, sizeof(uri), "qmp:%s%s", h->dir, suffix);
	CU_ASSERT_EQUAL_FATAL(balloon_backend_module.open(uri, &self, why, sizeof(why)), 0);
	h->q = self;
	h->now_ns = SECOND;
}

static inline void host_close(struct host *h)
{
	balloon_backend_module.close(h->q);
	h->q = NULL;
}

/* A beat later: what observe() says, and the sheet. */
static inline int look(struct host *h)
{
	h->now_ns += SECOND;
	memset(&h->sheet, 0xff, sizeof(h->sheet));
	h->sheet.guests_n = 0;
	return balloon_backend_module.observe(h->q, h->now_ns, &h->sheet);
}

/* The row of the guest at DIR/NAME.qmp, or NULL. */
static inline const struct balloon_sample *row(const struct host *h, const struct peer *p)
{
	for (size_t i = 0; i < h->q->n; i++)
		if (strcmp(h->q->guests[i]->path, p->path[0]) == 0)
			for (size_t k = 0; k < h->sheet.guests_n; k++)
				if (h->sheet.guests[k].key == h->q->guests[i]->key)
					return &h->sheet.guests[k];
	return NULL;
}

static inline struct bl_qmp_guest *guest(const struct host *h, const struct peer *p)
{
	for (size_t i = 0; i < h->q->n; i++)
		if (strcmp(h->q->guests[i]->path, p->path[0]) == 0)
			return h->q->guests[i];
	return NULL;
}

/*
 * The same until the guest was heard: on a busy machine an honest peer, too, may
 * be late for one call, and is then heard in the next. The time stands still.
 */
static inline int look_at(struct host *h, const struct peer *p)
{
	int rc = look(h);

	for (int i = 0; i < 100 && rc == 0 && !(guest(h, p) && guest(h, p)->heard); i++) {
		h->now_ns -= SECOND;
		rc = look(h);
	}
	return rc;
}

static inline int order(struct host *h, uint64_t key, uint64_t bytes)
{
	struct balloon_order o = { .key = key, .target_bytes = bytes, .rc = -EPROTO };

	balloon_backend_module.order(h->q, h->now_ns, &o, 1);
	return o.rc;
}

/* Likewise: until it was told, or refused. */
static inline int order_for(struct host *h, const struct peer *p, uint64_t bytes)
{
	int rc = order(h, row(h, p)->key, bytes);

	for (int i = 0; i < 100 && (rc == -ETIMEDOUT || rc == -EBUSY || rc == -EAGAIN); i++) {
		look_at(h, p);
		rc = order(h, row(h, p)->key, bytes);
	}
	return rc;
}

#endif
