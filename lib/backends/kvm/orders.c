/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling guests their targets: all that fit on lanes at once, each with its
 * own deadline. Must not judge targets, nor wait for them to be reached.
 *
 * What an order's rc says:
 *	0           libvirt passed it on
 *	-ESRCH      no such guest (any more), or another life of it
 *	-ETIMEDOUT  passed to libvirt, which has not answered: may yet come to pass
 *	-EBUSY      not told: an earlier call about this guest has not returned, or
 *	            it did not answer when it was last looked at
 *	-EAGAIN     not told: no lane was free in time, or libvirt is away
 *	others      what libvirt said
 */
#include "kvm.h"

#include "../hands/hands.h"

#include <errno.h>

/* A healthy order takes a few ms (two calls and a word with the monitor). */
#define ORDER_NS UINT64_C(300000000)

/* Until an order has its answer its rc says where it is; answers are <= 0. */
#define WAITING 1
#define OUT 2

static uint64_t since(struct bl_kvm *k, const struct bl_kvm_guest *g)
{
	return bl_kvm_hub_since(k->hub, g->call);
}

static bool is_overdue(struct bl_kvm *k, const struct bl_kvm_guest *g, uint64_t now_ns)
{
	uint64_t out_ns = since(k, g);

	/* It may have been sent after now_ns was read. */
	return out_ns != BALLOON_UNKNOWN && now_ns >= out_ns + ORDER_NS;
}

static int32_t give(struct bl_kvm *k, size_t i, uint64_t now_ns)
{
	const struct balloon_order *o = &k->orders[i];
	struct bl_kvm_guest *g = bl_kvm_roster_by_key(&k->roster, o->key);
	struct bl_kvm_job job = {
		.kind = BL_KVM_ORDER, .target_bytes = o->target_bytes,
		.batch = k->batch, .index = i,
	};
	int rc;

	if (!g)
		return -ESRCH;
	/* It would wait 30 s for the guest's lock, on a lane others could use. */
	if (k->hub->address.qemu && !g->figures.heard)
		return -EBUSY;
	if (g->call)
		return is_overdue(k, g, now_ns) ? -EBUSY : WAITING;
	rc = bl_kvm_send(k, g, &job);
	if (rc == -EBUSY || rc == -EINPROGRESS)
		return WAITING;
	return rc < 0 ? -EAGAIN : OUT;
}

/* The earliest moment at which one that is out would be overdue; without any
 * out, a lane is waited for as long as for an answer. */
static uint64_t next_deadline(struct bl_kvm *k, size_t n, uint64_t begun_ns)
{
	uint64_t first_ns = BALLOON_UNKNOWN;

	for (size_t i = 0; i < n; i++) {
		const struct bl_kvm_guest *g;
		uint64_t out_ns;

		if (k->orders[i].rc != OUT)
			continue;
		g = bl_kvm_roster_by_key(&k->roster, k->orders[i].key);
		out_ns = g ? since(k, g) : 0;
		if (out_ns < first_ns)
			first_ns = out_ns;
	}
	if (first_ns == BALLOON_UNKNOWN)
		first_ns = begun_ns;
	return first_ns + ORDER_NS;
}

static size_t give_all(struct bl_kvm *k, size_t n)
{
	uint64_t now_ns = bl_kvm_clock();
	size_t open = 0;

	for (size_t i = 0; i < n; i++) {
		if (k->orders[i].rc == WAITING)
			k->orders[i].rc = give(k, i, now_ns);
		open += k->orders[i].rc > 0;
	}
	return open;
}

/* Gives up on those that are overdue, or on all at the very end. Says whether
 * any was out and still is. */
static bool expire(struct bl_kvm *k, size_t n, bool all)
{
	uint64_t now_ns = bl_kvm_clock();
	bool left = false;

	for (size_t i = 0; i < n; i++) {
		struct balloon_order *o = &k->orders[i];
		const struct bl_kvm_guest *g;

		if (o->rc == WAITING && all)
			o->rc = -EAGAIN;
		if (o->rc != OUT)
			continue;
		g = bl_kvm_roster_by_key(&k->roster, o->key);
		if (all || !g || is_overdue(k, g, now_ns)) {
			o->rc = -ETIMEDOUT;
			bl_kvm_say(k, "guest %s was sent its target of %llu MiB but libvirt has not "
			           "answered; it is charged with what it keeps", g ? g->name : "?",
			           (unsigned long long)(o->target_bytes >> 20));
		}
		left |= o->rc == OUT;
	}
	return left;
}

static void work_off(struct bl_kvm *k, size_t n)
{
	uint64_t begun_ns = bl_kvm_clock(), end_ns = begun_ns + BL_KVM_TOTAL_NS;

	while (give_all(k, n) > 0) {
		uint64_t until_ns = next_deadline(k, n, begun_ns);
		bool answer = bl_kvm_hub_wait(k->hub, until_ns < end_ns ? until_ns : end_ns);

		bl_kvm_harvest(k);
		if (bl_kvm_clock() >= end_ns || (!answer && !expire(k, n, false)))
			break;
	}
	expire(k, n, true);
}

/* None could be told since nobody is there: the whole batch failed. What is
 * wrong with one guest is in that guest's rc alone. */
static int verdict(struct balloon_order *orders, size_t n)
{
	size_t away = 0;

	for (size_t i = 0; i < n; i++) {
		if (orders[i].rc == -ENOTCONN)
			orders[i].rc = -EAGAIN;
		away += orders[i].rc == -EAGAIN;
	}
	return n && away == n ? -EAGAIN : 0;
}

int bl_kvm_order(struct bl_kvm *k, struct balloon_order *orders, size_t n)
{
	for (size_t i = 0; i < n; i++)
		orders[i].rc = orders[i].means == BALLOON_MEANS_BALLOON
		                       ? WAITING
		                       : bl_hands_order(k->press, &orders[i]);
	k->batch++;
	k->orders = orders;
	bl_kvm_harvest(k);
	work_off(k, n);
	k->orders = NULL; /* whoever answers from now on is too late */
	return verdict(orders, n);
}
