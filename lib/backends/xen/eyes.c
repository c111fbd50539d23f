/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A look: the host's pages and every domain's from the hypervisor, and of each
 * domain what has changed in the store since the last look. Runs on a lane and
 * may hang there. Must not judge what it sees, and changes nothing.
 */
#include "eyes.h"

#include "rival.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Whoever listens to the bell wants to know of these: domains that come and go,
 * and squeezed when it starts. */
static const char *const ringing[] = { "@introduceDomain", "@releaseDomain", BL_XEN_SQUEEZED };

struct bl_xen_eyes *bl_xen_eyes_new(const struct bl_xen_lib *lib, bool virt)
{
	struct bl_xen_eyes *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->lib = *lib;
	e->virt = virt;
	e->bell = epoll_create1(EPOLL_CLOEXEC);
	if (e->bell >= 0)
		return e;
	free(e);
	return NULL;
}

static int away(struct bl_xen_eyes *e, const char *who, const char *advice)
{
	snprintf(e->error, sizeof(e->error), "%s; %s", who, advice);
	return -EAGAIN;
}

/* ------------------------------------------------------------- connecting */

static void hang_up(struct bl_xen_eyes *e)
{
	if (e->lifecycle)
		e->lib.xs_close(e->lifecycle); /* and with its descriptor it leaves the bell */
	if (e->store)
		e->lib.xs_close(e->store);
	e->lifecycle = e->store = NULL;
	for (size_t i = 0; i < e->n; i++)
		e->domains[i].watched = false;
}

