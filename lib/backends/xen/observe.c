/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at the host, waited for: a fresh one, or the late one of an earlier
 * beat. Must not judge what it sees.
 */
#include "xen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* A look that took longer than this shows the host as it was, not as it is. */
#define LATE_NS UINT64_C(5000000000)

static int hung(struct bl_xen *x)
{
	bl_xen_say(x, "xenstored does not answer in time; the host is looked at again at the "
	           "next beat");
	return -EAGAIN;
}

static bool wait_for_look(struct bl_xen *x, uint64_t deadline_ns)
{
	size_t lane;

	if (x->looking && !bl_xen_crew_free(x->crew, 0) &&
	    !bl_xen_crew_wait(x->crew, 0, 1, deadline_ns, &lane))
		return false;
	x->looking = false;
	return true;
}

static int send_look(struct bl_xen *x)
{
	int rc;

	x->eyes->now_ns = x->now_ns;
	x->looked_ns = bl_xen_clock();
	rc = bl_xen_crew_send(x->crew, 0);
	if (rc < 0) {
		bl_xen_say(x, "no thread could be started to look at the host (errno %d); raise "
		           "the limit on threads", -rc);
		return -EAGAIN;
	}
	x->looking = true;
	return 0;
}

/* A look that is out from an earlier beat is waited for first, and used unless
 * it is old. */
static int look(struct bl_xen *x, uint64_t deadline_ns)
{
	bool late = x->looking;
	int rc;

	if (!wait_for_look(x, deadline_ns))
		return hung(x);
	if (late && bl_xen_clock() - x->looked_ns < LATE_NS)
		return 0;
	rc = send_look(x);
	if (rc < 0)
		return rc;
	return wait_for_look(x, deadline_ns) ? 0 : hung(x);
}

/* ------------------------------------------------------ libvirt's domains */

/* Asked at every beat, and not waited for: a domain libvirt has just made is
 * left alone until libvirt says so. */
static void ask_for_natives(struct bl_xen *x)
{
	struct bl_xen_mouth *m;
	size_t lane;

	for (size_t i = 0; i < x->mouths_n; i++)
		if (!bl_xen_crew_free(x->crew, i + 1) && x->mouths[i]->listing)
			return; /* asked already */
	m = bl_xen_mouth_free(x, &lane);
	if (!m)
		return;
	m->listing = true;
	if (bl_xen_crew_send(x->crew, lane) < 0)
		m->listing = false;
}

static int by_domid(const void *key, const void *element)
{
	uint32_t domid = *(const uint32_t *)key;
	const struct bl_xen_native *n = element;

	return domid < n->domid ? -1 : domid > n->domid;
}

static bool is_native(const struct bl_xen *x, const struct bl_xen_domain *d)
{
	const struct bl_xen_native *n = NULL;

	if (x->natives_n)
		n = bsearch(&d->info.domid, x->natives, x->natives_n, sizeof(*n), by_domid);
	return n && memcmp(n->uuid, d->info.uuid, sizeof(n->uuid)) == 0;
}

/* What the transport in use can do with each. Libvirt has no word for a ceiling
 * alone; dom0's is nobody's to press, and one's being built its toolstack's. */
static void mark(struct bl_xen *x)
{
	for (size_t i = 0; i < x->eyes->n; i++) {
		struct bl_xen_domain *d = &x->eyes->domains[i];

		d->foreign = x->virt && !is_native(x, d);
		d->capped = !x->virt && d->info.domid != 0 && d->info.cpu_ns != 0;
	}
}

/* ------------------------------------------------------------------ sheet */

static bool room_for(struct bl_xen *x, size_t n)
{
	struct balloon_sample *rows;

	if (n <= x->rows_cap)
		return true;
	n += n / 2; /* guests come one by one: do not grow for each */
	rows = realloc(x->rows, n * sizeof(*rows));
	if (!rows)
		return false;
	x->rows = rows;
	x->rows_cap = n;
	return true;
}

/* Xen neither swaps nor compresses: nothing of a guest is ever anywhere but in
 * memory as it is, and the ladder ends at the balloon and the ceiling. */
static int fill(struct bl_xen *x, struct balloon_sheet *ret_sheet)
{
	const struct bl_xen_eyes *e = x->eyes;
	size_t n = 0;

	if (!room_for(x, e->n))
		return -ENOMEM;
	for (size_t i = 0; i < e->n; i++)
		if (bl_xen_domain_counts(&e->domains[i]))
			bl_xen_domain_sample(&e->domains[i], e->rival[0] != '\0', &x->rows[n++]);
	ret_sheet->total_bytes = e->host.total_bytes;
	ret_sheet->available_bytes = e->host.free_bytes;
	/* Told, it would have to lie behind all that guests could ever ask for: but none
	 * gets past its ceiling, so that no size needs swap behind it. */
	ret_sheet->swap_bytes = BALLOON_UNKNOWN;
	ret_sheet->swap_free_bytes = 0;
	ret_sheet->compress_free_bytes = 0;
	ret_sheet->stride = sizeof(*x->rows);
	ret_sheet->guests = x->rows;
	ret_sheet->guests_n = n;
	return 0;
}

static void drain(const struct bl_xen *x)
{
	struct epoll_event event;

	while (epoll_wait(x->bell, &event, 1, 0) > 0)
		;
}

int bl_xen_observe(struct bl_xen *x, struct balloon_sheet *ret_sheet)
{
	uint64_t deadline_ns = bl_xen_clock() + BL_XEN_TOTAL_NS;
	int rc;

	drain(x); /* before looking: what happens from now on is news again */
	bl_xen_harvest(x);
	if (x->virt)
		ask_for_natives(x);
	rc = look(x, deadline_ns);
	if (rc < 0)
		return rc;
	bl_xen_harvest(x);
	if (x->eyes->rc < 0) {
		bl_xen_say(x, "%s", x->eyes->error);
		return x->eyes->rc;
	}
	x->seen = true;
	mark(x);
	if (x->eyes->rival[0])
		bl_xen_say(x, "%s", x->eyes->rival);
	return fill(x, ret_sheet);
}
