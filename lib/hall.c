/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handle: open, tick, release, close. Carries and decides nothing. */
#include "hall.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

int bl_fail(struct balloon *b, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(b->error, sizeof(b->error), format, args);
	va_end(args);
	return rc;
}

static void __attribute__((format(printf, 3, 4)))
say(struct balloon *b, int level, const char *format, ...)
{
	char sentence[512];
	va_list args;

	if (!b->log)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	b->log(b->log_arg, level, sentence);
}

int bl_import(void *ret, size_t size, const void *from)
{
	const unsigned char *bytes = from;
	uint32_t theirs;

	memcpy(&theirs, from, sizeof(theirs));
	if (theirs < size)
		return -EINVAL; /* nothing shorter was ever published */
	for (size_t i = size; i < theirs; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	memset(ret, 0, size);
	memcpy(ret, from, theirs < size ? theirs : size);
	return 0;
}


int balloon_set_policy(struct balloon *b, const struct balloon_policy *policy)
{
	struct bl_policy p;
	int rc = bl_policy_import(&p, policy, b->error, sizeof(b->error));

	if (rc < 0)
		return rc;
	rc = bl_roster_adopt(b, &p);
	if (rc < 0) {
		bl_policy_free(&p);
		return bl_fail(b, rc, "policy: out of memory");
	}
	b->world.rules = p.profile;
	b->world.budget = p.budget;
	b->world.reserve = p.reserve;
	return 0;
}

static int find_backend(struct balloon *b, const struct balloon_options *o)
{
	int rc = 0;

	if (o->backend)
		b->backend = o->backend;
	else
		rc = bl_module_open(o->uri, &b->backend, &b->module, b->error, sizeof(b->error));
	return rc < 0 ? rc : bl_guard_check(b->backend, b->error, sizeof(b->error));
}

static int open_with(struct balloon *b, const struct balloon_options *o)
{
	int rc;

	if (o->flags & ~(uint32_t)BALLOON_OPEN_DRY_RUN)
		return bl_fail(b, -EINVAL, "options: flags 0x%x are not known here", o->flags);
	b->dry_run = (o->flags & BALLOON_OPEN_DRY_RUN) != 0;
	b->log = o->log;
	b->log_arg = o->log_arg;
	rc = balloon_set_policy(b, o->policy);
	if (rc == 0)
		rc = find_backend(b, o);
	return rc < 0 ? rc : bl_guard_open(b, o->uri);
}

static void discard(struct balloon *b)
{
	bl_roster_free(b);
	bl_claims_free(b);
	bl_holds_free(b);
	bl_policy_free(&b->policy);
	if (b->module)
		dlclose(b->module);
	free(b);
}

int balloon_open(const struct balloon_options *options, struct balloon **ret_b)
{
	struct balloon_options o;
	struct balloon *b;
	int rc;

	if (!options || !ret_b)
		return -EINVAL;
	rc = bl_import(&o, sizeof(o), options);
	if (rc < 0)
		return rc;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->world.total = b->world.available = BALLOON_UNKNOWN;
	b->world.capacity = BALLOON_UNKNOWN;
	rc = open_with(b, &o);
	if (rc < 0) {
		if (o.error_text && o.error_size)
			snprintf(o.error_text, o.error_size, "%s", b->error);
		discard(b);
		return rc;
	}
	b->error[0] = 0;
	*ret_b = b;
	return 0;
}

/* Adds the orders by the host's own means. */
static size_t press(struct balloon *b, size_t i, size_t n)
{
	const struct bl_ladder *l = &b->world.ladders[i];

	for (uint32_t m = BALLOON_MEANS_SHARE; l->tell && m < BALLOON_MEANS_N; m++) {
		if (l->tell & BL_BIT(m))
			b->asked[n++] = (struct bl_asked){l->orders[m], (uint32_t)i, m};
	}
	return n;
}

/* What presses by force ends with the handle; balloons stay as they are. */
static void lift(struct balloon *b)
{
	size_t n = 0;

	bl_ladder_release(&b->world);
	for (size_t i = 0; i < b->world.n; i++)
		n = press(b, i, n);
	bl_guard_order(b, n, b->now_ns);
}

void balloon_close(struct balloon *b)
{
	if (!b)
		return;
	lift(b);
	bl_guard_close(b);
	discard(b);
}

const char *balloon_error(const struct balloon *b)
{
	return b->error;
}

int balloon_fd(struct balloon *b)
{
	return b->backend->fd ? b->backend->fd(b->self) : -ENOTSUP;
}

/* A backend may have something to tell though nothing failed: whom it leaves
 * alone, who did not answer. It is passed on when it changes. */
static void relay(struct balloon *b)
{
	const char *sentence = b->backend->error ? b->backend->error(b->self) : NULL;

	if (!sentence || !*sentence || !strncmp(sentence, b->heard, sizeof(b->heard) - 1))
		return;
	snprintf(b->heard, sizeof(b->heard), "%s", sentence);
	say(b, LOG_WARNING, "%s", b->heard);
}

/* Hands core's orders to the guard. In a dry run they are only written down. */
static void act(struct balloon *b, uint64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < b->world.n; i++) {
		struct bl_guest *g = &b->world.guests[i];

		b->proposed[i] = g->order == BALLOON_UNKNOWN ? g->target : g->order;
		if (g->order != BALLOON_UNKNOWN)
			b->asked[n++] = (struct bl_asked){.target = g->order, .row = (uint32_t)i};
		n = press(b, i, n);
	}
	if (b->dry_run)
		return;
	if (bl_guard_order(b, n, now) < 0)
		say(b, LOG_WARNING, "%zu orders could not be given", n);
	if (n)
		relay(b);
}

