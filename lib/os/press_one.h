/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process in the hands of press.c: what its thread knows and does to it. */
#ifndef BL_OS_PRESS_ONE_H
#define BL_OS_PRESS_ONE_H

#include "cgroup.h"
#include "pageout.h"
#include "press.h"
#include "procmem.h"
#include "wset.h"

struct bl_press_levels {
	uint64_t compress;
	uint64_t swap;
	uint64_t ceiling;
	uint64_t share;
};

/* Cold ranges remembered: the longest ones. */
#define BL_PRESS_COLD 256

struct bl_press_one {
	int pid;
	uint64_t ram_bytes;
	struct bl_press_levels levels; /* as told */
	struct bl_press_figures figures;

	bool open;             /* found, with its RAM */
	struct bl_process process;
	struct bl_ram ram;
	struct bl_pagemap *pagemap;
	struct bl_wset *wset;  /* or NULL */
	bool lots;             /* it may push out pages by lot */
	char group[BL_CGROUP_MAX]; /* "" = none of its own */
	uint64_t ceiling;      /* in force on the group; UINT64_MAX = none */
	struct bl_refault refault;
	uint64_t pushed_bytes; /* since refault was read */
	uint64_t cursor;       /* where in its RAM pushing goes on without cold ranges */
	uint64_t seed;
	uint64_t look_ns, wset_ns, squash_ns, retry_ns; /* when next */
};

/* What a turn needs of the host. */
struct bl_press_turn {
	struct bl_cgroups *cgroups; /* or NULL */
	bool can_turn;              /* settings may be changed */
	unsigned out;               /* of BL_PRESS_COMPRESS and _SWAP, what the host has */
	uint64_t now_ns;            /* CLOCK_MONOTONIC */
};

void bl_press_one_init(struct bl_press_one *one, int pid, uint64_t ram_bytes, uint64_t seed);

/* Whether anything presses it, or it shares. */
bool bl_press_in_force(const struct bl_press_levels *levels);

/* What is due. Takes a tenth of a second or two at most. */
void bl_press_one_turn(struct bl_press_one *one, const struct bl_press_turn *turn);

/* Lifts its ceiling and lets go. */
void bl_press_one_close(struct bl_press_one *one, struct bl_cgroups *cgroups);

uint64_t bl_press_clock(void);

#endif
