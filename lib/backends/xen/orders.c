/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling domains their targets: as many at once as there are mouths, each with
 * its own deadline. Must not judge targets, nor wait for them to be reached.
 *
 * What an order's rc says:
 *	0           the store has it (or libvirt passed it on)
 *	-ESRCH      no such domain (any more), or another life of it
 *	-EINVAL     less than its video memory
 *	-EOPNOTSUPP a means that Xen does not have
 *	-EPERM      somebody else moves memory on this host: only observed
 *	-ETIMEDOUT  sent, and not answered: may yet come to pass
 *	-EAGAIN     not told: nobody to tell it was free in time, or away
 *	others      what the hypervisor or libvirt said
 */
#include "xen.h"

#include <errno.h>

/* A healthy word takes a millisecond, and a busy host is given hundreds. */
#define WORD_NS UINT64_C(400000000)

/* Until an order has its answer its rc says where it is; answers are <= 0. */
#define WAITING 1
#define OUT 2

struct bl_xen_domain *bl_xen_find(struct bl_xen *x, uint64_t key)
{
	/* Hundreds of domains at most, and orders for a few of them. */
	for (size_t i = 0; i < x->eyes->n; i++)
		if (x->eyes->domains[i].key == key)
			return &x->eyes->domains[i];
	return NULL;
}

/* ----------------------------------------------------------------- mouths */

static void take_list(struct bl_xen *x, struct bl_xen_mouth *m)
{
	struct bl_xen_native *old = x->natives;

	m->listing = false;
	if (m->rc < 0) {
		bl_xen_say(x, "%s", m->error);
		return;
	}
	x->natives = m->natives;
	x->natives_n = m->natives_n;
	m->natives = old; /* its next list goes there */
	m->natives_n = 0;
}

static void take_answer(struct bl_xen *x, struct bl_xen_mouth *m)
{
	if (m->rc < 0)
		bl_xen_say(x, "domain %u could not be told its size of %llu MiB: %s",
		           m->word.domid, (unsigned long long)(m->word.size_kib >> 10), m->error);
	if (x->orders && m->batch == x->batch)
		x->orders[m->index].rc = m->rc == -ENOTCONN ? -EAGAIN : m->rc;
	m->batch = 0;
}

void bl_xen_harvest(struct bl_xen *x)
{
	size_t lane;

	/* A deadline in the past: what waits, and no waiting. */
	while (bl_xen_crew_wait(x->crew, 1, x->mouths_n, 0, &lane)) {
		struct bl_xen_mouth *m = x->mouths[lane - 1];

		if (m->listing)
			take_list(x, m);
		else if (m->batch)
			take_answer(x, m);
	}
}

struct bl_xen_mouth *bl_xen_mouth_free(struct bl_xen *x, size_t *ret_lane)
{
	bl_xen_harvest(x);
	for (size_t i = 0; i < x->mouths_n; i++) {
		if (!bl_xen_crew_free(x->crew, i + 1))
			continue;
		*ret_lane = i + 1;
		return x->mouths[i];
	}
	return NULL;
}

/* A word outside any batch, waited for. true: it was sent, so that it may come to
 * pass, whatever became of it. */
static bool say_word(struct bl_xen *x, const struct bl_xen_word *w, uint64_t deadline_ns)
{
	size_t lane, done;
	struct bl_xen_mouth *m = bl_xen_mouth_free(x, &lane);

	if (!m)
		return false;
	m->word = *w;
	m->batch = 0;
	if (bl_xen_crew_send(x->crew, lane) < 0)
		return false;
	bl_xen_crew_wait(x->crew, lane, 1, deadline_ns, &done);
	return true;
}

/* --------------------------------------------------------------- ceilings */

/* Straight only: libvirt has no word for a ceiling alone. */
static void press_all(struct bl_xen *x, uint64_t deadline_ns)
{
	struct bl_xen_word w;

	for (size_t i = 0; !x->virt && i < x->eyes->n; i++) {
		struct bl_xen_domain *d = &x->eyes->domains[i];

		if (bl_xen_word_press(d, x->now_ns, &w))
			d->pressed = say_word(x, &w, deadline_ns);
	}
}

void bl_xen_lift(struct bl_xen *x, uint64_t deadline_ns)
{
	for (size_t i = 0; i < x->eyes->n && bl_xen_clock() < deadline_ns; i++) {
		struct bl_xen_domain *d = &x->eyes->domains[i];
		struct bl_xen_word w = bl_xen_word_lift(d);

		if (d->pressed && say_word(x, &w, deadline_ns))
			d->pressed = false;
	}
}

