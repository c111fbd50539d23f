/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling guests their targets: all at once, then answers until the deadline.
 * Must not judge targets, nor wait for them to be reached.
 *
 * What an order's rc says:
 *	0           QEMU passed it on to the guest
 *	-ESRCH      no such guest (any more), or another life of it
 *	-ETIMEDOUT  sent to QEMU, which has not answered: may yet come to pass
 *	-EBUSY      not sent: it has not answered what it was asked before
 *	-EAGAIN     not sent: its socket was not to be had
 *	-EOPNOTSUPP by a means that the host has not for it
 *	others      what QEMU said
 */
#include "qmp.h"

#include "../hands/hands.h"

#include <errno.h>

/* Until an order has its answer; answers are <= 0. */
#define WAITING 1

static int give(struct bl_qmp *q, struct balloon_order *o)
{
	struct bl_qmp_guest *g = bl_qmp_roster_by_key(q, o->key);

	if (!g)
		return -ESRCH;
	if (o->means != BALLOON_MEANS_BALLOON)
		return bl_hands_order(q->press, o);
	if (g->round != BL_QMP_NO_ROUND)
		return -EBUSY;
	if (!bl_qmp_reach(q, g))
		return -EAGAIN;
	/* Reached anew, it may be another by now. */
	if (g->key != o->key)
		return -ESRCH;
	g->order = o;
	bl_qmp_start(q, g, BL_QMP_TELL);
	return WAITING;
}

/* It has no answer. What is not yet sent never will be: a target is not to
 * arrive long after it was decided. */
static void take_back(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	struct balloon_order *o = g->order;

	g->order = NULL;
	if (g->phase == BL_QMP_KNOCKING) {
		g->round = BL_QMP_NO_ROUND;
		o->rc = -EAGAIN;
		return;
	}
	o->rc = -ETIMEDOUT;
	bl_qmp_say(q, "guest %s was sent its target of %llu MiB but its QEMU has not answered; it "
	           "is charged with what it keeps", g->name,
	           (unsigned long long)(o->target_bytes >> 20));
}

int bl_qmp_order(struct bl_qmp *q, struct balloon_order *orders, size_t n)
{
	size_t away = 0;

	bl_qmp_allow(q);
	for (size_t i = 0; i < n; i++) {
		orders[i].rc = WAITING;
		orders[i].rc = give(q, &orders[i]);
	}
	bl_qmp_wait(q);
	for (size_t i = 0; i < q->n; i++)
		if (q->guests[i]->order)
			take_back(q, q->guests[i]);
	bl_qmp_leave(q);
	for (size_t i = 0; i < n; i++)
		away += orders[i].rc == -EAGAIN;
	return n && away == n ? -EAGAIN : 0;
}

/* ----------------------------------------------------------------- the end */

void bl_qmp_restore(struct bl_qmp *q)
{
	bl_qmp_allow(q);
	bl_qmp_catch_up(q);
	for (size_t i = 0; i < q->n; i++) {
		struct bl_qmp_guest *g = q->guests[i];

		if (g->period_owned && g->round == BL_QMP_NO_ROUND && bl_qmp_reach(q, g) &&
		    g->period_owned) /* still: it may have been restarted */
			bl_qmp_start(q, g, BL_QMP_TELL);
	}
	bl_qmp_wait(q);
}
