/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testkit.h"

#define PAGE 4096
/* Of each page; what is left goes into half a page, which is the least that some of
 * the kernel's pools (zbud) gain by. */
#define NOISE (PAGE * 3 / 8)

static char swap_path[64];
static pid_t swap_watcher;
static int swap_held;

/* The first of each page is noise, the rest its number over and over. */
static void fill(char *memory, uint64_t bytes, uint64_t step)
{
	uint64_t seed = 88172645463325252u ^ (uint64_t)getpid();

	for (uint64_t at = 0; at < bytes; at += step) {
		for (size_t i = 0; i < NOISE; i += sizeof(uint64_t)) {
			uint64_t noise = draw(&seed);

			memcpy(memory + at + i, &noise, sizeof(noise));
		}
		for (size_t i = NOISE; i < PAGE; i += sizeof(at))
			memcpy(memory + at + i, &at, sizeof(at));
	}
}

static void *map(enum child_kind kind, uint64_t bytes)
{
	int shared = kind == CHILD_MEMFD || kind == CHILD_HOLES, fd = -1;
	int flags = shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

	if (shared) {
		fd = memfd_create("memory-backend-memfd", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
			return MAP_FAILED;
	}
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* What the first pages hold, over and over. */
static void repeat(char *memory, uint64_t bytes)
{
	for (uint64_t at = 64 * PAGE; at < bytes; at += 64 * PAGE)
		memcpy(memory + at, memory, 64 * PAGE);
	madvise(memory, bytes, MADV_MERGEABLE);
}

static void serve(int tell, int hear, char *memory)
{
	uint64_t bytes;

	while (read(tell, &bytes, sizeof(bytes)) == sizeof(bytes)) {
		for (uint64_t at = 0; at < bytes; at += PAGE)
			((volatile char *)memory)[at]++;
		if (write(hear, "", 1) != 1)
			break;
	}
}

static void live(enum child_kind kind, uint64_t bytes, int tell, int hear)
{
	char *memory = map(kind, bytes);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (memory == MAP_FAILED)
		_exit(1);
	fill(memory, bytes, kind == CHILD_HOLES ? 2 * PAGE : PAGE);
	if (kind == CHILD_ALIKE)
		repeat(memory, bytes);
	if (write(hear, &memory, sizeof(memory)) == sizeof(memory))
		serve(tell, hear, memory);
	_exit(0);
}

int child_start(struct child *c, enum child_kind kind, uint64_t bytes)
{
	int tell[2], hear[2];
	void *memory;

	if (pipe2(tell, O_CLOEXEC) < 0 || pipe2(hear, O_CLOEXEC) < 0)
		abort();
	fflush(NULL);
	c->pid = fork();
	if (c->pid < 0)
		abort();
	if (c->pid == 0) {
		close(tell[1]);
		close(hear[0]);
		live(kind, bytes, tell[0], hear[1]);
	}
	close(tell[0]);
	close(hear[1]);
	c->tell = tell[1];
	c->hear = hear[0];
	c->bytes = bytes;
	if (read(c->hear, &memory, sizeof(memory)) != sizeof(memory)) {
		child_end(c);
		return 0;
	}
	c->start = (uint64_t)(uintptr_t)memory;
	return 1;
}

void child_touch(struct child *c, uint64_t bytes)
{
	char done;

	if (write(c->tell, &bytes, sizeof(bytes)) != sizeof(bytes) || read(c->hear, &done, 1) != 1)
		abort();
}

void child_end(struct child *c)
{
	close(c->tell);
	close(c->hear);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

static int make_swap(int fd, uint64_t bytes)
{
	char command[128];

	if (posix_fallocate(fd, 0, (off_t)bytes) != 0 || fchmod(fd, 0600) < 0)
		return 0;
	snprintf(command, sizeof(command), "mkswap %s >/dev/null 2>&1", swap_path);
	return system(command) == 0 && swapon(swap_path, 0) == 0;
}

/* A process of its own takes it away, also when the test is killed. */
static void watch_over_swap(void)
{
	int ends[2];
	char never;

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	fflush(NULL);
	swap_watcher = fork();
	if (swap_watcher == 0) {
		close(ends[1]);
		setsid();
		while (read(ends[0], &never, 1) > 0)
			;
		swapoff(swap_path);
		unlink(swap_path);
		_exit(0);
	}
	close(ends[0]);
	swap_held = ends[1];
}

int swap_start(uint64_t bytes)
{
	int fd;

	snprintf(swap_path, sizeof(swap_path), "/var/tmp/balloon-swap-XXXXXX");
	fd = mkstemp(swap_path);
	if (fd >= 0 && make_swap(fd, bytes)) {
		close(fd);
		watch_over_swap();
		return 1;
	}
	printf("SKIP no swap file can be had here (%s)\n", strerror(errno));
	if (fd >= 0) {
		unlink(swap_path);
		close(fd);
	}
	return 0;
}

void swap_end(void)
{
	if (swap_watcher <= 0)
		return;
	close(swap_held);
	waitpid(swap_watcher, NULL, 0);
	swap_watcher = 0;
}
