/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"

static char mount[256], journal[64], home[BL_CGROUP_MAX];

static void path_of(const struct group *g, const char *file, char *path, size_t size)
{
	snprintf(path, size, "%s%s/%s", mount, g->name, file);
}

/* As a stranger would: by the first mount that has the memory controller. */
static void find_mount(int version)
{
	char line[1024], where[256], type[32], options[512];
	FILE *f = fopen("/proc/mounts", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %255s %31s %511s", where, type, options) != 3)
			continue;
		if (version == 2 ? !strcmp(type, "cgroup2")
		                 : !strcmp(type, "cgroup") && strstr(options, "memory"))
			snprintf(mount, sizeof(mount), "%s", where);
	}
	if (f)
		fclose(f);
}

static int skip(const char *why)
{
	printf("SKIP %s\n", why);
	return 0;
}

int group_start(struct group *g)
{
	char path[1024];

	memset(g, 0, sizeof(*g));
	snprintf(journal, sizeof(journal), "/tmp/balloon-knobs-%d", getpid());
	if (bl_knobs_open(journal, &g->knobs) < 0)
		return skip("no journal can be written");
	if (bl_cgroups_open(g->knobs, &g->cgroups) < 0)
		return skip("there is no memory controller");
	find_mount(bl_cgroups_version(g->cgroups));
	snprintf(g->name, sizeof(g->name), "/balloon-test-%d", getpid());
	path_of(g, "", path, sizeof(path));
	if (mkdir(path, 0755) < 0) {
		g->name[0] = '\0';
		return skip("no group can be made");
	}
	return 1;
}

static void move(const char *group)
{
	char path[1024], text[32];

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", mount, group);
	snprintf(text, sizeof(text), "%d", getpid());
	if (bl_file_write(AT_FDCWD, path, text) < 0)
		abort();
}

void group_enter(const struct group *g)
{
	if (bl_cgroup_of(g->cgroups, getpid(), home, sizeof(home)) < 0)
		abort();
	move(g->name);
}

void group_leave(void)
{
	move(home);
}

void group_set(const struct group *g, const char *file, const char *value)
{
	char path[1024];

	path_of(g, file, path, sizeof(path));
	if (bl_file_write(AT_FDCWD, path, value) < 0)
		abort();
}

void group_end(struct group *g)
{
	char path[1024];

	if (!g->knobs)
		return;
	bl_cgroups_close(g->cgroups);
	bl_knobs_close(g->knobs);
	unlink(journal);
	if (!g->name[0])
		return;
	path_of(g, "", path, sizeof(path));
	/* A process that was killed leaves its group a moment later. */
	for (int i = 0; i < 100 && rmdir(path) < 0 && errno == EBUSY; i++)
		usleep(10000);
}
