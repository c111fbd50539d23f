/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections to all guests and the one wait for their answers. Never blocks for
 * longer than a deadline. Must not know what is said.
 */
#include "qmp.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

/*
 * A healthy answer takes 1-2 ms and a busy host is given a hundred times that,
 * plus 2 ms for each guest there is, but less than the shortest beat that makes
 * sense, a second. Who was slow (see talk.c) is not waited for so long again.
 */
#define WAIT_NS UINT64_C(300000000)
#define WAIT_PER_GUEST_NS UINT64_C(2000000)
#define WAIT_MAX_NS UINT64_C(900000000)
#define SLOW_WAIT_NS UINT64_C(20000000)

/* Who does not speak QMP is not spoken to for a while. */
#define PAUSE_NS UINT64_C(5000000000)
#define PAUSE_MAX_NS UINT64_C(300000000000)

uint64_t bl_qmp_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* --------------------------------------------------------------- waiting */

void bl_qmp_await(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	if (g->awaited)
		return;
	g->awaited = true;
	q->awaited[g->slow]++;
}

void bl_qmp_settle(struct bl_qmp *q, struct bl_qmp_guest *g, bool slow)
{
	if (g->awaited)
		q->awaited[g->slow]--;
	g->awaited = false;
	g->slow = slow;
}

/* ------------------------------------------------------------ connection */

void bl_qmp_hang_up(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	bl_qmp_wire_close(&g->wire);
	g->phase = BL_QMP_DOWN;
	g->round = BL_QMP_NO_ROUND;
	g->asked_n = 0;
	bl_qmp_settle(q, g, g->slow);
}

void bl_qmp_break_off(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	bl_qmp_hang_up(q, g);
	g->pause_ns = g->pause_ns ? g->pause_ns * 2 : PAUSE_NS;
	if (g->pause_ns > PAUSE_MAX_NS)
		g->pause_ns = PAUSE_MAX_NS;
	g->retry_ns = bl_qmp_clock() + g->pause_ns;
	bl_qmp_say(q, "what listens at %s does not speak QMP as it should; it is tried again in "
	           "%u s", g->path, (unsigned)(g->pause_ns / 1000000000));
}

static void meet(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	struct epoll_event wish = { .events = EPOLLIN, .data.ptr = g };
	struct bl_qmp_process p;

	bl_qmp_process_open(g->wire.fd, &p);
	if (bl_qmp_process_same(&p, &g->process)) {
		bl_qmp_process_close(&p);
	} else {
		bl_qmp_process_close(&g->process);
		g->process = p;
		bl_qmp_guest_start(g, q->now_ns);
	}
	g->there = true;
	g->phase = BL_QMP_KNOCKING;
	g->capable = false;
	g->muted = false;
	if (epoll_ctl(q->epoll_fd, EPOLL_CTL_ADD, g->wire.fd, &wish) < 0)
		bl_qmp_hang_up(q, g);
}

bool bl_qmp_reach(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	int rc;

	if (g->phase != BL_QMP_DOWN)
		return true;
	if (bl_qmp_clock() < g->retry_ns)
		return false;
	rc = bl_qmp_wire_open(&g->wire, g->path);
	if (rc == 0)
		meet(q, g);
	else if (rc == -EAGAIN)
		g->there = true; /* more are in its queue than it takes */
	else if (rc == -ECONNREFUSED || rc == -ENOENT)
		g->there = false; /* unless its process lives: see bl_qmp_guest_check() */
	else
		q->blind = rc;
	return g->phase != BL_QMP_DOWN;
}

/* Out of the epoll, not only unwanted there: a hang-up is always reported. */
void bl_qmp_mute(struct bl_qmp *q, struct bl_qmp_guest *g, bool on)
{
	struct epoll_event wish = { .events = EPOLLIN, .data.ptr = g };

	if (g->muted != on && g->phase != BL_QMP_DOWN)
		epoll_ctl(q->epoll_fd, on ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, g->wire.fd, &wish);
	g->muted = on;
}

void bl_qmp_allow(struct bl_qmp *q)
{
	for (size_t i = 0; i < q->n; i++) {
		q->guests[i]->events_n = 0;
		bl_qmp_mute(q, q->guests[i], false);
	}
}

/* ------------------------------------------------------------ all of them */

/* Of hundreds, the others are had by the next call. */
#define TAKEN_AT_ONCE 64

static uint64_t later(uint64_t begun_ns, const struct bl_qmp *q)
{
	uint64_t ns = WAIT_NS + q->n * WAIT_PER_GUEST_NS;

	return begun_ns + (ns < WAIT_MAX_NS ? ns : WAIT_MAX_NS);
}

static void give_up(struct bl_qmp *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->guests[i]->awaited)
			bl_qmp_settle(q, q->guests[i], true);
}

/* Who has something to say, within ms; how many were heard. */
static int take_some(struct bl_qmp *q, int ms)
{
	struct epoll_event events[TAKEN_AT_ONCE];
	int n = epoll_wait(q->epoll_fd, events, TAKEN_AT_ONCE, ms);

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			bl_qmp_listen(q, events[i].data.ptr);
		else
			bl_qmp_sockets_hear(&q->sockets);
	}
	return n;
}

void bl_qmp_catch_up(struct bl_qmp *q)
{
	while (take_some(q, 0) == TAKEN_AT_ONCE)
		;
}

void bl_qmp_wait(struct bl_qmp *q)
{
	uint64_t now_ns = bl_qmp_clock(), prompt_ns = later(now_ns, q);
	uint64_t slow_ns = now_ns + SLOW_WAIT_NS;

	for (;;) {
		uint64_t until_ns = q->awaited[false] ? prompt_ns : q->awaited[true] ? slow_ns : 0;

		now_ns = bl_qmp_clock();
		if (now_ns >= until_ns)
			break;
		take_some(q, (int)((until_ns - now_ns) / 1000000 + 1));
	}
	give_up(q);
}

void bl_qmp_leave(struct bl_qmp *q)
{
	for (size_t i = 0; i < q->n; i++) {
		struct bl_qmp_guest *g = q->guests[i];

		if ((q->address.visit || g->idle) && g->phase == BL_QMP_TALKING && !g->asked_n)
			bl_qmp_hang_up(q, g);
	}
}
