/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp:PATH[?visit]
 *
 *	qmp:/run/guests            all that is called something.qmp in there
 *	qmp:/run/guest-[0-9].sock  what this pattern finds
 *	qmp:/run/guests/db.qmp     this one
 *
 * A QMP socket serves one client at a time. Where it is ours it is held, and
 * events are heard; with ?visit every beat comes, asks and leaves, so that other
 * programs get their turn. Proxmox VE's tools all use /var/run/qemu-server/ID.qmp
 * and give up on one that is held (PVE::QMPClient), so that directory is
 * always visited. Must not touch the file system.
 */
#include "address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int refuse(const char *text, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "\"%.200s\" does not say where QMP sockets are; write "
		         "one like qmp:/run/guests or qmp:/run/guests/*.qmp", text);
	return -EINVAL;
}

/* Cuts suffix off the end of text, if it is there. */
static bool cut(char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);

	if (n < m || strcmp(text + n - m, suffix) != 0)
		return false;
	text[n - m] = '\0';
	return true;
}

static void find_base(struct bl_qmp_address *a)
{
	size_t plain = strcspn(a->path, "*?[");
	char *slash;

	a->pattern = a->path[plain] != '\0';
	memcpy(a->base, a->path, plain);
	a->base[plain] = '\0';
	if (!a->pattern)
		return;
	slash = strrchr(a->base, '/');
	if (slash == a->base)
		slash++; /* the root is a directory, too */
	*slash = '\0';
}

int bl_qmp_address_read(const char *text, struct bl_qmp_address *ret_address, char *ret_error,
                        size_t size)
{
	static const char scheme[] = "qmp:";
	struct bl_qmp_address a = { 0 };
	size_t n;

	if (!text || strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return refuse(text ? text : "", ret_error, size);
	n = strlen(text + sizeof(scheme) - 1);
	if (n >= sizeof(a.path) || text[sizeof(scheme) - 1] != '/')
		return refuse(text, ret_error, size);
	memcpy(a.path, text + sizeof(scheme) - 1, n + 1);
	a.visit = cut(a.path, "?visit");
	while (strlen(a.path) > 1 && cut(a.path, "/"))
		;
	find_base(&a);
	a.proxmox = strstr(a.path, "/run/qemu-server") != NULL;
	a.visit |= a.proxmox;
	*ret_address = a;
	return 0;
}
