/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation with one guest's QEMU: greeting, questions in one write,
 * answers by their number, events in between. Never blocks, and never has more
 * than one round out: a QEMU that hangs finds one set of questions when it
 * comes back, not a queue of old orders.
 */
#include "qmp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <json-c/json.h>

/*
 * A healthy answer takes 1-2 ms and a busy host is given a hundred times that,
 * plus 2 ms for each guest there is, but less than the shortest beat that makes
 * sense, a second. Who takes a third of it is not waited for so long again.
 */
#define WAIT_NS UINT64_C(300000000)
#define WAIT_PER_GUEST_NS UINT64_C(2000000)
#define WAIT_MAX_NS UINT64_C(900000000)
#define SLOW_NS UINT64_C(100000000)
#define SLOW_WAIT_NS UINT64_C(20000000)

/* In one call a guest says a few KiB. More than these, and it is listened to
 * again in the next one: a flood costs 10 ms a beat and wakes nobody up. */
#define BUDGET_BYTES ((size_t)1 << 20)
#define BUDGET_EVENTS 100

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

static void await(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	if (g->awaited)
		return;
	g->awaited = true;
	q->awaited[g->slow]++;
}

static void settle(struct bl_qmp *q, struct bl_qmp_guest *g, bool slow)
{
	if (g->awaited)
		q->awaited[g->slow]--;
	g->awaited = false;
	g->slow = slow;
}

/* ------------------------------------------------------------ connection */

static void hang_up(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	bl_qmp_wire_close(&g->wire);
	g->phase = BL_QMP_DOWN;
	g->round = BL_QMP_NO_ROUND;
	g->asked_n = 0;
	settle(q, g, g->slow);
}

