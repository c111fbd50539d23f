/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Did the last orders take? What each guest has, whether its figures can be
 * used, and whether it moves. The stuck clock belongs to the guest, and only
 * movement winds it.
 */
#include "core.h"

#define MIB (UINT64_C(1) << 20)

/* Closer to its target than this a guest has arrived: hypervisors round to a
 * MiB or two (Xen's HVM offset, 2 MiB balloons). */
static uint64_t tolerance(const struct bl_guest *g)
{
	return bl_max(2 * MIB, g->seen.size / 256);
}

static uint64_t gap(const struct bl_guest *g, uint64_t from)
{
	return from > g->target ? from - g->target : g->target - from;
}

void bl_meet(struct bl_guest *g)
{
	*g = (struct bl_guest){
	        .ceiling = BALLOON_UNKNOWN,
	        .resident = BALLOON_UNKNOWN,
	        .fresh_ns = BALLOON_UNKNOWN,
	        .since_ns = BALLOON_UNKNOWN,
	        .lag_ns = BALLOON_UNKNOWN,
	        .grown_ns = BALLOON_UNKNOWN,
	        .shrunk_ns = BALLOON_UNKNOWN,
	        .retold_ns = BALLOON_UNKNOWN,
	        .proof_actual = BALLOON_UNKNOWN,
	        .kept = BALLOON_UNKNOWN,
	        .serial = BALLOON_UNKNOWN,
	        .swap_in = BALLOON_UNKNOWN,
	        .refault = BALLOON_UNKNOWN,
	        .fast = BALLOON_UNKNOWN,
	        .slow = BALLOON_UNKNOWN,
	        .used = BALLOON_UNKNOWN,
	        .full_ns = BALLOON_UNKNOWN,
	        .order = BALLOON_UNKNOWN,
	};
}

/* A guest met for the first time keeps what it has: nothing is known of what
 * it was told before, by whom. */
static void adopt(struct bl_guest *g, uint64_t now)
{
	g->born = 1;
	g->born_ns = now;
	g->was_up = g->seen.serial != BALLOON_UNKNOWN && g->seen.available != BALLOON_UNKNOWN;
	g->actual = g->seen.actual == BALLOON_UNKNOWN ? g->seen.size : g->seen.actual;
	g->target = g->actual;
	g->mark = g->actual;
	g->moved_ns = g->proven_ns = now;
}

/* Its figures are fresh when their serial moved; what is not fresh for
 * stale_ns is not to be used. Stamps are compared for change only: they come
 * from somebody else's clock. */
static void date(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	uint64_t serial = g->seen.here ? g->seen.serial : BALLOON_UNKNOWN;

	g->fresh = serial != BALLOON_UNKNOWN && serial != g->serial &&
	           (g->seen.available != BALLOON_UNKNOWN || g->seen.active != BALLOON_UNKNOWN);
	if (g->fresh) {
		g->since_ns = g->fresh_ns == BALLOON_UNKNOWN ? BALLOON_UNKNOWN : now - g->fresh_ns;
		g->serial = serial;
		g->fresh_ns = now;
	}
	g->stale = g->fresh_ns == BALLOON_UNKNOWN || now - g->fresh_ns > w->rules.stale_ns;
}

/* Progress counts by the piece: a page now and then is a refusal that has
 * learnt to smile (squeezed's guests could, and were never found out). */
static void follow(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	uint64_t left = gap(g, g->actual), was = gap(g, g->mark);

	if (left <= tolerance(g)) {
		g->mark = g->actual;
		g->lag_ns = BALLOON_UNKNOWN;
		g->moved_ns = now;
		g->stuck = g->drifted = 0;
		return;
	}
	if (g->lag_ns == BALLOON_UNKNOWN)
		g->lag_ns = now;
	if (left + tolerance(g) <= was) {
		g->mark = g->actual;
		g->moved_ns = now;
		g->stuck = 0;
	}
	if (left > was + tolerance(g)) {
		g->mark = g->actual;
		g->drifted = 1;
	}
	if (now - g->moved_ns > w->rules.stuck_ns) {
		g->refused += g->stuck ? 0 : bl_less(g->actual, g->target);
		g->stuck = 1;
	}
}

/* Less than this proves nothing: a hypervisor's own memory comes and goes. */
#define NOISE (64 * MIB)

/* QEMU takes an inflation that it then ignores (an assigned device, a migration
 * under way) for done. What lies in host memory must come down to what the guest
 * has, and what was there beside it before; half-way at the least, since what is a
 * hypervisor's own is counted with it. */
static void prove(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	uint64_t expected;

	if (g->resident == BALLOON_UNKNOWN)
		return;
	if (g->proof_actual == BALLOON_UNKNOWN || g->actual > g->proof_actual) {
		g->proof_actual = g->actual;
		g->proof_resident = g->resident;
		g->proof_beside = bl_less(g->resident, g->actual);
	}
	g->proof_resident = bl_max(g->proof_resident, g->resident);
	expected = g->actual + g->proof_beside;
	if (bl_less(g->resident, expected) <= bl_less(g->proof_resident, expected) / 2 + NOISE)
		g->proven_ns = now;
	g->hollow = now - g->proven_ns > w->rules.stuck_ns;
}

int bl_booting(const struct bl_world *w, const struct bl_guest *g, uint64_t now)
{
	return !g->was_up && now - g->born_ns < w->rules.boot_ns;
}

/* A guest that cannot take more is not promised more; one that needs it may
 * try again after a while. */
static void learn_ceiling(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	if (g->stuck && g->actual < g->target) {
		g->ceiling = g->actual;
		g->ceiling_ns = g->moved_ns = now;
	} else if (g->ceiling != BALLOON_UNKNOWN &&
	           (g->actual > g->ceiling + tolerance(g) || /* it could after all */
	            (g->pressed && now - g->ceiling_ns > 6 * w->rules.stuck_ns))) {
		g->ceiling = BALLOON_UNKNOWN;
	}
}

static void give(const struct bl_world *w, struct bl_guest *g)
{
	uint64_t given = g->target < g->actual ? bl_less(g->actual, g->seen.actual) : 0;

	g->given += given;
	g->pace = bl_pace(g->pace, given, w->since_ns);
}

void bl_verify(const struct bl_world *w, struct bl_guest *g, uint64_t now)
{
	if (!g->born) {
		if (!g->seen.here || !g->seen.size)
			return;
		adopt(g, now);
	}
	date(w, g, now);
	if (g->seen.resident != BALLOON_UNKNOWN)
		g->resident = g->seen.resident;
	if (!g->seen.here || !g->seen.running) {
		g->moved_ns = g->proven_ns = now; /* who does not run is not stuck */
		return;
	}
	if (g->seen.actual != BALLOON_UNKNOWN) {
		give(w, g);
		g->actual = g->seen.actual;
	}
	follow(w, g, now);
	prove(w, g, now);
	learn_ceiling(w, g, now);
}

void bl_told(struct bl_guest *g, uint64_t target, int sure, uint64_t now)
{
	int grow = target > g->target;

	if (grow)
		g->grown_ns = now;
	else if (target < g->target)
		g->shrunk_ns = now;
	if (!sure && !grow)
		return; /* it keeps what it has until seen otherwise */
	if ((target > g->actual) != (g->target > g->actual))
		g->mark = g->actual;
	g->target = target;
}
