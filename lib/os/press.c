/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that looks and presses, and the table it works off; see press.h. */
#include "press.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "ksm.h"
#include "meminfo.h"
#include "press_one.h"
#include "psi.h"
#include "swap.h"

#define SECOND UINT64_C(1000000000)

/* Between two rounds: half a core at most, since a round takes as long as it does;
 * and when nothing is in force, and an order would wake it. */
#define ROUND_NS (SECOND / 5)
#define IDLE_NS SECOND

/* The host itself is looked at as often as its figures are worth anything. */
#define HOST_NS (2 * SECOND)

/* One wake-up: somebody waited 20 ms within half a second. Reclaim of a healthy
 * host costs less; a spike passes it in its first tenth of a second. */
#define STALL_US 20000
#define WINDOW_US 500000

/* ksmd without the kernel's advisor: once around 4 GiB in a minute and a half. */
static const struct bl_ksm_pace pace = { .scan_seconds = 200, .pages_per_second = 12000 };

/* A process in the table. told and figures are under the lock, one is the thread's. */
struct entry {
	uint64_t key;
	bool seen, gone;
	struct bl_press_levels told;
	struct bl_press_figures figures;
	struct bl_press_one one;
};

struct bl_press {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
	struct entry **entries;
	size_t n, cap;
	size_t hint; /* where the next one asked for probably stands */
	uint64_t seed;
	struct bl_press_host host;
	struct bl_psi_watch *watch; /* or NULL */

	struct bl_knobs *knobs;     /* or NULL; the thread's, like what follows */
	struct bl_cgroups *cgroups; /* or NULL */
	struct bl_ksm_control *ksm; /* runs, by us */
	int meminfo_fd;
	uint64_t host_ns;
};

/* ------------------------------------------------------------------- host */

