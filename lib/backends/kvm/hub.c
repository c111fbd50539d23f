/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lanes' life: threads, hand-over, waiting. Must not know what a job says
 * to libvirt, nor decide what is worth asking.
 */
#include "hub.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

uint64_t bl_kvm_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void bl_kvm_hub_ring(struct bl_kvm_hub *hub)
{
	uint64_t one = 1;

	/* Full means readable, which is all that is wanted. */
	while (write(hub->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

struct bl_kvm_hub *bl_kvm_hub_ref(struct bl_kvm_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	hub->refs++;
	pthread_mutex_unlock(&hub->lock);
	return hub;
}

static void destroy(struct bl_kvm_hub *hub)
{
	for (size_t i = 0; i < BL_KVM_LANES_MAX; i++) {
		bl_kvm_view_clear(&hub->lanes[i].view);
		free(hub->lanes[i].view.sights);
		pthread_cond_destroy(&hub->lanes[i].wake);
	}
	pthread_cond_destroy(&hub->done);
	pthread_mutex_destroy(&hub->lock);
	close(hub->event_fd);
	free(hub);
}

void bl_kvm_hub_unref(struct bl_kvm_hub *hub)
{
	unsigned left;

	pthread_mutex_lock(&hub->lock);
	left = --hub->refs;
	pthread_mutex_unlock(&hub->lock);
	if (!left)
		destroy(hub);
}

static int init_done(struct bl_kvm_hub *hub)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return -r;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	r = pthread_cond_init(&hub->done, &attr);
	pthread_condattr_destroy(&attr);
	return -r;
}

int bl_kvm_hub_new(const struct bl_kvm_address *address, struct bl_kvm_hub **ret_hub)
{
	struct bl_kvm_hub *hub = calloc(1, sizeof(*hub));
	int rc = -ENOMEM;

	if (!hub)
		return -ENOMEM;
	hub->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hub->event_fd < 0) {
		rc = -errno;
		goto out_hub;
	}
	rc = init_done(hub);
	if (rc < 0)
		goto out_fd;
	pthread_mutex_init(&hub->lock, NULL);
	hub->refs = 1;
	hub->address = *address;
	/* Two connections to a test:///file.xml would be two worlds. */
	hub->lanes_max = address->mock ? 1 : BL_KVM_LANES_MAX;
	for (size_t i = 0; i < BL_KVM_LANES_MAX; i++) {
		hub->lanes[i].hub = hub;
		pthread_cond_init(&hub->lanes[i].wake, NULL);
	}
	hub->lanes[0].ear = true;
	*ret_hub = hub;
	return 0;
out_fd:
	close(hub->event_fd);
out_hub:
	free(hub);
	return rc;
}

/* ------------------------------------------------------- the lane's thread */

static void finish(struct bl_kvm_lane *lane)
{
	lane->finished_ns = bl_kvm_clock();
	lane->state = BL_KVM_DONE;
	pthread_cond_broadcast(&lane->hub->done);
}

static void serve(struct bl_kvm_lane *lane)
{
	struct bl_kvm_hub *hub = lane->hub;

	pthread_mutex_lock(&hub->lock);
	while (!hub->stopping) {
		if (lane->state != BL_KVM_WORKING) {
			pthread_cond_wait(&lane->wake, &hub->lock);
			continue;
		}
		pthread_mutex_unlock(&hub->lock);
		bl_kvm_talk(lane);
		pthread_mutex_lock(&hub->lock);
		finish(lane);
	}
	pthread_mutex_unlock(&hub->lock);
}

static void *run(void *arg)
{
	struct bl_kvm_lane *lane = arg;
	struct bl_kvm_hub *hub = lane->hub;

	serve(lane);
	bl_kvm_view_clear(&lane->view);
	bl_kvm_hang_up(lane);
	pthread_mutex_lock(&hub->lock);
	lane->ended = true;
	pthread_cond_broadcast(&hub->done);
	pthread_mutex_unlock(&hub->lock);
	bl_kvm_hub_unref(hub);
	return NULL;
}

/* Signals are the program's business: none is delivered to a lane. */
static int start_thread(struct bl_kvm_lane *lane)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&lane->thread, NULL, run, lane);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

/* ------------------------------------------------------------- the caller */

/* The ear if it is free, so that it is connected before all others and again
 * after every break; else a connected lane before one that must connect. */
static struct bl_kvm_lane *choose(struct bl_kvm_hub *hub, unsigned *ret_idle, bool *ret_dialing)
{
	struct bl_kvm_lane *best = NULL;

	*ret_idle = 0;
	*ret_dialing = false;
	for (unsigned i = 0; i < hub->lanes_max; i++) {
		struct bl_kvm_lane *lane = &hub->lanes[i];

		*ret_dialing |= lane->connecting;
		if (lane->state != BL_KVM_IDLE)
			continue;
		(*ret_idle)++;
		if (!best || (lane->connected && !best->connected && !best->ear))
			best = lane;
	}
	return best;
}

