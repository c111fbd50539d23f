/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lanes: threads that each hold one connection to libvirt and make one call at
 * a time, so that a call that never returns costs a lane and not the caller.
 *
 * The caller hands a job to a free lane, waits as long as it likes, and later
 * collects what came back, in whatever beat that is. One caller; the hub
 * outlives it while calls hang.
 */
#ifndef BL_KVM_HUB_H
#define BL_KVM_HUB_H

#include "address.h"
#include "figures.h"
#include "roster.h"
#include "traits.h"

#include <pthread.h>

/*
 * libvirtd has 20 workers by default (max_workers), and a call that hangs in a
 * hypervisor's monitor takes one: eight leave most of them to everybody else.
 * One connection each, since libvirtd serves only 5 requests of a client at a
 * time (max_client_requests).
 */
#define BL_KVM_LANES_MAX 8

/* Lanes that orders and errands leave free, so that hung guests can never take
 * the sight of the others: one to hang on the next hung guest, one to see. */
#define BL_KVM_LANES_KEPT 2

/* A virError's text can be long; what people need comes first. */
#define BL_KVM_ERROR_MAX 512

enum bl_kvm_kind {
	BL_KVM_SEE,    /* all guests, and the host if it is elsewhere */
	BL_KVM_ORDER,  /* one guest its target */
	BL_KVM_TRAITS, /* one guest's XML */
	BL_KVM_WORK,   /* one guest's job */
	BL_KVM_PERIOD, /* one guest's statistics period */
};

struct bl_kvm_job {
	enum bl_kvm_kind kind;
	unsigned char uuid[BL_KVM_UUID_BYTES];
	int id;
	uint64_t call;         /* its number; never used again */
	uint64_t target_bytes; /* ORDER */
	uint64_t batch;        /* ORDER: which batch, and where in it */
	size_t index;
	uint32_t period_s;     /* PERIOD */
	bool nudge;            /* PERIOD: it stands at this value, but nothing comes */

	int rc;                /* the answer */
	struct bl_kvm_traits traits;
	enum bl_kvm_work work;
	char error[BL_KVM_ERROR_MAX];
};

struct bl_kvm_sight {
	unsigned char uuid[BL_KVM_UUID_BYTES];
	int id;
	const char *name; /* in records */
	struct bl_kvm_figures figures;
};

struct bl_kvm_view {
	virDomainStatsRecordPtr *records;
	struct bl_kvm_sight *sights; /* kept from beat to beat */
	size_t n, cap;
	uint64_t total_bytes, available_bytes; /* the host, if asked for */
};

enum bl_kvm_lane_state {
	BL_KVM_IDLE,
	BL_KVM_WORKING, /* job and view are the lane's */
	BL_KVM_DONE,    /* the answer waits to be collected */
	BL_KVM_HELD,    /* job and view are the caller's until put back */
};

/* state, connected and connecting are under the hub's lock. */
struct bl_kvm_lane {
	struct bl_kvm_hub *hub;
	pthread_t thread;
	pthread_cond_t wake;
	bool started, ended;
	enum bl_kvm_lane_state state;
	bool connected, connecting;
	uint64_t started_ns, finished_ns;
	struct bl_kvm_job job;
	struct bl_kvm_view view;

	virConnectPtr conn; /* the lane thread's alone, like what follows */
	bool ear;           /* this connection also listens for events */
	int events[5];
	int events_n;
	int qemu_event; /* or -1 */
};

enum bl_kvm_tidings { BL_KVM_WAS_RESET, BL_KVM_DEVICES_CHANGED, BL_KVM_WORK_CHANGED };

struct bl_kvm_news {
	unsigned char uuid[BL_KVM_UUID_BYTES];
	enum bl_kvm_tidings what;
};

/* Between two beats more guests than this are not reset one by one; if they
 * are, all are taken as reset, which errs on the side of leaving them alone. */
#define BL_KVM_NEWS_MAX 128

struct bl_kvm_hub {
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned refs;    /* caller, lanes, libvirt's callbacks */
	bool stopping;
	int event_fd;
	struct bl_kvm_address address;
	unsigned lanes_max;
	struct bl_kvm_lane lanes[BL_KVM_LANES_MAX];

	uint64_t connect_ns;       /* not before this */
	uint64_t connect_pause_ns;
	char error[BL_KVM_ERROR_MAX]; /* of the last connect that failed */

	struct bl_kvm_news news[BL_KVM_NEWS_MAX];
	size_t news_n;
	bool news_lost; /* there were more */
	bool relearn;   /* there was a gap in the events: ask everybody everything again */
};

/* CLOCK_MONOTONIC, for deadlines of calls; never compared to the caller's. */
uint64_t bl_kvm_clock(void);

int bl_kvm_hub_new(const struct bl_kvm_address *address, struct bl_kvm_hub **ret_hub);

/* Ends the lanes that are free by deadline_ns; the others end when their calls
 * return, and the last one takes the hub with it. */
void bl_kvm_hub_close(struct bl_kvm_hub *hub, uint64_t deadline_ns);

struct bl_kvm_hub *bl_kvm_hub_ref(struct bl_kvm_hub *hub);
void bl_kvm_hub_unref(struct bl_kvm_hub *hub);

/* Hands job (which is copied) to a free lane. -EBUSY: none free for this kind
 * of job; -EINPROGRESS: none connected, but one is about to be. */
int bl_kvm_hub_submit(struct bl_kvm_hub *hub, const struct bl_kvm_job *job);

/* The next answer that waits, now the caller's to put back; NULL if none. */
struct bl_kvm_lane *bl_kvm_hub_collect(struct bl_kvm_hub *hub);
void bl_kvm_hub_put(struct bl_kvm_lane *lane);

/* Waits until an answer waits or the deadline has passed; true if one does. */
bool bl_kvm_hub_wait(struct bl_kvm_hub *hub, uint64_t deadline_ns);

/* Since when has the call with this number been out? UNKNOWN: it is not. */
uint64_t bl_kvm_hub_since(struct bl_kvm_hub *hub, uint64_t call);

/* Makes the descriptor readable. Any thread; wants no lock. */
void bl_kvm_hub_ring(struct bl_kvm_hub *hub);

/* Does the lane's job, on its thread: talk.c. */
void bl_kvm_talk(struct bl_kvm_lane *lane);
void bl_kvm_hang_up(struct bl_kvm_lane *lane);
void bl_kvm_view_clear(struct bl_kvm_view *view);

#endif