static void see_host(struct bl_press *p, struct bl_press_host *ret)
{
	struct bl_meminfo info;
	struct bl_swap_state s;
	struct bl_psi psi;

	*ret = (struct bl_press_host){ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	if (bl_meminfo_read(p->meminfo_fd, &info) == 0 &&
	    bl_swap_read(info.total_bytes, &s) == 0) {
		uint32_t bp = s.compress_bp == UINT32_MAX ? 5000 : s.compress_bp;

		ret->swap_bytes = s.swaps.total_bytes;
		ret->swap_free_bytes = s.disk_room_bytes;
		ret->compress_free_bytes = s.compress_room_bytes / 10000 * bp;
	}
	if (bl_psi_read(BL_PSI_HOST, &psi) == 0 && psi.some_bp != UINT32_MAX)
		ret->stall_bp = psi.some_bp;
}

/* ksmd runs while all who could share were told to: it knows no groups, so one
 * that was left out must not be merged with the others. */
static void merge(struct bl_press *p, bool wanted)
{
	struct bl_meminfo info = { .available_bytes = 0 };

	if (wanted == (p->ksm != NULL) || !p->knobs)
		return;
	if (wanted) {
		if (bl_ksm_start(p->knobs, &pace, &p->ksm) < 0)
			p->ksm = NULL;
		return;
	}
	(void)bl_meminfo_read(p->meminfo_fd, &info);
	(void)bl_ksm_stop(p->ksm, false, info.available_bytes);
	p->ksm = NULL;
}

/* ----------------------------------------------------------------- thread */

/* Takes the i-th entry to work on; NULL at the end. Entries are only removed here,
 * on the thread that works on them. */
static struct entry *take(struct bl_press *p, size_t i)
{
	struct entry *e = NULL;

	pthread_mutex_lock(&p->lock);
	if (i < p->n && !p->stop) {
		e = p->entries[i];
		e->one.levels = e->told;
	}
	pthread_mutex_unlock(&p->lock);
	return e;
}

static void put(struct bl_press *p, struct entry *e)
{
	pthread_mutex_lock(&p->lock);
	e->figures = e->one.figures;
	pthread_mutex_unlock(&p->lock);
}

static void drop(struct bl_press *p, size_t i)
{
	struct entry *e = p->entries[i];

	pthread_mutex_lock(&p->lock);
	p->entries[i] = p->entries[--p->n];
	pthread_mutex_unlock(&p->lock);
	bl_press_one_close(&e->one, p->cgroups);
	free(e);
}

static void drop_gone(struct bl_press *p)
{
	for (size_t i = 0; i < p->n;) {
		bool gone;

		pthread_mutex_lock(&p->lock);
		gone = p->entries[i]->gone;
		pthread_mutex_unlock(&p->lock);
		if (gone)
			drop(p, i);
		else
			i++;
	}
}

static unsigned ways_out(const struct bl_press_host *h)
{
	unsigned ways = 0;

	if (h->compress_free_bytes && h->compress_free_bytes != UINT64_MAX)
		ways |= BL_PRESS_COMPRESS;
	if (h->swap_free_bytes && h->swap_free_bytes != UINT64_MAX)
		ways |= BL_PRESS_SWAP;
	return ways;
}

/* Whether somebody is pressed. */
static bool work(struct bl_press *p)
{
	struct bl_press_turn turn = { .cgroups = p->cgroups, .can_turn = p->knobs != NULL };
	bool some = false, all = true, busy = false;
	struct entry *e;

	turn.out = ways_out(&p->host);
	for (size_t i = 0; (e = take(p, i)); i++) {
		turn.now_ns = bl_press_clock();
		bl_press_one_turn(&e->one, &turn);
		busy |= bl_press_in_force(&e->one.levels);
		if (e->one.figures.ways & BL_PRESS_SHARE) {
			some |= e->one.levels.share != 0;
			all &= e->one.levels.share != 0;
		}
		put(p, e);
	}
	merge(p, some && all);
	return busy;
}

static void look_at_host(struct bl_press *p)
{
	uint64_t now_ns = bl_press_clock();
	struct bl_press_host host;

	if (now_ns < p->host_ns)
		return;
	p->host_ns = now_ns + HOST_NS;
	see_host(p, &host);
	pthread_mutex_lock(&p->lock);
	p->host = host;
	pthread_mutex_unlock(&p->lock);
}

/* Until the next round, or the end. */
static bool rest(struct bl_press *p, bool busy)
{
	uint64_t until = bl_press_clock() + (busy ? ROUND_NS : IDLE_NS);
	struct timespec t = { .tv_sec = (time_t)(until / SECOND), .tv_nsec = (long)(until % SECOND) };
	bool stop;

	pthread_mutex_lock(&p->lock);
	if (!p->stop)
		pthread_cond_timedwait(&p->wake, &p->lock, &t);
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct bl_press *p = arg;
	bool busy;

	do {
		look_at_host(p);
		drop_gone(p);
		busy = work(p);
	} while (rest(p, busy));
	return NULL;
}

/* ------------------------------------------------------------------- door */

static int start(struct bl_press *p)
{
	pthread_condattr_t attr;
	int rc;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&p->lock, NULL);
	rc = -pthread_create(&p->thread, NULL, run, p);
	if (rc < 0) {
		pthread_cond_destroy(&p->wake);
		pthread_mutex_destroy(&p->lock);
	}
	return rc;
}

static void discard(struct bl_press *p)
{
	bl_psi_watch_close(p->watch);
	bl_cgroups_close(p->cgroups);
	bl_knobs_close(p->knobs);
	if (p->meminfo_fd >= 0)
		close(p->meminfo_fd);
	free(p->entries);
	free(p);
}

int bl_press_new(const char *journal, struct bl_press **ret_press)
{
	struct bl_press *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	/* What cannot be had is done without: each is looked for where it is used. */
	if (journal && bl_knobs_open(journal, &p->knobs) < 0)
		p->knobs = NULL;
	if (bl_cgroups_open(p->knobs, &p->cgroups) < 0)
		p->cgroups = NULL;
	if (bl_psi_watch_open(BL_PSI_HOST, STALL_US, WINDOW_US, &p->watch) < 0)
		p->watch = NULL;
	p->meminfo_fd = bl_meminfo_open();
	p->seed = bl_press_clock() | 1;
	see_host(p, &p->host);
	rc = start(p);
	if (rc < 0) {
		discard(p);
		return rc;
	}
	*ret_press = p;
	return 0;
}

