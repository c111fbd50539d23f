/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lanes' life: threads, hand-over, waiting. Must not know what is done on
 * them.
 */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum state {
	FREE,    /* the tools are the caller's */
	WORKING, /* the tools are the lane's */
	DONE,    /* and nobody has noticed yet */
};

struct lane {
	struct bl_xen_crew *crew;
	struct bl_xen_trade trade;
	pthread_t thread;
	pthread_cond_t wake;
	bool started, ended;
	enum state state;
};

struct bl_xen_crew {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned refs; /* the caller, and every thread */
	bool stopping;
	size_t n;
	struct lane lanes[BL_XEN_LANES_MAX];
};

uint64_t bl_xen_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static int init_done(struct bl_xen_crew *crew)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return -r;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	r = pthread_cond_init(&crew->done, &attr);
	pthread_condattr_destroy(&attr);
	return -r;
}

static void drop_all(const struct bl_xen_trade *trades, size_t n)
{
	for (size_t i = 0; i < n; i++)
		trades[i].drop(trades[i].tools);
}

int bl_xen_crew_new(const struct bl_xen_trade *trades, size_t n, struct bl_xen_crew **ret_crew)
{
	struct bl_xen_crew *crew = calloc(1, sizeof(*crew));
	int rc = crew ? init_done(crew) : -ENOMEM;

	if (rc < 0) {
		free(crew);
		drop_all(trades, n);
		return rc;
	}
	pthread_mutex_init(&crew->lock, NULL);
	crew->refs = 1;
	crew->n = n;
	for (size_t i = 0; i < n; i++) {
		crew->lanes[i].crew = crew;
		crew->lanes[i].trade = trades[i];
		pthread_cond_init(&crew->lanes[i].wake, NULL);
	}
	*ret_crew = crew;
	return 0;
}

static void unref(struct bl_xen_crew *crew)
{
	unsigned left;

	pthread_mutex_lock(&crew->lock);
	left = --crew->refs;
	pthread_mutex_unlock(&crew->lock);
	if (left)
		return;
	for (size_t i = 0; i < crew->n; i++)
		pthread_cond_destroy(&crew->lanes[i].wake);
	pthread_cond_destroy(&crew->done);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}

/* ------------------------------------------------------- the lane's thread */

static void serve(struct lane *lane)
{
	struct bl_xen_crew *crew = lane->crew;

	pthread_mutex_lock(&crew->lock);
	while (!crew->stopping) {
		if (lane->state != WORKING) {
			pthread_cond_wait(&lane->wake, &crew->lock);
			continue;
		}
		pthread_mutex_unlock(&crew->lock);
		lane->trade.work(lane->trade.tools);
		pthread_mutex_lock(&crew->lock);
		lane->state = DONE;
		pthread_cond_broadcast(&crew->done);
	}
	pthread_mutex_unlock(&crew->lock);
}

static void *run(void *arg)
{
	struct lane *lane = arg;
	struct bl_xen_crew *crew = lane->crew;

	serve(lane);
	lane->trade.drop(lane->trade.tools);
	pthread_mutex_lock(&crew->lock);
	lane->ended = true;
	pthread_cond_broadcast(&crew->done);
	pthread_mutex_unlock(&crew->lock);
	unref(crew);
	return NULL;
}

/* Signals are the program's business: none is delivered to a lane. */
static int start_thread(struct lane *lane)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&lane->thread, NULL, run, lane);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

/* -------------------------------------------------------------- the caller */

bool bl_xen_crew_free(struct bl_xen_crew *crew, size_t lane)
{
	bool is_free;

	pthread_mutex_lock(&crew->lock);
	is_free = crew->lanes[lane].state == FREE;
	pthread_mutex_unlock(&crew->lock);
	return is_free;
}

int bl_xen_crew_send(struct bl_xen_crew *crew, size_t i)
{
	struct lane *lane = &crew->lanes[i];
	int rc = 0;

	pthread_mutex_lock(&crew->lock);
	lane->state = WORKING;
	if (lane->started)
		pthread_cond_signal(&lane->wake);
	else
		rc = start_thread(lane);
	if (rc < 0) {
		lane->state = FREE;
	} else if (!lane->started) {
		lane->started = true;
		crew->refs++;
	}
	pthread_mutex_unlock(&crew->lock);
	return rc;
}

static struct timespec spec(uint64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / UINT64_C(1000000000)),
		.tv_nsec = (long)(ns % UINT64_C(1000000000)),
	};

	return t;
}

static bool find_done(struct bl_xen_crew *crew, size_t first, size_t n, size_t *ret_lane)
{
	for (size_t i = first; i < first + n; i++) {
		if (crew->lanes[i].state != DONE)
			continue;
		crew->lanes[i].state = FREE;
		*ret_lane = i;
		return true;
	}
	return false;
}

bool bl_xen_crew_wait(struct bl_xen_crew *crew, size_t first, size_t n, uint64_t deadline_ns,
                      size_t *ret_lane)
{
	struct timespec until = spec(deadline_ns);
	bool found;

	pthread_mutex_lock(&crew->lock);
	while (!(found = find_done(crew, first, n, ret_lane)))
		if (pthread_cond_timedwait(&crew->done, &crew->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&crew->lock);
	return found;
}

/* ----------------------------------------------------------------- the end */

static bool all_ended(const struct bl_xen_crew *crew)
{
	for (size_t i = 0; i < crew->n; i++)
		if (crew->lanes[i].started && !crew->lanes[i].ended)
			return false;
	return true;
}

static void let_go(struct lane *lane, bool ended)
{
	if (!lane->started)
		lane->trade.drop(lane->trade.tools);
	else if (ended)
		pthread_join(lane->thread, NULL);
	else
		pthread_detach(lane->thread);
}

void bl_xen_crew_close(struct bl_xen_crew *crew, uint64_t deadline_ns)
{
	struct timespec until = spec(deadline_ns);
	bool ended[BL_XEN_LANES_MAX];

	pthread_mutex_lock(&crew->lock);
	crew->stopping = true;
	for (size_t i = 0; i < crew->n; i++)
		pthread_cond_signal(&crew->lanes[i].wake);
	while (!all_ended(crew))
		if (pthread_cond_timedwait(&crew->done, &crew->lock, &until) != 0)
			break;
	for (size_t i = 0; i < crew->n; i++)
		ended[i] = crew->lanes[i].ended;
	pthread_mutex_unlock(&crew->lock);
	for (size_t i = 0; i < crew->n; i++)
		let_go(&crew->lanes[i], ended[i]);
	unref(crew);
}
