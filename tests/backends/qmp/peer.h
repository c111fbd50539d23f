/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process that listens on a Unix socket and speaks QMP, well or badly: the
 * other end of the wire, of which the backend under test must survive anything.
 */
#ifndef QMP_PEER_H
#define QMP_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum manner {
	HONEST,
	SILENT,      /* reads and never answers */
	NOT_GREETING, /* as QEMU does while another client is served */
	OTHER_TONGUE, /* greets like a VNC server */
	GARBLED,     /* answers with what is no JSON */
	ENDLESS,     /* answers with a line that does not end */
	CUT_OFF,     /* hangs up in the middle of an answer */
	STRANGER,    /* answers under numbers nobody used */
	FLOODING,    /* sends events as fast as they are taken before it answers */
	DEEP,        /* answers with a thousand nested lists */
	GREETING_TWICE,
	MANNERS,
};

/* Shared with the peer's process: written by one side, read by the other. */
struct stage {
	volatile int manner;
	volatile int64_t actual_bytes; /* "actual" as it is said, also a negative one */
	char figure[64];               /* every statistic, as text */
	volatile uint64_t last_update;
	volatile uint64_t base_bytes;
	volatile uint64_t plugged_bytes;
	volatile uint64_t period_s;
	char device[64];               /* type of a device besides the balloon; "" = none */
	char status[32];
	char migration[32];
	char job[32];                  /* a job's type; "" = none */
	volatile bool no_balloon;      /* has no balloon device */
	volatile bool refuses;         /* the balloon command */
	volatile int delay_ms;         /* before its status is told */
	volatile bool lone;            /* has no name and UUID */
	char event[64];                /* said once, before the next answer; see peer_event() */

	volatile int connections;      /* open now */
	volatile int questions;        /* lines heard */
	volatile int lists;            /* of devices, asked for */
	volatile uint64_t target_bytes; /* last one ordered */
	volatile int periods_set;
};

struct peer {
	pid_t pid;
	char path[2][100]; /* its sockets; the second only if asked for */
	struct stage *stage;
};

/* A directory of its own for the sockets of one test. */
void peers_begin(char dir[64]);
void peers_end(const char *dir);

/* Listens on DIR/NAME.qmp when this returns. also: a second socket, or NULL. */
void peer_start(struct peer *p, const char *dir, const char *name, const char *also);
void peer_kill(struct peer *p);

/* Has it say an event of its own accord, on all connections. */
void peer_event(struct peer *p, const char *event);

#endif