void bl_press_close(struct bl_press *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	while (p->n)
		drop(p, p->n - 1);
	merge(p, false);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	discard(p);
}

static struct entry *find(struct bl_press *p, uint64_t key)
{
	for (size_t k = 0; k < p->n; k++) {
		size_t i = (p->hint + k) % p->n;

		if (p->entries[i]->key != key || p->entries[i]->gone)
			continue;
		p->hint = i + 1;
		return p->entries[i];
	}
	return NULL;
}

static bool make_room(struct bl_press *p)
{
	size_t cap = p->cap ? 2 * p->cap : 16;
	struct entry **more;

	if (p->n < p->cap)
		return true;
	more = realloc(p->entries, cap * sizeof(*more));
	if (!more)
		return false;
	p->entries = more;
	p->cap = cap;
	return true;
}

static struct entry *add(struct bl_press *p, uint64_t key, int pid, uint64_t ram_bytes)
{
	struct entry *e = make_room(p) ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->key = key;
	bl_press_one_init(&e->one, pid, ram_bytes, p->seed += 2);
	e->told = e->one.levels;
	e->figures = e->one.figures;
	p->entries[p->n++] = e;
	return e;
}

int bl_press_see(struct bl_press *p, uint64_t key, int pid, uint64_t ram_bytes,
                 struct bl_press_figures *ret_figures)
{
	struct entry *e;

	pthread_mutex_lock(&p->lock);
	e = find(p, key);
	if (e && e->one.pid != pid) { /* the key is the same, the process another */
		e->gone = true;
		e = NULL;
	}
	if (!e)
		e = add(p, key, pid, ram_bytes);
	if (e) {
		e->seen = true;
		*ret_figures = e->figures;
	}
	pthread_mutex_unlock(&p->lock);
	return e ? 0 : -ENOMEM;
}

void bl_press_sweep(struct bl_press *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++) {
		p->entries[i]->gone |= !p->entries[i]->seen;
		p->entries[i]->seen = false;
	}
	pthread_mutex_unlock(&p->lock);
}

static void set_level(struct bl_press_levels *l, unsigned way, uint64_t bytes)
{
	switch (way) {
	case BL_PRESS_COMPRESS:
		l->compress = bytes;
		break;
	case BL_PRESS_SWAP:
		l->swap = bytes;
		break;
	case BL_PRESS_CEILING:
		l->ceiling = bytes;
		break;
	case BL_PRESS_SHARE:
		l->share = bytes;
		break;
	}
}

int bl_press_level(struct bl_press *p, uint64_t key, unsigned way, uint64_t bytes)
{
	uint64_t off = way == BL_PRESS_SHARE ? 0 : UINT64_MAX; /* that can always be */
	struct entry *e;
	int rc = -ESRCH;

	pthread_mutex_lock(&p->lock);
	e = find(p, key);
	if (e) {
		rc = e->figures.ways & way || bytes == off ? 0 : -EOPNOTSUPP;
		if (rc == 0)
			set_level(&e->told, way, bytes);
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

void bl_press_host(struct bl_press *p, struct bl_press_host *ret_host)
{
	struct epoll_event ev;

	if (p->watch) /* being woken is the news; the kernel tells each event once */
		(void)epoll_wait(bl_psi_watch_fd(p->watch), &ev, 1, 0);
	pthread_mutex_lock(&p->lock);
	*ret_host = p->host;
	pthread_mutex_unlock(&p->lock);
}

int bl_press_fd(const struct bl_press *p)
{
	return p->watch ? bl_psi_watch_fd(p->watch) : -ENOTSUP;
}
