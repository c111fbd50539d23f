/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the process of a guest; see pid.h. */
#include "pid.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A command line of QEMU's; the UUID stands far in front of all the devices. */
#define COMMAND_MAX 8192

bool bl_kvm_pid_path(const char *uri, const char *name, char *ret_path, size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (strchr(name, '/'))
		return false;
	if (strstr(uri, ":///session") && run)
		n = snprintf(ret_path, size, "%s/libvirt/qemu/run/%s.pid", run, name);
	else if (strstr(uri, ":///system"))
		n = snprintf(ret_path, size, "/run/libvirt/qemu/%s.pid", name);
	else
		return false;
	return n > 0 && (size_t)n < size;
}

/* A small file, as text; false if it cannot be read. */
static bool slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) /* arguments are told apart by NUL */
		text[i] = text[i] ? text[i] : ' ';
	text[n] = '\0';
	return true;
}

int bl_kvm_pid(const char *uri, const char *name, const char *uuid_text)
{
	char path[512], text[COMMAND_MAX];
	long pid;

	if (!bl_kvm_pid_path(uri, name, path, sizeof(path)) || !slurp(path, text, 32))
		return 0;
	pid = strtol(text, NULL, 10);
	if (pid <= 0 || pid > 1 << 22) /* the most Linux has */
		return 0;
	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	return slurp(path, text, sizeof(text)) && strstr(text, uuid_text) ? (int)pid : 0;
}
