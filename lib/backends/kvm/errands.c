/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is done to a guest seldom: its XML is read once per life and after its
 * devices changed; what libvirt is at work on, when something was heard to begin
 * or end; its statistics period is set once, nudged when figures stop coming, and
 * given back at the end. All on lanes, and never in a steady beat.
 */
#include "kvm.h"

#include <errno.h>
#include <string.h>

/* Figures come every second; after five the guest has missed several. QEMU
 * asks again only when it was answered, so one lost answer ends them all. */
#define STALE_NS UINT64_C(5000000000)

/* On a host with very many guests one call may take longer than a beat waits;
 * its answer is then used in the next. Much older figures are worth nothing. */
#define LATE_NS UINT64_C(5000000000)

/* Pauses between errands that do not help. A guest that stays silent for its
 * own reasons costs two calls every five minutes in the end. */
#define PAUSE_NS UINT64_C(5000000000)
#define PAUSE_MAX_NS UINT64_C(300000000000)

/* An end that nobody heard of is found by asking: a backup lasts minutes, and a
 * few seconds more of a hold harm nobody. */
#define WORK_AGAIN_NS UINT64_C(5000000000)

static void pause_errands(struct bl_kvm_guest *g, uint64_t now_ns)
{
	uint64_t pause = g->ask_pause_ns ? g->ask_pause_ns * 2 : PAUSE_NS;

	g->ask_pause_ns = pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS;
	g->ask_ns = now_ns + g->ask_pause_ns;
}

/* ------------------------------------------------------------- answers */

static void take_traits(struct bl_kvm *k, struct bl_kvm_guest *g, const struct bl_kvm_job *job)
{
	if (job->rc < 0) {
		pause_errands(g, k->now_ns);
		return;
	}
	g->traits = job->traits;
	g->traits_known = true;
	/* Somebody else set another period since: that is the one we owe. */
	if (g->traits.period_s != BL_KVM_PERIOD_S)
		g->period_owned = false;
}

static void take_period(struct bl_kvm *k, struct bl_kvm_guest *g, const struct bl_kvm_job *job)
{
	if (job->period_s != BL_KVM_PERIOD_S)
		return; /* given back; nothing is left to keep */
	if (job->rc < 0 || job->nudge)
		pause_errands(g, k->now_ns);
	if (job->rc == -EOPNOTSUPP)
		g->ask_ns = UINT64_MAX; /* and never will be */
	if (job->rc < 0 || job->nudge)
		return;
	g->period_old_s = g->traits.period_s;
	g->period_owned = true;
	g->traits.period_s = job->period_s;
}

/* While nobody knows better, it goes on. */
static void take_work(struct bl_kvm *k, struct bl_kvm_guest *g, const struct bl_kvm_job *job)
{
	if (job->rc == 0)
		g->work = job->work;
	else if (job->rc != -EOPNOTSUPP)
		g->ask_work = true;
	if (job->rc < 0 || g->work)
		g->work_ns = k->now_ns + WORK_AGAIN_NS;
}

static void take_order(struct bl_kvm *k, const struct bl_kvm_guest *g,
                       const struct bl_kvm_job *job)
{
	if (job->rc < 0)
		bl_kvm_say(k, "libvirt refused guest %s its target of %llu MiB: %s",
		           g ? g->name : "(gone)",
		           (unsigned long long)(job->target_bytes >> 20), job->error);
	if (k->orders && job->batch == k->batch)
		k->orders[job->index].rc = job->rc;
}

static void take_answer(struct bl_kvm *k, const struct bl_kvm_job *job)
{
	struct bl_kvm_guest *g = bl_kvm_roster_by_uuid(&k->roster, job->uuid);

	if (g && g->call != job->call)
		g = NULL; /* the guest it was about is no more */
	if (g) {
		g->call = 0;
		g->work_out = false;
	}
	if (job->kind == BL_KVM_ORDER)
		take_order(k, g, job);
	else if (g && job->kind == BL_KVM_TRAITS)
		take_traits(k, g, job);
	else if (g && job->kind == BL_KVM_WORK)
		take_work(k, g, job);
	else if (g && job->kind == BL_KVM_PERIOD)
		take_period(k, g, job);
}

/*
 * Of two observations the one asked for later is kept, and none that was asked
 * for before one that was used already. One that took too long began with
 * guests as they were then: it hung on one and came back when that moved.
 */
