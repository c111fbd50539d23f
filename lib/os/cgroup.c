/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory controller, whichever version of it is mounted. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file.h"

/* "memory" is what libcgroup knows the controller by, in both versions. */
#define CONTROLLER "memory"

struct bl_cgroups {
	struct bl_knobs *knobs;
	int version;
	char mount[BL_CGROUP_MAX];
};

static const char *file_of(const struct bl_cgroups *c, const char *v1, const char *v2)
{
	return c->version == 2 ? v2 : v1;
}

/* libcgroup says what went wrong by number, or by errno kept aside. */
static int errno_of(int error)
{
	switch (error) {
	case 0:
		return 0;
	case ECGOTHER:
		return cgroup_get_last_errno() ? -cgroup_get_last_errno() : -EIO;
	case ECGROUPNOTALLOWED:
		return -EACCES;
	case ECGROUPVALUENOTEXIST:
	case ECGROUPNOTEXIST:
		return -ENOENT;
	default:
		return -EIO;
	}
}

static int find_mount(struct bl_cgroups *c)
{
	struct statfs fs;
	char *mount;
	size_t n;

	if (cgroup_init() != 0 || cgroup_get_subsys_mount_point(CONTROLLER, &mount) != 0)
		return -ENOENT;
	n = strlen(mount);
	if (n < sizeof(c->mount))
		memcpy(c->mount, mount, n + 1);
	free(mount);
	if (n >= sizeof(c->mount))
		return -ENAMETOOLONG;
	if (statfs(c->mount, &fs) < 0)
		return -errno;
	c->version = (unsigned long)fs.f_type == CGROUP2_SUPER_MAGIC ? 2 : 1;
	return 0;
}

int bl_cgroups_open(struct bl_knobs *knobs, struct bl_cgroups **ret_cgroups)
{
	struct bl_cgroups *c = calloc(1, sizeof(*c));
	int rc = c ? find_mount(c) : -ENOMEM;

	if (rc < 0) {
		free(c);
		return rc;
	}
	c->knobs = knobs;
	*ret_cgroups = c;
	return 0;
}

void bl_cgroups_close(struct bl_cgroups *cgroups)
{
	free(cgroups);
}

int bl_cgroups_version(const struct bl_cgroups *cgroups)
{
	return cgroups->version;
}

int bl_cgroup_path(const struct bl_cgroups *cgroups, const char *group, const char *file,
                   char *ret_path, size_t size)
{
	int n = snprintf(ret_path, size, "%s%s/%s", cgroups->mount, group, file);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int bl_cgroup_of(struct bl_cgroups *cgroups, int pid, char *ret_group, size_t size)
{
	char path[2 * BL_CGROUP_MAX], text[4096]; /* a dozen hierarchies, each a line */
	ssize_t n;
	int rc;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	n = bl_file_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	rc = bl_cgroup_parse(text, (size_t)n, cgroups->version, ret_group, size);
	if (!rc)
		rc = bl_cgroup_path(cgroups, ret_group, "cgroup.procs", path, sizeof(path));
	return !rc && access(path, F_OK) < 0 ? -ENOENT : rc;
}

/* The first line of a group's file, as libcgroup reads it. */
static int read_value(const char *group, const char *file, char *buffer, int size)
{
	char name[64];
	void *handle = NULL;
	int error;

	snprintf(name, sizeof(name), "%s", file);
	error = cgroup_read_value_begin(CONTROLLER, group, name, &handle, buffer, size);
	if (handle)
		cgroup_read_value_end(&handle);
	return error == ECGEOF ? -EBADMSG : errno_of(error);
}

static uint64_t figure(const char *group, const char *file)
{
	char text[64];
	uint64_t bytes;

	if (read_value(group, file, text, sizeof(text)) < 0)
		return UINT64_MAX;
	return bl_cgroup_limit_parse(text, strlen(text), &bytes) < 0 ? UINT64_MAX : bytes;
}

/* A limit further up binds as well. */
static uint64_t tightest(const struct bl_cgroups *c, const char *group)
{
	const char *file = file_of(c, "memory.limit_in_bytes", "memory.max");
	uint64_t least = UINT64_MAX;
	char path[BL_CGROUP_MAX];

	snprintf(path, sizeof(path), "%s", group);
	for (;;) {
		uint64_t limit = figure(path, file);
		char *slash = strrchr(path, '/');

		least = limit < least ? limit : least;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

static void read_stat(const char *group, struct bl_cgroup_memory *memory)
{
	char name[] = "memory.stat", line[256];
	void *handle = NULL;
	int error = cgroup_read_value_begin(CONTROLLER, group, name, &handle, line, sizeof(line));

	while (!error) {
		bl_cgroup_stat_line(line, strlen(line), memory);
		error = cgroup_read_value_next(&handle, line, sizeof(line));
	}
	if (handle)
		cgroup_read_value_end(&handle);
}

int bl_cgroup_memory(struct bl_cgroups *cgroups, const char *group,
                     struct bl_cgroup_memory *ret_memory)
{
	struct bl_cgroup_memory m = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	char path[2 * BL_CGROUP_MAX];
	int rc = bl_cgroup_path(cgroups, group, "cgroup.procs", path, sizeof(path));

	if (rc < 0)
		return rc;
	if (access(path, F_OK) < 0)
		return -ENOENT;
	m.current_bytes = figure(group, file_of(cgroups, "memory.usage_in_bytes", "memory.current"));
	m.limit_bytes = tightest(cgroups, group);
	read_stat(group, &m);
	if (cgroups->version == 2) {
		m.high_bytes = figure(group, "memory.high");
		m.swap_bytes = figure(group, "memory.swap.current");
	}
	*ret_memory = m;
	return 0;
}

/* A file of a group, for knobs to write by libcgroup. */
struct setting {
	const char *group;
	const char *file;
};

static int write_setting(void *arg, const char *value)
{
	const struct setting *s = arg;
	struct cgroup *g = cgroup_new_cgroup(s->group);
	struct cgroup_controller *memory = g ? cgroup_add_controller(g, CONTROLLER) : NULL;
	int rc = memory ? errno_of(cgroup_add_value_string(memory, s->file, value)) : -ENOMEM;

	if (!rc)
		rc = errno_of(cgroup_modify_cgroup(g));
	if (g)
		cgroup_free(&g);
	return rc;
}

static int press(struct bl_cgroups *c, const char *group, const char *file, uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct setting setting = { group, file };
	char path[2 * BL_CGROUP_MAX], value[32];
	int rc = bl_cgroup_path(c, group, file, path, sizeof(path));

	if (rc < 0 || !c->knobs)
		return rc < 0 ? rc : -EPERM;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)(bytes / page * page));
	return bl_knobs_set_by(c->knobs, path, value, write_setting, &setting);
}

int bl_cgroup_ceiling(struct bl_cgroups *cgroups, const char *group, uint64_t bytes, bool hard)
{
	if (cgroups->version == 1 && !hard)
		return -EOPNOTSUPP;
	return press(cgroups, group, file_of(cgroups, "memory.limit_in_bytes", "memory.high"), bytes);
}

int bl_cgroup_lift(struct bl_cgroups *cgroups, const char *group)
{
	char path[2 * BL_CGROUP_MAX];
	const char *file = file_of(cgroups, "memory.limit_in_bytes", "memory.high");
	int rc = bl_cgroup_path(cgroups, group, file, path, sizeof(path));

	if (rc < 0 || !cgroups->knobs)
		return rc < 0 ? rc : -EPERM;
	return bl_knobs_restore(cgroups->knobs, path);
}

/* EAGAIN: less than all of it went, which is seen from the group's use. */
static int reclaim_v2(struct bl_cgroups *c, const char *group, uint64_t bytes)
{
	char path[2 * BL_CGROUP_MAX], value[32];
	int rc = bl_cgroup_path(c, group, "memory.reclaim", path, sizeof(path));

	if (rc < 0)
		return rc;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)bytes);
	rc = bl_file_write(AT_FDCWD, path, value);
	return rc == -EAGAIN ? 0 : rc == -ENOENT ? -EOPNOTSUPP : rc;
}

