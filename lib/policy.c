/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operator's policy: checked whole, copied whole, swapped whole. A policy
 * that is wrong anywhere changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define DEFAULT_SHARES 1000 /* what libvirt, Proxmox and vSphere users expect */

/* Where a complaint goes. */
struct complaint {
	char *text;
	size_t size;
};

static int complain(struct complaint *c, int rc, const char *who, const char *what)
{
	snprintf(c->text, c->size, "%s%s", who, what);
	return rc;
}

static int bytes_ok(uint64_t v)
{
	return v == BALLOON_UNKNOWN || v <= BALLOON_BYTES_MAX;
}

static int check_allocation(const struct balloon_allocation *a, const char *who,
                            struct complaint *c)
{
	if (a->shares != BALLOON_UNKNOWN && a->shares > BALLOON_SHARES_MAX)
		return complain(c, -ERANGE, who, ": shares above 67108863");
	if (!bytes_ok(a->reservation_bytes))
		return complain(c, -ERANGE, who, ": reservation above 4 PiB");
	if (!bytes_ok(a->limit_bytes))
		return complain(c, -ERANGE, who, ": limit above 4 PiB");
	if (a->reservation_bytes != BALLOON_UNKNOWN && a->reservation_bytes > a->limit_bytes)
		return complain(c, -EINVAL, who,
		                ": reservation above limit; lower the one or raise the other");
	return 0;
}

/* Rates that a part of something can be. */
static int check_rates(const struct balloon_profile *p, struct complaint *c)
{
	const struct {
		const char *name;
		uint32_t bp, most;
	} rates[] = {
	        {"tax", p->tax_bp, 9999},
	        {"headroom", p->headroom_bp, 100000},
	        {"balloon_max", p->balloon_max_bp, 10000},
	        {"pool", p->pool_bp, 5000},
	        {"deadband", p->deadband_bp, 5000},
	        {"shrink_step", p->shrink_step_bp, 10000},
	        {"pressed", p->pressed_bp, 5000},
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (rates[i].bp > rates[i].most) {
			snprintf(c->text, c->size, "profile: %s of %u bp is above %u", rates[i].name,
			         rates[i].bp, rates[i].most);
			return -ERANGE;
		}
	}
	if (!p->shrink_step_bp)
		return complain(c, -EINVAL, "profile", ": a shrink_step of 0 could take nothing");
	return 0;
}

static int check_profile(const struct balloon_profile *p, struct complaint *c)
{
	const uint64_t times[] = {p->beat_ns,  p->fast_ns,  p->slow_ns,  p->stale_ns,
	                          p->stuck_ns, p->settle_ns, p->boot_ns};
	const uint64_t day = UINT64_C(86400) * 1000000000;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (times[i] > day)
			return complain(c, -ERANGE, "profile", ": a time of more than a day");
	}
	if (p->beat_ns < 10000000)
		return complain(c, -ERANGE, "profile", ": a beat shorter than 10 ms");
	if (!p->fast_ns || !p->slow_ns || p->stale_ns < p->beat_ns || p->stuck_ns < p->beat_ns)
		return complain(c, -EINVAL, "profile",
		                ": averages, stale and stuck must last at least a beat");
	return check_rates(p, c);
}

/* An allocation with struct_size 0 is one that says nothing. */
static int import_allocation(struct balloon_allocation *ret, const struct balloon_allocation *from,
                             const char *who, struct complaint *c)
{
	if (!from->struct_size) {
		*ret = (struct balloon_allocation){sizeof(*ret), 0, BALLOON_UNKNOWN, BALLOON_UNKNOWN,
		                                   BALLOON_UNKNOWN};
		return 0;
	}
	if (bl_import(ret, sizeof(*ret), from) < 0)
		return complain(c, -E2BIG, who, ": allocation of a newer library");
	return check_allocation(ret, who, c);
}

static int by_name(const void *a, const void *b)
{
	const struct balloon_named_allocation *x = a, *y = b;

	return strcmp(x->guest, y->guest);
}

static int import_guests(struct bl_policy *p, const struct balloon_policy *from,
                         struct complaint *c)
{
	int rc;

