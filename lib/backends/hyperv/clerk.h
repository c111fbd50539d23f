/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clerk: one thread that holds all talk with one host, so that a host that
 * hangs costs the clerk's time and not the caller's. The caller leaves word
 * (look; lead this guest there) and takes what was seen when it is there.
 */
#ifndef BL_HYPERV_CLERK_H
#define BL_HYPERV_CLERK_H

#include "host.h"

#include <pthread.h>

/* One guest in a view: a copy, so that nobody waits for anybody. */
struct bl_hyperv_sight {
	uint64_t key;
	char guid[BL_HYPERV_GUID_MAX];
	char name[BL_HYPERV_NAME_MAX];
	enum bl_hyperv_state state;
	bool known, dynamic, huge_pages, sgx;
	uint32_t caps;          /* enum bl_hyperv_caps */
	uint64_t usage_mib, demand_mib, size_mib, uptime_ms;
	enum bl_hyperv_snag snag;
	uint64_t floor_mib, ceiling_mib;
};

/* What one look brought: 0 and a sheet, or -errno and why. */
struct bl_hyperv_view {
	int rc;
	uint64_t serial;
	uint64_t taken_ns;      /* it took the look so long */
	uint64_t ended_ns;
	uint64_t total_mib, available_mib;
	bool paging;
	char text[BL_HYPERV_ERROR_MAX]; /* the sentence for rc, or the latest note */
	size_t n;
	struct bl_hyperv_sight guests[];
};

/* Of what the host is known to be now; rc is that of the look, which began then.
 * NULL: no memory. */
struct bl_hyperv_view *bl_hyperv_view_new(const struct bl_hyperv_host *h, int rc, uint64_t serial,
                                          uint64_t began_ns);

struct bl_hyperv_word {
	uint64_t key;
	uint64_t target_mib;
};

struct bl_hyperv_clerk;

int bl_hyperv_clerk_new(const struct bl_hyperv_address *address,
                        struct bl_hyperv_clerk **ret_clerk);

/* Waits for the thread until deadline_ns; it ends by itself later if it must. */
void bl_hyperv_clerk_close(struct bl_hyperv_clerk *clerk, uint64_t deadline_ns);

/* Asks for a look, unless one is under way or the host is not to be asked yet. */
void bl_hyperv_clerk_look(struct bl_hyperv_clerk *clerk);

/* Leaves word for n guests. -ENOMEM: for none of them. */
int bl_hyperv_clerk_tell(struct bl_hyperv_clerk *clerk, const struct bl_hyperv_word *words,
                         size_t n);

/* Waits until there is a view to take. */
void bl_hyperv_clerk_wait(struct bl_hyperv_clerk *clerk, uint64_t deadline_ns);

/* The newest view nobody has taken, now the caller's to free(); NULL: there is
 * none by deadline_ns. Then the descriptor becomes readable when there is. */
struct bl_hyperv_view *bl_hyperv_clerk_take(struct bl_hyperv_clerk *clerk, uint64_t deadline_ns);

/* Letters sent and answered so far. */
unsigned long bl_hyperv_clerk_requests(struct bl_hyperv_clerk *clerk);

int bl_hyperv_clerk_fd(const struct bl_hyperv_clerk *clerk);

#endif
