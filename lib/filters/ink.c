/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes a file from a thread of its own; see ink.h. There are two buffers:
 * the caller fills one, the thread empties the other, and the lock is only held
 * to swap them. The module must never be unmapped: the thread may outlive it.
 */
#include "ink.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct bl_ink {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is work, or no more will come */
	pthread_cond_t done; /* the thread has left */
	struct bl_text waiting;
	int fd;
	int rc;       /* the first failure, on either side */
	int disk_rc;  /* the thread's */
	int closing;
	int finished; /* the thread has left: close() frees */
	int orphan;   /* close() has left: the thread frees */
};

static void destroy(struct bl_ink *ink)
{
	bl_text_free(&ink->waiting);
	pthread_cond_destroy(&ink->done);
	pthread_cond_destroy(&ink->wake);
	pthread_mutex_destroy(&ink->lock);
	free(ink);
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t wrote = write(fd, data, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote < 0 ? -errno : -EIO;
		data += wrote;
		n -= (size_t)wrote;
	}
	return 0;
}

/* Swaps the full buffer for an empty one and writes it, lock not held. */
static void empty(struct bl_ink *ink, struct bl_text *writing)
{
	struct bl_text full = ink->waiting;
	int rc;

	ink->waiting = *writing;
	bl_text_clear(&ink->waiting);
	*writing = full;
	pthread_mutex_unlock(&ink->lock);
	rc = write_all(ink->fd, writing->data, writing->n);
	pthread_mutex_lock(&ink->lock);
	ink->disk_rc = rc;
	if (!ink->rc)
		ink->rc = rc;
}

static void *run(void *arg)
{
	struct bl_ink *ink = arg;
	struct bl_text writing = {0};
	int orphan;

	pthread_mutex_lock(&ink->lock);
	while (!(ink->closing && !ink->waiting.n) && !ink->disk_rc) {
		if (ink->waiting.n)
			empty(ink, &writing);
		else
			pthread_cond_wait(&ink->wake, &ink->lock);
	}
	bl_text_free(&writing);
	close(ink->fd);
	ink->finished = 1;
	orphan = ink->orphan;
	pthread_cond_signal(&ink->done);
	pthread_mutex_unlock(&ink->lock);
	if (orphan)
		destroy(ink);
	return NULL;
}

/* No signal is ours to take; and with SIGXFSZ blocked a file beyond its limit
 * is an error like others instead of the end of the process. */
static int start(struct bl_ink *ink)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r)
		return -r;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attr, run, ink);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

static int prepare(struct bl_ink *ink)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r)
		return -r;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* for the wait in close() */
	r = pthread_cond_init(&ink->done, &attr);
	pthread_condattr_destroy(&attr);
	if (r)
		return -r;
	pthread_cond_init(&ink->wake, NULL); /* these two cannot fail on Linux */
	pthread_mutex_init(&ink->lock, NULL);
	return 0;
}

int bl_ink_new(int fd, struct bl_ink **ret_ink)
{
	struct bl_ink *ink = calloc(1, sizeof(*ink));
	int rc = ink ? prepare(ink) : -ENOMEM;

	if (rc < 0) {
		free(ink);
		return rc;
	}
	ink->fd = fd;
	rc = start(ink);
	if (rc < 0) {
		destroy(ink);
		return rc;
	}
	*ret_ink = ink;
	return 0;
}

static int append(struct bl_ink *ink, const struct bl_text *line)
{
	/* One line may be longer than all that may wait: the first look. */
	if (ink->waiting.n > BL_INK_WAITING_MAX)
		return -ENOBUFS;
	bl_text_bytes(&ink->waiting, line->data, line->n);
	if (!ink->waiting.broken)
		return 0;
	return ink->waiting.n ? -ENOBUFS : -ENOMEM;
}

int bl_ink_write(struct bl_ink *ink, const struct bl_text *line)
{
	int rc;

	pthread_mutex_lock(&ink->lock);
	if (!ink->rc)
		ink->rc = append(ink, line);
	rc = ink->rc;
	pthread_cond_signal(&ink->wake);
	pthread_mutex_unlock(&ink->lock);
	return rc;
}

static struct timespec deadline(unsigned patience_s)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)patience_s;
	return t;
}

void bl_ink_close(struct bl_ink *ink, unsigned patience_s)
{
	struct timespec until = deadline(patience_s);
	int r = 0, finished;

	pthread_mutex_lock(&ink->lock);
	ink->closing = 1;
	pthread_cond_signal(&ink->wake);
	while (!ink->finished && !r)
		r = pthread_cond_timedwait(&ink->done, &ink->lock, &until);
	finished = ink->finished;
	ink->orphan = !finished;
	pthread_mutex_unlock(&ink->lock);
	if (finished)
		destroy(ink);
}
