/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mappings of a virtual machine monitor are its RAM. Pure, but for malloc. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "procmem.h"
#include "text.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

struct pieces {
	struct bl_mapping *m; /* in order of address */
	size_t n;
};

static uint64_t size_of(const struct bl_mapping *m)
{
	return m->range.end - m->range.start;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* Files that a device's driver gives out; the last two are memory all the same. */
static bool is_device(const char *name)
{
	return begins(name, "anon_inode:") ||
	       (begins(name, "/dev/") && !begins(name, "/dev/shm/") &&
	        !begins(name, "/dev/hugepages") && !begins(name, "/dev/zero"));
}

/* /dev/zero is what shared anonymous memory is named. */
static bool could_be_ram(const struct bl_mapping *m)
{
	if (!m->readable || !m->writable || m->executable || is_device(m->name))
		return false;
	return m->name[0] != '[' && !strstr(m->name, "tcg-jit");
}

static bool named_ram(const struct bl_mapping *m)
{
	return strstr(m->name, "memory-backend") || strstr(m->name, "pc.ram") ||
	       strstr(m->name, "ram-node");
}

static bool adjoin(const struct bl_mapping *a, const struct bl_mapping *b)
{
	if (a->range.end != b->range.start || a->shared != b->shared || a->inode != b->inode)
		return false;
	return !a->inode || a->offset + size_of(a) == b->offset;
}

static void begin(struct bl_ram *ram)
{
	*ram = (struct bl_ram){ 0 };
}

/* Joined to the last range where it goes on from there. */
static bool take(struct bl_ram *ram, const struct bl_mapping *m)
{
	struct bl_range *last = ram->ranges_n ? &ram->ranges[ram->ranges_n - 1] : NULL;

	if (last && last->end == m->range.start) {
		last->end = m->range.end;
	} else {
		if (ram->ranges_n == BL_RAM_RANGES)
			return false;
		ram->ranges[ram->ranges_n++] = m->range;
	}
	ram->bytes += size_of(m);
	ram->shared |= m->shared;
	return true;
}

/* How many mappings from the first on are neighbours of expected bytes; 0: none. */
static size_t run_of(const struct pieces *p, size_t first, uint64_t expected)
{
	uint64_t sum = 0;

	for (size_t i = first; i < p->n; i++) {
		if (i > first && !adjoin(&p->m[i - 1], &p->m[i]))
			return 0;
		if (size_of(&p->m[i]) > expected - sum)
			return 0;
		sum += size_of(&p->m[i]);
		if (sum == expected)
			return i - first + 1;
	}
	return 0;
}

/* The better a run is, the more: named, one mapping, begun at a huge page. */
static unsigned merit(const struct bl_mapping *m, size_t run)
{
	return (named_ram(m) ? 4u : 0u) + (run == 1 ? 2u : 0u) +
	       (m->range.start % HUGE_PAGE == 0 ? 1u : 0u);
}

static int exactly(const struct pieces *p, uint64_t expected, struct bl_ram *ram)
{
	size_t best = 0, best_run = 0;
	unsigned equals = 0;

	for (size_t i = 0; i < p->n; i++) {
		size_t run = run_of(p, i, expected);
		unsigned now = run ? merit(&p->m[i], run) : 0;
		unsigned top = best_run ? merit(&p->m[best], best_run) : 0;

		if (!run || (best_run && now < top))
			continue;
		equals = best_run && now == top ? equals + 1 : 1;
		best = i;
		best_run = run;
	}
	if (!best_run)
		return -ENOENT;
	if (equals > 1)
		return -ENOTUNIQ;
	begin(ram);
	for (size_t i = best; i < best + best_run; i++)
		take(ram, &p->m[i]);
	return 0;
}

static int by_name(const struct pieces *p, uint64_t expected, struct bl_ram *ram)
{
	begin(ram);
	for (size_t i = 0; i < p->n; i++) {
		if (named_ram(&p->m[i]) && !take(ram, &p->m[i]))
			return -ENOENT;
	}
	return ram->bytes == expected ? 0 : -ENOENT;
}

static int larger_first(const void *a, const void *b)
{
	const struct bl_mapping *x = a, *y = b;

	if (size_of(x) != size_of(y))
		return size_of(x) < size_of(y) ? 1 : -1;
	return x->range.start < y->range.start ? -1 : x->range.start > y->range.start;
}

/* p is sorted by size from here on. */
static int together(const struct pieces *p, uint64_t expected, struct bl_ram *ram)
{
	begin(ram);
	for (size_t i = 0; i < p->n && ram->bytes < expected; i++) {
		if (size_of(&p->m[i]) > expected - ram->bytes)
			continue;
		if (size_of(&p->m[i]) < expected / BL_RAM_RANGES || !take(ram, &p->m[i]))
			return -ENOENT;
	}
	return ram->bytes == expected ? 0 : -ENOENT;
}

static int a_bit_more(const struct pieces *p, uint64_t expected, struct bl_ram *ram)
{
	const struct bl_mapping *found = NULL;

	for (size_t i = 0; i < p->n; i++) {
		uint64_t size = size_of(&p->m[i]);

		if (size <= expected || size - expected >= expected / 8)
			continue;
		if (found)
			return -ENOTUNIQ;
		found = &p->m[i];
	}
	if (!found)
		return -ENOENT;
	begin(ram);
	take(ram, found);
	return 0;
}

static int choose(struct pieces *p, uint64_t expected, struct bl_ram *ram)
{
	int rc = exactly(p, expected, ram);

	if (rc != -ENOENT)
		return rc;
	if (by_name(p, expected, ram) == 0)
		return 0;
	qsort(p->m, p->n, sizeof(p->m[0]), larger_first);
	if (together(p, expected, ram) == 0)
		return 0;
	return a_bit_more(p, expected, ram);
}

static size_t lines_in(const char *text, size_t n)
{
	struct bl_span rest = bl_span(text, n), line;
	size_t lines = 0;

	while (bl_span_line(&rest, &line))
		lines++;
	return lines;
}

int bl_ram_find(const char *maps, size_t n, uint64_t expected_bytes, struct bl_ram *ret_ram)
{
	struct bl_span rest = bl_span(maps, n);
	struct pieces p = { calloc(lines_in(maps, n) + 1, sizeof(*p.m)), 0 };
	struct bl_ram ram;
	int rc;

	if (!p.m)
		return -ENOMEM;
	while ((rc = bl_maps_next(&rest, &p.m[p.n])) > 0) {
		if (could_be_ram(&p.m[p.n]))
			p.n++;
	}
	if (!rc)
		rc = expected_bytes && p.n ? choose(&p, expected_bytes, &ram) : -ENOENT;
	free(p.m);
	if (!rc)
		*ret_ram = ram;
	return rc;
}
