/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rooms of the hall share. The hall opens doors, carries sheets from
 * the backend to core and orders back, and decides nothing.
 */
#ifndef BL_HALL_H
#define BL_HALL_H

#include <balloon/backend.h>
#include <balloon/balloon.h>

#include "core/core.h"
#include "core/ladder.h"

/* A floor curve, the policy's. */
struct bl_floors {
	struct balloon_floor_point *points;
	size_t n;
};

/* A guest as the hall knows it: who it is, and the guard's own bounds for it. */
struct bl_row {
	uint64_t key;
	char *name;
	char *uuid; /* "" where there is none */
	char *note; /* the backend's, for people; or NULL */
	uint64_t size;
	uint64_t reservation; /* operator's, or UNKNOWN */
	uint64_t limit;       /* likewise */
	struct bl_floors floors; /* where no reservation is given; the policy's */
	uint32_t pool;        /* index of its pool */
	uint64_t met;         /* the beat in which it was first seen */
	uint64_t moved;       /* actual at the last beat */
	uint64_t orders;
	uint64_t lost_samples;
	int32_t order_rc;
	uint8_t hold;         /* enum bl_hold_mode; the backend's */
};

/* An allocation with all that the operator left open still open. */
struct bl_named {
	char *guest;
	struct bl_allocation {
		uint64_t shares;
		uint64_t reservation;
		uint64_t limit;
		uint32_t pool;   /* or NO_POOL: nothing said */
		uint32_t tax_bp; /* or NO_TAX */
		struct bl_floors floors; /* none: nothing said */
	} allocation;
};

/* The operator's policy, owned. */
struct bl_policy {
	struct balloon_profile profile;
	uint64_t budget;
	uint64_t reserve;
	struct bl_allocation fallback;
	struct bl_named *guests; /* sorted by name */
	size_t guests_n;
	struct bl_pool *pools; /* as core wants them; 0 is the root */
	char **pool_names;     /* same index; the root's is "" */
	size_t pools_n;
};

/* What libvirt, Proxmox and vSphere users expect, of guests and of pools. */
#define BL_DEFAULT_SHARES 1000

#define BL_NO_POOL UINT32_MAX
#define BL_NO_TAX UINT32_MAX

/* A sentence and the room for it. */
struct bl_complaint {
	char *text;
	size_t size;
};