/* ----------------------------------------------------------------- orders */

/* Xen has the balloon and the ceiling, and no other means. */
static int32_t find_word(struct bl_xen *x, const struct balloon_order *o,
                         const struct bl_xen_domain *d, struct bl_xen_word *ret_word)
{
	if (!d)
		return -ESRCH;
	if (x->eyes->rival[0])
		return -EPERM;
	if (o->means == BALLOON_MEANS_BALLOON)
		*ret_word = bl_xen_word_order(d, o->target_bytes);
	else if (o->means == BALLOON_MEANS_CEILING && d->capped)
		*ret_word = bl_xen_word_ceiling(d, o->target_bytes);
	else
		return -EOPNOTSUPP;
	return ret_word->ceiling_kib ? 0 : -EINVAL;
}

/* What was sent may come to pass, whatever becomes of it. */
static void remember(struct bl_xen_domain *d, const struct balloon_order *o)
{
	if (o->means == BALLOON_MEANS_CEILING)
		d->ceiling_bytes = o->target_bytes;
	else
		d->ordered = true;
	d->pressed = d->ceiling_bytes != BALLOON_UNKNOWN;
}

static int32_t give(struct bl_xen *x, size_t i)
{
	const struct balloon_order *o = &x->orders[i];
	struct bl_xen_domain *d = bl_xen_find(x, o->key);
	struct bl_xen_word word;
	struct bl_xen_mouth *m;
	int32_t rc = find_word(x, o, d, &word);
	size_t lane;

	if (rc < 0)
		return rc;
	m = bl_xen_mouth_free(x, &lane);
	if (!m)
		return WAITING;
	m->word = word;
	m->batch = x->batch;
	m->index = i;
	if (bl_xen_crew_send(x->crew, lane) < 0)
		return -EAGAIN;
	remember(d, o);
	return OUT;
}

static size_t give_all(struct bl_xen *x, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		/* Set before it is sent: its answer may be taken while others are. */
		if (x->orders[i].rc == WAITING) {
			int32_t rc = give(x, i);

			x->orders[i].rc = rc;
		}
		open += x->orders[i].rc > 0;
	}
	return open;
}

/* Those that are out: late. Those that never went: not told. */
static void expire(struct bl_xen *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (x->orders[i].rc == OUT)
			bl_xen_say(x, "an order was sent and %s has not answered; the guest is "
			           "charged with what it keeps",
			           x->virt ? "libvirt" : "xenstored");
		if (x->orders[i].rc > 0)
			x->orders[i].rc = x->orders[i].rc == OUT ? -ETIMEDOUT : -EAGAIN;
	}
}

/* Waits for the next answer: none within WORD_NS, and the rest is given up. */
static void work_off(struct bl_xen *x, size_t n, uint64_t end_ns)
{
	while (give_all(x, n) > 0) {
		uint64_t word_ns = bl_xen_clock() + WORD_NS;
		uint64_t until_ns = word_ns < end_ns ? word_ns : end_ns;
		size_t lane;

		if (!bl_xen_crew_wait(x->crew, 1, x->mouths_n, until_ns, &lane))
			break;
		if (x->mouths[lane - 1]->listing)
			take_list(x, x->mouths[lane - 1]);
		else if (x->mouths[lane - 1]->batch)
			take_answer(x, x->mouths[lane - 1]);
		if (bl_xen_clock() >= end_ns)
			break;
	}
	bl_xen_harvest(x);
	expire(x, n);
}

/* None could be told since nobody is there: the whole batch failed. What is
 * wrong with one guest is in that guest's rc alone. */
static int verdict(const struct balloon_order *orders, size_t n)
{
	size_t away = 0;

	for (size_t i = 0; i < n; i++)
		away += orders[i].rc == -EAGAIN;
	return n && away == n ? -EAGAIN : 0;
}

int bl_xen_order(struct bl_xen *x, struct balloon_order *orders, size_t n)
{
	uint64_t end_ns = bl_xen_clock() + BL_XEN_TOTAL_NS;

	/* What domains are there is only known after a look that came back. */
	if (!x->seen || x->looking)
		return -EAGAIN;
	if (!x->eyes->rival[0])
		press_all(x, end_ns);
	for (size_t i = 0; i < n; i++)
		orders[i].rc = WAITING;
	x->batch++;
	x->orders = orders;
	work_off(x, n, end_ns);
	x->orders = NULL; /* whoever answers from now on is too late */
	return verdict(orders, n);
}
