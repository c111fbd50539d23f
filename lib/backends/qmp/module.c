/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-qmp: guests of QEMU without libvirt (Proxmox VE, plain QEMU), behind
 * the contract of backend.h. This file is the door: it opens, closes and
 * passes on. No call waits for more than a deadline; the host's own means have a
 * thread of theirs (lib/os/press.h).
 */
#include "qmp.h"

#include "../../os/meminfo.h"
#include "../../os/press.h"
#include "../hands/hands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <json-c/json_tokener.h>

/* What a QEMU says stands in it, and is to move no cursor and forge no line. */
void bl_qmp_say(struct bl_qmp *q, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(q->error, sizeof(q->error), format, args);
	va_end(args);
	for (char *p = q->error; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static int refuse(int rc, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "backend-qmp could not start (errno %d); free memory, or "
		         "raise the limits on open files and inotify instances", -rc);
	return rc;
}

static void qmp_close(void *self)
{
	struct bl_qmp *q = self;

	if (!q)
		return;
	bl_qmp_restore(q);
	bl_qmp_roster_fini(q);
	bl_qmp_sockets_fini(&q->sockets);
	if (q->news_fd >= 0)
		close(q->news_fd);
	bl_press_close(q->press);
	close(q->epoll_fd);
	if (q->meminfo_fd >= 0)
		close(q->meminfo_fd);
	json_tokener_free(q->tok);
	free(q);
}

/* One descriptor for all: the directory's news and every guest's. */
static int gather(struct bl_qmp *q)
{
	struct epoll_event wish = { .events = EPOLLIN };
	int rc;

	rc = bl_qmp_sockets_init(&q->sockets, &q->address);
	if (rc < 0)
		return rc;
	q->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (q->epoll_fd >= 0 &&
	    epoll_ctl(q->epoll_fd, EPOLL_CTL_ADD, q->sockets.fd, &wish) == 0)
		return 0;
	rc = -errno;
	if (q->epoll_fd >= 0)
		close(q->epoll_fd);
	bl_qmp_sockets_fini(&q->sockets);
	return rc;
}

static int qmp_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	struct bl_qmp_address address;
	struct bl_qmp *q;
	int rc;

	rc = bl_qmp_address_read(uri, &address, ret_error, size);
	if (rc < 0)
		return rc;
	q = calloc(1, sizeof(*q));
	if (!q)
		return refuse(-ENOMEM, ret_error, size);
	q->address = address;
	q->tok = json_tokener_new();
	rc = q->tok ? gather(q) : -ENOMEM;
	if (rc < 0) {
		if (q->tok)
			json_tokener_free(q->tok);
		free(q);
		return refuse(rc, ret_error, size);
	}
	q->meminfo_fd = bl_meminfo_open();
	q->press = bl_hands_new();
	q->news_fd = bl_hands_fd(q->press, q->epoll_fd);
	*ret_self = q;
	return 0;
}

static int qmp_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct bl_qmp *q = self;

	q->now_ns = now_ns;
	q->error[0] = '\0';
	return bl_qmp_observe(q, ret_sheet);
}

static int qmp_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct bl_qmp *q = self;

	q->now_ns = now_ns;
	q->error[0] = '\0';
	return bl_qmp_order(q, orders, n);
}

static int qmp_fd(void *self)
{
	const struct bl_qmp *q = self;

	return q->news_fd >= 0 ? q->news_fd : q->epoll_fd;
}

static const char *qmp_error(void *self)
{
	const struct bl_qmp *q = self;

	return q->error;
}

BALLOON_API const struct balloon_backend balloon_backend_module = {
	.struct_size = sizeof(struct balloon_backend),
	.abi = BALLOON_BACKEND_ABI,
	.name = "qmp",
	.open = qmp_open,
	.close = qmp_close,
	.observe = qmp_observe,
	.order = qmp_order,
	.fd = qmp_fd,
	.error = qmp_error,
};
