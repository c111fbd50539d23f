/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at all guests. A guest whose hypervisor hangs holds the call that
 * first meets it for ever, at libvirtd; the next call passes it by, since its
 * lock is taken. So: ask, wait a little, ask again on another lane. (While
 * libvirtd ends a guest by force it lets no such call pass: seen with 9.0.0,
 * for the second or so a QEMU takes to end. Then a beat is lost.) Must not
 * judge what it sees.
 */
#include "kvm.h"

#include "../../os/meminfo.h"
#include "../hands/hands.h"
#include "pid.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/*
 * A healthy answer takes 1-2 ms per guest and a busy host is given a hundred
 * times that, plus 2 ms for each guest there is; but the first call leaves time
 * for a second, and all of them end before BL_KVM_TOTAL_NS.
 */
#define SEE_NS UINT64_C(300000000)
#define SEE_PER_GUEST_NS UINT64_C(2000000)
#define SEE_MAX_NS UINT64_C(900000000)

/*
 * A guest is also passed by when somebody else asks libvirtd about it in the
 * same moment (seen with two observers on one host). Such calls take a few ms,
 * so one more look, a little later, tells a passing call from a hung one.
 */
#define AGAIN_NS 20000000

/* Guests that began to hang since the last beat and are passed in one: each
 * takes one attempt. More of them need more beats. */
#define SEE_ATTEMPTS 3

/* A guest's process is looked for again after so long. */
#define PROCESS_AGAIN_NS UINT64_C(5000000000)

static uint64_t patience(const struct bl_kvm *k)
{
	uint64_t ns = SEE_NS + k->roster.n * SEE_PER_GUEST_NS;

	return ns < SEE_MAX_NS ? ns : SEE_MAX_NS;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* -------------------------------------------------------------- looking */

static bool wait_for_view(struct bl_kvm *k, uint64_t deadline_ns)
{
	for (;;) {
		bl_kvm_harvest(k);
		if (k->view)
			return true;
		if (!bl_kvm_hub_wait(k->hub, deadline_ns))
			return false;
	}
}

static int say_hung(struct bl_kvm *k)
{
	bl_kvm_say(k, "libvirt at %s does not answer in time: a guest or libvirtd hangs; it is "
	           "asked again at the next beat", k->hub->address.uri);
	return -EAGAIN;
}

static int say_full(struct bl_kvm *k, int rc)
{
	if (rc == -EBUSY)
		bl_kvm_say(k, "libvirt at %s holds all %u connections in calls that do not return; "
		           "end the guests that hang, or restart libvirtd",
		           k->hub->address.uri, k->hub->lanes_max);
	else
		bl_kvm_say(k, "no thread could be started to ask libvirt at %s (errno %d); "
		           "raise the limit on threads", k->hub->address.uri, -rc);
	return -EAGAIN;
}

/* Asks; with no lane free, as soon as one is. */
static int ask(struct bl_kvm *k, uint64_t deadline_ns)
{
	struct bl_kvm_job job = { .kind = BL_KVM_SEE, .call = ++k->calls };

	for (;;) {
		int rc = bl_kvm_hub_submit(k->hub, &job);

		if (rc != -EBUSY || !bl_kvm_hub_wait(k->hub, deadline_ns))
			return rc;
		bl_kvm_harvest(k);
	}
}

/* What one attempt brought: 0 and an observation in k->view, or -errno. */
static int attempt(struct bl_kvm *k, uint64_t deadline_ns)
{
	int rc = ask(k, deadline_ns);

	if (rc < 0 && rc != -EINPROGRESS) {
		say_full(k, rc);
		return -EBUSY;
	}
	if (!wait_for_view(k, deadline_ns)) {
		say_hung(k);
		return -ETIMEDOUT;
	}
	rc = k->view->job.rc;
	if (rc == 0)
		return 0;
	bl_kvm_say(k, "libvirt at %s cannot be reached: %s", k->hub->address.uri,
	           k->view->job.error);
	bl_kvm_hub_put(k->view);
	k->view = NULL;
	return rc;
}

static bool worth_another(int rc)
{
	return rc < 0 && rc != -ENOTCONN && rc != -EBUSY;
}

static bool usable(const struct bl_kvm_lane *view)
{
	return view && view->job.rc == 0;
}

/* A fresh observation, or else one that was asked for in an earlier beat. */
static int look(struct bl_kvm *k, uint64_t deadline_ns)
{
	struct bl_kvm_lane *late = k->view;
	int rc = -ETIMEDOUT;

	k->view = NULL;
	for (int i = 0; i < SEE_ATTEMPTS && worth_another(rc); i++) {
		uint64_t now_ns = bl_kvm_clock();

		if (now_ns >= deadline_ns)
			break;
		rc = attempt(k, earlier(now_ns + patience(k), deadline_ns));
	}
	if (rc < 0 && usable(late)) {
		k->view = late;
		return 0;
	}
	if (late)
		bl_kvm_hub_put(late);
	return rc < 0 ? -EAGAIN : 0;
}

/* -------------------------------------------------------------- reading */

static void hear_one(struct bl_kvm *k, struct bl_kvm_guest *g, enum bl_kvm_tidings what)
{
	if (what == BL_KVM_WAS_RESET)
		bl_kvm_roster_renew(&k->roster, g, k->now_ns);
	if (what == BL_KVM_WORK_CHANGED) {
		g->ask_work = true;
		g->work_ns = 0;
	}
	if (what == BL_KVM_DEVICES_CHANGED) {
		g->traits_known = false;
		g->ask_ns = 0;
	}
}

static void hear_of_all(struct bl_kvm *k, bool reset)
{
	for (size_t i = 0; i < k->roster.n; i++) {
		hear_one(k, k->roster.guests[i], BL_KVM_DEVICES_CHANGED);
		hear_one(k, k->roster.guests[i], BL_KVM_WORK_CHANGED);
		if (reset)
			hear_one(k, k->roster.guests[i], BL_KVM_WAS_RESET);
	}
}

/* Applies what the ear heard to the guests as they were known. */
static void hear(struct bl_kvm *k)
{
	struct bl_kvm_hub *hub = k->hub;

	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < hub->news_n; i++) {
		struct bl_kvm_guest *g = bl_kvm_roster_by_uuid(&k->roster, hub->news[i].uuid);

		if (g)
			hear_one(k, g, hub->news[i].what);
	}
	if (hub->news_lost || hub->relearn)
		hear_of_all(k, hub->news_lost);
	hub->news_n = 0;
	hub->news_lost = false;
	hub->relearn = false;
	pthread_mutex_unlock(&hub->lock);
}

