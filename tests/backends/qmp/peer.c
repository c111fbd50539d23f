/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include "testkit.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS_MAX 8

struct client {
	int fd;
	char in[16384];
	size_t n;
};

struct world {
	struct stage *stage;
	int listener[2];
	struct client clients[CLIENTS_MAX];
};

/* --------------------------------------------------------------- speaking */

/* Blocks no longer than the reader is slow; a reader that left is no news. */
static void put(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t r = send(fd, text, n, MSG_NOSIGNAL);

		if (r <= 0)
			return;
		text += r;
		n -= (size_t)r;
	}
}

static void put_stats(const struct stage *s, char *out, size_t size)
{
	snprintf(out, size,
	         "{\"last-update\":%" PRIu64 ",\"stats\":{\"stat-total-memory\":%s,"
	         "\"stat-available-memory\":%s,\"stat-free-memory\":%s,\"stat-disk-caches\":%s,"
	         "\"stat-swap-in\":%s,\"stat-swap-out\":%s,\"stat-major-faults\":%s}}",
	         s->last_update, s->figure, s->figure, s->figure, s->figure, s->figure, s->figure,
	         s->figure);
}

static void put_list(struct stage *s, const char *line, char *out, size_t size)
{
	s->lists++;
	if (strstr(line, "peripheral-anon\"") || strstr(line, "/objects"))
		snprintf(out, size, "[{\"name\":\"type\",\"type\":\"string\"}]");
	else
		snprintf(out, size, "[{\"name\":\"other\",\"type\":\"child<%s>\"}%s]",
		         s->device[0] ? s->device : "e1000",
		         s->no_balloon ? "" :
		         ",{\"name\":\"balloon0\",\"type\":\"child<virtio-balloon-pci>\"}");
}

static uint64_t number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

static bool asks(const char *line, const char *what)
{
	return strstr(line, what) != NULL;
}

/* What an honest QEMU returns; an error starts with '!'. */
static void answer(struct stage *s, const char *line, char *out, size_t size)
{
	snprintf(out, size, "{}");
	if (asks(line, "query-name") && !s->lone)
		snprintf(out, size, "{\"name\":\"guest\"}");
	else if (asks(line, "query-uuid"))
		snprintf(out, size, "{\"UUID\":\"%s\"}",
		         s->lone ? "00000000-0000-0000-0000-000000000000" :
		                   "01234567-89ab-cdef-0123-456789abcdef");
	else if (asks(line, "query-status"))
		snprintf(out, size, "{\"status\":\"%s\"}", s->status);
	else if (asks(line, "query-balloon"))
		snprintf(out, size, "{\"actual\":%" PRId64 "}", s->actual_bytes);
	else if (asks(line, "query-memory-size"))
		snprintf(out, size, "{\"base-memory\":%" PRIu64 ",\"plugged-memory\":%" PRIu64 "}",
		         s->base_bytes, s->plugged_bytes);
	else if (asks(line, "query-memory-devices"))
		snprintf(out, size, "[]");
	else if (asks(line, "query-migrate") && s->migration[0])
		snprintf(out, size, "{\"status\":\"%s\"}", s->migration);
	else if (asks(line, "query-jobs"))
		snprintf(out, size, s->job[0] ? "[{\"type\":\"%s\",\"status\":\"running\"}]" : "[]%s",
		         s->job);
	else if (asks(line, "qom-list"))
		put_list(s, line, out, size);
	else if (asks(line, "\"guest-stats\""))
		put_stats(s, out, size);
	else if (asks(line, "qom-set")) {
		s->period_s = number_after(line, "\"value\":");
		s->periods_set++;
	} else if (asks(line, "polling-interval"))
		snprintf(out, size, "%" PRIu64, s->period_s);
	else if (asks(line, "qom-get"))
		snprintf(out, size, "true");
	else if (asks(line, "\"balloon\"") && s->refuses)
		snprintf(out, size, "!No balloon device has been activated\\u001b[2J\\n");
	else if (asks(line, "\"balloon\""))
		s->target_bytes = number_after(line, "\"value\":");
}

static void reply(struct stage *s, int fd, const char *line)
{
	uint64_t id = number_after(line, "\"id\":") + (s->manner == STRANGER ? 1000000 : 0);
	char value[2048], text[4096];

	answer(s, line, value, sizeof(value));
	if (value[0] == '!')
		snprintf(text, sizeof(text), "{\"id\":%" PRIu64 ",\"error\":{\"class\":"
		         "\"DeviceNotActive\",\"desc\":\"%s\"}}\r\n", id, value + 1);
	else
		snprintf(text, sizeof(text), "{\"return\":%s,\"id\":%" PRIu64 "}\r\n", value, id);
	if (s->manner == CUT_OFF)
		text[strlen(text) / 2] = '\0';
	put(fd, text);
}

static void put_many(int fd, const char *what, int times)
{
	for (int i = 0; i < times; i++)
		put(fd, what);
}

/* Until the reader has had enough and leaves, or the test goes on. */
static void flood(struct stage *s, int fd)
{
	static const char event[] = "{\"event\":\"BALLOON_CHANGE\",\"data\":{\"actual\":1}}\n";

	while (s->manner == FLOODING && send(fd, event, sizeof(event) - 1, MSG_NOSIGNAL) > 0)
		;
}

