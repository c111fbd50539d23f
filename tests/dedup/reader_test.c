/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading real processes: children of the test whose memory is known, that lose it,
 * change it or die while they are read, and that must not notice.
 */
#include <balloon/dedup.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/pages.h"
#include "testkit.h"

enum { PAGE = 4096, SKIP = 77 };

#define REGION (64 * MIB)

/* A child, its memory at a known address, and a way to tell it to go on. */
struct child {
	pid_t pid;
	unsigned char *at;
	int tell, hear;
};

/* Every page another content, from page first on. */
static void fill(unsigned char *p, size_t bytes, uint64_t first)
{
	for (size_t i = 0; i < bytes; i += PAGE) {
		uint64_t seed = first + i / PAGE + 1;

		for (size_t k = 0; k < PAGE; k += sizeof(seed)) {
			uint64_t v = draw(&seed);

			memcpy(p + i + k, &v, sizeof(v));
		}
	}
}

static unsigned char *anonymous(size_t bytes)
{
	unsigned char *p = mmap(NULL, bytes + 2 * MIB, PROT_READ | PROT_WRITE,
	                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p + (2 * MIB - (uintptr_t)p % (2 * MIB));
}

/* Until the child waits for its next word: what it writes on its way there (its
 * stack, a symbol bound late) is no trace of ours. */
static void wait_asleep(pid_t pid)
{
	char path[64], line[128], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	while (state != 'S') {
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f)) {
			if (strncmp(line, "State:", 6) == 0)
				state = line[7];
		}
		if (f)
			fclose(f);
		usleep(1000);
	}
}

/* Runs prepare in a child; later, on continue_child(), act (or nothing). */
static struct child start(unsigned char *(*prepare)(void), void (*act)(unsigned char *at))
{
	struct child c = {0};
	int up[2], down[2];
	char byte;

	if (pipe(up) < 0 || pipe(down) < 0)
		abort();
	c.pid = fork();
	if (c.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		c.at = prepare();
		if (write(up[1], &c.at, sizeof(c.at)) < 0)
			_exit(1);
		while (read(down[0], &byte, 1) == 1) {
			if (act)
				act(c.at);
			if (write(up[1], "d", 1) < 0)
				_exit(1);
		}
		_exit(0);
	}
	c.tell = down[1];
	c.hear = up[0];
	if (read(c.hear, &c.at, sizeof(c.at)) != sizeof(c.at))
		abort();
	close(up[1]);
	close(down[0]);
	wait_asleep(c.pid);
	return c;
}

static void continue_child(const struct child *c)
{
	char byte;

	CU_ASSERT_FATAL(write(c->tell, "g", 1) == 1);
	CU_ASSERT(read(c->hear, &byte, 1) <= 1);
}

static void end(struct child *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->tell);
	close(c->hear);
}

static struct balloon_dedup *handle(uint32_t one_in)
{
	struct balloon_dedup_options o = {.struct_size = sizeof(o), .sample_one_in = one_in};
	struct balloon_dedup *d = NULL;
	uint32_t guest;

	CU_ASSERT_EQUAL_FATAL(balloon_dedup_open(&o, &d), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_dedup_guest(d, "child", NULL, &guest), 0);
	return d;
}

static struct balloon_dedup_figures figures(struct balloon_dedup *d)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	CU_ASSERT_EQUAL(balloon_dedup_guest_figures(d, 0, &f), 0);
	return f;
}

/* A field of smaps_rollup or status, in KiB. */
static long field(pid_t pid, const char *file, const char *name)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			kib = strtol(line + strlen(name) + 1, NULL, 10);
	}
	if (f)
		fclose(f);
	return kib;
}

/* ----------------------------------------------------------------- children */

/* Mergeable: a quarter of a kind each, absent, one content alike, zero, unique. */
static unsigned char *four_quarters(void)
{
	unsigned char *p = anonymous(REGION);

	madvise(p, REGION, MADV_NOHUGEPAGE);
	madvise(p, REGION, MADV_MERGEABLE);
	for (size_t i = 0; i < REGION / 4; i += PAGE)
		fill(p + REGION / 4 + i, PAGE, 1);
	memset(p + REGION / 2, 0, REGION / 4);
	fill(p + REGION / 4 * 3, REGION / 4, 1000);
	return p;
}

