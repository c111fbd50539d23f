/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One word to one domain, straight: its target to the store, its ceiling to the
 * hypervisor. Runs on a lane and may hang there. Must not decide anything.
 */
#include "mouth.h"

#include "crew.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bl_xen_mouth *bl_xen_mouth_new(const struct bl_xen_lib *lib, bool virt)
{
	struct bl_xen_mouth *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->lib = *lib;
	m->virt = virt;
	return m;
}

int bl_xen_mouth_fail(struct bl_xen_mouth *m, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(m->error, sizeof(m->error), format, args);
	va_end(args);
	return rc;
}

static void hang_up(struct bl_xen_mouth *m)
{
	if (m->store)
		m->lib.xs_close(m->store);
	m->store = NULL;
}

static int connect_both(struct bl_xen_mouth *m)
{
	if (!m->ctrl)
		m->ctrl = bl_xen_ctrl_open(&m->lib);
	if (!m->ctrl)
		return bl_xen_mouth_fail(m, -ENOTCONN, "the hypervisor cannot be reached");
	if (!m->store)
		m->store = m->lib.xs_open(0);
	if (!m->store)
		return bl_xen_mouth_fail(m, -ENOTCONN, "xenstored cannot be reached");
	return 0;
}

/* The life that was meant, and no later one of the same number. */
static int find(struct bl_xen_mouth *m, struct bl_xen_info *ret_info)
{
	const struct bl_xen_word *w = &m->word;
	int rc = bl_xen_info_read(&m->lib, m->ctrl, w->domid, ret_info);

	if (rc == 0 && (ret_info->domid != w->domid || (ret_info->flags & BL_XEN_DYING) ||
	                memcmp(ret_info->uuid, w->uuid, sizeof(w->uuid)) != 0))
		rc = -ESRCH;
	return rc < 0 ? bl_xen_mouth_fail(m, rc, "it is gone") : 0;
}

static int set_ceiling(struct bl_xen_mouth *m)
{
	const struct bl_xen_word *w = &m->word;

	if (w->ceiling_kib == 0 ||
	    m->lib.xc_domain_setmaxmem(m->ctrl, w->domid, w->ceiling_kib) == 0)
		return 0;
	return bl_xen_mouth_fail(m, -EIO, "the hypervisor refused a ceiling of %llu KiB",
	                         (unsigned long long)w->ceiling_kib);
}

/* What is populated on demand comes out of a pool that must be told too. */
static int set_demand(struct bl_xen_mouth *m)
{
	const struct bl_xen_word *w = &m->word;
	uint64_t tot, cache, entries;

	if (w->demand_pages == 0 || m->lib.xc_domain_set_pod_target(m->ctrl, w->domid,
	                            w->demand_pages, &tot, &cache, &entries) == 0)
		return 0;
	return bl_xen_mouth_fail(m, -EIO, "the hypervisor refused a target for its memory on "
	                         "demand");
}

static int set_target(struct bl_xen_mouth *m)
{
	const struct bl_xen_word *w = &m->word;
	char path[64], value[32];
	int n;

	if (w->target_kib == 0)
		return 0;
	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", w->domid);
	n = snprintf(value, sizeof(value), "%llu", (unsigned long long)w->target_kib);
	if (m->lib.xs_write(m->store, 0, path, value, (unsigned)n))
		return 0;
	hang_up(m);
	return bl_xen_mouth_fail(m, -ENOTCONN, "xenstored did not take its target");
}

/* A ceiling is raised before a target and lowered after it: never may a domain
 * be told to have more than it can. */
static int tell(struct bl_xen_mouth *m)
{
	struct bl_xen_info info;
	bool raise;
	int rc = connect_both(m);

	if (rc == 0)
		rc = find(m, &info);
	if (rc < 0)
		return rc;
	raise = m->word.ceiling_kib > info.max_kib;
	if (raise)
		rc = set_ceiling(m);
	if (rc == 0)
		rc = set_demand(m);
	if (rc == 0)
		rc = set_target(m);
	return rc == 0 && !raise ? set_ceiling(m) : rc;
}

void bl_xen_mouth_talk(void *mouth)
{
	struct bl_xen_mouth *m = mouth;

	m->error[0] = '\0';
	if (m->virt)
		bl_xen_virt_talk(m);
	else
		m->rc = tell(m);
}

void bl_xen_mouth_drop(void *mouth)
{
	struct bl_xen_mouth *m = mouth;

	hang_up(m);
	bl_xen_virt_hang_up(m);
	if (m->ctrl)
		m->lib.xc_interface_close(m->ctrl);
	free(m->natives);
	free(m);
}
