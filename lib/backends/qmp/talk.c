/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conversation with one guest's QEMU: greeting, questions in one write,
 * answers by their number, events in between. Never blocks, and never has more
 * than one round out: a QEMU that hangs finds one set of questions when it
 * comes back, not a queue of old orders.
 */
#include "qmp.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

/* More events in one call, and it is listened to again in the next one: a flood
 * costs a few milliseconds a beat and wakes nobody up. */
#define BUDGET_EVENTS 1000

/* A tenth of the shortest beat that makes sense: who takes longer is slow. */
#define SLOW_NS UINT64_C(100000000)

/* Between errands that do not help. A guest that stays silent for its own reasons
 * costs two commands every five minutes in the end. */
#define PAUSE_NS UINT64_C(5000000000)
#define PAUSE_MAX_NS UINT64_C(300000000000)

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
		bl_qmp_hang_up(q, g);
}

void bl_qmp_start(struct bl_qmp *q, struct bl_qmp_guest *g, enum bl_qmp_round round)
{
	g->round = round;
	g->asked_ns = bl_qmp_clock();
	bl_qmp_await(q, g);
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
	g->period_old_s = g->facts.period_s; /* also one that somebody set since */
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

static void take_fact(struct bl_qmp_guest *g, enum bl_qmp_ask ask, const struct bl_qmp_line *line)
{
	bl_qmp_reply_read(ask, line, &g->incoming, ask <= BL_QMP_DIMMS ? &g->learning : &g->facts);
}

static void end_round(struct bl_qmp *q, struct bl_qmp_guest *g)
{
	enum bl_qmp_round round = g->round;

	g->round = BL_QMP_NO_ROUND;
	g->pause_ns = 0;
	bl_qmp_settle(q, g, bl_qmp_clock() - g->asked_ns > SLOW_NS);
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
		bl_qmp_break_off(q, g);
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
		bl_qmp_mute(q, g, true);
}

static void take_line(struct bl_qmp *q, struct bl_qmp_guest *g, const struct bl_qmp_line *line)
{
	if ((line->kind == BL_QMP_GREETS) != (g->phase == BL_QMP_KNOCKING)) {
		bl_qmp_break_off(q, g);
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
			bl_qmp_break_off(q, g);
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
			bl_qmp_break_off(q, g);
		else if (rc < 0)
			bl_qmp_hang_up(q, g);
		if (rc < 0)
			return;
		take_lines(q, g);
		if (g->wire.in_n < g->wire.in_cap)
			return; /* that was all; if not, epoll says so again */
	}
}