/* False: it hangs up. */
static bool react(struct stage *s, int fd, const char *line)
{
	s->questions++;
	switch (s->manner) {
	case SILENT:
		return true;
	case GARBLED:
		put(fd, "{\"return\": \xff\xfe{{}\n");
		return true;
	case ENDLESS:
		put_many(fd, "{\"return\":\"0123456789012345678901234567890123456789\"", 4096);
		return true;
	case FLOODING:
		flood(s, fd);
		reply(s, fd, line);
		return true;
	case DEEP:
		put_many(fd, "[", 1000);
		put_many(fd, "]", 1000);
		put(fd, "\n");
		return true;
	case GREETING_TWICE:
		put(fd, "{\"QMP\":{}}\n");
		return true;
	default:
		if (asks(line, "query-status"))
			usleep((unsigned)s->delay_ms * 1000);
		reply(s, fd, line);
		return s->manner != CUT_OFF;
	}
}

/* -------------------------------------------------------------- listening */

static void leave(struct world *w, struct client *c)
{
	close(c->fd);
	c->fd = -1;
	w->stage->connections--;
}

static void hear(struct world *w, struct client *c)
{
	ssize_t r = recv(c->fd, c->in + c->n, sizeof(c->in) - c->n - 1, 0);
	char *end;

	if (r <= 0) {
		leave(w, c);
		return;
	}
	c->n += (size_t)r;
	c->in[c->n] = '\0';
	while ((end = strchr(c->in, '\n'))) {
		*end = '\0';
		if (!react(w->stage, c->fd, c->in)) {
			leave(w, c);
			return;
		}
		c->n -= (size_t)(end + 1 - c->in);
		memmove(c->in, end + 1, c->n + 1);
	}
}

static void meet(struct world *w, int listener)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &w->clients[i];

		if (c->fd >= 0)
			continue;
		c->fd = accept(listener, NULL, NULL);
		c->n = 0;
		if (c->fd < 0)
			return;
		w->stage->connections++;
		if (w->stage->manner == OTHER_TONGUE)
			put(c->fd, "RFB 003.008\n");
		else if (w->stage->manner != NOT_GREETING)
			put(c->fd, "{\"QMP\":{\"version\":{},\"capabilities\":[\"oob\"]}}\r\n");
		return;
	}
}

static void tell_event(struct world *w)
{
	char text[128];

	if (!w->stage->event[0])
		return;
	snprintf(text, sizeof(text), "{\"event\":\"%s\",\"timestamp\":{}}\n", w->stage->event);
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (w->clients[i].fd >= 0)
			put(w->clients[i].fd, text);
	w->stage->event[0] = '\0';
}

static void serve(struct world *w)
{
	struct pollfd fds[2 + CLIENTS_MAX];

	for (;;) {
		for (int i = 0; i < 2 + CLIENTS_MAX; i++)
			fds[i] = (struct pollfd){ i < 2 ? w->listener[i] : w->clients[i - 2].fd,
			                          POLLIN, 0 };
		poll(fds, 2 + CLIENTS_MAX, 5); /* an event may be wanted at any time */
		tell_event(w);
		for (int i = 0; i < 2 + CLIENTS_MAX; i++) {
			if (!fds[i].revents)
				continue;
			if (i < 2)
				meet(w, fds[i].fd);
			else
				hear(w, &w->clients[i - 2]);
		}
	}
}

/* ------------------------------------------------------------- the test's */

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 1) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void run(struct peer *p, int ready)
{
	static struct world w;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A test's own connections, held here too, would never seem closed. */
	close_range(3, (unsigned)ready - 1, 0);
	close_range((unsigned)ready + 1, ~0u, 0);
	w.stage = p->stage;
	for (int i = 0; i < CLIENTS_MAX; i++)
		w.clients[i].fd = -1;
	/* Here and not in the parent: whoever calls listen() is the peer's process. */
	w.listener[0] = listen_at(p->path[0]);
	w.listener[1] = p->path[1][0] ? listen_at(p->path[1]) : -1;
	close(ready);
	serve(&w);
}

static struct stage *new_stage(void)
{
	struct stage *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	s->actual_bytes = (int64_t)MIB;
	s->base_bytes = MIB; /* less than any process maps: this one can be its QEMU */
	s->last_update = 100;
	s->period_s = 7;
	snprintf(s->figure, sizeof(s->figure), "4096");
	snprintf(s->status, sizeof(s->status), "running");
	return s;
}

void peer_start(struct peer *p, const char *dir, const char *name, const char *also)
{
	int ready[2];
	char byte;

	memset(p, 0, sizeof(*p));
	snprintf(p->path[0], sizeof(p->path[0]), "%s/%s.qmp", dir, name);
	if (also)
		snprintf(p->path[1], sizeof(p->path[1]), "%s/%s.qmp", dir, also);
	p->stage = new_stage();
	if (pipe(ready) < 0) {
		perror("pipe");
		exit(1);
	}
	p->pid = fork();
	if (p->pid == 0) {
		close(ready[0]);
		run(p, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	if (p->pid < 0 || read(ready[0], &byte, 1) != 0)
		exit(1);
	close(ready[0]);
}

void peer_kill(struct peer *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
		munmap(p->stage, sizeof(*p->stage));
	}
	p->pid = 0;
}

void peer_event(struct peer *p, const char *event)
{
	snprintf(p->stage->event, sizeof(p->stage->event), "%s", event);
	while (((volatile char *)p->stage->event)[0])
		usleep(1000);
}

void peers_begin(char dir[64])
{
	snprintf(dir, 64, "/tmp/balloon-qmp.XXXXXX");
	if (!mkdtemp(dir)) {
		perror("mkdtemp");
		exit(1);
	}
}

void peers_end(const char *dir)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		perror(dir);
}
