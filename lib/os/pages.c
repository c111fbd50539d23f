/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A chunk is what one look at the page tables found, at most 2 MiB of pages; its
 * pages are then copied by one call, or are mapped already, and go out as spans.
 * Between the look and the copying lie microseconds; what the process does in
 * them is lost, or is read as it is by then.
 */
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pages_found.h"
#include "pages_list.h"

#define PAGE_BYTES UINT64_C(4096)
#define BUFFER_BYTES (BL_CHUNK_PAGES * PAGE_BYTES)

/* Parts take turns by so many bytes: large enough for huge pages to stay whole,
 * small enough that every part has its share of a small process. */
#define PART_BYTES (UINT64_C(16) << 20)

struct bl_pages {
	int pid;
	int pidfd;
	int mem; /* descriptor of /proc/PID/mem */
	bool merging; /* KSM runs, and may merge what is mergeable at any time */
	struct bl_pages_wish wish;
	struct bl_finder finder;
	struct bl_mappings mappings;
	size_t mapping; /* at hand */
	uint64_t at;    /* in it; 0 = at its start */
	struct bl_pages_count count;
	struct bl_span spans[BL_CHUNK_PAGES];
	size_t spans_n, span;
	unsigned char *buffer;
	size_t filled; /* bytes of it */
};

/* --------------------------------------------------------------- open, close */

static int open_proc(int pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool ksm_runs(void)
{
	int fd = open("/sys/kernel/mm/ksm/run", O_RDONLY | O_CLOEXEC);
	char run = '0';
	bool runs = fd >= 0 && read(fd, &run, 1) == 1 && run == '1';

	if (fd >= 0)
		close(fd);
	return runs;
}

static int open_all(struct bl_pages *p)
{
	void *buffer;
	int rc;

	p->pidfd = pidfd_open(p->pid, 0);
	if (p->pidfd < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* EINVAL: a thread, or no pid at all */
	p->finder.pagemap = open_proc(p->pid, "pagemap");
	if (p->finder.pagemap < 0)
		return p->finder.pagemap;
	p->mem = open_proc(p->pid, "mem");
	if (p->mem < 0)
		return p->mem;
	p->merging = ksm_runs();
	rc = bl_mappings_read(&p->mappings, p->pid, &p->wish);
	if (rc)
		return rc;
	if (!p->wish.copy)
		bl_mappings_map(&p->mappings, p->pid);
	buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return -ENOMEM;
	p->buffer = buffer;
	madvise(buffer, BUFFER_BYTES, MADV_DONTDUMP);
	return 0;
}

int bl_pages_open(int pid, const struct bl_pages_wish *wish, struct bl_pages **ret_p)
{
	struct bl_pages *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->pid = pid;
	p->wish = *wish;
	p->finder = (struct bl_finder){-1, wish->by_hand};
	p->pidfd = p->mem = -1;
	rc = open_all(p);
	if (rc) {
		bl_pages_close(p);
		return rc;
	}
	for (size_t i = 0; i < p->mappings.n; i++)
		p->count.all_bytes += p->mappings.list[i].m.end - p->mappings.list[i].m.start;
	*ret_p = p;
	return 0;
}

void bl_pages_close(struct bl_pages *p)
{
	if (!p)
		return;
	if (p->buffer) {
		explicit_bzero(p->buffer, BUFFER_BYTES);
		munmap(p->buffer, BUFFER_BYTES);
	}
	bl_mappings_free(&p->mappings);
	if (p->finder.pagemap >= 0)
		close(p->finder.pagemap);
	if (p->mem >= 0)
		close(p->mem);
	if (p->pidfd >= 0)
		close(p->pidfd);
	free(p);
}

struct bl_pages_count bl_pages_count(const struct bl_pages *p)
{
	return p->count;
}

/* ------------------------------------------------------------------- copying */

/* What is to be copied of a chunk: regions one after the other. */
struct copying {
	struct bl_pages *p;
	const struct bl_found *found; /* all present */
	size_t n;
	size_t i;          /* at hand */
	uint64_t at;       /* in it */
	bool mergeable;
	bool gently;
};

/* The remote side of what is left. */
static size_t remote_side(const struct copying *c, struct iovec iov[BL_REGIONS_MAX])
{
	size_t n = 0;

	for (size_t i = c->i; i < c->n; i++, n++) {
		uint64_t from = i == c->i ? c->at : c->found[i].start;

		iov[n] = (struct iovec){(void *)(uintptr_t)from, (size_t)(c->found[i].end - from)};
	}
	return n;
}

static void go_on(struct copying *c, uint64_t bytes)
{
	c->at += bytes;
	if (c->at < c->found[c->i].end)
		return;
	c->i++;
	c->at = c->i < c->n ? c->found[c->i].start : 0;
}

/* So many bytes arrived, whole pages of them count. */
static void arrived(struct copying *c, uint64_t bytes)
{
	struct bl_pages *p = c->p;

	bytes -= bytes % PAGE_BYTES;
	while (bytes) {
		uint64_t left = c->found[c->i].end - c->at, n = bytes < left ? bytes : left;

		p->spans[p->spans_n++] = (struct bl_span){
		        .address = c->at,
		        .bytes = p->buffer + p->filled,
		        .pages = (size_t)(n / PAGE_BYTES),
		        .mergeable = c->mergeable && !c->found[c->i].file,
		        .huge = c->found[c->i].huge,
		};
		p->filled += (size_t)n;
		bytes -= n;
		go_on(c, n);
	}
}

/*
 * process_vm_readv() pins what it reads, and to pin a page that has other users
 * the kernel makes a copy of it first: it would undo merging page by page. Reading
 * /proc/PID/mem takes twice as long and leaves pages as they are.
 */
static ssize_t copy_some(const struct copying *c)
{
	struct iovec remote[BL_REGIONS_MAX], local;
	struct bl_pages *p = c->p;
	size_t room = BUFFER_BYTES - p->filled;
	uint64_t left = c->found[c->i].end - c->at;

	if (c->gently)
		return pread(p->mem, p->buffer + p->filled, left < room ? (size_t)left : room,
		             (off_t)c->at);
	local = (struct iovec){p->buffer + p->filled, room};
	return process_vm_readv(p->pid, &local, 1, remote, remote_side(c, remote), 0);
}

/* As few calls as it takes, and another behind each page that has gone meanwhile. */
static int copy_all(struct copying *c)
{
	struct bl_pages *p = c->p;
	ssize_t r;

	while (c->i < c->n) {
		r = copy_some(c);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno != EFAULT && errno != EIO) /* EIO: /proc/PID/mem's EFAULT */
			return -errno;
		if (r < (ssize_t)PAGE_BYTES) {
			p->count.lost_bytes += PAGE_BYTES;
			go_on(c, PAGE_BYTES);
			continue;
		}
		arrived(c, (uint64_t)r);
	}
	return 0;
}

/* --------------------------------------------------------------- one chunk */

/* Of private mappings only what is no longer the file's. */
static bool is_memory(const struct bl_mapped *m, const struct bl_found *f)
{
	return m->m.kind == BL_MAPPING_SHARED || !f->file;
}

/* Leaves those that are to be read. */
static size_t sift(struct bl_pages *p, const struct bl_mapped *m, struct bl_found *found, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t bytes = found[i].end - found[i].start;

		if (found[i].kind == BL_FOUND_SWAPPED)
			p->count.swapped_bytes += bytes;
		else if (found[i].kind == BL_FOUND_ZERO)
			p->count.zero_mapped_bytes += bytes;
		else if (is_memory(m, &found[i]))
			found[kept++] = found[i];
	}
	return kept;
}

