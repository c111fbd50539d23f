/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operator's policy: checked whole, copied whole, swapped whole. A policy
 * that is wrong anywhere changes nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

int bl_complain(struct bl_complaint *c, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->text, c->size, format, args);
	va_end(args);
	return rc;
}

static int bytes_ok(uint64_t v)
{
	return v == BALLOON_UNKNOWN || v <= BALLOON_BYTES_MAX;
}

static int check_allocation(const struct balloon_allocation *a, const char *who,
                            struct bl_complaint *c)
{
	if (a->shares != BALLOON_UNKNOWN && a->shares > BALLOON_SHARES_MAX)
		return bl_complain(c, -ERANGE, "%s: shares above %llu", who,
		                   (unsigned long long)BALLOON_SHARES_MAX);
	if (!bytes_ok(a->reservation_bytes))
		return bl_complain(c, -ERANGE, "%s: reservation above 4 PiB", who);
	if (!bytes_ok(a->limit_bytes))
		return bl_complain(c, -ERANGE, "%s: limit above 4 PiB", who);
	if (a->reservation_bytes != BALLOON_UNKNOWN && a->reservation_bytes > a->limit_bytes)
		return bl_complain(c, -EINVAL,
		                   "%s: reservation above limit; lower the one or raise the other",
		                   who);
	if (!a->limit_bytes)
		return bl_complain(c, -EINVAL, "%s: a limit of 0 leaves nothing to run in", who);
	if (a->flags & ~(uint32_t)BALLOON_ALLOCATION_TAX)
		return bl_complain(c, -EINVAL, "%s: flags 0x%x are not known here", who, a->flags);
	if ((a->flags & BALLOON_ALLOCATION_TAX) && a->tax_bp > 9999)
		return bl_complain(c, -ERANGE, "%s: tax of %u bp is above 9999", who, a->tax_bp);
	for (size_t k = 0; k < sizeof(a->reserved) / sizeof(a->reserved[0]); k++) {
		if (a->reserved[k])
			return bl_complain(c, -E2BIG, "%s: what is reserved is not 0", who);
	}
	return 0;
}

/* Rates that a part of something can be. */
static int check_rates(const struct balloon_profile *p, struct bl_complaint *c)
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
	        {"hold_max", p->hold_max_bp, 10000},
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (rates[i].bp > rates[i].most) {
			snprintf(c->text, c->size, "profile: %s of %u bp is above %u", rates[i].name,
			         rates[i].bp, rates[i].most);
			return -ERANGE;
		}
	}
	if (p->flags & ~(uint32_t)(BALLOON_PROFILE_PROGRESSIVE_TAX | BALLOON_PROFILE_LEND |
	                             BALLOON_PROFILE_SHARE))
		return bl_complain(c, -EINVAL, "profile: flags 0x%x are not known here", p->flags);
	if (!p->shrink_step_bp)
		return bl_complain(c, -EINVAL, "profile: a shrink_step of 0 could take nothing");
	return 0;
}

static int check_profile(const struct balloon_profile *p, struct bl_complaint *c)
{
	const uint64_t times[] = {p->beat_ns,  p->fast_ns,  p->slow_ns,  p->stale_ns,
	                          p->stuck_ns, p->settle_ns, p->boot_ns};
	const uint64_t day = UINT64_C(86400) * 1000000000;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (times[i] > day)
			return bl_complain(c, -ERANGE, "profile: a time of more than a day");
	}
	if (p->beat_ns < 10000000)
		return bl_complain(c, -ERANGE, "profile: a beat shorter than 10 ms");
	if (!p->fast_ns || !p->slow_ns || p->stale_ns < p->beat_ns || p->stuck_ns < p->beat_ns)
		return bl_complain(c, -EINVAL, "profile: averages, stale and stuck must last at least a beat");
	return check_rates(p, c);
}

/* An allocation with struct_size 0 is one that says nothing. */
static int import_allocation(const struct bl_policy *p, struct bl_allocation *ret,
                             const struct balloon_allocation *from, const char *who,
                             struct bl_complaint *c)
{
	struct balloon_allocation a;
	int rc;