static void take_view(struct bl_kvm *k, struct bl_kvm_lane *lane)
{
	uint64_t than = k->view ? k->view->started_ns : k->seen_ns;

	if (lane->started_ns <= than || lane->finished_ns - lane->started_ns > LATE_NS) {
		bl_kvm_hub_put(lane);
		return;
	}
	if (k->view)
		bl_kvm_hub_put(k->view);
	k->view = lane;
}

void bl_kvm_harvest(struct bl_kvm *k)
{
	struct bl_kvm_lane *lane;

	while ((lane = bl_kvm_hub_collect(k->hub))) {
		if (lane->job.kind == BL_KVM_SEE) {
			take_view(k, lane);
			continue;
		}
		take_answer(k, &lane->job);
		bl_kvm_hub_put(lane);
	}
}

/* ------------------------------------------------------------- sending */

int bl_kvm_send(struct bl_kvm *k, struct bl_kvm_guest *g, struct bl_kvm_job *job)
{
	int rc;

	memcpy(job->uuid, g->uuid, sizeof(job->uuid));
	job->id = g->id;
	job->call = k->calls + 1;
	rc = bl_kvm_hub_submit(k->hub, job);
	if (rc < 0)
		return rc;
	g->call = ++k->calls;
	return 0;
}

static bool is_stale(const struct bl_kvm *k, const struct bl_kvm_guest *g)
{
	return k->now_ns - g->serial_ns >= STALE_NS;
}

/* It would wait 30 s for the lock of a guest that hangs. */
static bool work_due(const struct bl_kvm *k, const struct bl_kvm_guest *g)
{
	return g->traits_known && g->figures.heard && (g->ask_work || g->work) &&
	       k->now_ns >= g->work_ns;
}

/* The errand due for this guest, if any. One that does not answer, or cannot
 * since it is paused, is not asked for more. */
static bool due(const struct bl_kvm *k, const struct bl_kvm_guest *g, struct bl_kvm_job *ret_job)
{
	memset(ret_job, 0, sizeof(*ret_job));
	ret_job->kind = BL_KVM_WORK;
	if (g->call)
		return false;
	if (work_due(k, g))
		return true;
	ret_job->kind = BL_KVM_TRAITS;
	if (k->now_ns < g->ask_ns)
		return false;
	if (!g->traits_known)
		return true;
	if (!g->traits.device || !g->figures.heard || !g->figures.running)
		return false;
	ret_job->kind = BL_KVM_PERIOD;
	ret_job->period_s = BL_KVM_PERIOD_S;
	ret_job->nudge = g->traits.period_s == BL_KVM_PERIOD_S;
	return !ret_job->nudge || is_stale(k, g);
}

/* News that come while the call is out are news again. */
static bool send_one(struct bl_kvm *k, struct bl_kvm_guest *g, struct bl_kvm_job *job)
{
	if (bl_kvm_send(k, g, job) < 0)
		return false;
	g->work_out = job->kind == BL_KVM_WORK;
	if (g->work_out)
		g->ask_work = false;
	return true;
}

/* Sends what is due; true while a guest's traits or work, asked for since the call
 * numbered first, are still out. */
static bool send_due(struct bl_kvm *k, uint64_t first)
{
	bool learning = false, room = true;
	struct bl_kvm_job job;

	for (size_t i = 0; i < k->roster.n; i++) {
		struct bl_kvm_guest *g = k->roster.guests[i];

		if (room && due(k, g, &job))
			room = send_one(k, g, &job);
		learning |= (!g->traits_known || g->work_out) && g->call > first;
	}
	return learning;
}

void bl_kvm_errands(struct bl_kvm *k, uint64_t deadline_ns)
{
	uint64_t first = k->calls;

	while (send_due(k, first) && bl_kvm_hub_wait(k->hub, deadline_ns))
		bl_kvm_harvest(k);
}

/* ----------------------------------------------------------------- end */

static bool send_restore(struct bl_kvm *k, struct bl_kvm_guest *g)
{
	struct bl_kvm_job job = { .kind = BL_KVM_PERIOD, .period_s = g->period_old_s };

	if (!g->period_owned || g->call || !g->figures.heard)
		return true;
	if (bl_kvm_send(k, g, &job) < 0)
		return false;
	g->period_owned = false;
	return true;
}

void bl_kvm_restore(struct bl_kvm *k, uint64_t deadline_ns)
{
	uint64_t first = k->calls;

	for (;;) {
		bool out = false;

		bl_kvm_harvest(k);
		for (size_t i = 0; i < k->roster.n; i++)
			out |= !send_restore(k, k->roster.guests[i]) ||
			       k->roster.guests[i]->call > first;
		if (!out || !bl_kvm_hub_wait(k->hub, deadline_ns))
			return;
	}
}