static void in_place(struct bl_pages *p, const struct bl_mapped *m, const struct bl_found *found,
                     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p->spans[p->spans_n++] = (struct bl_span){
		        .address = found[i].start,
		        .bytes = m->here + (found[i].start - m->m.start),
		        .pages = (size_t)((found[i].end - found[i].start) / PAGE_BYTES),
		        .huge = found[i].huge,
		};
	}
}

static bool gone(const struct bl_pages *p)
{
	struct pollfd end = {.fd = p->pidfd, .events = POLLIN};

	return poll(&end, 1, 0) > 0;
}

static int read_chunk(struct bl_pages *p, const struct bl_mapped *m, uint64_t end)
{
	struct bl_found found[BL_REGIONS_MAX];
	uint64_t next;
	size_t n;
	int rc;

	p->spans_n = p->span = p->filled = 0;
	if (gone(p))
		return -ESRCH;
	rc = bl_find_pages(&p->finder, p->at, end, found, &n, &next);
	if (rc)
		return rc;
	p->count.done_bytes += next - p->at;
	p->at = next;
	n = sift(p, m, found, n);
	if (n && m->here) {
		in_place(p, m, found, n);
	} else if (n) {
		struct copying c = {p, found, n, 0, found[0].start, m->m.mergeable,
		                    m->m.company || (m->m.mergeable && p->merging)};

		rc = copy_all(&c);
	}
	return rc;
}

/* Where the part at hand ends, or, if it is not this reader's, where it goes on. */
static uint64_t part_end(const struct bl_pages *p, uint64_t end, bool *ret_mine)
{
	uint64_t turn = p->at / PART_BYTES;

	*ret_mine = turn % p->wish.parts == p->wish.part;
	if (p->wish.parts > 1 && (turn + 1) * PART_BYTES < end)
		return (turn + 1) * PART_BYTES;
	return end;
}

int bl_pages_next(struct bl_pages *p, struct bl_span *ret_span)
{
	while (p->span == p->spans_n) {
		const struct bl_mapped *m = &p->mappings.list[p->mapping];
		uint64_t end;
		bool mine;
		int rc;

		if (p->mapping == p->mappings.n)
			return 0;
		p->at = p->at ? p->at : m->m.start;
		end = part_end(p, m->m.end, &mine);
		rc = mine ? read_chunk(p, m, end) : 0;
		if (rc)
			return rc;
		if (!mine) {
			p->count.done_bytes += end - p->at;
			p->at = end;
		}
		if (p->at >= m->m.end) {
			p->mapping++;
			p->at = 0;
		}
	}
	*ret_span = p->spans[p->span++];
	return 1;
}