static unsigned char *every_second_huge(void)
{
	unsigned char *p = anonymous(REGION);

	madvise(p, REGION, MADV_HUGEPAGE);
	for (size_t i = 0; i < REGION; i += 4 * MIB)
		fill(p + i, 2 * MIB, i);
	return p;
}

static int memfd = -1;

/* Sealed or not, and every second page a hole. */
static unsigned char *shared(unsigned seals)
{
	unsigned char *p;

	memfd = memfd_create("ram", MFD_ALLOW_SEALING);
	if (memfd < 0 || ftruncate(memfd, (off_t)REGION) < 0 || fcntl(memfd, F_ADD_SEALS, seals) < 0)
		_exit(1);
	p = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	for (size_t i = 0; i < REGION; i += 2 * PAGE)
		fill(p + i, PAGE, i);
	return p;
}

static unsigned char *sealed(void)
{
	return shared(F_SEAL_SHRINK | F_SEAL_GROW);
}

static unsigned char *unsealed(void)
{
	return shared(0);
}

static void unmap_half(unsigned char *at)
{
	munmap(at + REGION / 2, REGION / 2);
}

static void shrink(unsigned char *at)
{
	(void)at;
	if (ftruncate(memfd, (off_t)(REGION / 4)) < 0)
		_exit(1);
}

static void replace(unsigned char *at)
{
	mmap(at, REGION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void die(unsigned char *at)
{
	(void)at;
	_exit(3);
}

/* ------------------------------------------------------------------- tests */

static void sees_what_is_there(void)
{
	struct balloon_dedup_reading how = {
	        .struct_size = sizeof(how), .node = -1, .flags = BALLOON_DEDUP_MERGEABLE_ONLY};
	struct child c = start(four_quarters, NULL);
	struct balloon_dedup *d = handle(1);
	struct balloon_dedup_figures f;

	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
	f = figures(d);
	CU_ASSERT_EQUAL(f.present_bytes, REGION / 4 * 3);
	CU_ASSERT_EQUAL(f.mergeable_bytes, REGION / 4 * 3);
	CU_ASSERT_EQUAL(f.zero_bytes, REGION / 4);
	CU_ASSERT_EQUAL(f.ksm_unshared_pages, REGION / 4 / PAGE);
	CU_ASSERT_EQUAL(f.saved_bytes, 2 * (REGION / 4 - REGION / 4 / 256));
	CU_ASSERT_EQUAL(f.lost_bytes, 0);
	balloon_dedup_close(d);
	d = handle(1); /* with all else that it has */
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, NULL), 0);
	CU_ASSERT(figures(d).present_bytes > REGION / 4 * 3);
	CU_ASSERT_EQUAL(figures(d).mergeable_bytes, REGION / 4 * 3);
	balloon_dedup_close(d);
	end(&c);
}

static void parts_are_all(void)
{
	struct child c = start(four_quarters, NULL);
	uint64_t present = 0;

	for (uint32_t part = 0; part < 3; part++) {
		struct balloon_dedup_reading how = {.struct_size = sizeof(how),
		                                    .node = -1,
		                                    .part = part,
		                                    .parts = 3,
		                                    .flags = BALLOON_DEDUP_MERGEABLE_ONLY};
		struct balloon_dedup *d = handle(64);

		CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
		present += figures(d).present_bytes;
		CU_ASSERT(figures(d).present_bytes < REGION / 4 * 3);
		balloon_dedup_close(d);
	}
	CU_ASSERT_EQUAL(present, REGION / 4 * 3);
	end(&c);
}

/* Spans of a reader, added up without looking at them. */
static uint64_t sum_of_spans(pid_t pid, bool by_hand)
{
	struct bl_pages_wish wish = {.mergeable_only = true, .parts = 1, .node = -1, .by_hand = by_hand};
	struct bl_pages *p = NULL;
	struct bl_span s;
	uint64_t sum = 0;

	CU_ASSERT_EQUAL_FATAL(bl_pages_open(pid, &wish, &p), 0);
	while (bl_pages_next(p, &s) == 1) {
		for (size_t i = 0; i < s.pages; i++) {
			uint64_t word;

			memcpy(&word, (const char *)s.bytes + i * PAGE, sizeof(word));
			sum += word ^ (s.address + i * PAGE);
		}
	}
	CU_ASSERT_EQUAL(bl_pages_count(p).done_bytes, bl_pages_count(p).all_bytes);
	bl_pages_close(p);
	return sum;
}

