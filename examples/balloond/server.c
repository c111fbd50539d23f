/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients on the socket; see server.h. */
#include "server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <unistd.h>

#include <balloon/balloon.h>

#include "log.h"

/* For the request to arrive and for its answer to be taken. A person at a
 * terminal, by hand, manages; whoever holds a place for nothing loses it. */
#define DEADLINE_NS UINT64_C(5000000000)
/* A client that had a status of fifty thousand guests gives its memory back. */
#define REPLY_KEEP 65536u

void server_init(struct server *s)
{
	*s = (struct server){ .claim = { -1, -1 } };
	for (int i = 0; i < SERVER_CLIENTS; i++)
		s->clients[i].fd = -1;
}

static void drop(struct client *c, const char *why)
{
	if (why)
		say(LOG_WARNING, "the client with pid %d of uid %u was dropped: %s", (int)c->pid,
		    (unsigned int)c->uid, why);
	close(c->fd);
	text_free(&c->reply);
	c->fd = -1;
}

void server_close(struct server *s, const char *path)
{
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			drop(&s->clients[i], NULL);
	}
	socket_drop(path, &s->claim);
}

static struct client *free_place(struct server *s)
{
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
	}
	return NULL;
}

static bool waits(const struct client *c)
{
	return c->reply.len > 0;
}

void server_poll(const struct server *s, struct pollfd *fds)
{
	bool room = false;

	for (int i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &s->clients[i];

		fds[i] = (struct pollfd){ c->fd, waits(c) ? POLLOUT : POLLIN, 0 };
		room = room || c->fd < 0;
	}
	/* When all places are taken the others wait outside: some deadline frees one. */
	fds[SERVER_CLIENTS] = (struct pollfd){ room ? s->claim.listen : -1, POLLIN, 0 };
}

static void welcome(struct server *s, uint64_t now)
{
	struct client *c = free_place(s);
	struct ucred peer = { .pid = 0, .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	int fd = c ? accept4(s->claim.listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	if (fd < 0)
		return; /* gone again, or no descriptor: the next round tries again */
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	c->fd = fd;
	c->pid = peer.pid;
	c->uid = peer.uid;
	c->len = c->sent = 0;
	c->deadline_ns = now + DEADLINE_NS;
	say(LOG_DEBUG, "pid %d of uid %u connected", (int)c->pid, (unsigned int)c->uid);
}

static void reply_error(struct text *reply, const char *sentence)
{
	text_add(reply, "{\"error\":");
	text_json_string(reply, sentence, SIZE_MAX);
	text_add(reply, "}");
}

/* Answers the line[0..len) of a client. */
static void serve(struct server *s, struct client *c, size_t len)
{
	struct request r;
	char why[512];

	text_clear(&c->reply);
	c->sent = 0;
	if (request_parse(c->line, len, &r, why, sizeof(why)) < 0)
		reply_error(&c->reply, why);
	else
		s->answer(s->arg, &r, c->uid, &c->reply);
	text_add(&c->reply, "\n");
	c->len -= len + 1;
	memmove(c->line, c->line + len + 1, c->len);
	if (c->reply.broken)
		drop(c, "there was not enough memory to answer");
}

/* Sends what can be sent now. */
static void push(struct client *c, uint64_t now)
{
	ssize_t n = send(c->fd, c->reply.data + c->sent, c->reply.len - c->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		drop(c, NULL); /* it left: its own business */
		return;
	}
	c->sent += (size_t)n;
	if (c->sent < c->reply.len)
		return;
	c->deadline_ns = now + DEADLINE_NS;
	text_clear(&c->reply);
	if (c->reply.size > REPLY_KEEP)
		text_free(&c->reply);
}

static void pull(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(c, NULL);
	else if (n > 0)
		c->len += (size_t)n;
}

/* One request per round and client: nobody has the daemon for himself. */
static void run_client(struct server *s, struct client *c, short events, uint64_t now)
{
	const char *end = waits(c) ? NULL : memchr(c->line, '\n', c->len);

	if (events && !waits(c) && !end)
		pull(c);
	if (c->fd < 0)
		return;
	end = waits(c) ? NULL : memchr(c->line, '\n', c->len);
	if (end)
		serve(s, c, (size_t)(end - c->line));
	else if (!waits(c) && c->len == sizeof(c->line))
		drop(c, "its request is longer than 4096 bytes");
	if (c->fd >= 0 && waits(c))
		push(c, now);
	if (c->fd >= 0 && now >= c->deadline_ns)
		drop(c, waits(c) ? "it does not take its answer" : c->len ? "its request does not end"
		                                                          : NULL);
}

void server_run(struct server *s, const struct pollfd *fds, uint64_t now)
{
	for (int i = 0; i < SERVER_CLIENTS; i++) {
		if (s->clients[i].fd >= 0)
			run_client(s, &s->clients[i], fds[i].revents, now);
	}
	if (fds[SERVER_CLIENTS].revents)
		welcome(s, now);
}

/* A whole request that came behind another one is not waited for. */
uint64_t server_deadline(const struct server *s)
{
	uint64_t soonest = BALLOON_UNKNOWN;

	for (int i = 0; i < SERVER_CLIENTS; i++) {
		const struct client *c = &s->clients[i];
		uint64_t t = c->deadline_ns;

		if (c->fd < 0)
			continue;
		if (!waits(c) && memchr(c->line, '\n', c->len))
			t = 0;
		if (t < soonest)
			soonest = t;
	}
	return soonest;
}
