/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clerk's thread, and what passes between it and the caller. Must not know
 * what is said to the host, nor what the caller makes of a view.
 */
#include "clerk.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Pauses after a look that failed; a host that reboots is back within minutes,
 * and one that refuses us must not lock our account by trying too often. */
#define PAUSE_NS UINT64_C(1000000000)
#define PAUSE_MAX_NS UINT64_C(60000000000)

struct bl_hyperv_clerk {
	pthread_mutex_t lock;
	pthread_cond_t wake;     /* for the clerk */
	pthread_cond_t done;     /* for the caller */
	pthread_t thread;
	unsigned refs;
	int event_fd;
	bool stopping, ended;
	bool wants_look;
	bool awaited;            /* the caller went away without a view */
	bool more;               /* guests are left to be told; the thread's alone */
	struct bl_hyperv_word *words;
	size_t words_n;
	struct bl_hyperv_view *view;
	unsigned long requests;
	uint64_t not_before_ns, pause_ns;

	struct bl_hyperv_host host; /* the thread's alone */
	uint64_t serial;
};

static void unref(struct bl_hyperv_clerk *c)
{
	unsigned left;

	pthread_mutex_lock(&c->lock);
	left = --c->refs;
	pthread_mutex_unlock(&c->lock);
	if (left)
		return;
	bl_hyperv_line_free(c->host.line);
	free(c->host.vms);
	free(c->words);
	free(c->view);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	close(c->event_fd);
	free(c);
}

/* --------------------------------------------------------- what was seen */

