/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients on the socket: one line in, one line out. None of them can hold up
 * a beat: nothing here waits, and who is slow is dropped.
 */
#ifndef BALLOOND_SERVER_H
#define BALLOOND_SERVER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "request.h"
#include "socket.h"
#include "text.h"

/* People and a scraper or two; each costs at most its texts. */
#define SERVER_CLIENTS 16
#define SERVER_POLLFDS (SERVER_CLIENTS + 1)

struct client {
	int fd; /* -1 = free */
	pid_t pid;
	uid_t uid;
	uint64_t deadline_ns;
	char line[REQUEST_MAX];
	size_t len;
	struct text reply;
	size_t sent;
};

struct server {
	struct claim claim;
	struct client clients[SERVER_CLIENTS];
	/* uid is the client's; (uid_t)-1 where the kernel does not say. */
	void (*answer)(void *arg, const struct request *r, uid_t uid, struct text *ret_reply);
	void *arg;
};

void server_init(struct server *s); /* so that close is safe; then socket_claim() */
void server_close(struct server *s, const char *path);

/* Fills fds[SERVER_POLLFDS]; after poll() the same fds go to server_run(). */
void server_poll(const struct server *s, struct pollfd *fds);
void server_run(struct server *s, const struct pollfd *fds, uint64_t now);

/* When server_run() is wanted at the latest; BALLOON_UNKNOWN = no need. */
uint64_t server_deadline(const struct server *s);

#endif
