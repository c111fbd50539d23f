/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lanes: threads that do one piece of work at a time, so that a call that never
 * returns costs a lane and not the caller. xenstored answers one after another
 * and can hang, and so can libvirtd.
 *
 * The caller fills a lane's tools, sends it off, waits as long as it likes and
 * may look at the tools again when the lane came back, in whatever beat that
 * is. One caller; the crew outlives it while calls hang.
 */
#ifndef BL_XEN_CREW_H
#define BL_XEN_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Eyes, and four mouths: each hung libvirt call takes one for up to 30 s (its
 * wait for a domain's lock), and hosts with four such guests at once are rare. */
#define BL_XEN_LANES_MAX 5

struct bl_xen_crew;

/* What a lane is: work is done on its thread, drop ends its tools, on its
 * thread too if there was one. */
struct bl_xen_trade {
	void (*work)(void *tools);
	void (*drop)(void *tools);
	void *tools;
};

/* CLOCK_MONOTONIC, for deadlines of calls; never compared to the caller's. */
uint64_t bl_xen_clock(void);

/* Takes all n tools, on failure too. */
int bl_xen_crew_new(const struct bl_xen_trade *trades, size_t n, struct bl_xen_crew **ret_crew);

/* Ends the lanes that are free by deadline_ns; the others end when their calls
 * return, and the last one takes the crew with it. */
void bl_xen_crew_close(struct bl_xen_crew *crew, uint64_t deadline_ns);

/* The lane is free, and its tools are the caller's. One that is done becomes free
 * when it was waited for, so that no answer is overlooked. */
bool bl_xen_crew_free(struct bl_xen_crew *crew, size_t lane);

/* Sends a free lane off. -errno: it has no thread and none could be started. */
int bl_xen_crew_send(struct bl_xen_crew *crew, size_t lane);

/* Waits until one of the lanes first..first+n that are at work is free, or the
 * deadline has passed. Returns true, and which, in the first case. */
bool bl_xen_crew_wait(struct bl_xen_crew *crew, size_t first, size_t n, uint64_t deadline_ns,
                      size_t *ret_lane);

#endif
