/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process: find its RAM, look, sample, push out. All of it in small pieces. */
#include "press_one.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ksm.h"
#include "lots.h"
#include "psi.h"
#include "squash.h"

#define SECOND UINT64_C(1000000000)

/* Of a core, the share that looking may take: after each look so many times its
 * cost goes by. Sampling disturbs the process, looking does not. */
#define LOOK_PAUSE 50
#define LOOK_NS (5 * SECOND)  /* nobody waits for it */
#define WATCH_NS SECOND       /* somebody does: a level is in force */
#define WSET_NS (30 * SECOND) /* Waldspurger's period */
#define WSET_PAUSE 200
#define SQUASH_NS (120 * SECOND) /* what lies in memory changes its kind slowly */

/* A process whose RAM was not found may still be mapping it. */
#define RETRY_NS (5 * SECOND)

/* In one turn: about as much as a compressed pool takes in a tenth of a second. */
#define PUSH_BYTES (UINT64_C(64) << 20)
#define PUSH_NS (SECOND / 10)

uint64_t bl_press_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static void forget_figures(struct bl_press_one *one)
{
	one->figures = (struct bl_press_figures){
		.resident_bytes = UINT64_MAX, .active_bytes = UINT64_MAX, .cold_bytes = UINT64_MAX,
		.swapped_bytes = UINT64_MAX, .shared_bytes = UINT64_MAX, .compress_bp = UINT64_MAX,
		.stall_bp = UINT64_MAX, .looks = one->figures.looks,
	};
}

void bl_press_one_init(struct bl_press_one *one, int pid, uint64_t ram_bytes, uint64_t seed)
{
	*one = (struct bl_press_one){
		.pid = pid, .ram_bytes = ram_bytes, .seed = seed | 1, .ceiling = UINT64_MAX,
		.levels = { UINT64_MAX, UINT64_MAX, UINT64_MAX, 0 },
		.process = { .pidfd = -1, .dir = -1 },
	};
	forget_figures(one);
}

/* ---------------------------------------------------------------- opening */

/* A ceiling on a group that others are in too would press them as well. */
static void find_group(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	one->group[0] = '\0';
	if (!turn->cgroups ||
	    bl_cgroup_of(turn->cgroups, one->pid, one->group, sizeof(one->group)) < 0 ||
	    bl_cgroup_lone(turn->cgroups, one->group, one->pid) != 1)
		one->group[0] = '\0';
}

/* Without it there is still much to know. */
static void open_wset(struct bl_press_one *one, bool lots)
{
	unsigned ways = BL_WSET_REFERENCED | (lots ? BL_WSET_TRIAL : 0);

	bl_wset_close(one->wset);
	one->lots = lots;
	if (bl_wset_open(&one->process, &one->ram, ways, one->seed, &one->wset) < 0)
		one->wset = NULL;
}

static int open_tools(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	int rc = bl_ram_of(&one->process, one->ram_bytes, &one->ram);

	if (rc == 0)
		rc = bl_pagemap_open(&one->process, &one->pagemap);
	if (rc < 0)
		return rc;
	open_wset(one, bl_process_has_kvm(&one->process) == 1 && turn->out);
	find_group(one, turn);
	return 0;
}

static void let_go(struct bl_press_one *one)
{
	bl_wset_close(one->wset);
	bl_pagemap_close(one->pagemap);
	bl_process_close(&one->process);
	one->wset = NULL;
	one->pagemap = NULL;
	one->open = false;
	forget_figures(one);
}

static bool find(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	if (one->open || turn->now_ns < one->retry_ns)
		return one->open;
	one->retry_ns = turn->now_ns + RETRY_NS;
	if (bl_process_open(one->pid, &one->process) < 0)
		return false;
	one->open = true;
	if (open_tools(one, turn) < 0)
		let_go(one);
	else
		(void)bl_refault_read(&one->process, &one->refault);
	one->wset_ns = turn->now_ns + WATCH_NS;
	return one->open;
}

static uint64_t lowest(const struct bl_press_levels *l)
{
	uint64_t out = l->compress < l->swap ? l->compress : l->swap;

	return out < l->ceiling ? out : l->ceiling;
}

bool bl_press_in_force(const struct bl_press_levels *levels)
{
	return lowest(levels) != UINT64_MAX || levels->share;
}

/* ---------------------------------------------------------------- looking */