/* It speaks something else, or too much at once. */
static void break_off(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	hang_up(q, g);
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
		hang_up(q, g);
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
static void mute(struct bl_qmp *q, struct bl_qmp_guest *g, bool on)
{
	struct epoll_event wish = { .events = EPOLLIN, .data.ptr = g };

	if (g->muted != on && g->phase != BL_QMP_DOWN)
		epoll_ctl(q->epoll_fd, on ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, g->wire.fd, &wish);
	g->muted = on;
}

void bl_qmp_allow(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	g->budget = BUDGET_BYTES;
	g->events_n = 0;
	mute(q, g, false);
}

/* -------------------------------------------------------------- speaking */

struct speech {
	char text[BL_QMP_ASKED_MAX * BL_QMP_ASK_MAX];
	size_t n;
};

static void add(struct bl_qmp *q, struct bl_qmp_guest *g, struct speech *s, enum bl_qmp_ask ask,
                uint64_t value)
{
	uint64_t id = ++q->ids;

	s->n += bl_qmp_ask_write(ask, id, g->facts.device, value, s->text + s->n);
	g->asked[g->asked_n++] = (struct bl_qmp_asked){ id, ask };
}

static void add_all(struct bl_qmp *q, struct bl_qmp_guest *g, struct speech *s,
                    enum bl_qmp_ask first, enum bl_qmp_ask last)
{
	for (enum bl_qmp_ask ask = first; ask <= last; ask++)
		add(q, g, s, ask, 0);
}

/*
 * QEMU ignores a period that stands already (balloon_stats_set_poll_interval),
 * so a nudge goes by way of another; not by 0, which would end the polling if
 * the second half were lost.
 */
static void add_period(struct bl_qmp *q, struct bl_qmp_guest *g, struct speech *s)
{
	bool stale = q->now_ns - g->serial_ns >= BL_QMP_STALE_NS;

	g->nudging = g->facts.period_s == BL_QMP_PERIOD_S;
	if (g->facts.period_s == BALLOON_UNKNOWN || !g->figures.running || q->now_ns < g->ask_ns ||
	    (g->nudging && !stale))
		return;
	if (g->nudging)
		add(q, g, s, BL_QMP_SET_PERIOD, BL_QMP_PERIOD_S + 1);
	add(q, g, s, BL_QMP_SET_PERIOD, BL_QMP_PERIOD_S);
}

static void add_look(struct bl_qmp *q, struct bl_qmp_guest *g, struct speech *s)
{
	bl_qmp_figures_clear(&g->incoming);
	add_all(q, g, s, BL_QMP_STATUS, BL_QMP_SIZE);
	add_all(q, g, s, BL_QMP_MIGRATION, BL_QMP_JOBS);
	if (!g->facts.device[0])
		return;
	add(q, g, s, BL_QMP_STATS, 0);
	if (g->ask_device)
		add_all(q, g, s, BL_QMP_PERIOD, BL_QMP_DEFLATES);
	else
		add_period(q, g, s);
	g->ask_device = false;
}

static void speak(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	struct speech s = { .n = 0 };

	if (!g->capable)
		add(q, g, &s, BL_QMP_CAPABILITIES, 0);
	g->capable = true;
	if (g->round == BL_QMP_LEARN) {
		bl_qmp_facts_clear(&g->learning);
		add_all(q, g, &s, BL_QMP_NAME, BL_QMP_DIMMS);
	} else if (g->round == BL_QMP_LOOK) {
		add_look(q, g, &s);
	} else if (g->order) {
		add(q, g, &s, BL_QMP_SET_TARGET, g->order->target_bytes);
	} else {
		add(q, g, &s, BL_QMP_SET_PERIOD, g->period_old_s);
	}
	if (bl_qmp_wire_send(&g->wire, s.text, s.n) < 0)
		hang_up(q, g);
}

void bl_qmp_start(struct bl_qmp *q, struct bl_qmp_guest *g, enum bl_qmp_round round)
{
	g->round = round;
	g->asked_ns = bl_qmp_clock();
	await(q, g);
	if (g->phase == BL_QMP_TALKING)
		speak(q, g);
}

/* --------------------------------------------------------------- hearing */

static void take_period(struct bl_qmp *q, struct bl_qmp_guest *g, bool done)
{
	if (g->round != BL_QMP_LOOK)
		return; /* given back; nothing is left to keep */
	if (!done || g->nudging) {
		uint64_t pause = g->ask_pause_ns ? g->ask_pause_ns * 2 : PAUSE_NS;

		g->ask_pause_ns = pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
		g->ask_ns = q->now_ns + g->ask_pause_ns;
		return;
	}
	g->period_old_s = g->facts.period_s;
	g->period_owned = true;
	g->facts.period_s = BL_QMP_PERIOD_S;
}

static int errno_of(const char *class)
{
	if (strcmp(class, "DeviceNotActive") == 0)
		return -ENODEV;
	if (strcmp(class, "CommandNotFound") == 0 || strcmp(class, "KVMMissingCap") == 0)
		return -EOPNOTSUPP;
	return -EIO;
}

static void take_target(struct bl_qmp *q, struct bl_qmp_guest *g, const struct bl_qmp_line *line)
{
	bool refused = line->kind == BL_QMP_FAILS;

	if (refused)
		bl_qmp_say(q, "QEMU refused guest %s its target: %.200s", g->name, line->text);
	if (g->order)
		g->order->rc = refused ? errno_of(line->word) : 0;
	g->order = NULL;
}

/* Somebody else set another period since: that is the one we owe. */
static void take_fact(struct bl_qmp_guest *g, enum bl_qmp_ask ask, const struct bl_qmp_line *line)
{
	bl_qmp_reply_read(ask, line, &g->incoming, ask <= BL_QMP_DIMMS ? &g->learning : &g->facts);
	if (ask == BL_QMP_PERIOD && g->facts.period_s != BL_QMP_PERIOD_S)
		g->period_owned = false;
}

static void end_round(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	enum bl_qmp_round round = g->round;

	g->round = BL_QMP_NO_ROUND;
	g->pause_ns = 0;
	settle(q, g, bl_qmp_clock() - g->asked_ns > SLOW_NS);
	if (round == BL_QMP_LEARN) {
		bl_qmp_guest_learn(g, q->now_ns);
		bl_qmp_start(q, g, BL_QMP_LOOK);
	} else if (round == BL_QMP_LOOK) {
		bl_qmp_guest_update(g, q->now_ns);
	}
}

/* On one connection nothing else than what was asked there is ever answered. */
static void take_answer(struct bl_qmp *q, struct bl_qmp_guest *g, const struct bl_qmp_line *line)
{
	enum bl_qmp_ask ask;
	size_t i = 0;

	while (i < g->asked_n && g->asked[i].id != line->id)
		i++;
	if (i == g->asked_n) {
		break_off(q, g);
		return;
	}
	ask = g->asked[i].ask;
	memmove(&g->asked[i], &g->asked[i + 1], (--g->asked_n - i) * sizeof(g->asked[0]));
	if (ask == BL_QMP_SET_TARGET)
		take_target(q, g, line);
	else if (ask == BL_QMP_SET_PERIOD)
		take_period(q, g, line->kind == BL_QMP_RETURNS);
	else if (line->kind == BL_QMP_RETURNS)
		take_fact(g, ask, line);
	if (g->asked_n == 0)
		end_round(q, g);
}

static void take_event(struct bl_qmp *q, struct bl_qmp_guest *g, const char *event)
{
	if (strcmp(event, "RESET") == 0)
		bl_qmp_guest_renew(g, q->now_ns);
	if (strcmp(event, "DEVICE_DELETED") == 0 || strcmp(event, "ACPI_DEVICE_OST") == 0 ||
	    strcmp(event, "MEMORY_DEVICE_SIZE_CHANGE") == 0)
		g->learned = false;
	/* The others (STOP, RESUME, BALLOON_CHANGE, MIGRATION …) are in the next
	 * answers; that they woke us up is all there is to them. */
	if (++g->events_n > BUDGET_EVENTS)
		mute(q, g, true);
}

static void take_line(struct bl_qmp *q, struct bl_qmp_guest *g, const struct bl_qmp_line *line)
{
	if ((line->kind == BL_QMP_GREETS) != (g->phase == BL_QMP_KNOCKING)) {
		break_off(q, g);
	} else if (line->kind == BL_QMP_GREETS) {
		g->phase = BL_QMP_TALKING;
		if (g->round != BL_QMP_NO_ROUND)
			speak(q, g);
	} else if (line->kind == BL_QMP_TELLS) {
		take_event(q, g, line->word);
	} else {
		take_answer(q, g, line);
	}
}

static void take_lines(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	struct bl_qmp_line line;
	const char *text;
	size_t n;

	while (g->phase != BL_QMP_DOWN && (text = bl_qmp_wire_line(&g->wire, &n))) {
		if (bl_qmp_line_read(q->tok, text, n, &line) < 0) {
			break_off(q, g);
			return;
		}
		take_line(q, g, &line);
		bl_qmp_line_free(&line);
	}
}

void bl_qmp_listen(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	while (g->phase != BL_QMP_DOWN && !g->muted) {
		int rc = bl_qmp_wire_read(&g->wire);

		if (rc == -EAGAIN)
			return;
		if (rc == -EMSGSIZE)
			break_off(q, g);
		else if (rc < 0)
			hang_up(q, g);
		if (rc < 0)
			return;
		take_lines(q, g);
		if ((size_t)rc >= g->budget)
			mute(q, g, true);
		g->budget -= (size_t)rc < g->budget ? (size_t)rc : g->budget;
		if (g->wire.in_n < g->wire.in_cap)
			return; /* that was all; if not, epoll says so again */
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
			settle(q, q->guests[i], true);
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
			hang_up(q, g);
	}
}
