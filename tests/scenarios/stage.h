/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stage for stories: a simulated host, the library on it through its
 * public door, and a spectator between the two who sees every sample and every
 * order and tells at each beat whether a rule of the house was broken.
 *
 * The spectator (stage.c) is a backend that hands all calls through unchanged:
 * he judges what really reached the host, not what the library reports.
 *
 * A story may keep a timeline, golden/NAME.txt: a line per beat, compared to
 * the byte. After a wanted change of policy, look at the difference and run
 *
 *	test_scenarios_… --bless
 *
 * which writes the timelines anew; git diff shows what changed.
 */
#ifndef STAGE_H
#define STAGE_H

#include <balloon/sim.h>
#include <stdio.h>

#include "testkit.h"

#define CAST_MAX 16

struct set {
	const char *golden;   /* name of the timeline, or NULL */
	const char *story;    /* what it tells, for its first line */
	uint64_t host_mib;
	uint64_t own_mib;     /* host's own use */
	uint64_t reserve_mib; /* kept free; 0 = none at all */
	const char *profile;  /* NULL = balanced */
	uint32_t faults_bp;
	uint64_t seed;
	uint64_t budget_mib;  /* 0 = what the host can */
	int free_falls;       /* guests here take memory unasked: promises may exceed */
};

/* A guest as the story brings it in. 0 = the default. */
struct role {
	const char *name;
	uint64_t size_mib;
	uint64_t demand_mib;
	uint64_t reservation_mib;
	uint64_t limit_mib;
	uint64_t shares;
	uint64_t start_mib;   /* what it starts with; 0 = all of its size */
	uint64_t start_s;
	uint64_t boot_s;
	const char *behaviour; /* from the start; NULL = obey */
	uint32_t fixed;
};

/* What the spectator remembers of a guest's present life. */
struct memory {
	uint64_t key;
	struct balloon_sample seen;
	uint64_t target;      /* last told, or had when first seen */
	uint64_t fresh_ns;    /* when its serial last moved; UNKNOWN = never */
	uint64_t turned_ns;   /* its last change of direction; UNKNOWN = none */
	int direction;
	int doubt;            /* the last order may not have reached it */
	int swaps;            /* its swap-ins rose with its last figures */
	uint64_t orders;
};

struct stage {
	struct set set;
	struct role roles[CAST_MAX];
	uint64_t keys[CAST_MAX]; /* of each guest's present life; 0 = gone */
	struct memory memories[CAST_MAX];
	size_t n;
	struct balloon_sim *sim;
	struct balloon *b;
	struct balloon_profile profile;
	uint64_t now_ns;
	unsigned long violations;
	unsigned long turns;  /* changes of direction, all guests */
	char last_line[512];
	FILE *timeline;
	char *timeline_text;
	size_t timeline_size;
};

/* Prepares the stage; *set is copied. */
void stage_set(struct stage *s, const struct set *set);

/* Brings a guest in, before stage_open() or while the play goes on; returns
 * its number. Operator's numbers are only heard before stage_open(). */
size_t stage_enter(struct stage *s, const struct role *role);

/* Opens the library on the host. */
void stage_open(struct stage *s);

/* Plays on for so many seconds, with a beat each second. */
void stage_play(struct stage *s, unsigned seconds);

/* Closes everything, compares the timeline and fails the test if a rule was
 * broken on the way. */
void stage_end(struct stage *s);

/* Things that happen to a guest. */
void stage_demand(struct stage *s, size_t i, uint64_t demand_mib);
void stage_behave(struct stage *s, size_t i, const char *behaviour);
void stage_leave(struct stage *s, size_t i);
void stage_restart(struct stage *s, size_t i, uint32_t how);

/* What is, by the host's and by the library's account. */
struct balloon_sim_truth stage_truth(struct stage *s, size_t i);
struct balloon_sim_host_truth stage_host(struct stage *s);
struct balloon_guest_report stage_report(struct stage *s, size_t i);
struct balloon_report stage_account(struct stage *s);
uint64_t stage_actual_mib(struct stage *s, size_t i);
uint64_t stage_told_mib(struct stage *s, size_t i);

/* Says what is wrong in numbers and fails the test, but goes on. */
void stage_broken(struct stage *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* main() of a file of stories: takes --bless. */
int stage_main(int argc, char **argv, const char *suite, const struct test *tests);

#endif