	if (!from->guests_n)
		return 0;
	if (!from->guests || from->guests_n > BALLOON_GUESTS_MAX)
		return complain(c, -EINVAL, "policy", ": guests_n does not fit guests");
	p->guests = calloc(from->guests_n, sizeof(*p->guests));
	if (!p->guests)
		return complain(c, -ENOMEM, "policy", ": out of memory");
	for (size_t i = 0; i < from->guests_n; i++) {
		const char *name = from->guests[i].guest;

		if (!name || !*name)
			return complain(c, -EINVAL, "policy", ": a guest without a name");
		rc = import_allocation(&p->guests[i].allocation, &from->guests[i].allocation, name,
		                       c);
		if (rc < 0)
			return rc;
		p->guests[i].guest = strdup(name);
		if (!p->guests[i].guest)
			return complain(c, -ENOMEM, "policy", ": out of memory");
		p->guests_n = i + 1;
	}
	qsort(p->guests, p->guests_n, sizeof(*p->guests), by_name);
	for (size_t i = 1; i < p->guests_n; i++) {
		if (!by_name(&p->guests[i - 1], &p->guests[i]))
			return complain(c, -EINVAL, p->guests[i].guest, ": named twice");
	}
	return 0;
}

static int import(struct bl_policy *p, const struct balloon_policy *from, struct complaint *c)
{
	int rc;

	p->profile = bl_balanced;
	if (from->profile && bl_import(&p->profile, sizeof(p->profile), from->profile) < 0)
		return complain(c, -E2BIG, "policy", ": profile without struct_size, or too new");
	rc = check_profile(&p->profile, c);
	if (rc < 0)
		return rc;
	if (!bytes_ok(from->budget_bytes) || !bytes_ok(from->reserve_bytes))
		return complain(c, -ERANGE, "policy", ": budget or reserve above 4 PiB");
	p->budget = from->budget_bytes;
	p->reserve = from->reserve_bytes;
	rc = import_allocation(&p->fallback, &from->fallback, "defaults", c);
	return rc < 0 ? rc : import_guests(p, from, c);
}

int bl_policy_import(struct bl_policy *ret, const struct balloon_policy *from, char *ret_error,
                     size_t size)
{
	struct balloon_policy policy = {.budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = BALLOON_UNKNOWN};
	struct complaint c = {ret_error, size};
	struct bl_policy p = {0};
	int rc;

	if (from && bl_import(&policy, sizeof(policy), from) < 0)
		return complain(&c, -E2BIG, "policy", ": without struct_size, or too new");
	rc = import(&p, &policy, &c);
	if (rc < 0)
		bl_policy_free(&p);
	else
		*ret = p;
	return rc;
}

void bl_policy_free(struct bl_policy *p)
{
	for (size_t i = 0; i < p->guests_n; i++)
		free((void *)(uintptr_t)p->guests[i].guest);
	free(p->guests);
	p->guests = NULL;
	p->guests_n = 0;
}

static const struct balloon_allocation *named(const struct bl_policy *p, const char *name)
{
	struct balloon_named_allocation key = {.guest = name}, *found = NULL;

	if (name && p->guests_n)
		found = bsearch(&key, p->guests, p->guests_n, sizeof(key), by_name);
	return found ? &found->allocation : NULL;
}

static uint64_t either(uint64_t own, uint64_t fallback)
{
	return own == BALLOON_UNKNOWN ? fallback : own;
}

struct balloon_allocation bl_policy_find(const struct bl_policy *p, const char *name,
                                         const char *uuid)
{
	const struct balloon_allocation *own = named(p, name);
	struct balloon_allocation a = p->fallback;

	if (!own)
		own = named(p, uuid);
	if (own) {
		a.shares = either(own->shares, a.shares);
		a.reservation_bytes = either(own->reservation_bytes, a.reservation_bytes);
		a.limit_bytes = either(own->limit_bytes, a.limit_bytes);
	}
	a.shares = either(a.shares, DEFAULT_SHARES);
	/* An own limit below the common reservation means what it says. */
	if (a.reservation_bytes != BALLOON_UNKNOWN && a.reservation_bytes > a.limit_bytes)
		a.reservation_bytes = a.limit_bytes;
	return a;
}
