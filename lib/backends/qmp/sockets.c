/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks for sockets when the directory says that it changed, and now and then
 * all the same: a pattern may reach deeper than the one directory watched.
 */
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* For what a watch does not tell: seldom enough to cost nothing (a look is
 * about 1 µs a file), often enough that a guest is found while it boots. */
#define LOOK_NS UINT64_C(5000000000)

/* The plain name for QMP sockets, Proxmox's and most manuals'. Not all sockets
 * of a directory: a guest agent's or a serial line's serves one client, too. */
#define USUAL "*.qmp"

int bl_qmp_sockets_init(struct bl_qmp_sockets *s, const struct bl_qmp_address *address)
{
	memset(s, 0, sizeof(*s));
	s->address = address;
	s->watch = -1;
	s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

void bl_qmp_sockets_fini(struct bl_qmp_sockets *s)
{
	globfree(&s->found);
	close(s->fd);
}

void bl_qmp_sockets_hear(struct bl_qmp_sockets *s)
{
	_Alignas(struct inotify_event) char text[4096];
	ssize_t n;

	while ((n = read(s->fd, text, sizeof(text))) > 0) {
		const struct inotify_event *e;

		s->news = true;
		for (const char *p = text; p < text + n; p += sizeof(*e) + e->len) {
			e = (const void *)p;
			if (e->mask & IN_IGNORED) /* the directory itself is gone */
				s->watch = -1;
		}
	}
}

/* True if the watch is new, so that there may be news from before it. */
static bool watch(struct bl_qmp_sockets *s)
{
	if (s->watch >= 0)
		return false;
	s->watch = inotify_add_watch(s->fd, s->address->base,
	                             IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB);
	return s->watch >= 0;
}

static int look(struct bl_qmp_sockets *s)
{
	const struct bl_qmp_address *a = s->address;
	char pattern[sizeof(a->path) + sizeof(USUAL)];
	struct stat st;
	int r;

	if (stat(a->base, &st) < 0)
		return -errno;
	globfree(&s->found);
	memset(&s->found, 0, sizeof(s->found));
	snprintf(pattern, sizeof(pattern), S_ISDIR(st.st_mode) && !a->pattern ? "%s/" USUAL : "%s",
	         a->path);
	r = glob(pattern, GLOB_ERR, NULL, &s->found);
	if (r == GLOB_NOSPACE)
		return -ENOMEM;
	return r == GLOB_ABORTED ? -EACCES : 0;
}

int bl_qmp_sockets_look(struct bl_qmp_sockets *s, uint64_t now_ns)
{
	bool due = !s->looked || now_ns - s->looked_ns >= LOOK_NS;
	int rc;

	bl_qmp_sockets_hear(s);
	if (!watch(s) && !due && !s->news)
		return 0;
	s->news = false;
	rc = look(s);
	s->looked = rc == 0;
	s->looked_ns = now_ns;
	return rc < 0 ? rc : 1;
}
