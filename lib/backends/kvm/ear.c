/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns libvirt's callbacks into news for the next beat and a readable
 * descriptor. Balloon changes are not listened to: most are our own doing, and
 * would wake a beat for every order it gave. Must not decide anything.
 */
#include "ear.h"

#include <signal.h>
#include <string.h>

#include <libvirt/libvirt-qemu.h>

void bl_kvm_ear_hush(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static void *run_loop(void *arg)
{
	(void)arg;
	for (;;)
		virEventRunDefaultImpl();
	return NULL;
}

static void start_loop(void)
{
	pthread_t thread;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&thread, NULL, run_loop, NULL) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void never(int timer, void *arg)
{
	(void)timer;
	(void)arg;
}

/* libvirt has no question for it, but adding a timer (a disabled one) fails
 * where there is no loop to add it to. */
static bool somebody_has_a_loop(void)
{
	int timer = virEventAddTimeout(-1, never, NULL, NULL);

	if (timer < 0)
		return false;
	virEventRemoveTimeout(timer);
	return true;
}

/*
 * A failed connect has no connection whose error handler could be set, and
 * libvirt then prints to stderr, at every retry. The handler for that is one
 * per process: it is only touched where nobody has an event loop either, that
 * is, where nobody but us speaks libvirt.
 */
static void prepare_once(void)
{
	if (virInitialize() < 0 || somebody_has_a_loop())
		return;
	virSetErrorFunc(NULL, bl_kvm_ear_hush);
	if (virEventRegisterDefaultImpl() == 0)
		start_loop();
}

void bl_kvm_ear_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare_once);
}

/* ------------------------------------------------------------- what is heard */

static bool is_known(const struct bl_kvm_hub *hub, const struct bl_kvm_news *news)
{
	for (size_t i = 0; i < hub->news_n; i++)
		if (hub->news[i].what == news->what &&
		    memcmp(hub->news[i].uuid, news->uuid, sizeof(news->uuid)) == 0)
			return true;
	return false;
}

static void note(struct bl_kvm_hub *hub, virDomainPtr dom, enum bl_kvm_tidings what)
{
	struct bl_kvm_news news = { .what = what };

	if (virDomainGetUUID(dom, news.uuid) < 0)
		return;
	pthread_mutex_lock(&hub->lock);
	if (is_known(hub, &news))
		; /* one job tells of itself half a dozen times */
	else if (hub->news_n < BL_KVM_NEWS_MAX)
		hub->news[hub->news_n++] = news;
	else if (what == BL_KVM_WORK_CHANGED)
		hub->relearn = true;
	else
		hub->news_lost = true;
	pthread_mutex_unlock(&hub->lock);
	bl_kvm_hub_ring(hub);
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *arg)
{
	(void)conn;
	(void)dom;
	(void)detail;
	switch (event) {
	case VIR_DOMAIN_EVENT_STARTED:
	case VIR_DOMAIN_EVENT_STOPPED:
	case VIR_DOMAIN_EVENT_SUSPENDED:
	case VIR_DOMAIN_EVENT_RESUMED:
	case VIR_DOMAIN_EVENT_CRASHED:
		bl_kvm_hub_ring(arg);
		break;
	default: /* (un)defined, shutting down, asleep: no memory changes hands */
		break;
	}
	return 0;
}

static void on_reboot(virConnectPtr conn, virDomainPtr dom, void *arg)
{
	(void)conn;
	note(arg, dom, BL_KVM_WAS_RESET);
}

static void on_device(virConnectPtr conn, virDomainPtr dom, const char *alias, void *arg)
{
	(void)conn;
	(void)alias;
	note(arg, dom, BL_KVM_DEVICES_CHANGED);
}

static int on_job_end(virConnectPtr conn, virDomainPtr dom, virTypedParameterPtr params, int n,
                      void *arg)
{
	(void)conn;
	(void)params;
	(void)n;
	note(arg, dom, BL_KVM_WORK_CHANGED);
	return 0;
}

static void on_qemu_job(virConnectPtr conn, virDomainPtr dom, const char *event,
                        long long seconds, unsigned micros, const char *details, void *arg)
{
	(void)conn;
	(void)event;
	(void)seconds;
	(void)micros;
	(void)details;
	note(arg, dom, BL_KVM_WORK_CHANGED);
}

static void on_close(virConnectPtr conn, int reason, void *arg)
{
	(void)conn;
	(void)reason;
	bl_kvm_hub_ring(arg);
}

static void unref(void *arg)
{
	bl_kvm_hub_unref(arg);
}

static void listen_to(struct bl_kvm_lane *lane, int event,
                      virConnectDomainEventGenericCallback callback)
{
	struct bl_kvm_hub *hub = bl_kvm_hub_ref(lane->hub);
	int id = virConnectDomainEventRegisterAny(lane->conn, NULL, event, callback, hub, unref);

	if (id < 0)
		bl_kvm_hub_unref(hub);
	else
		lane->events[lane->events_n++] = id;
}

/* libvirt tells when a job ended and not when one began; its QEMU does both. A
 * driver that has none, or will not tell, is heard of ends alone. */
static void listen_to_qemu(struct bl_kvm_lane *lane)
{
	struct bl_kvm_hub *hub;

	lane->qemu_event = -1;
	if (!lane->hub->address.qemu)
		return;
	hub = bl_kvm_hub_ref(lane->hub);
	lane->qemu_event = virConnectDomainQemuMonitorEventRegister(
		lane->conn, NULL, "^(JOB_STATUS_CHANGE|MIGRATION)$", on_qemu_job, hub, unref,
		VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX);
	if (lane->qemu_event < 0)
		bl_kvm_hub_unref(hub);
}

/* Any function pointer may pass through void (*)(void): libvirt calls it by
 * its own type, which the event's number says. */
#define GENERIC(callback) ((virConnectDomainEventGenericCallback)(void (*)(void))(callback))

void bl_kvm_ear_attach(struct bl_kvm_lane *lane)
{
	struct bl_kvm_hub *hub = lane->hub;

	/* No free callback here: a driver without close callbacks (test, 9.0.0)
	 * says yes and forgets it. The lane holds the hub longer than that. */
	virConnectRegisterCloseCallback(lane->conn, on_close, hub, NULL);
	lane->events_n = 0;
	listen_to(lane, VIR_DOMAIN_EVENT_ID_LIFECYCLE, GENERIC(on_lifecycle));
	listen_to(lane, VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot);
	listen_to(lane, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, GENERIC(on_device));
	listen_to(lane, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, GENERIC(on_device));
	listen_to(lane, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, GENERIC(on_job_end));
	listen_to_qemu(lane);
	pthread_mutex_lock(&hub->lock);
	hub->relearn = true;
	pthread_mutex_unlock(&hub->lock);
}

void bl_kvm_ear_detach(struct bl_kvm_lane *lane)
{
	virConnectUnregisterCloseCallback(lane->conn, on_close);
	if (lane->qemu_event >= 0)
		virConnectDomainQemuMonitorEventDeregister(lane->conn, lane->qemu_event);
	while (lane->events_n > 0)
		virConnectDomainEventDeregisterAny(lane->conn, lane->events[--lane->events_n]);
}