static int hand_over(struct bl_kvm_lane *lane, const struct bl_kvm_job *job)
{
	int rc;

	lane->job = *job;
	lane->started_ns = bl_kvm_clock();
	lane->state = BL_KVM_WORKING;
	if (lane->started) {
		pthread_cond_signal(&lane->wake);
		return 0;
	}
	rc = start_thread(lane);
	if (rc < 0) {
		lane->state = BL_KVM_IDLE;
		return rc;
	}
	lane->started = true;
	lane->hub->refs++;
	return 0;
}

int bl_kvm_hub_submit(struct bl_kvm_hub *hub, const struct bl_kvm_job *job)
{
	unsigned idle, kept = job->kind == BL_KVM_SEE ? 0 : BL_KVM_LANES_KEPT;
	struct bl_kvm_lane *lane;
	bool dialing;
	int rc;

	pthread_mutex_lock(&hub->lock);
	lane = choose(hub, &idle, &dialing);
	if (hub->lanes_max <= BL_KVM_LANES_KEPT)
		kept = 0;
	if (!lane || idle <= kept)
		rc = -EBUSY;
	else if (dialing && !lane->connected)
		rc = -EINPROGRESS; /* a far host that connects slowly needs one try, not eight */
	else
		rc = hand_over(lane, job);
	pthread_mutex_unlock(&hub->lock);
	return rc;
}

static struct bl_kvm_lane *find_done(struct bl_kvm_hub *hub)
{
	for (unsigned i = 0; i < hub->lanes_max; i++)
		if (hub->lanes[i].state == BL_KVM_DONE)
			return &hub->lanes[i];
	return NULL;
}

struct bl_kvm_lane *bl_kvm_hub_collect(struct bl_kvm_hub *hub)
{
	struct bl_kvm_lane *lane;

	pthread_mutex_lock(&hub->lock);
	lane = find_done(hub);
	if (lane)
		lane->state = BL_KVM_HELD;
	pthread_mutex_unlock(&hub->lock);
	return lane;
}

void bl_kvm_hub_put(struct bl_kvm_lane *lane)
{
	bl_kvm_view_clear(&lane->view);
	pthread_mutex_lock(&lane->hub->lock);
	lane->state = BL_KVM_IDLE;
	pthread_mutex_unlock(&lane->hub->lock);
}

static struct timespec spec(uint64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / UINT64_C(1000000000)),
		.tv_nsec = (long)(ns % UINT64_C(1000000000)),
	};

	return t;
}

bool bl_kvm_hub_wait(struct bl_kvm_hub *hub, uint64_t deadline_ns)
{
	struct timespec until = spec(deadline_ns);
	bool found;

	pthread_mutex_lock(&hub->lock);
	while (!find_done(hub))
		if (pthread_cond_timedwait(&hub->done, &hub->lock, &until) != 0)
			break;
	found = find_done(hub) != NULL;
	pthread_mutex_unlock(&hub->lock);
	return found;
}

uint64_t bl_kvm_hub_since(struct bl_kvm_hub *hub, uint64_t call)
{
	uint64_t since = BALLOON_UNKNOWN;

	pthread_mutex_lock(&hub->lock);
	for (unsigned i = 0; i < hub->lanes_max; i++) {
		const struct bl_kvm_lane *lane = &hub->lanes[i];

		if (lane->state == BL_KVM_WORKING && lane->job.call == call)
			since = lane->started_ns;
	}
	pthread_mutex_unlock(&hub->lock);
	return since;
}

/* ---------------------------------------------------------------- the end */

static bool all_ended(const struct bl_kvm_hub *hub)
{
	for (unsigned i = 0; i < hub->lanes_max; i++)
		if (hub->lanes[i].started && !hub->lanes[i].ended)
			return false;
	return true;
}

static void let_go(struct bl_kvm_lane *lane, bool ended)
{
	if (ended)
		pthread_join(lane->thread, NULL);
	else
		pthread_detach(lane->thread);
}

void bl_kvm_hub_close(struct bl_kvm_hub *hub, uint64_t deadline_ns)
{
	struct timespec until = spec(deadline_ns);
	bool ended[BL_KVM_LANES_MAX];

	pthread_mutex_lock(&hub->lock);
	hub->stopping = true;
	for (unsigned i = 0; i < hub->lanes_max; i++)
		pthread_cond_signal(&hub->lanes[i].wake);
	while (!all_ended(hub))
		if (pthread_cond_timedwait(&hub->done, &hub->lock, &until) != 0)
			break;
	for (unsigned i = 0; i < hub->lanes_max; i++)
		ended[i] = hub->lanes[i].ended;
	pthread_mutex_unlock(&hub->lock);
	for (unsigned i = 0; i < hub->lanes_max; i++)
		if (hub->lanes[i].started)
			let_go(&hub->lanes[i], ended[i]);
	bl_kvm_hub_unref(hub);
}
