/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every call to libvirt that can block, made on a lane's thread. Says what was
 * asked and hands back what was answered; must not decide what to ask.
 */
#include "ear.h"
#include "hub.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

/* A libvirtd that is silent for 5 s, three times, is gone: its calls then come
 * back, and lanes with them. libvirtd's own settings (5 s, five times) are in
 * the same range; a local socket needs none of it but does not mind. */
#define KEEPALIVE_S 5
#define KEEPALIVE_N 3

/* Between attempts to connect: a restart of libvirtd takes about a second, so
 * the first pause is shorter; 10 s keeps a host that is away for hours cheap. */
#define CONNECT_PAUSE_NS UINT64_C(500000000)
#define CONNECT_PAUSE_MAX_NS UINT64_C(10000000000)

/* -------------------------------------------------------------- errors */

static const char *reason(void)
{
	const char *message = virGetLastErrorMessage();

	return message ? message : "no reason given";
}

static int errno_of(const virError *e)
{
	switch (e ? e->code : VIR_ERR_OK) {
	case VIR_ERR_NO_DOMAIN:
		return -ESRCH;
	case VIR_ERR_NO_MEMORY:
		return -ENOMEM;
	case VIR_ERR_NO_SUPPORT:
	case VIR_ERR_OPERATION_UNSUPPORTED:
	case VIR_ERR_ARGUMENT_UNSUPPORTED:
	case VIR_ERR_CONFIG_UNSUPPORTED:
		return -EOPNOTSUPP;
	case VIR_ERR_INVALID_ARG:
		return -EINVAL;
	case VIR_ERR_OPERATION_DENIED:
	case VIR_ERR_ACCESS_DENIED:
	case VIR_ERR_AUTH_FAILED:
		return -EACCES;
	case VIR_ERR_OPERATION_TIMEOUT:
		return -ETIMEDOUT;
	default:
		return -EIO;
	}
}

/* Keeps libvirt's words for the caller; libvirt's last error is per thread. */
static int failed(struct bl_kvm_lane *lane)
{
	snprintf(lane->job.error, sizeof(lane->job.error), "%s", reason());
	return errno_of(virGetLastError());
}

/* ---------------------------------------------------------- connecting */

void bl_kvm_hang_up(struct bl_kvm_lane *lane)
{
	if (!lane->conn)
		return;
	if (lane->ear)
		bl_kvm_ear_detach(lane);
	virConnectClose(lane->conn);
	lane->conn = NULL;
	pthread_mutex_lock(&lane->hub->lock);
	lane->connected = false;
	pthread_mutex_unlock(&lane->hub->lock);
}

/* May a lane try now? If so it says that it does. */
static bool begin_connect(struct bl_kvm_lane *lane)
{
	struct bl_kvm_hub *hub = lane->hub;
	bool may;

	pthread_mutex_lock(&hub->lock);
	may = bl_kvm_clock() >= hub->connect_ns;
	lane->connecting = may;
	if (!may)
		snprintf(lane->job.error, sizeof(lane->job.error), "%s", hub->error);
	pthread_mutex_unlock(&hub->lock);
	return may;
}

static void back_off(struct bl_kvm_hub *hub)
{
	uint64_t pause = hub->connect_pause_ns ? hub->connect_pause_ns * 2 : CONNECT_PAUSE_NS;

	hub->connect_pause_ns = pause < CONNECT_PAUSE_MAX_NS ? pause : CONNECT_PAUSE_MAX_NS;
	hub->connect_ns = bl_kvm_clock() + hub->connect_pause_ns;
}

static void end_connect(struct bl_kvm_lane *lane)
{
	struct bl_kvm_hub *hub = lane->hub;

	pthread_mutex_lock(&hub->lock);
	lane->connecting = false;
	lane->connected = lane->conn != NULL;
	if (lane->conn) {
		hub->connect_ns = 0;
		hub->connect_pause_ns = 0;
	} else {
		back_off(hub);
		snprintf(hub->error, sizeof(hub->error), "%s", lane->job.error);
	}
	pthread_mutex_unlock(&hub->lock);
}