static int read_view(struct bl_kvm *k, const struct bl_kvm_view *view)
{
	bl_kvm_roster_begin(&k->roster);
	for (size_t i = 0; i < view->n; i++) {
		const struct bl_kvm_sight *s = &view->sights[i];
		struct bl_kvm_guest *g = bl_kvm_roster_see(&k->roster, s->uuid, s->id, s->name,
		                                           k->now_ns);

		if (!g)
			return -ENOMEM;
		bl_kvm_guest_update(&k->roster, g, &s->figures, k->now_ns);
	}
	bl_kvm_roster_end(&k->roster);
	return 0;
}

static bool room_for(struct bl_kvm *k, size_t n)
{
	struct balloon_sample *rows;

	if (n <= k->rows_cap)
		return true;
	n += n / 2; /* guests come one by one: do not grow for each */
	rows = realloc(k->rows, n * sizeof(*rows));
	if (!rows)
		return false;
	k->rows = rows;
	k->rows_cap = n;
	return true;
}

/* Once in a life of the guest, as a rule; a file that is not there yet will be. */
static void find_process(const struct bl_kvm *k, struct bl_kvm_guest *g)
{
	if (!k->press || g->pid || k->now_ns < g->pid_ns)
		return;
	g->pid = bl_kvm_pid(k->hub->address.uri, g->name, g->uuid_text);
	g->pid_ns = k->now_ns + PROCESS_AGAIN_NS;
}

static int fill_rows(struct bl_kvm *k, struct balloon_sheet *ret_sheet)
{
	const struct bl_kvm_roster *r = &k->roster;

	if (!room_for(k, r->n))
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++) {
		struct bl_kvm_guest *g = r->guests[i];

		bl_kvm_guest_sample(g, k->now_ns, &k->rows[i]);
		find_process(k, g);
		bl_hands_sample(k->press, g->pid, &k->rows[i]);
	}
	bl_hands_sheet(k->press, ret_sheet);
	ret_sheet->stride = sizeof(*k->rows);
	ret_sheet->guests = k->rows;
	ret_sheet->guests_n = r->n;
	return 0;
}

/* libvirt's host figures have no MemAvailable; this machine's own have. */
static void read_host(const struct bl_kvm *k, struct balloon_sheet *sheet)
{
	struct bl_meminfo info;

	if (k->meminfo_fd < 0 || bl_meminfo_read(k->meminfo_fd, &info) < 0)
		return;
	sheet->total_bytes = info.total_bytes;
	sheet->available_bytes = info.available_bytes;
}

static void drain(const struct bl_kvm_hub *hub)
{
	uint64_t count;

	while (read(hub->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static bool newly_silent(const struct bl_kvm *k)
{
	for (size_t i = 0; k->hub->address.qemu && i < k->roster.n; i++)
		if (k->roster.guests[i]->silent_n == 1)
			return true;
	return false;
}

static int see(struct bl_kvm *k, uint64_t deadline_ns, struct balloon_sheet *ret_sheet)
{
	int rc = look(k, deadline_ns);

	if (rc < 0)
		return rc;
	k->error[0] = '\0'; /* a first attempt that hung is no failure of the beat */
	hear(k);
	k->seen_ns = k->view->started_ns;
	ret_sheet->total_bytes = k->view->view.total_bytes;
	ret_sheet->available_bytes = k->view->view.available_bytes;
	rc = read_view(k, &k->view->view);
	bl_kvm_hub_put(k->view);
	k->view = NULL;
	return rc;
}

int bl_kvm_observe(struct bl_kvm *k, struct balloon_sheet *ret_sheet)
{
	const struct timespec again = { .tv_nsec = AGAIN_NS };
	uint64_t deadline_ns = bl_kvm_clock() + BL_KVM_TOTAL_NS;
	int rc;

	drain(k->hub); /* before looking: what happens from now on is news again */
	bl_kvm_harvest(k);
	rc = see(k, deadline_ns, ret_sheet);
	if (rc == 0 && newly_silent(k)) {
		nanosleep(&again, NULL);
		bl_kvm_harvest(k);
		rc = see(k, deadline_ns, ret_sheet);
		rc = rc == -EAGAIN ? 0 : rc; /* then the first look stands */
	}
	if (rc < 0)
		return rc;
	bl_kvm_errands(k, deadline_ns);
	read_host(k, ret_sheet);
	return fill_rows(k, ret_sheet);
}
