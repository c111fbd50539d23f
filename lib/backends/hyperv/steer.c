/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The levers, worked out. Must not know the wire, nor what was tried before:
 * the same case gives the same course.
 */
#include "steer.h"

#include <string.h>

/* TargetMemoryBuffer's range, and Weight's (Msvm_MemorySettingData). */
#define BUFFER_MIN 5
#define BUFFER_MAX 2000
#define WEIGHT_MAX 10000

/* Hyper-V moves memory by 2 MiB and takes even sizes only. */
#define GRANULE 2

/* Least size of any VM. */
#define SIZE_MIN 32

/* Configuration version 8 is that of Windows Server 2016, whose static guests
 * can be resized while they run. */
#define VERSION_RESIZES 8

/* Farther from its target than this part of its size the arbiter takes a guest
 * for one that does not follow; nearer, a drift is let be. So is what is less than
 * two thirds of a percent of demand, for a buffer has no finer steps than one. */
#define DRIFT_PART 256
#define DRIFT_MIN (2 * GRANULE)
#define DRIFT_STEP 150

/* Weight matters in a shortage alone: changed with others when it is off by a
 * tenth, and by itself when it is off by a quarter. */
#define WEIGHT_ALONG 10
#define WEIGHT_ALONE 4

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t gap(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t even(uint64_t mib)
{
	return mib - mib % GRANULE;
}

uint64_t bl_hyperv_demand(uint64_t usage, int64_t available_pct)
{
	if (usage == BL_HYPERV_UNKNOWN || available_pct >= INT32_MAX || available_pct > 100 ||
	    available_pct < -10000 || usage > UINT32_MAX)
		return BL_HYPERV_UNKNOWN;
	return usage * (uint64_t)(100 - available_pct) / 100;
}

uint64_t bl_hyperv_demand_at_rest(uint64_t usage, uint64_t buffer, uint64_t demand)
{
	uint64_t fine;

	if (demand == BL_HYPERV_UNKNOWN || buffer > BUFFER_MAX)
		return demand;
	fine = (100 * usage + (100 + buffer) / 2) / (100 + buffer);
	return gap(fine, demand) <= usage / 100 + GRANULE ? fine : demand;
}

uint64_t bl_hyperv_weight_unit(uint64_t largest_spare)
{
	uint64_t unit = 1;

	while (unit < largest_spare && unit < UINT64_C(1) << 40)
		unit *= 2;
	return unit;
}

static bool is_resizable(const struct bl_hyperv_memory *m, uint64_t version,
                         const struct bl_hyperv_rules *rules)
{
	return !m->dynamic && rules->resizes && version >= VERSION_RESIZES;
}

uint32_t bl_hyperv_caps(const struct bl_hyperv_memory *m, uint64_t version,
                        const struct bl_hyperv_rules *rules)
{
	uint32_t shrink = rules->paging ? 0 : BL_HYPERV_CAN_SHRINK;

	if (m->huge_pages || m->sgx)
		return 0;
	if (m->dynamic)
		return BL_HYPERV_CAN_BOUNDS | BL_HYPERV_CAN_GROW | shrink;
	return is_resizable(m, version, rules) ? BL_HYPERV_CAN_TARGET | BL_HYPERV_CAN_GROW | shrink
	                                       : 0;
}

/* -------------------------------------------------------- dynamic memory */

/* What Hyper-V gives a guest of this demand with this buffer, before bounds. */
static uint64_t given(uint64_t demand, uint64_t buffer)
{
	return demand + demand * buffer / 100;
}

/*
 * The buffer that leads nearest to there:
 *
 *	100 * (target - demand) / demand, rounded, within 5..2000
 */
static uint64_t buffer_for(uint64_t target, uint64_t demand)
{
	uint64_t spare = target > demand ? target - demand : 0;

	if (demand == 0)
		return BUFFER_MAX;
	return min(max((100 * spare + demand / 2) / demand, BUFFER_MIN), BUFFER_MAX);
}

/* The bounds the guest may have: one-way while it runs, so by permission. */
static void bounds(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                   struct bl_hyperv_course *course)
{
	struct bl_hyperv_change *to = &course->change;
	uint64_t target = even(max(c->target, SIZE_MIN));

	to->reservation = c->now->reservation;
	to->limit = c->now->limit;
	if (rules->lower_reservation && !rules->paging && target < to->reservation) {
		to->reservation = target;
		to->set |= BL_HYPERV_RESERVATION;
	}
	if (c->target > to->limit && rules->raise_limit > to->limit) {
		to->limit = even(min(c->target, rules->raise_limit));
		to->set |= BL_HYPERV_LIMIT;
	}
}

/* What keeps the guest from its target, if anything does. */
static enum bl_hyperv_snag snag_of(const struct bl_hyperv_case *c,
                                   const struct bl_hyperv_course *course)
{
	if (c->target > course->ceiling)
		return course->ceiling < course->change.limit ? BL_HYPERV_AT_BUFFER
		                                              : BL_HYPERV_AT_MAXIMUM;
	if (c->target >= course->floor)
		return BL_HYPERV_NO_SNAG;
	return course->floor > course->change.reservation ? BL_HYPERV_AT_DEMAND
	                                                  : BL_HYPERV_AT_MINIMUM;
}

/* Is a guest that is led to b near enough to where it is to be? */
static bool near(const struct bl_hyperv_case *c, uint64_t a, uint64_t b)
{
	uint64_t slack = max(c->now->limit / DRIFT_PART, c->demand / DRIFT_STEP);

	return gap(a, b) < (c->fresh ? GRANULE : max(slack, DRIFT_MIN));
}

static uint64_t bounded(uint64_t mib, const struct bl_hyperv_change *bounds)
{
	return min(max(mib, bounds->reservation), bounds->limit);
}

static void set_buffer(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                       struct bl_hyperv_course *course)
{
	struct bl_hyperv_change *to = &course->change;
	uint64_t aim = min(max(c->target, course->floor), course->ceiling);
	uint64_t buffer = buffer_for(aim, c->demand);

	to->buffer = c->now->buffer;
	course->expected = bounded(given(c->demand, to->buffer), to);
	if (buffer == to->buffer || near(c, aim, course->expected))
		return;
	if (rules->paging && buffer < to->buffer) {
		course->snag = BL_HYPERV_PAGING;
		return;
	}
	to->buffer = buffer;
	to->set |= BL_HYPERV_BUFFER;
	course->expected = bounded(given(c->demand, buffer), to);
}

/*
 * In a shortage what is left above all reservations is divided by weight, so
 * with
 *
 *	weight = 10000 * (target - reservation) / unit
 *
 * Hyper-V's own division is the arbiter's.
 */
static void set_weight(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                       struct bl_hyperv_course *course)
{
	struct bl_hyperv_change *to = &course->change;
	uint64_t spare = c->target > to->reservation ? c->target - to->reservation : 0;
	uint64_t weight, part = to->set ? WEIGHT_ALONG : WEIGHT_ALONE;

	to->weight = c->now->weight;
	if (!rules->weight_unit)
		return;
	weight = min(max(WEIGHT_MAX * min(spare, rules->weight_unit) / rules->weight_unit, 1),
	             WEIGHT_MAX);
	if (gap(weight, to->weight) <= max(weight, to->weight) / part)
		return;
	to->weight = weight;
	to->set |= BL_HYPERV_WEIGHT;
}

static void steer_dynamic(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                          struct bl_hyperv_course *course)
{
	if (c->demand == BL_HYPERV_UNKNOWN) {
		course->snag = BL_HYPERV_NO_DEMAND;
		return;
	}
	bounds(c, rules, course);
	course->floor = bounded(given(c->demand, BUFFER_MIN), &course->change);
	course->ceiling = bounded(given(c->demand, BUFFER_MAX), &course->change);
	course->snag = snag_of(c, course);
	set_buffer(c, rules, course);
	set_weight(c, rules, course);
}

/* --------------------------------------------------------- static memory */

static void steer_static(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                         struct bl_hyperv_course *course)
{
	uint64_t quantity = even(max(c->target, SIZE_MIN));

	course->expected = c->now->quantity;
	if (gap(quantity, c->now->quantity) < GRANULE)
		return;
	if (rules->paging && quantity < c->now->quantity) {
		course->snag = BL_HYPERV_PAGING;
		return;
	}
	course->change.quantity = quantity;
	course->change.set = BL_HYPERV_QUANTITY;
	course->expected = quantity;
}

void bl_hyperv_steer(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                     struct bl_hyperv_course *ret_course)
{
	memset(ret_course, 0, sizeof(*ret_course));
	ret_course->floor = ret_course->ceiling = BL_HYPERV_UNKNOWN;
	ret_course->expected = c->usage;
	if (!bl_hyperv_caps(c->now, c->version, rules))
		ret_course->snag = BL_HYPERV_NO_LEVER;
	else if (c->now->dynamic)
		steer_dynamic(c, rules, ret_course);
	else
		steer_static(c, rules, ret_course);
}