/* No credentials are asked for: a library has nobody to ask. */
static int dial(struct bl_kvm_lane *lane)
{
	if (!begin_connect(lane))
		return -ENOTCONN;
	lane->conn = virConnectOpen(lane->hub->address.uri);
	if (lane->conn) {
		/* Per connection where it can be: the process's handler is not ours. */
		virConnSetErrorFunc(lane->conn, NULL, bl_kvm_ear_hush);
		virConnectSetKeepAlive(lane->conn, KEEPALIVE_S, KEEPALIVE_N);
		if (lane->ear)
			bl_kvm_ear_attach(lane);
	} else {
		snprintf(lane->job.error, sizeof(lane->job.error), "%.300s; is libvirtd "
		         "running, and may this user connect?", reason());
	}
	end_connect(lane);
	return lane->conn ? 0 : -ENOTCONN;
}

static int connect_lane(struct bl_kvm_lane *lane)
{
	if (lane->conn && virConnectIsAlive(lane->conn) == 1)
		return 0;
	bl_kvm_hang_up(lane);
	return dial(lane);
}

/* -------------------------------------------------------------- seeing */

void bl_kvm_view_clear(struct bl_kvm_view *view)
{
	if (view->records)
		virDomainStatsRecordListFree(view->records);
	view->records = NULL;
	view->n = 0;
}

static bool room_for(struct bl_kvm_view *view, size_t n)
{
	struct bl_kvm_sight *sights;

	if (n <= view->cap)
		return true;
	n += n / 2; /* guests come one by one: do not grow for each */
	sights = realloc(view->sights, n * sizeof(*sights));
	if (!sights)
		return false;
	view->sights = sights;
	view->cap = n;
	return true;
}

/* Where the bulk call brings no memory (libvirt's test driver, 9.0.0), the
 * guest is asked by itself; a driver that can hang here is not asked. */
static void ask_one(virDomainPtr dom, struct bl_kvm_figures *f)
{
	virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
	virDomainInfo info;
	int n;

	if (virDomainGetInfo(dom, &info) == 0) {
		f->running = bl_kvm_runs(info.state);
		f->size_bytes = bl_kvm_bytes(info.maxMem);
		f->actual_bytes = bl_kvm_bytes(info.memory);
	}
	n = virDomainMemoryStats(dom, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);
	if (n > 0)
		bl_kvm_figures_add(stats, n, f);
}

static bool take_record(virDomainStatsRecordPtr record, bool qemu, struct bl_kvm_sight *s)
{
	unsigned id = virDomainGetID(record->dom);

	/* -1: it ended while the answer was on its way. */
	if (id == (unsigned)-1 || virDomainGetUUID(record->dom, s->uuid) < 0)
		return false;
	s->id = (int)id;
	s->name = virDomainGetName(record->dom);
	bl_kvm_figures_read(record->params, record->nparams, &s->figures);
	if (!qemu && s->figures.actual_bytes == BALLOON_UNKNOWN)
		ask_one(record->dom, &s->figures);
	return s->name != NULL;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? BALLOON_UNKNOWN : a + b;
}