/* v1 takes a lower limit only once its group is below it, and until then pushes
 * out; so it stands for no longer than it takes to put the old one back, which may
 * be a ceiling of ours: both are the same file. */
static int reclaim_v1(struct bl_cgroups *c, const char *group, uint64_t now, uint64_t bytes)
{
	static const char file[] = "memory.limit_in_bytes";
	uint64_t before = figure(group, file);
	char path[2 * BL_CGROUP_MAX];
	int rc = bl_cgroup_path(c, group, file, path, sizeof(path));
	bool held = !rc && c->knobs && bl_knobs_has(c->knobs, path);

	if (rc < 0 || before <= now - bytes)
		return rc;
	rc = press(c, group, file, now - bytes);
	if (rc < 0)
		return rc == -EBUSY ? 0 : rc;
	return held ? press(c, group, file, before) : bl_knobs_restore(c->knobs, path);
}

int bl_cgroup_reclaim(struct bl_cgroups *cgroups, const char *group, uint64_t bytes,
                      uint64_t *ret_bytes)
{
	const char *use = file_of(cgroups, "memory.usage_in_bytes", "memory.current");
	uint64_t before = figure(group, use), after;
	int rc;

	if (before == UINT64_MAX)
		return -ENOENT;
	bytes = bytes < before ? bytes : before;
	rc = cgroups->version == 2 ? reclaim_v2(cgroups, group, bytes)
	                           : reclaim_v1(cgroups, group, before, bytes);
	if (rc < 0)
		return rc;
	after = figure(group, use);
	*ret_bytes = after < before ? before - after : 0;
	return 0;
}

int bl_cgroup_pressure_path(const struct bl_cgroups *cgroups, const char *group, char *ret_path,
                            size_t size)
{
	if (cgroups->version == 1)
		return -EOPNOTSUPP;
	return bl_cgroup_path(cgroups, group, "memory.pressure", ret_path, size);
}

int bl_cgroup_lone(struct bl_cgroups *c, const char *group, int pid)
{
	char name[BL_CGROUP_MAX], *controller = (char *)(uintptr_t)CONTROLLER;
	pid_t *pids = NULL;
	int n = 0, rc;

	(void)c;
	if (!*group)
		return 0;
	snprintf(name, sizeof(name), "%s", group);
	rc = errno_of(cgroup_get_procs(name, controller, &pids, &n));
	if (rc == 0)
		rc = n == 1 && pids[0] == pid;
	free(pids);
	return rc;
}
