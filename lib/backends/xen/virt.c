/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One word to one domain through libvirt's Xen driver, which sets target and
 * ceiling and keeps its own books in step; and the list of domains it made, for
 * it knows no others. It tells nothing of a guest's own memory (seen with
 * 9.0.0), so that figures come from the store on this way too. Runs on a lane
 * and may hang there.
 */
#include "crew.h"
#include "mouth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* enum virConnectListAllDomainsFlags and virDomainModificationImpact. */
#define LIST_DOMAINS_ACTIVE 1u
#define AFFECT_LIVE 1u

/* libvirtd needs a second or so to start; asking it more often helps nobody. */
#define DIAL_PAUSE_NS UINT64_C(1000000000)

/* The domain libvirt has just ended has no number any more. */
#define NO_ID ((unsigned)-1)

static const char *reason(const struct bl_xen_mouth *m)
{
	const char *message = m->lib.virGetLastErrorMessage();

	return message ? message : "no reason given";
}

void bl_xen_virt_hang_up(struct bl_xen_mouth *m)
{
	if (m->conn)
		m->lib.virConnectClose(m->conn);
	m->conn = NULL;
}

static int dial(struct bl_xen_mouth *m)
{
	if (m->conn && m->lib.virConnectIsAlive(m->conn) == 1)
		return 0;
	bl_xen_virt_hang_up(m);
	if (bl_xen_clock() >= m->dial_ns)
		m->conn = m->lib.virConnectOpen("xen:///system");
	if (m->conn)
		return 0;
	m->dial_ns = bl_xen_clock() + DIAL_PAUSE_NS;
	return bl_xen_mouth_fail(m, -ENOTCONN, "libvirt at xen:///system cannot be reached: "
	                         "%.300s", reason(m));
}

/* ------------------------------------------------------------------- list */

static void take_domain(struct bl_xen_mouth *m, struct _virDomain *dom)
{
	struct bl_xen_native *native = &m->natives[m->natives_n];
	unsigned id = m->lib.virDomainGetID(dom);

	if (id == NO_ID || m->lib.virDomainGetUUID(dom, native->uuid) < 0)
		return;
	native->domid = id;
	m->natives_n++;
}

static int by_domid(const void *a, const void *b)
{
	const struct bl_xen_native *x = a, *y = b;

	return x->domid < y->domid ? -1 : x->domid > y->domid;
}

/* libvirt lists its domains in no order (seen with 9.0.0). */
static int list(struct bl_xen_mouth *m)
{
	struct _virDomain **domains = NULL;
	int n = m->lib.virConnectListAllDomains(m->conn, &domains, LIST_DOMAINS_ACTIVE);

	if (n < 0)
		return bl_xen_mouth_fail(m, -EIO, "libvirt does not list its domains: %.300s",
		                         reason(m));
	free(m->natives);
	m->natives_n = 0;
	m->natives = calloc((size_t)n + 1, sizeof(*m->natives));
	for (int i = 0; i < n; i++) {
		if (m->natives)
			take_domain(m, domains[i]);
		m->lib.virDomainFree(domains[i]);
	}
	free(domains);
	if (!m->natives)
		return -ENOMEM;
	qsort(m->natives, m->natives_n, sizeof(*m->natives), by_domid);
	return 0;
}

/* ------------------------------------------------------------------- tell */

/* The life that was meant, and no later one of the same UUID. LIVE only: what
 * is decided for now must not outlive the guest. */
static int tell(struct bl_xen_mouth *m)
{
	struct _virDomain *dom = m->lib.virDomainLookupByUUID(m->conn, m->word.uuid);
	unsigned long kib = (unsigned long)m->word.size_kib;
	int rc = 0;

	if (!dom)
		return bl_xen_mouth_fail(m, -ESRCH, "libvirt does not know it: %.300s", reason(m));
	if (m->lib.virDomainGetID(dom) != m->word.domid)
		rc = bl_xen_mouth_fail(m, -ESRCH, "it is gone");
	else if (m->lib.virDomainSetMemoryFlags(dom, kib, AFFECT_LIVE) < 0)
		rc = bl_xen_mouth_fail(m, -EIO, "libvirt refused: %.300s", reason(m));
	m->lib.virDomainFree(dom);
	return rc;
}

void bl_xen_virt_talk(struct bl_xen_mouth *m)
{
	m->rc = dial(m);
	if (m->rc == 0)
		m->rc = m->listing ? list(m) : tell(m);
}
