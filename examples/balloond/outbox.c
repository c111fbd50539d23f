/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line per beat to stdout; see outbox.h. */
#include "outbox.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

bool outbox_busy(const struct outbox *o)
{
	return !o->gone && !o->line.broken && o->sent < o->line.len;
}

static bool writable(void)
{
	struct pollfd fd = { STDOUT_FILENO, POLLOUT, 0 };

	return poll(&fd, 1, 0) == 1;
}

/* stdout is shared with whoever started us, so it is not made non-blocking;
 * a pipe that polls as writable takes PIPE_BUF bytes at once. */
void outbox_push(struct outbox *o)
{
	while (outbox_busy(o) && writable()) {
		size_t left = o->line.len - o->sent;
		ssize_t n = write(STDOUT_FILENO, o->line.data + o->sent,
		                  left < PIPE_BUF ? left : PIPE_BUF);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			o->gone = true;
		if (n > 0)
			o->sent += (size_t)n;
	}
}
