/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pages_maps.h"

#include <errno.h>
#include <string.h>

/* The rest of a line. */
struct rest {
	const char *p;
	const char *end;
};

static bool number(struct rest *r, unsigned base, uint64_t *ret)
{
	const char *from = r->p;
	uint64_t v = 0;

	for (; r->p < r->end; r->p++) {
		unsigned c = (unsigned char)*r->p, digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else
			break;
		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	*ret = v;
	return r->p > from;
}

static bool byte(struct rest *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static void spaces(struct rest *r)
{
	while (r->p < r->end && *r->p == ' ')
		r->p++;
}

static bool begins(const struct rest *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->p) >= n && memcmp(r->p, text, n) == 0;
}

/* Shared memory has a name even where it has none: of a memfd, of /dev/shm, of
 * shmget(2), of mmap(MAP_SHARED|MAP_ANONYMOUS), of anonymous huge pages. */
static enum bl_mapping_kind kind_of(const struct rest *name, bool shared, uint64_t inode)
{
	static const char *const memory[] = {"/memfd:", "/dev/shm/", "/SYSV", "/dev/zero (deleted)",
	                                     "/anon_hugepage", "/dev/hugepages"};

	if (inode == 0) {
		bool named = begins(name, "[");
		bool own = begins(name, "[heap]") || begins(name, "[stack") || begins(name, "[anon");

		return named && !own ? BL_MAPPING_OTHER : BL_MAPPING_ANONYMOUS;
	}
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		if (begins(name, memory[i]))
			return shared ? BL_MAPPING_SHARED : BL_MAPPING_ANONYMOUS;
	}
	return BL_MAPPING_OTHER;
}

/* "7f12-7f34 rw-p 00000000 00:01 42   /memfd:ram (deleted)" */
static bool first_line(struct rest r, struct bl_mapping *ret_m)
{
	struct bl_mapping m = {0};
	uint64_t major, minor;
	const char *flags;

	if (!number(&r, 16, &m.start) || !byte(&r, '-') || !number(&r, 16, &m.end))
		return false;
	if (m.start >= m.end || !byte(&r, ' ') || r.end - r.p < 5)
		return false;
	flags = r.p;
	r.p += 4;
	if (!byte(&r, ' ') || !number(&r, 16, &m.offset) || !byte(&r, ' '))
		return false;
	if (!number(&r, 16, &major) || !byte(&r, ':') || !number(&r, 16, &minor))
		return false;
	if (major > UINT32_MAX || minor > UINT32_MAX || !byte(&r, ' ') || !number(&r, 10, &m.inode))
		return false;
	spaces(&r);
	m.major = (uint32_t)major;
	m.minor = (uint32_t)minor;
	if (flags[0] == 'r')
		m.kind = kind_of(&r, flags[3] == 's', m.inode);
	*ret_m = m;
	return true;
}

/* "VmFlags: rd wr mr mw me ac mg " */
static void flags_line(struct rest r, struct bl_mapping *m)
{
	for (; r.p < r.end; r.p += r.p < r.end) {
		m->mergeable |= begins(&r, "mg");
		m->hugetlb |= begins(&r, "ht");
		if (begins(&r, "io") || begins(&r, "pf"))
			m->kind = BL_MAPPING_OTHER; /* a device's memory: reading it may do anything */
		while (r.p < r.end && *r.p != ' ')
			r.p++;
	}
	m->complete = true;
}

/* "Shared_Dirty:       12 kB" */
static void count_line(struct rest r, struct bl_mapping *m)
{
	static const char *const keys[] = {"Shared_Clean:", "Shared_Dirty:", "KSM:"};
	uint64_t kib;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct rest value = {r.p + strlen(keys[i]), r.end};

		if (!begins(&r, keys[i]))
			continue;
		spaces(&value);
		m->company |= number(&value, 10, &kib) && kib > 0;
	}
}

/* Keys of the later lines begin with a capital, addresses do not. */
int bl_smaps_line(struct bl_mapping *m, const char *line, size_t n)
{
	struct rest r = {line, line + n};

	if (n && line[0] >= 'A' && line[0] <= 'Z') {
		if (!memchr(line, ':', n))
			return -EBADMSG;
		if (m->end == 0 || m->complete)
			return 0;
		if (!begins(&r, "VmFlags:")) {
			count_line(r, m);
			return 0;
		}
		r.p += strlen("VmFlags:");
		spaces(&r);
		flags_line(r, m);
		return 1;
	}
	return first_line(r, m) ? 0 : -EBADMSG;
}

/* "7f12 default anon=512 dirty=512 N0=300 N1=212 kernelpagesize_kB=4" */
int bl_numa_maps_line(const char *line, size_t n, uint64_t *ret_start, int32_t *ret_node)
{
	struct rest r = {line, line + n};
	uint64_t start, node, pages, most = 0;
	int32_t best = -1;

	if (!number(&r, 16, &start) || (r.p < r.end && *r.p != ' '))
		return -EBADMSG;
	while (r.p < r.end) {
		if (byte(&r, ' ') && byte(&r, 'N') && number(&r, 10, &node) && byte(&r, '=') &&
		    number(&r, 10, &pages) && pages > most && node <= INT32_MAX) {
			most = pages;
			best = (int32_t)node;
		}
		while (r.p < r.end && *r.p != ' ')
			r.p++;
	}
	*ret_start = start;
	*ret_node = best;
	return 0;
}