	*ret = (struct bl_allocation){BALLOON_UNKNOWN, BALLOON_UNKNOWN, BALLOON_UNKNOWN,
	                              BL_NO_POOL, BL_NO_TAX, {NULL, 0}};
	if (!from->struct_size)
		return 0;
	rc = bl_import(&a, sizeof(a), from);
	if (rc < 0)
		return bl_complain(c, rc, "%s: allocation of another library's size", who);
	rc = check_allocation(&a, who, c);
	if (rc < 0)
		return rc;
	if (a.pool && bl_tree_find(p, a.pool, &ret->pool) < 0)
		return bl_complain(c, -EINVAL, "%s: there is no pool \"%s\"", who, a.pool);
	ret->shares = a.shares;
	ret->reservation = a.reservation_bytes;
	ret->limit = a.limit_bytes;
	if (a.flags & BALLOON_ALLOCATION_TAX)
		ret->tax_bp = a.tax_bp;
	return bl_floors_import(&ret->floors, a.floors, a.floors_n, who, c);
}

static int by_name(const void *a, const void *b)
{
	const struct bl_named *x = a, *y = b;

	return strcmp(x->guest, y->guest);
}

static int import_guest(struct bl_policy *p, const struct balloon_named_allocation *from,
                        struct bl_complaint *c)
{
	struct bl_named *g = &p->guests[p->guests_n];
	int rc;

	if (!from->guest || !*from->guest)
		return bl_complain(c, -EINVAL, "policy: a guest without a name");
	rc = import_allocation(p, &g->allocation, &from->allocation, from->guest, c);
	if (rc < 0)
		return rc;
	p->guests_n++;
	g->guest = strdup(from->guest);
	return g->guest ? 0 : bl_complain(c, -ENOMEM, "policy: out of memory");
}

static int import_guests(struct bl_policy *p, const struct balloon_policy *from,
                         struct bl_complaint *c)
{
	int rc = 0;

	if (!from->guests_n)
		return 0;
	if (!from->guests || from->guests_n > BALLOON_GUESTS_MAX)
		return bl_complain(c, -EINVAL, "policy: guests_n does not fit guests");
	p->guests = calloc(from->guests_n, sizeof(*p->guests));
	if (!p->guests)
		return bl_complain(c, -ENOMEM, "policy: out of memory");
	for (size_t i = 0; i < from->guests_n && !rc; i++)
		rc = import_guest(p, &from->guests[i], c);
	if (rc < 0)
		return rc;
	qsort(p->guests, p->guests_n, sizeof(*p->guests), by_name);
	for (size_t i = 1; i < p->guests_n; i++) {
		if (!by_name(&p->guests[i - 1], &p->guests[i]))
			return bl_complain(c, -EINVAL, "%s: named twice", p->guests[i].guest);
	}
	return 0;
}

static int import(struct bl_policy *p, const struct balloon_policy *from, struct bl_complaint *c)
{
	int rc;

	p->profile = bl_balanced;
	rc = from->profile ? bl_import(&p->profile, sizeof(p->profile), from->profile) : 0;
	if (rc < 0)
		return bl_complain(c, rc, "policy: profile of another library's size");
	rc = check_profile(&p->profile, c);
	if (rc < 0)
		return rc;
	if (!bytes_ok(from->budget_bytes) || !bytes_ok(from->reserve_bytes))
		return bl_complain(c, -ERANGE, "policy: budget or reserve above 4 PiB");
	p->budget = from->budget_bytes;
	p->reserve = from->reserve_bytes;
	rc = bl_tree_import(p, from->pools, from->pools_n, c);
	if (rc == 0)
		rc = import_allocation(p, &p->fallback, &from->fallback, "defaults", c);
	return rc < 0 ? rc : import_guests(p, from, c);
}

int bl_policy_import(struct bl_policy *ret, const struct balloon_policy *from, char *ret_error,
                     size_t size)
{
	struct balloon_policy policy = {.budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = BALLOON_UNKNOWN};
	struct bl_complaint c = {ret_error, size};
	struct bl_policy p = {0};
	int rc;

	rc = from ? bl_import(&policy, sizeof(policy), from) : 0;
	if (rc < 0)
		return bl_complain(&c, rc, "policy: struct_size of another library");
	rc = import(&p, &policy, &c);
	if (rc < 0)
		bl_policy_free(&p);
	else
		*ret = p;
	return rc;
}