static int listen_to_lifecycle(struct bl_xen_eyes *e)
{
	/* Edges: the bell is for waking up once, the news are taken in a look. */
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = e->lib.xs_fileno(e->lifecycle);

	for (size_t i = 0; i < sizeof(ringing) / sizeof(ringing[0]); i++)
		if (!e->lib.xs_watch(e->lifecycle, ringing[i], ""))
			return -errno;
	return epoll_ctl(e->bell, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int dial(struct bl_xen_eyes *e)
{
	e->store = e->lib.xs_open(0);
	e->lifecycle = e->store ? e->lib.xs_open(0) : NULL;
	if (!e->lifecycle || listen_to_lifecycle(e) < 0 ||
	    bl_xen_store_watch_all(&e->lib, e->store) < 0) {
		hang_up(e);
		return away(e, "xenstored cannot be reached", "is it running, and is this root?");
	}
	e->rival_old = true;
	return 0;
}

static int connect_all(struct bl_xen_eyes *e)
{
	if (!e->ctrl)
		e->ctrl = bl_xen_ctrl_open(&e->lib);
	if (!e->ctrl)
		return away(e, "the hypervisor cannot be reached", "is this dom0, and root?");
	return e->store ? 0 : dial(e);
}

/* ----------------------------------------------------------------- seeing */

static bool room_for_one(struct bl_xen_eyes *e)
{
	size_t cap = e->cap ? e->cap * 2 : 16; /* 16: most small hosts, at once */
	struct bl_xen_domain *a, *b;

	if (e->others_n < e->cap)
		return true;
	a = realloc(e->domains, cap * sizeof(*a));
	if (a)
		e->domains = a;
	b = realloc(e->others, cap * sizeof(*b));
	if (b)
		e->others = b;
	if (!a || !b)
		return false;
	e->cap = cap;
	return true;
}

/* Of the domains of the last look the one that this is about, if it is the same
 * life of it. */
static struct bl_xen_domain *known(struct bl_xen_eyes *e, const struct bl_xen_info *info,
                                   size_t *at)
{
	while (*at < e->n && e->domains[*at].info.domid < info->domid)
		(*at)++;
	if (*at == e->n || e->domains[*at].info.domid != info->domid ||
	    memcmp(e->domains[*at].info.uuid, info->uuid, sizeof(info->uuid)) != 0)
		return NULL;
	return &e->domains[*at];
}

static int take(struct bl_xen_eyes *e, const struct bl_xen_info *info, size_t *at)
{
	struct bl_xen_domain *d, *old;

	if (info->flags & BL_XEN_DYING)
		return 0; /* its memory comes free as the hypervisor gets to it */
	if (!room_for_one(e))
		return -ENOMEM;
	old = known(e, info, at);
	d = &e->others[e->others_n++];
	if (old) {
		old->seen = true;
		*d = *old;
		bl_xen_domain_update(d, info, e->now_ns);
	} else {
		bl_xen_domain_meet(d, info, e->now_ns);
	}
	return 0;
}

static void change_places(struct bl_xen_eyes *e)
{
	struct bl_xen_domain *domains = e->domains;

	for (size_t i = 0; i < e->n; i++)
		if (!domains[i].seen)
			bl_xen_store_unwatch(&e->lib, e->store, &domains[i]);
	e->domains = e->others;
	e->others = domains;
	e->n = e->others_n;
	for (size_t i = 0; i < e->n; i++)
		e->domains[i].seen = false;
}

static int see_domains(struct bl_xen_eyes *e)
{
	struct bl_xen_info info;
	uint32_t domid = 0;
	size_t at = 0;
	int rc;

	e->others_n = 0;
	for (size_t i = 0; i < e->n; i++)
		e->domains[i].seen = false;
	while ((rc = bl_xen_info_read(&e->lib, e->ctrl, domid, &info)) == 0) {
		rc = take(e, &info, &at);
		if (rc < 0)
			return rc;
		domid = info.domid + 1;
	}
	if (rc != -ESRCH)
		return away(e, "the hypervisor does not list its domains",
		            "is this dom0, and root?");
	change_places(e);
	return 0;
}

/* -------------------------------------------------------------- reading */

static int read_domain(struct bl_xen_eyes *e, struct bl_xen_domain *d)
{
	int rc = d->watched ? 0 : bl_xen_store_watch(&e->lib, e->store, d);

	if (rc == 0)
		rc = bl_xen_store_read(&e->lib, e->store, d);
	if (rc < 0)
		return rc;
	if (d->info.flags & BL_XEN_HVM)
		d->on_demand = bl_xen_on_demand(&e->lib, e->ctrl, d->info.domid);
	bl_xen_domain_settle(d, e->now_ns);
	return 0;
}

static int read_all(struct bl_xen_eyes *e)
{
	int rc = bl_xen_store_greet(&e->lib, e->store);

	bl_xen_store_hear(&e->lib, e->store, e->domains, e->n);
	for (size_t i = 0; rc == 0 && i < e->n; i++)
		rc = read_domain(e, &e->domains[i]);
	if (rc == 0)
		return 0;
	hang_up(e);
	return away(e, "xenstored went away", "it is tried again at the next beat");
}

/* Taken before looking: what happens from now on is news again. Who else moves
 * memory is asked when something happened, and at first. */
static void hear_lifecycle(struct bl_xen_eyes *e)
{
	char **event;

	while ((event = e->lib.xs_check_watch(e->lifecycle))) {
		e->rival_old = true;
		free(event);
	}
	if (e->rival_old)
		bl_xen_rival_find(&e->lib, e->ctrl, e->store, e->virt, e->rival,
		                  sizeof(e->rival));
	e->rival_old = false;
}

static int look(struct bl_xen_eyes *e)
{
	int rc = connect_all(e);

	if (rc < 0)
		return rc;
	hear_lifecycle(e);
	if (bl_xen_host_read(&e->lib, e->ctrl, &e->host) < 0)
		return away(e, "the hypervisor's memory figures could not be read",
		            "do the tools in dom0 belong to the Xen that runs?");
	rc = see_domains(e);
	return rc < 0 ? rc : read_all(e);
}

void bl_xen_eyes_look(void *eyes)
{
	struct bl_xen_eyes *e = eyes;

	e->error[0] = '\0';
	e->rc = look(e);
}

void bl_xen_eyes_drop(void *eyes)
{
	struct bl_xen_eyes *e = eyes;

	hang_up(e);
	if (e->ctrl)
		e->lib.xc_interface_close(e->ctrl);
	close(e->bell);
	free(e->domains);
	free(e->others);
	free(e);
}