static unsigned ways_of(const struct bl_press_one *one, const struct bl_press_turn *turn, int merges)
{
	unsigned ways = 0;

	if (!one->ram.hugetlb)
		ways |= turn->out;
	/* v1 has hard limits alone, and those kill. */
	if (turn->can_turn && one->group[0] && bl_cgroups_version(turn->cgroups) == 2)
		ways |= BL_PRESS_CEILING;
	if (turn->can_turn && merges == 1)
		ways |= BL_PRESS_SHARE;
	return ways;
}

static void look_group(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	char path[BL_CGROUP_MAX + 32];
	struct bl_psi psi;

	one->figures.stall_bp = UINT64_MAX;
	if (one->group[0] &&
	    bl_cgroup_pressure_path(turn->cgroups, one->group, path, sizeof(path)) == 0 &&
	    bl_psi_read(path, &psi) == 0 && psi.some_bp != UINT32_MAX)
		one->figures.stall_bp = psi.some_bp;
}

/* Of what shares a page one copy stays. How many copies that are KSM says of all that it
 * merged alone: the same part of each process's.
 *
 *	saved = merged · sharing / (sharing + shared) */
static uint64_t saved(uint64_t merging_pages)
{
	uint64_t merged = merging_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	struct bl_ksm ksm;

	if (merging_pages == UINT64_MAX || bl_ksm_read(&ksm) < 0 || ksm.pages_sharing == UINT64_MAX ||
	    ksm.pages_shared == UINT64_MAX)
		return UINT64_MAX;
	if (!ksm.pages_sharing)
		return 0;
	return (uint64_t)((unsigned __int128)merged * ksm.pages_sharing /
	                  ((unsigned __int128)ksm.pages_sharing + ksm.pages_shared));
}

static void look_merged(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	struct bl_ksm_process ksm = { .merging_pages = UINT64_MAX, .mergeable = -1 };

	(void)bl_ksm_process_read(&one->process, &ksm);
	one->figures.shared_bytes = saved(ksm.merging_pages);
	one->figures.ways = ways_of(one, turn, ksm.mergeable);
}

static void look_back(struct bl_press_one *one)
{
	struct bl_refault now;

	if (bl_refault_read(&one->process, &now) < 0)
		return;
	one->figures.refault_bytes += bl_refault_between(&one->refault, &now, one->pushed_bytes);
	one->refault = now;
	one->pushed_bytes = 0;
}

/* -ESRCH: it has ended. */
static int look(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	struct bl_footprint f;
	uint64_t begun_ns = bl_press_clock(), pause, least;
	int rc = bl_ram_footprint(&one->process, &one->ram, &f);

	if (rc < 0)
		return rc;
	one->figures.resident_bytes = f.resident_bytes;
	one->figures.swapped_bytes = f.swapped_bytes;
	look_back(one);
	look_merged(one, turn);
	look_group(one, turn);
	one->figures.looks++;
	pause = (bl_press_clock() - begun_ns) * LOOK_PAUSE;
	least = bl_press_in_force(&one->levels) ? WATCH_NS : LOOK_NS;
	one->look_ns = begun_ns + (pause > least ? pause : least);
	return 0;
}

/* Where it is not known which pages are cold, it is how many. */
static uint64_t cold(const struct bl_press_one *one, const struct bl_wset_result *r)
{
	uint64_t resident = one->figures.resident_bytes;

	if (r->cold_bytes != UINT64_MAX || r->active_bytes == UINT64_MAX)
		return r->cold_bytes;
	return resident > r->active_bytes ? resident - r->active_bytes : 0;
}

static void sample(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	struct bl_wset_result r = { .active_bytes = UINT64_MAX, .cold_bytes = UINT64_MAX };
	uint64_t begun_ns = bl_press_clock(), pause;

	if (!one->wset || turn->now_ns < one->wset_ns)
		return;
	if (bl_wset_end(one->wset, &r) == 0) {
		one->figures.active_bytes = r.active_bytes;
		one->figures.cold_bytes = cold(one, &r);
	}
	(void)bl_wset_begin(one->wset);
	pause = (bl_press_clock() - begun_ns) * WSET_PAUSE;
	one->wset_ns = begun_ns + (pause > WSET_NS ? pause : WSET_NS);
}