void bl_policy_free(struct bl_policy *p)
{
	for (size_t i = 0; i < p->guests_n; i++) {
		free(p->guests[i].guest);
		free(p->guests[i].allocation.floors.points);
	}
	free(p->fallback.floors.points);
	p->fallback.floors = (struct bl_floors){0};
	free(p->guests);
	p->guests = NULL;
	p->guests_n = 0;
	bl_tree_free(p);
}

static int copy_pools(struct bl_policy *ret, const struct bl_policy *from)
{
	ret->pools = calloc(from->pools_n, sizeof(*ret->pools));
	ret->pool_names = calloc(from->pools_n, sizeof(*ret->pool_names));
	if (!ret->pools || !ret->pool_names)
		return -ENOMEM;
	for (size_t k = 0; k < from->pools_n; k++) {
		ret->pools[k] = from->pools[k];
		ret->pool_names[k] = strdup(from->pool_names[k]);
		if (!ret->pool_names[k])
			return -ENOMEM;
		ret->pools_n = k + 1;
	}
	return 0;
}

static int copy_guests(struct bl_policy *ret, const struct bl_policy *from)
{
	ret->guests = calloc(from->guests_n + 1, sizeof(*ret->guests));
	if (!ret->guests)
		return -ENOMEM;
	for (size_t i = 0; i < from->guests_n; i++) {
		ret->guests[i] = from->guests[i];
		ret->guests[i].guest = strdup(from->guests[i].guest);
		ret->guests_n = i + 1;
		if (bl_floors_copy(&ret->guests[i].allocation.floors) < 0 || !ret->guests[i].guest)
			return -ENOMEM;
	}
	return 0;
}

int bl_policy_copy(struct bl_policy *ret, const struct bl_policy *from)
{
	struct bl_policy p = *from;

	p.guests = NULL;
	p.pools = NULL;
	p.pool_names = NULL;
	p.guests_n = p.pools_n = 0;
	if (bl_floors_copy(&p.fallback.floors) < 0 || copy_pools(&p, from) < 0 ||
	    copy_guests(&p, from) < 0) {
		bl_policy_free(&p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

static const struct bl_allocation *named(const struct bl_policy *p, const char *name)
{
	const struct bl_named *found = NULL;
	struct bl_named key = {0};

	key.guest = (char *)(uintptr_t)name;
	if (name && p->guests_n)
		found = bsearch(&key, p->guests, p->guests_n, sizeof(key), by_name);
	return found ? &found->allocation : NULL;
}

static uint64_t either(uint64_t own, uint64_t fallback)
{
	return own == BALLOON_UNKNOWN ? fallback : own;
}

struct bl_allocation bl_policy_find(const struct bl_policy *p, const char *name,
                                    const char *uuid)
{
	const struct bl_allocation *own = named(p, name);
	struct bl_allocation a = p->fallback;

	if (!own)
		own = named(p, uuid);
	if (own) {
		a.shares = either(own->shares, a.shares);
		a.reservation = either(own->reservation, a.reservation);
		a.limit = either(own->limit, a.limit);
		a.pool = own->pool == BL_NO_POOL ? a.pool : own->pool;
		a.tax_bp = own->tax_bp == BL_NO_TAX ? a.tax_bp : own->tax_bp;
		a.floors = own->floors.n ? own->floors : a.floors;
	}
	a.shares = either(a.shares, BL_DEFAULT_SHARES);
	a.pool = a.pool == BL_NO_POOL ? 0 : a.pool;
	a.tax_bp = a.tax_bp == BL_NO_TAX ? p->profile.tax_bp : a.tax_bp;
	/* An own limit below the common reservation means what it says. */
	if (a.reservation != BALLOON_UNKNOWN && a.reservation > a.limit)
		a.reservation = a.limit;
	return a;
}