/* Memory that was seen to move, by the hypervisor's word. */
static void count_moves(struct balloon *b)
{
	for (size_t i = 0; i < b->world.n; i++) {
		struct bl_row *row = &b->rows[i];
		uint64_t actual = b->world.guests[i].seen.actual;

		if (actual == BALLOON_UNKNOWN)
			continue;
		if (row->moved != BALLOON_UNKNOWN)
			b->report.moved_bytes += actual > row->moved ? actual - row->moved
			                                             : row->moved - actual;
		row->moved = actual;
	}
}

/* Who orders nothing takes what guests have for what somebody wanted. */
static void follow_others(struct balloon *b)
{
	for (size_t i = 0; i < b->world.n; i++) {
		struct bl_guest *g = &b->world.guests[i];

		if (g->seen.actual != BALLOON_UNKNOWN)
			g->target = g->seen.actual;
	}
}

static int observe(struct balloon *b, uint64_t now)
{
	int rc;

	if (b->ticked && now < b->now_ns)
		return bl_fail(b, -EINVAL, "time went back; use a clock that does not");
	rc = bl_guard_observe(b, now);
	if (rc < 0) {
		b->report.lost_beats++;
		return rc;
	}
	b->ticked = 1;
	b->now_ns = now;
	relay(b);
	count_moves(b);
	return 0;
}

int balloon_tick(struct balloon *b, uint64_t now_ns, uint64_t *ret_next_ns)
{
	int rc = observe(b, now_ns);

	if (ret_next_ns)
		*ret_next_ns = now_ns + b->world.rules.beat_ns;
	if (rc < 0)
		return rc;
	if (b->dry_run)
		follow_others(b);
	bl_claims_beat(b, now_ns);
	bl_holds_beat(b, now_ns);
	bl_beat(&b->world, now_ns);
	act(b, now_ns);
	b->report.beat++;
	return 0;
}

int balloon_release(struct balloon *b, uint64_t now_ns)
{
	int rc = observe(b, now_ns);

	if (rc < 0)
		return rc;
	bl_claims_beat(b, now_ns);
	bl_holds_beat(b, now_ns);
	bl_beat(&b->world, now_ns); /* verifies; its orders are not carried out */
	bl_release(&b->world);
	bl_ladder_release(&b->world);
	act(b, now_ns);
	return 0;
}
