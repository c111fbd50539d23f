/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/PID of a socket's listener. The status file stays open, so that a look
 * is one system call and can never be about another process of the same number.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* About 1.5 KiB on Linux 6; the line that grows with the host (Cpus_allowed)
 * comes after all that is read here. */
#define TEXT_BYTES 4096

/* "\t  123 kB" -> bytes. */
static uint64_t bytes_of(const char *p)
{
	unsigned long long kib;
	char *end;

	p += strspn(p, " \t");
	if (*p < '0' || *p > '9')
		return UINT64_MAX;
	errno = 0;
	kib = strtoull(p, &end, 10);
	if (errno || kib > UINT64_MAX / 1024 || strncmp(end, " kB", 3) != 0)
		return UINT64_MAX;
	return kib * 1024;
}

static void parse_line(const char *line, struct bl_qmp_memory *m)
{
	static const struct { const char *label; size_t offset; } fields[] = {
		{ "VmSize:", offsetof(struct bl_qmp_memory, virtual_bytes) },
		{ "VmRSS:", offsetof(struct bl_qmp_memory, resident_bytes) },
		{ "HugetlbPages:", offsetof(struct bl_qmp_memory, huge_bytes) },
		{ "VmSwap:", offsetof(struct bl_qmp_memory, swapped_bytes) },
		{ "VmLck:", offsetof(struct bl_qmp_memory, locked_bytes) },
		{ "VmPin:", offsetof(struct bl_qmp_memory, pinned_bytes) },
	};

	if (strncmp(line, "State:", 6) == 0)
		m->stopped = line[6 + strspn(line + 6, " \t")] == 'T' ||
			     line[6 + strspn(line + 6, " \t")] == 't';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = strlen(fields[i].label);
		uint64_t value;

		if (strncmp(line, fields[i].label, n) != 0)
			continue;
		value = bytes_of(line + n);
		memcpy((char *)m + fields[i].offset, &value, sizeof(value));
	}
}

int bl_qmp_memory_parse(const char *text, size_t n, struct bl_qmp_memory *ret_memory)
{
	struct bl_qmp_memory m;
	char line[128]; /* all lines of interest are shorter */
	size_t i = 0;

	memset(&m, 0xff, sizeof(m));
	m.stopped = false;
	while (i < n) {
		size_t end = i;

		while (end < n && text[end] != '\n')
			end++;
		snprintf(line, sizeof(line), "%.*s", (int)(end - i < 120 ? end - i : 120), text + i);
		parse_line(line, &m);
		i = end + 1;
	}
	if (m.virtual_bytes == UINT64_MAX) /* a zombie has no such line */
		return -ESRCH;
	*ret_memory = m;
	return 0;
}

int bl_qmp_start_parse(const char *text, uint64_t *ret_start)
{
	/* The second field is the program's name, which may hold anything. */
	const char *p = strrchr(text, ')');
	char *end;

	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p || *p < '0' || *p > '9')
		return -EBADMSG;
	errno = 0;
	*ret_start = strtoull(p, &end, 10);
	return errno || *end != ' ' ? -EBADMSG : 0;
}

static int read_start(int dir, uint64_t *ret_start)
{
	char text[1024];
	int fd = openat(dir, "stat", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return -ESRCH;
	text[n] = '\0';
	return bl_qmp_start_parse(text, ret_start);
}

/* Both files through one directory: of one process, even if it ends just now. */
static int open_by(pid_t pid, struct bl_qmp_process *p)
{
	char path[32];
	int dir, rc;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	rc = read_start(dir, &p->start);
	if (rc == 0) {
		p->status_fd = openat(dir, "status", O_RDONLY | O_CLOEXEC);
		rc = p->status_fd < 0 ? -errno : 0;
	}
	close(dir);
	return rc;
}

void bl_qmp_process_open(int fd, struct bl_qmp_process *ret_process)
{
	struct bl_qmp_process p = { .status_fd = -1 };
	struct ucred peer;
	socklen_t n = sizeof(peer);

	/* pid 0: of another PID namespace, where its number means nothing here. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.pid > 0 &&
	    open_by(peer.pid, &p) == 0)
		p.pid = peer.pid;
	*ret_process = p;
}

void bl_qmp_process_close(struct bl_qmp_process *p)
{
	if (p->status_fd >= 0)
		close(p->status_fd);
	*p = (struct bl_qmp_process){ .status_fd = -1 };
}

bool bl_qmp_process_same(const struct bl_qmp_process *a, const struct bl_qmp_process *b)
{
	return a->pid && a->pid == b->pid && a->start == b->start;
}

int bl_qmp_process_read(const struct bl_qmp_process *p, struct bl_qmp_memory *ret_memory)
{
	char text[TEXT_BYTES];
	ssize_t n;

	if (!p->pid)
		return -ESRCH;
	do {
		n = pread(p->status_fd, text, sizeof(text), 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -ESRCH : bl_qmp_memory_parse(text, (size_t)n, ret_memory);
}
