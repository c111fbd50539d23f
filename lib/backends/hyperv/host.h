/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One host as this backend knows it, and what is said to it. All calls here
 * talk and may take seconds: they are made on the clerk's thread alone.
 */
#ifndef BL_HYPERV_HOST_H
#define BL_HYPERV_HOST_H

#include "rows.h"
#include "soap.h"
#include "steer.h"
#include "talk.h"

struct bl_hyperv_vm {
	struct bl_hyperv_now now;
	unsigned rest_n;         /* looks in which usage and settings stood still */
	uint64_t key;            /* of this life */
	bool seen;               /* in the look being taken */
	bool known;              /* memory and version are */
	struct bl_hyperv_memory memory;
	uint64_t version;        /* of its configuration; 0 = not known */
	uint64_t most_mib;       /* largest VirtualQuantity seen */

	uint64_t target_mib;     /* a level: it is led there again when it drifts */
	bool fresh;              /* the target is new */
	enum bl_hyperv_snag snag;
	uint64_t floor_mib, ceiling_mib; /* that its target met; UNKNOWN = nothing known */
	struct bl_hyperv_change sent;    /* not read back yet */
	char job[64];            /* that carries it out; "" = none */
	uint64_t job_ns;         /* since when */
	unsigned job_look;       /* after which look it was asked after */
	uint64_t changed_ns;
	uint64_t again_ns;       /* no change before that; the pause doubles */
	uint64_t pause_ns;
};

struct bl_hyperv_host {
	struct bl_hyperv_line *line;
	bool learnt;             /* what stands still about it */
	bool no_balancer;        /* its counters are not there */
	bool reload;             /* settings must be read again */
	struct bl_hyperv_rules rules;
	uint64_t total_mib, available_mib;
	uint64_t usage_mib;      /* of all, when available_mib was told */
	char changed[BL_HYPERV_DATE_MAX]; /* the latest configuration change we know of */
	unsigned looks;
	size_t next;             /* guest to go on with */
	uint64_t keys;           /* given out so far */
	struct bl_hyperv_vm *vms;
	size_t n, cap;
	char note[BL_HYPERV_ERROR_MAX];   /* latest thing an operator should know */
};

/* CLOCK_MONOTONIC. */
uint64_t bl_hyperv_clock(void);

/* ------------------------------------------------------------- ask.c */

/* One exchange: sends (and frees) the letter. A fault becomes an error with a
 * sentence in line->error. The reply is the caller's to free. */
int bl_hyperv_ask(struct bl_hyperv_host *h, struct bl_hyperv_letter *letter,
                  struct bl_hyperv_reply *ret_reply);

/* Enumerates and pulls to the end. */
int bl_hyperv_query(struct bl_hyperv_host *h, const char *space, const char *wql,
                    bl_hyperv_take take, void *arg);

/* ------------------------------------------------------------ look.c */

/* Sees all guests: two requests, unless something changed. -errno: nothing was
 * seen, and line->error says why. */
int bl_hyperv_look(struct bl_hyperv_host *h);

struct bl_hyperv_vm *bl_hyperv_find(const struct bl_hyperv_host *h, const char *guid);

/* ------------------------------------------------------------- act.c */

/* Tells a guest where it shall go; bl_hyperv_act() leads it there. */
void bl_hyperv_tell(struct bl_hyperv_host *h, uint64_t key, uint64_t target_mib);

/* Polls jobs, once after each look, and moves the levers that are to be moved; at most
 * one set of changes at a time for each guest. Stops now and then, so that looking
 * does not wait for all of it: true if there is more to do. */
bool bl_hyperv_act(struct bl_hyperv_host *h);

#endif
