/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend's insides. One thread, one epoll: in every call all guests are
 * asked at once, and answers are taken in until all are there or time is up.
 * Who is late costs its own sample; its answer is taken when it comes.
 */
#ifndef BL_QMP_QMP_H
#define BL_QMP_QMP_H

#include "guest.h"
#include "sockets.h"

struct json_tokener;

struct bl_qmp_seat {
	uint64_t key;
	struct bl_qmp_guest *guest;
};

struct bl_qmp {
	struct bl_qmp_address address;
	struct bl_qmp_sockets sockets;
	struct bl_qmp_guest **guests;      /* by path */
	struct bl_qmp_guest **by_process;  /* the same */
	struct bl_qmp_seat *seats;         /* those in the sheet, by key */
	struct balloon_sample *rows;
	size_t n, cap, rows_n;
	int epoll_fd;
	int meminfo_fd;                    /* or -1 */
	struct bl_press *press;            /* the host's own means, or NULL */
	int news_fd;                       /* of epoll_fd and press together; or -1 */
	struct json_tokener *tok;
	uint64_t now_ns;                   /* the caller's clock, of this call */
	uint64_t ids;                      /* questions asked so far */
	size_t awaited[2];                 /* guests in this wait: prompt ones, slow ones */
	int blind;                         /* why a socket could not be opened, or 0 */
	char error[1024];
};

/* CLOCK_MONOTONIC, for deadlines; never compared to the caller's. */
uint64_t bl_qmp_clock(void);

__attribute__((format(printf, 2, 3)))
void bl_qmp_say(struct bl_qmp *q, const char *format, ...);

/* ------------------------------------------------------------- roster.c */

/* The guests are those of q->sockets.found, and those that still talk. -ENOMEM. */
int bl_qmp_roster_sync(struct bl_qmp *q);

/* Finds guests with several sockets, and keeps one. */
void bl_qmp_roster_twins(struct bl_qmp *q);

/* Fills rows and seats with those that are there. */
void bl_qmp_roster_seat(struct bl_qmp *q);
struct bl_qmp_guest *bl_qmp_roster_by_key(const struct bl_qmp *q, uint64_t key);
void bl_qmp_roster_fini(struct bl_qmp *q);

/* --------------------------------------------------------------- link.c */

/* Before anything else in a call: all are listened to again. */
void bl_qmp_allow(struct bl_qmp *q);

/* Connects if need be; false if there is nobody to talk to. */
bool bl_qmp_reach(struct bl_qmp *q, struct bl_qmp_guest *g);
void bl_qmp_hang_up(struct bl_qmp *q, struct bl_qmp_guest *g);

/* It speaks something else, or without end. */
void bl_qmp_break_off(struct bl_qmp *q, struct bl_qmp_guest *g);

/* It says too much: no more of it in this call. */
void bl_qmp_mute(struct bl_qmp *q, struct bl_qmp_guest *g, bool on);

/* Counts it among those awaited, and no longer. */
void bl_qmp_await(struct bl_qmp *q, struct bl_qmp_guest *g);
void bl_qmp_settle(struct bl_qmp *q, struct bl_qmp_guest *g, bool slow);

/* What all of them said since the last call. */
void bl_qmp_catch_up(struct bl_qmp *q);

/* Until nobody is awaited, or too long. */
void bl_qmp_wait(struct bl_qmp *q);

/* Leaves those that are not ours to hold. */
void bl_qmp_leave(struct bl_qmp *q);

/* --------------------------------------------------------------- talk.c */

/* Takes in what it said. */
void bl_qmp_listen(struct bl_qmp *q, struct bl_qmp_guest *g);

/* Asks, now or when it greets; it is awaited from now on. */
void bl_qmp_start(struct bl_qmp *q, struct bl_qmp_guest *g, enum bl_qmp_round round);

/* ------------------------------------------------- observe.c, orders.c */

int bl_qmp_observe(struct bl_qmp *q, struct balloon_sheet *ret_sheet);
int bl_qmp_order(struct bl_qmp *q, struct balloon_order *orders, size_t n);

/* Gives every guest its old statistics period back. */
void bl_qmp_restore(struct bl_qmp *q);

extern const struct balloon_backend balloon_backend_module;

#endif