static void ring(struct bl_hyperv_clerk *c)
{
	uint64_t one = 1;

	while (write(c->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void back_off(struct bl_hyperv_clerk *c, int rc)
{
	uint64_t pause = c->pause_ns ? 2 * c->pause_ns : PAUSE_NS;

	if (rc < 0) {
		c->pause_ns = pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
		c->not_before_ns = bl_hyperv_clock() + c->pause_ns;
	} else {
		c->pause_ns = c->not_before_ns = 0;
	}
}

static void publish(struct bl_hyperv_clerk *c, struct bl_hyperv_view *v, int rc)
{
	pthread_mutex_lock(&c->lock);
	free(c->view);
	c->view = v;
	c->wants_look = false;
	c->requests = c->host.line->requests;
	back_off(c, rc);
	pthread_cond_broadcast(&c->done);
	if (c->awaited && rc == 0)
		ring(c);
	pthread_mutex_unlock(&c->lock);
}

/* --------------------------------------------------------- the clerk's day */

/* What there is to do now; under the lock. */
static bool idle(const struct bl_hyperv_clerk *c)
{
	return !c->stopping && !c->wants_look && !c->words_n && !c->more;
}

static void hear(struct bl_hyperv_clerk *c, struct bl_hyperv_word *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bl_hyperv_tell(&c->host, words[i].key, words[i].target_mib);
	free(words);
}

static void work(struct bl_hyperv_clerk *c, bool look, struct bl_hyperv_word *words, size_t n)
{
	uint64_t began_ns = bl_hyperv_clock();
	int rc = 0;

	if (look) {
		rc = bl_hyperv_look(&c->host);
		publish(c, bl_hyperv_view_new(&c->host, rc, ++c->serial, began_ns), rc);
	}
	hear(c, words, n);
	c->more = rc == 0 && c->host.learnt && bl_hyperv_act(&c->host);
	pthread_mutex_lock(&c->lock);
	c->requests = c->host.line->requests;
	pthread_mutex_unlock(&c->lock);
}

static void *run(void *arg)
{
	struct bl_hyperv_clerk *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		struct bl_hyperv_word *words = c->words;
		size_t n = c->words_n;
		bool look = c->wants_look;

		if (idle(c)) {
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		c->words = NULL;
		c->words_n = 0;
		pthread_mutex_unlock(&c->lock);
		work(c, look, words, n);
		pthread_mutex_lock(&c->lock);
	}
	c->ended = true;
	pthread_cond_broadcast(&c->done);
	pthread_mutex_unlock(&c->lock);
	unref(c);
	return NULL;
}

/* ------------------------------------------------------------ the caller */

void bl_hyperv_clerk_look(struct bl_hyperv_clerk *c)
{
	pthread_mutex_lock(&c->lock);
	if (bl_hyperv_clock() >= c->not_before_ns) {
		c->wants_look = true;
		pthread_cond_signal(&c->wake);
	}
	pthread_mutex_unlock(&c->lock);
}

int bl_hyperv_clerk_tell(struct bl_hyperv_clerk *c, const struct bl_hyperv_word *words, size_t n)
{
	struct bl_hyperv_word *all;
	int rc = -ENOMEM;

	pthread_mutex_lock(&c->lock);
	all = reallocarray(c->words, c->words_n + n, sizeof(*all));
	if (all) {
		memcpy(all + c->words_n, words, n * sizeof(*words));
		c->words = all;
		c->words_n += n;
		pthread_cond_signal(&c->wake);
		rc = 0;
	}
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static struct timespec spec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / UINT64_C(1000000000)),
		.tv_nsec = (long)(ns % UINT64_C(1000000000)),
	};
}

static void await(struct bl_hyperv_clerk *c, uint64_t deadline_ns)
{
	struct timespec until = spec(deadline_ns);

	while (!c->view && c->wants_look && bl_hyperv_clock() < deadline_ns)
		if (pthread_cond_timedwait(&c->done, &c->lock, &until) != 0)
			break;
}

void bl_hyperv_clerk_wait(struct bl_hyperv_clerk *c, uint64_t deadline_ns)
{
	pthread_mutex_lock(&c->lock);
	await(c, deadline_ns);
	pthread_mutex_unlock(&c->lock);
}

struct bl_hyperv_view *bl_hyperv_clerk_take(struct bl_hyperv_clerk *c, uint64_t deadline_ns)
{
	struct bl_hyperv_view *v;
	uint64_t count;

	while (read(c->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&c->lock);
	await(c, deadline_ns);
	v = c->view;
	c->view = NULL;
	c->awaited = !v;
	pthread_mutex_unlock(&c->lock);
	return v;
}

unsigned long bl_hyperv_clerk_requests(struct bl_hyperv_clerk *c)
{
	unsigned long n;

	pthread_mutex_lock(&c->lock);
	n = c->requests;
	pthread_mutex_unlock(&c->lock);
	return n;
}

int bl_hyperv_clerk_fd(const struct bl_hyperv_clerk *c)
{
	return c->event_fd;
}

/* ----------------------------------------------------------- begin and end */

/* Signals are the program's business: none is delivered here. */
static int start_thread(struct bl_hyperv_clerk *c)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static int init_done(struct bl_hyperv_clerk *c)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return -r;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	r = pthread_cond_init(&c->done, &attr);
	pthread_condattr_destroy(&attr);
	return -r;
}

static int begin(struct bl_hyperv_clerk *c, const struct bl_hyperv_address *address)
{
	int rc = bl_hyperv_line_new(address, &c->host.line);

	c->host.rules.lower_reservation = address->lower_reservation;
	c->host.rules.raise_limit = address->raise_limit_mib;
	c->host.total_mib = c->host.available_mib = BL_HYPERV_UNKNOWN;
	c->refs = 2;
	c->wants_look = true;
	if (rc == 0)
		rc = start_thread(c);
	if (rc < 0) {
		c->refs = 1;
		unref(c);
	}
	return rc;
}

int bl_hyperv_clerk_new(const struct bl_hyperv_address *address,
                        struct bl_hyperv_clerk **ret_clerk)
{
	struct bl_hyperv_clerk *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (!c)
		return rc;
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = c->event_fd < 0 ? -errno : init_done(c);
	if (rc < 0) {
		if (c->event_fd >= 0)
			close(c->event_fd);
		free(c);
		return rc;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	rc = begin(c, address);
	if (rc == 0)
		*ret_clerk = c;
	return rc;
}

void bl_hyperv_clerk_close(struct bl_hyperv_clerk *c, uint64_t deadline_ns)
{
	struct timespec until = spec(deadline_ns);
	pthread_t thread = c->thread;
	bool ended;

	bl_hyperv_line_stop(c->host.line);
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	while (!c->ended)
		if (pthread_cond_timedwait(&c->done, &c->lock, &until) != 0)
			break;
	ended = c->ended;
	pthread_mutex_unlock(&c->lock);
	if (ended)
		pthread_join(thread, NULL);
	else
		pthread_detach(thread);
	unref(c);
}