static void older_kernels_see_the_same(void)
{
	struct child c = start(four_quarters, NULL);

	CU_ASSERT_EQUAL(sum_of_spans(c.pid, false), sum_of_spans(c.pid, true));
	end(&c);
}

/* Nothing that the process or its owner could see is another after reading. */
static void leaves_no_trace(unsigned char *(*prepare)(void), uint32_t flags)
{
	static const char *const rollup[] = {"Rss", "Anonymous", "AnonHugePages", "ShmemPmdMapped",
	                                     "Swap", "LazyFree"};
	struct balloon_dedup_reading how = {.struct_size = sizeof(how), .node = -1, .flags = flags};
	struct child c = start(prepare, NULL);
	struct balloon_dedup *d = handle(64);
	long before[6], tables = field(c.pid, "status", "VmPTE");

	for (int i = 0; i < 6; i++)
		before[i] = field(c.pid, "smaps_rollup", rollup[i]);
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
	CU_ASSERT(figures(d).present_bytes >= REGION / 2);
	for (int i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(field(c.pid, "smaps_rollup", rollup[i]), before[i]);
	CU_ASSERT_EQUAL(field(c.pid, "status", "VmPTE"), tables);
	balloon_dedup_close(d);
	end(&c);
}

static void no_trace(void)
{
	leaves_no_trace(four_quarters, 0);
	leaves_no_trace(every_second_huge, 0);
	leaves_no_trace(sealed, 0);
	leaves_no_trace(sealed, BALLOON_DEDUP_COPY);
	leaves_no_trace(unsealed, 0);
}

/* The holes of shared memory stay holes: reading one would fill it for good. */
static void holes_stay(unsigned char *(*prepare)(void), uint32_t flags)
{
	struct balloon_dedup_reading how = {.struct_size = sizeof(how), .node = -1, .flags = flags};
	struct child c = start(prepare, NULL);
	struct balloon_dedup *d = handle(1);
	struct stat before, after;
	char path[64];
	int fd = -1;

	for (int i = 3; i < 64 && fd < 0; i++) {
		char link[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)c.pid, i);
		if (readlink(path, link, sizeof(link) - 1) > 0 && strncmp(link, "/memfd:", 7) == 0)
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	CU_ASSERT_FATAL(fd >= 0 && fstat(fd, &before) == 0);
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
	CU_ASSERT(figures(d).present_bytes >= REGION / 2);
	CU_ASSERT_EQUAL(figures(d).mergeable_bytes, 0);
	CU_ASSERT(fstat(fd, &after) == 0);
	CU_ASSERT_EQUAL(before.st_blocks, after.st_blocks);
	CU_ASSERT_EQUAL(before.st_blocks, (blkcnt_t)(REGION / 2 / 512));
	close(fd);
	balloon_dedup_close(d);
	end(&c);
}

static void holes_stay_holes(void)
{
	holes_stay(sealed, 0);
	holes_stay(sealed, BALLOON_DEDUP_COPY);
	holes_stay(unsealed, 0);
}

/* A page that parent and child have in common since a fork stays in common. */
static void company_is_kept(void)
{
	unsigned char *p = anonymous(REGION);
	struct balloon_dedup *d = handle(64);
	pid_t pid;

	madvise(p, REGION, MADV_NOHUGEPAGE);
	fill(p, REGION, 1);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	CU_ASSERT(field(pid, "smaps_rollup", "Shared_Dirty") >= (long)(REGION / 1024));
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, pid, NULL), 0);
	CU_ASSERT(figures(d).present_bytes >= REGION);
	/* The parent's own writes part a page or two of its other memory meanwhile. */
	CU_ASSERT(field(pid, "smaps_rollup", "Shared_Dirty") >= (long)(REGION / 1024));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	balloon_dedup_close(d);
	munmap(p, REGION);
}

