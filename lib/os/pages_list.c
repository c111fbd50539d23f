/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---------------------------------------------------------------- the list */

static bool wanted(const struct bl_mapping *m, const struct bl_pages_wish *wish)
{
	if (m->mergeable && m->kind == BL_MAPPING_ANONYMOUS)
		return true;
	return !wish->mergeable_only && m->kind != BL_MAPPING_OTHER;
}

static int append(struct bl_mappings *l, const struct bl_mapping *m)
{
	size_t room = l->room ? l->room * 2 : 64;
	struct bl_mapped *list;

	if (l->n == l->room) {
		list = realloc(l->list, room * sizeof(*list));
		if (!list)
			return -ENOMEM;
		l->list = list;
		l->room = room;
	}
	l->list[l->n++] = (struct bl_mapped){*m, NULL};
	return 0;
}

static FILE *open_proc(int pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* Hands every line, without its newline, to take(). */
static int each_line(FILE *f, int (*take)(void *arg, const char *line, size_t n), void *arg)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int rc = 0;

	errno = 0;
	while (rc >= 0 && (n = getline(&line, &size, f)) > 0)
		rc = take(arg, line, (size_t)n - (line[n - 1] == '\n'));
	if (rc >= 0 && ferror(f))
		rc = errno ? -errno : -EIO;
	free(line);
	return rc < 0 ? rc : 0;
}

struct reading {
	struct bl_mappings *list;
	const struct bl_pages_wish *wish;
	struct bl_mapping m;
};

static int take_smaps(void *arg, const char *line, size_t n)
{
	struct reading *r = arg;
	int rc = bl_smaps_line(&r->m, line, n);

	return rc == 1 && wanted(&r->m, r->wish) ? append(r->list, &r->m) : rc;
}

/* Both files are in order of addresses, but a search is simple enough. */
static int take_numa(void *arg, const char *line, size_t n)
{
	struct reading *r = arg;
	uint64_t start;
	int32_t node;
	int rc = bl_numa_maps_line(line, n, &start, &node);

	for (size_t i = 0; rc == 0 && i < r->list->n; i++) {
		if (r->list->list[i].m.start == start && node != r->wish->node)
			r->list->list[i--] = r->list->list[--r->list->n];
	}
	return rc;
}

static int by_address(const void *a, const void *b)
{
	const struct bl_mapped *x = a, *y = b;

	return x->m.start < y->m.start ? -1 : x->m.start > y->m.start;
}

static int take_file(struct reading *r, int pid, const char *name,
                     int (*take)(void *arg, const char *line, size_t n))
{
	FILE *f = open_proc(pid, name);
	int rc;

	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	rc = each_line(f, take, r);
	fclose(f);
	return rc;
}

int bl_mappings_read(struct bl_mappings *l, int pid, const struct bl_pages_wish *wish)
{
	struct reading r = {.list = l, .wish = wish};
	int rc = take_file(&r, pid, "smaps", take_smaps);

	if (!rc && wish->node >= 0)
		rc = take_file(&r, pid, "numa_maps", take_numa);
	if (!rc && l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_address);
	return rc;
}

/* -------------------------------------------------------------- mapped here */

static bool is_file_of(const struct stat *s, const struct bl_mapping *m)
{
	return S_ISREG(s->st_mode) && s->st_ino == m->inode &&
	       s->st_dev == makedev(m->major, m->minor);
}

static void map_one(struct bl_mapped *one, int fd)
{
	size_t n = (size_t)(one->m.end - one->m.start);
	int seals = fcntl(fd, F_GET_SEALS);
	void *here;

	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return;
	here = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, (off_t)one->m.offset);
	if (here == MAP_FAILED)
		return;
	madvise(here, n, MADV_DONTDUMP);
	one->here = here;
}

/* A descriptor of the process may be anything: it is opened only if it is a file,
 * and one that is mapped. */
static void map_file(struct bl_mappings *l, int dir, const char *name)
{
	struct stat s;
	int fd = -1;

	if (fstatat(dir, name, &s, 0) < 0)
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct bl_mapped *one = &l->list[i];

		if (one->m.kind != BL_MAPPING_SHARED || one->here || !is_file_of(&s, &one->m))
			continue;
		fd = fd < 0 ? openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : fd;
		if (fd < 0)
			return;
		map_one(one, fd);
	}
	if (fd >= 0)
		close(fd);
}

void bl_mappings_map(struct bl_mappings *l, int pid)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		map_file(l, dirfd(dir), e->d_name);
	if (dir)
		closedir(dir);
}

void bl_mappings_free(struct bl_mappings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].here)
			munmap((void *)(uintptr_t)l->list[i].here,
			       (size_t)(l->list[i].m.end - l->list[i].m.start));
	}
	free(l->list);
	*l = (struct bl_mappings){0};
}
