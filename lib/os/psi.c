/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure stall information: parser, reader, and a watch on it. */
#include "psi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

/* Two lines of 70 bytes, some more in later kernels. */
#define TEXT_BYTES 512

/* All the kernel grants without CAP_SYS_RESOURCE (Linux 6.4; 6.1 grants nothing). */
#define POOR_WINDOW_US 2000000

struct bl_psi_watch {
	int trigger;
	int epoll;
	int text; /* the same file, read */
	uint32_t window_us;
	uint64_t last_total_ns;
};

/* "12.34" percent, always with two decimals, in basis points. */
static bool percent(struct bl_span *s, uint32_t *ret_bp)
{
	struct bl_span t = *s;
	uint64_t whole, cents;
	const char *point;

	if (!bl_span_u64(&t, &whole) || whole > 100 || !bl_span_skip(&t, "."))
		return false;
	point = t.p;
	if (!bl_span_u64(&t, &cents) || t.p != point + 2 || whole * 100 + cents > 10000)
		return false;
	*ret_bp = (uint32_t)(whole * 100 + cents);
	*s = t;
	return true;
}

static bool word_after(struct bl_span line, const char *label, struct bl_span *ret_value)
{
	while (bl_span_word(&line, ret_value)) {
		if (bl_span_skip(ret_value, label))
			return true;
	}
	return false;
}

static bool read_line(struct bl_span line, uint32_t *ret_bp, uint64_t *ret_total_ns)
{
	struct bl_span value;
	uint64_t total_us;
	uint32_t bp;

	if (!word_after(line, "avg10=", &value) || !percent(&value, &bp))
		return false;
	if (!word_after(line, "total=", &value) || !bl_span_u64(&value, &total_us))
		return false;
	if (total_us > UINT64_MAX / 1000)
		return false;
	*ret_bp = bp;
	*ret_total_ns = total_us * 1000;
	return true;
}

int bl_psi_parse(const char *text, size_t n, struct bl_psi *ret_psi)
{
	struct bl_psi psi = { UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX };
	struct bl_span rest = bl_span(text, n), line;

	while (bl_span_line(&rest, &line)) {
		if (bl_span_skip(&line, "some "))
			read_line(line, &psi.some_bp, &psi.some_total_ns);
		else if (bl_span_skip(&line, "full "))
			read_line(line, &psi.full_bp, &psi.full_total_ns);
	}
	if (psi.some_total_ns == UINT64_MAX)
		return -EBADMSG;
	*ret_psi = psi;
	return 0;
}

int bl_psi_read(const char *path, struct bl_psi *ret_psi)
{
	char text[TEXT_BYTES];
	ssize_t n = bl_file_read(AT_FDCWD, path, text, sizeof(text));

	return n < 0 ? (int)n : bl_psi_parse(text, (size_t)n, ret_psi);
}

/* The kernel cuts off the last byte, taking it for a newline or NUL. */
static int ask(int fd, uint32_t stall_us, uint32_t window_us)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "some %u %u", stall_us, window_us);

	return write(fd, text, (size_t)n + 1) < 0 ? -errno : 0;
}

static int set_trigger(struct bl_psi_watch *w, uint32_t stall_us, uint32_t window_us)
{
	uint64_t scaled = window_us ? (uint64_t)stall_us * POOR_WINDOW_US / window_us : 0;
	int rc = ask(w->trigger, stall_us, window_us);

	w->window_us = window_us;
	if (rc != -EINVAL || scaled > POOR_WINDOW_US)
		return rc;
	w->window_us = POOR_WINDOW_US;
	return ask(w->trigger, (uint32_t)scaled, POOR_WINDOW_US);
}

static int total_now(const struct bl_psi_watch *w, uint64_t *ret_total_ns)
{
	char text[TEXT_BYTES];
	ssize_t n = bl_fd_read(w->text, text, sizeof(text));
	struct bl_psi psi;
	int rc = n < 0 ? (int)n : bl_psi_parse(text, (size_t)n, &psi);

	if (!rc)
		*ret_total_ns = psi.some_total_ns;
	return rc;
}

static int set_up(struct bl_psi_watch *w, const char *path, uint32_t stall_us, uint32_t window_us)
{
	struct epoll_event news = { .events = EPOLLPRI };
	int rc;

	w->text = open(path, O_RDONLY | O_CLOEXEC);
	if (w->text < 0)
		return -errno;
	w->trigger = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (w->trigger < 0)
		return -errno;
	rc = set_trigger(w, stall_us, window_us);
	if (rc < 0)
		return rc;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->trigger, &news) < 0)
		return -errno;
	return total_now(w, &w->last_total_ns);
}

int bl_psi_watch_open(const char *path, uint32_t stall_us, uint32_t window_us,
                      struct bl_psi_watch **ret_watch)
{
	struct bl_psi_watch *w = malloc(sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	*w = (struct bl_psi_watch){ .trigger = -1, .epoll = -1, .text = -1 };
	rc = set_up(w, path, stall_us, window_us);
	if (rc < 0) {
		bl_psi_watch_close(w);
		return rc;
	}
	*ret_watch = w;
	return 0;
}

int bl_psi_watch_fd(const struct bl_psi_watch *watch)
{
	return watch->epoll;
}

uint32_t bl_psi_watch_window_us(const struct bl_psi_watch *watch)
{
	return watch->window_us;
}

int bl_psi_watch_stall(struct bl_psi_watch *watch, uint64_t *ret_stalled_ns)
{
	uint64_t total_ns;
	int rc = total_now(watch, &total_ns);

	if (rc < 0)
		return rc;
	*ret_stalled_ns = total_ns > watch->last_total_ns ? total_ns - watch->last_total_ns : 0;
	watch->last_total_ns = total_ns;
	return 0;
}

void bl_psi_watch_close(struct bl_psi_watch *watch)
{
	if (!watch)
		return;
	if (watch->epoll >= 0)
		close(watch->epoll);
	if (watch->trigger >= 0)
		close(watch->trigger);
	if (watch->text >= 0)
		close(watch->text);
	free(watch);
}
