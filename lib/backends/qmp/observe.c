/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at all guests: who is there, all asked at once, answers until the
 * deadline. Must not judge what it sees.
 */
#include "qmp.h"

#include "../hands/hands.h"

#include "../../os/meminfo.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Devices that come and go without an event (or unheard, when only visiting) are
 * found within a minute; a list of devices every beat would double its cost. */
#define LEARN_NS UINT64_C(60000000000)

/* --------------------------------------------------------------- who is there */

static int say_unlisted(struct bl_qmp *q, int rc)
{
	bl_qmp_say(q, "QMP sockets cannot be looked for in %s: %s; is it the right directory, "
	           "and may this user read it?", q->address.base, strerror(-rc));
	return -EAGAIN;
}

/* A directory that is away takes no guest with it that still talks. */
static int find(struct bl_qmp *q)
{
	int rc = bl_qmp_sockets_look(&q->sockets, q->now_ns);

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		return q->n ? 0 : say_unlisted(q, rc);
	return rc ? bl_qmp_roster_sync(q) : 0;
}

/* --------------------------------------------------------------------- asking */

static void ask(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	bool learn;

	/* An answer that was late is of now, too. */
	if (g->idle || g->heard || !bl_qmp_reach(q, g) || g->round != BL_QMP_NO_ROUND)
		return;
	learn = !g->learned || q->now_ns - g->learned_ns >= LEARN_NS;
	bl_qmp_start(q, g, learn ? BL_QMP_LEARN : BL_QMP_LOOK);
}

/* pvestatd moves guests of its node that have a minimum and shares (the PVE
 * manual, "automatic memory allocation"), and writes this file while it runs. */
static bool has_rival(const struct bl_qmp *q)
{
	return q->address.proxmox && access("/run/pvestatd.pid", F_OK) == 0;
}

static void ask_all(struct bl_qmp *q)
{
	bool rival = has_rival(q);

	for (size_t i = 0; i < q->n; i++) {
		q->guests[i]->heard = false;
		q->guests[i]->rivalled = rival;
	}
	bl_qmp_allow(q);
	bl_qmp_catch_up(q);
	for (size_t i = 0; i < q->n; i++)
		ask(q, q->guests[i]);
	bl_qmp_wait(q);
	for (size_t i = 0; i < q->n; i++)
		bl_qmp_guest_check(q->guests[i], q->now_ns);
}

/* ------------------------------------------------------------------ telling */

/* One sentence, about the first; what is wrong with one guest is no failure. */
static void say_silent(struct bl_qmp *q)
{
	for (size_t i = 0; i < q->n && !q->error[0]; i++) {
		const struct bl_qmp_guest *g = q->guests[i];
		uint32_t trait = g->there && !g->spare && !g->heard ? bl_qmp_guest_traits(g, q->now_ns)
		                                                   : 0;

		if (trait)
			bl_qmp_say(q, "guest %s (%s) %s", g->name, g->path,
			           bl_qmp_trait_sentence(trait));
	}
}

/* Nobody is there only because nobody may be spoken to: that is no empty host. */
static int say_blind(struct bl_qmp *q)
{
	if (!q->blind)
		return 0;
	bl_qmp_say(q, "a QMP socket in %s could not be opened: %s; run as a user that may write to "
	           "it", q->address.base, strerror(-q->blind));
	return q->rows_n ? 0 : -EAGAIN;
}

static void read_host(const struct bl_qmp *q, struct balloon_sheet *sheet)
{
	struct bl_meminfo info;

	if (q->meminfo_fd < 0 || bl_meminfo_read(q->meminfo_fd, &info) < 0)
		return;
	sheet->total_bytes = info.total_bytes;
	sheet->available_bytes = info.available_bytes;
}

int bl_qmp_observe(struct bl_qmp *q, struct balloon_sheet *ret_sheet)
{
	int rc = find(q);

	if (rc < 0)
		return rc;
	q->blind = 0;
	ask_all(q);
	bl_qmp_roster_twins(q);
	bl_qmp_leave(q);
	bl_qmp_roster_seat(q);
	bl_hands_sheet(q->press, ret_sheet);
	read_host(q, ret_sheet);
	ret_sheet->stride = sizeof(*q->rows);
	ret_sheet->guests = q->rows;
	ret_sheet->guests_n = q->rows_n;
	say_silent(q);
	return say_blind(q);
}