static void weigh(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	struct bl_squash s;

	if (!turn->out || turn->now_ns < one->squash_ns)
		return;
	one->squash_ns = turn->now_ns + SQUASH_NS;
	if (bl_squash_sample(&one->process, one->pagemap, one->ram.ranges, one->ram.ranges_n,
	                     ++one->seed, &s) == 0 &&
	    s.compress_bp != UINT32_MAX)
		one->figures.compress_bp = s.compress_bp;
}

/* --------------------------------------------------------------- pressing */

static uint64_t push(struct bl_press_one *one, const struct bl_range *ranges, size_t n,
                     uint64_t bytes)
{
	struct bl_pageout out = { .max_bytes = bytes,
	                          .deadline_ns = bl_press_clock() + PUSH_NS };

	(void)bl_pageout(&one->process, one->pagemap, ranges, n, &out);
	one->pushed_bytes += out.gone_bytes;
	return out.gone_bytes;
}

/* Cold pages first: those that a trial found, or that the kernel sorted to the end
 * of the group's list. Nothing known, in the order they lie, round and round. */
static uint64_t push_coldest(struct bl_press_one *one, const struct bl_press_turn *turn,
                             uint64_t bytes)
{
	struct bl_range cold[BL_PRESS_COLD];
	size_t n = one->wset ? bl_wset_cold(one->wset, cold, BL_PRESS_COLD) : 0;
	uint64_t gone = n ? push(one, cold, n, bytes) : 0, more = 0;

	if (gone >= bytes / 2 || !one->group[0])
		return gone;
	if (bl_cgroup_reclaim(turn->cgroups, one->group, bytes - gone, &more) < 0)
		more = 0;
	one->pushed_bytes += more;
	return gone + more;
}

static void push_next(struct bl_press_one *one, uint64_t bytes)
{
	uint64_t all = bl_ranges_bytes(one->ram.ranges, one->ram.ranges_n);
	struct bl_range piece = { .start = bl_ranges_at(one->ram.ranges, one->ram.ranges_n,
	                                                one->cursor % all) };

	for (size_t i = 0; i < one->ram.ranges_n; i++) {
		const struct bl_range *r = &one->ram.ranges[i];

		if (piece.start >= r->start && piece.start < r->end)
			piece.end = r->end - piece.start < 2 * bytes ? r->end : piece.start + 2 * bytes;
	}
	(void)push(one, &piece, 1, bytes);
	one->cursor = (one->cursor + (piece.end - piece.start)) % all;
}

static void press(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	uint64_t level = lowest(&one->levels), over = one->figures.resident_bytes;

	if (!(one->figures.ways & (BL_PRESS_COMPRESS | BL_PRESS_SWAP)) || level == UINT64_MAX ||
	    over == UINT64_MAX || over <= level)
		return;
	if (!one->lots)
		open_wset(one, true);
	over = over - level < PUSH_BYTES ? over - level : PUSH_BYTES;
	if (push_coldest(one, turn, over) < over / 2)
		push_next(one, over);
	one->look_ns = 0; /* what went is to be seen at once */
}

/* The group has more in it than RAM: what is beside it stays allowed. */
static void set_ceiling(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	struct bl_cgroup_memory m;
	uint64_t want = one->levels.ceiling, beside;

	if (!one->group[0] || want == one->ceiling)
		return;
	if (want == UINT64_MAX) {
		(void)bl_cgroup_lift(turn->cgroups, one->group);
		one->ceiling = want;
		return;
	}
	if (bl_cgroup_memory(turn->cgroups, one->group, &m) < 0 || m.current_bytes == UINT64_MAX)
		return;
	beside = m.current_bytes > one->figures.resident_bytes
	                 ? m.current_bytes - one->figures.resident_bytes : 0;
	if (bl_cgroup_ceiling(turn->cgroups, one->group, want + beside, false) == 0)
		one->ceiling = want;
}

void bl_press_one_turn(struct bl_press_one *one, const struct bl_press_turn *turn)
{
	if (!find(one, turn))
		return;
	if (turn->now_ns >= one->look_ns && look(one, turn) < 0) {
		let_go(one);
		return;
	}
	sample(one, turn);
	weigh(one, turn);
	press(one, turn);
	set_ceiling(one, turn);
}

void bl_press_one_close(struct bl_press_one *one, struct bl_cgroups *cgroups)
{
	if (one->ceiling != UINT64_MAX && one->group[0])
		(void)bl_cgroup_lift(cgroups, one->group);
	if (one->open)
		let_go(one);
}