/* Reads a little, lets the child act, and reads on; returns the last answer. */
static int disturbed(unsigned char *(*prepare)(void), void (*act)(unsigned char *at), uint32_t flags,
                     struct balloon_dedup_figures *ret_f)
{
	struct balloon_dedup_reading how = {.struct_size = sizeof(how), .node = -1, .flags = flags};
	struct child c = start(prepare, act);
	struct balloon_dedup *d = handle(64);
	struct balloon_dedup_reader *r = NULL;
	uint64_t done, all;
	int rc;

	CU_ASSERT_EQUAL_FATAL(balloon_dedup_attach(d, 0, c.pid, &how, &r), 0);
	CU_ASSERT_EQUAL(balloon_dedup_step(r, MIB), 1);
	balloon_dedup_progress(r, &done, &all);
	CU_ASSERT(done > 0 && done < all);
	continue_child(&c);
	while ((rc = balloon_dedup_step(r, MIB)) == 1)
		;
	*ret_f = figures(d);
	balloon_dedup_detach(r);
	balloon_dedup_close(d);
	end(&c);
	return rc;
}

static void survives_what_goes_away(void)
{
	struct balloon_dedup_figures f;

	CU_ASSERT_EQUAL(disturbed(four_quarters, unmap_half, BALLOON_DEDUP_MERGEABLE_ONLY, &f), 0);
	CU_ASSERT(f.present_bytes <= REGION / 4);
	CU_ASSERT_EQUAL(disturbed(four_quarters, replace, 0, &f), 0);
	CU_ASSERT_EQUAL(disturbed(unsealed, shrink, 0, &f), 0);
	CU_ASSERT_EQUAL(disturbed(unsealed, shrink, BALLOON_DEDUP_COPY, &f), 0);
	CU_ASSERT_EQUAL(disturbed(sealed, unmap_half, 0, &f), 0);
}

static void the_dead_are_gone(void)
{
	struct balloon_dedup_figures f;
	struct balloon_dedup *d = handle(64);

	CU_ASSERT_EQUAL(disturbed(four_quarters, die, 0, &f), -ESRCH);
	CU_ASSERT_EQUAL(disturbed(sealed, die, 0, &f), -ESRCH);
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, 999999999, NULL), -ESRCH);
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, -1, NULL), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 1, getpid(), NULL), -EINVAL);
	balloon_dedup_close(d);
}

static void one_node(void)
{
	struct balloon_dedup_reading how = {
	        .struct_size = sizeof(how), .node = 0, .flags = BALLOON_DEDUP_MERGEABLE_ONLY};
	struct child c = start(four_quarters, NULL);
	struct balloon_dedup *d = handle(64);
	uint64_t all;

	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
	all = figures(d).present_bytes;
	balloon_dedup_again(d, 1);
	how.node = 60; /* nobody has that many */
	CU_ASSERT_EQUAL(balloon_dedup_process(d, 0, c.pid, &how), 0);
	CU_ASSERT_EQUAL(figures(d).present_bytes, 0);
	CU_ASSERT(all == REGION / 4 * 3 || access("/sys/devices/system/node/node1", F_OK) == 0);
	balloon_dedup_close(d);
	end(&c);
}

/* May we read a child at all? In some containers nobody may. */
static int may_read(void)
{
	struct bl_pages_wish wish = {.parts = 1, .node = -1};
	struct child c = start(four_quarters, NULL);
	struct bl_pages *p = NULL;
	struct bl_span s;
	int rc = bl_pages_open(c.pid, &wish, &p);

	rc = rc ? rc : bl_pages_next(p, &s);
	bl_pages_close(p);
	end(&c);
	return rc == 1;
}

int main(void)
{
	static const struct test tests[] = {
	        {"sees what is there", sees_what_is_there},
	        {"parts are all", parts_are_all},
	        {"older kernels see the same", older_kernels_see_the_same},
	        {"no trace", no_trace},
	        {"holes stay holes", holes_stay_holes},
	        {"company is kept", company_is_kept},
	        {"survives what goes away", survives_what_goes_away},
	        {"the dead are gone", the_dead_are_gone},
	        {"one node", one_node},
	        {NULL, NULL},
	};

	if (!may_read()) {
		printf("SKIP: processes cannot be read here (CAP_SYS_PTRACE, seccomp?)\n");
		return SKIP;
	}
	return run_tests("dedup reader", tests);
}