static void read_node_stats(const virNodeMemoryStats *stats, int n, struct bl_kvm_view *view)
{
	uint64_t free_kib = 0;
	bool seen = false;

	for (int i = 0; i < n; i++) {
		const char *name = stats[i].field;

		if (strcmp(name, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
			view->total_bytes = bl_kvm_bytes(stats[i].value);
		if (strcmp(name, VIR_NODE_MEMORY_STATS_FREE) == 0)
			seen = true;
		else if (strcmp(name, VIR_NODE_MEMORY_STATS_BUFFERS) != 0 &&
			 strcmp(name, VIR_NODE_MEMORY_STATS_CACHED) != 0)
			continue;
		free_kib = add_up(free_kib, stats[i].value);
	}
	if (seen)
		view->available_bytes = bl_kvm_bytes(free_kib);
}

/* libvirt 9.0.0 has four of these (total, free, buffers, cached); more are let be. */
#define NODE_STATS_MAX 16

static void see_host(virConnectPtr conn, struct bl_kvm_view *view)
{
	virNodeMemoryStats stats[NODE_STATS_MAX];
	virNodeInfo info;
	int n = 0;

	if (virNodeGetMemoryStats(conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) == 0 &&
	    n > 0 && n <= NODE_STATS_MAX &&
	    virNodeGetMemoryStats(conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) == 0)
		read_node_stats(stats, n, view);
	else if (virNodeGetInfo(conn, &info) == 0)
		view->total_bytes = bl_kvm_bytes(info.memory);
}

/*
 * One call for all. NOWAIT: a guest whose lock another call holds is told of
 * from libvirtd's memory; without it the call would wait there for 30 s.
 */
static int see(struct bl_kvm_lane *lane)
{
	struct bl_kvm_view *view = &lane->view;
	int n = virConnectGetAllDomainStats(lane->conn,
	                                    VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON,
	                                    &view->records,
	                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
	                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

	if (n < 0) {
		view->records = NULL;
		return failed(lane);
	}
	if (!room_for(view, (size_t)n))
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		if (take_record(view->records[i], lane->hub->address.qemu,
		                &view->sights[view->n]))
			view->n++;
	view->total_bytes = BALLOON_UNKNOWN;
	view->available_bytes = BALLOON_UNKNOWN;
	if (!lane->hub->address.here)
		see_host(lane->conn, view);
	return 0;
}

/* ----------------------------------------------------------- one guest */

static int set_target(struct bl_kvm_lane *lane, virDomainPtr dom)
{
	uint64_t kib = lane->job.target_bytes / 1024;

	if (kib == 0 || kib > ULONG_MAX)
		return -EINVAL;
	/* LIVE only: what is decided for now must not outlive the guest. */
	if (virDomainSetMemoryFlags(dom, (unsigned long)kib, VIR_DOMAIN_AFFECT_LIVE) < 0)
		return failed(lane);
	return 0;
}

static int read_traits(struct bl_kvm_lane *lane, virDomainPtr dom)
{
	char *xml = virDomainGetXMLDesc(dom, 0);
	int rc;

	if (!xml)
		return failed(lane);
	rc = bl_kvm_traits_read(xml, strlen(xml), &lane->job.traits);
	free(xml);
	return rc;
}

static int read_work(struct bl_kvm_lane *lane, virDomainPtr dom)
{
	virTypedParameterPtr params = NULL;
	int type = VIR_DOMAIN_JOB_NONE, n = 0;

	if (virDomainGetJobStats(dom, &type, &params, &n, 0) < 0)
		return failed(lane);
	lane->job.work = bl_kvm_work_read(type, params, n);
	virTypedParamsFree(params, n);
	return 0;
}

static int set_period(virDomainPtr dom, uint32_t period_s)
{
	return virDomainSetMemoryStatsPeriod(dom, (int)period_s, VIR_DOMAIN_AFFECT_LIVE);
}

/* QEMU ignores a period that stands already (balloon_stats_set_poll_interval),
 * so a nudge goes by way of another; not by 0, where it could get stuck. */
static int order_period(struct bl_kvm_lane *lane, virDomainPtr dom)
{
	uint32_t period_s = lane->job.period_s;

	if (lane->job.nudge && set_period(dom, period_s + 1) < 0)
		return failed(lane);
	if (set_period(dom, period_s) < 0)
		return failed(lane);
	return 0;
}

static int do_with(struct bl_kvm_lane *lane, virDomainPtr dom)
{
	switch (lane->job.kind) {
	case BL_KVM_ORDER:
		return set_target(lane, dom);
	case BL_KVM_TRAITS:
		return read_traits(lane, dom);
	case BL_KVM_WORK:
		return read_work(lane, dom);
	case BL_KVM_PERIOD:
		return order_period(lane, dom);
	case BL_KVM_SEE:
		break;
	}
	return -EINVAL;
}

/* The guest that was meant, and no later one of the same name or UUID: compare
 * and set. (A NULL domain would mean the host itself to some calls.) */
static int with_guest(struct bl_kvm_lane *lane)
{
	virDomainPtr dom = virDomainLookupByUUID(lane->conn, lane->job.uuid);
	int rc;

	if (!dom)
		return failed(lane);
	if ((int)virDomainGetID(dom) != lane->job.id) {
		snprintf(lane->job.error, sizeof(lane->job.error), "it is gone");
		rc = -ESRCH;
	} else {
		rc = do_with(lane, dom);
	}
	/* "Operation is invalid" is said of a guest that just ended. */
	if (rc == -EIO && virDomainIsActive(dom) == 0)
		rc = -ESRCH;
	virDomainFree(dom);
	return rc;
}

void bl_kvm_talk(struct bl_kvm_lane *lane)
{
	int rc;

	lane->job.error[0] = '\0';
	virResetLastError();
	rc = connect_lane(lane);
	if (rc == 0)
		rc = lane->job.kind == BL_KVM_SEE ? see(lane) : with_guest(lane);
	lane->job.rc = rc;
}