int bl_complain(struct bl_complaint *c, int rc, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Memory kept for a guest about to start. */
struct bl_claim_row {
	uint64_t id;
	uint64_t bytes; /* reservation and overhead */
	uint64_t most;  /* size and overhead */
	uint64_t lease_ns;
	uint64_t made;  /* in which beat: guests met later may take it */
	char *pool; /* by name: the tree may change */
	char *guest;
};

/* One owner's hold on one guest. */
struct bl_hold_row {
	char *guest;
	char *owner;
	char *reason;
	uint8_t mode; /* enum bl_hold_mode */
	uint64_t until_ns;
};

/* An order as it left the guard: what is written into its copy by the backend
 * is not believed. */
struct bl_asked {
	uint64_t target;
	uint32_t row;
	uint32_t means;
};

struct balloon {
	const struct balloon_backend *backend;
	void *self;     /* the backend's */
	void *module;   /* dlopen()'s, or NULL */
	int dry_run;
	void (*log)(void *arg, int level, const char *sentence);
	void *log_arg;
	char error[512];
	char heard[512]; /* the last sentence of the backend's that was passed on */

	struct bl_policy policy;
	struct bl_world world;      /* core's rows … */
	struct bl_row *rows;        /* … and the hall's, same index */
	struct bl_claim_row *claims;
	size_t claims_n;
	uint64_t claim_ids;
	uint64_t swap; /* the host's, or UNKNOWN */
	struct bl_hold_row *holds;
	size_t holds_n;
	struct balloon_order *orders; /* of one beat … */
	struct bl_asked *asked;       /* … and what the guard made of them, same index */
	uint64_t *proposed;         /* dry run: what would have been told */

	int ticked;
	uint64_t now_ns;
	struct balloon_report report;
};

/* Sets the handle's sentence; returns rc, for `return bl_fail(b, -EINVAL, …)`. */
int bl_fail(struct balloon *b, int rc, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Copies a struct that begins with its size into ours, zero-filled. -EINVAL
 * without a size, -E2BIG if it says something that this library cannot know. */
int bl_import(void *ret, size_t size, const void *from);

/* Finds the backend for a URI. The caller dlclose()s *ret_module. */
int bl_module_open(const char *uri, const struct balloon_backend **ret_backend, void **ret_module,
                   char *ret_error, size_t size);

/* Checks and copies; on failure *ret is untouched and the sentence is written. */
int bl_policy_import(struct bl_policy *ret, const struct balloon_policy *from, char *ret_error,
                     size_t size);
void bl_policy_free(struct bl_policy *p);

/* A floor curve, checked and copied; or copied. -ENOMEM. */
int bl_floors_import(struct bl_floors *ret, const struct balloon_floor_point *points, uint64_t n,
                     const char *who, struct bl_complaint *c);
int bl_floors_copy(struct bl_floors *floors);

/* A policy of its own with the same contents; -ENOMEM. */
int bl_policy_copy(struct bl_policy *ret, const struct bl_policy *from);

/* The allocation in force for a guest, with the fallback filled in. */
struct bl_allocation bl_policy_find(const struct bl_policy *p, const char *name,
                                    const char *uuid);

/* The pools of a policy, checked and put into core's order. */
int bl_tree_import(struct bl_policy *p, const struct balloon_pool *pools, size_t n,
                   struct bl_complaint *c);
void bl_tree_free(struct bl_policy *p);

/* The index of a pool by name (NULL or "" = the root), or -ENOENT. */
int bl_tree_find(const struct bl_policy *p, const char *name, uint32_t *ret_pool);

/* Room to work in, whose contents mean nothing between beats; members, which
 * is made anew whenever guests or pools change; and what dry runs propose. */
struct bl_room {
	struct bl_claimant *claimants;
	struct bl_scratch *scratch;
	uint64_t *entitled;
	uint32_t *members;
	struct balloon_order *orders;
	struct bl_asked *asked;
	uint64_t *proposed;
	uint16_t *node_bp;
	uint64_t *curves;
};

/* Room for so many; -ENOMEM. Installed it is the handle's, in place of what it
 * had; keep copies what dry runs proposed and what curves were seen, the guests
 * being the same. */
int bl_room_alloc(struct bl_room *r, size_t guests, size_t pools);
void bl_room_free(const struct bl_room *r);
void bl_room_keep(struct bl_room *r, const struct balloon *b);
void bl_room_install(struct balloon *b, const struct bl_room *r);

/* Makes rows and core's guests follow the sheet: same order, the gone dropped,
 * the new added. Costs a comparison a guest while nothing changes. -ENOMEM
 * leaves everything as it was. */
int bl_roster_sync(struct balloon *b, const struct balloon_sheet *sheet);
void bl_roster_free(struct balloon *b);

/* The row of a guest (name or UUID); 0 if there is none. */
int bl_roster_find(const struct balloon *b, const char *guest, size_t *ret_i);

/* Makes another policy the one in force. -ENOMEM changes nothing. */
int bl_roster_adopt(struct balloon *b, struct bl_policy *policy);

/* Before a beat: what claims and holds mean for it, the lapsed ones dropped. */
void bl_claims_beat(struct balloon *b, uint64_t now);
void bl_holds_beat(struct balloon *b, uint64_t now);
void bl_claims_free(struct balloon *b);

/* The same claims and holds on another handle that has none; -ENOMEM. */
int bl_claims_copy(struct balloon *to, const struct balloon *from);
int bl_holds_copy(struct balloon *to, const struct balloon *from);

/* Sums what is reserved into the pools, and returns it for the whole host. */
uint64_t bl_claims_sum(struct balloon *b);
void bl_holds_free(struct balloon *b);

/* How a guest is held, the strongest of several holds: enum bl_hold_mode. *ret_hold
 * is whose it is; NULL if nobody holds it, or the backend does. */
uint8_t bl_holds_find(const struct balloon *b, const struct bl_row *row,
                      const struct bl_hold_row **ret_hold);

/* The guard: the only caller of a backend. */
int bl_guard_check(const struct balloon_backend *backend, char *ret_error, size_t size);
int bl_guard_open(struct balloon *b, const char *uri);
int bl_guard_observe(struct balloon *b, uint64_t now);
int bl_guard_order(struct balloon *b, size_t n, uint64_t now);
void bl_guard_close(struct balloon *b);

#endif
