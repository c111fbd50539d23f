/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The /init of a guest that fills its memory as guests do: files in the page
 * cache, some of them twice (a copy on tmpfs), memory of its own, and pages that
 * were used and freed. Then it idles, or, told so on its console, rewrites a
 * mebibyte of its own every tenth of a second. It must not know of its host.
 *
 *	a  be active	i  be idle
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

enum {
	OWN_MIB = 24,    /* memory of its own, different in every guest */
	FREED_MIB = 24,  /* written once and given back */
	COPIED_MIB = 24, /* of files, kept twice */
	SAME_MIB = 8,    /* patterns that programs have alike in all guests */
};

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void scribble(char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
		uint64_t v = draw();

		memcpy(p + i, &v, sizeof(v));
	}
}

static char *memory(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		printf("guest has no memory\n");
		exit(1); /* the kernel panics, and the host sees it */
	}
	return p;
}

static size_t copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t all = 0;
	ssize_t n;

	while (in >= 0 && out >= 0 && (n = read(in, buffer, sizeof(buffer))) > 0) {
		if (write(out, buffer, (size_t)n) != n)
			break;
		all += (size_t)n;
	}
	close(in);
	close(out);
	return all;
}

static void copy_files(const char *dir, size_t most)
{
	DIR *d = opendir(dir);
	char from[600], to[600];
	struct dirent *e;
	size_t all = 0;

	mkdir("/copies", 0700);
	while (d && all < most && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(from, sizeof(from), "%s/%s", dir, e->d_name);
		snprintf(to, sizeof(to), "/copies/%s", e->d_name);
		all += copy_file(from, to);
	}
	if (d)
		closedir(d);
}

/* Alike in all guests and within one: every page is one of a thousand. */
static void fill_alike(char *p, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += 4096) {
		state = 1 + at / 4096 % 1000;
		scribble(p + at, 4096);
	}
}

static void fill(void)
{
	char *freed = memory(FREED_MIB * MIB);

	fill_alike(memory(SAME_MIB * MIB), SAME_MIB * MIB);
	if (getrandom(&state, sizeof(state), GRND_NONBLOCK) < 0 || !state)
		state = (uint64_t)getpid() << 32 ^ (uintptr_t)&state ^ __builtin_ia32_rdtsc();
	scribble(freed, FREED_MIB * MIB);
	copy_files("/files", COPIED_MIB * MIB);
	munmap(freed, FREED_MIB * MIB);
}

static void raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) == 0) {
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(fd, TCSANOW, &t);
	}
}

int main(void)
{
	struct pollfd ear = {.fd = STDIN_FILENO, .events = POLLIN};
	char *own = memory(OWN_MIB * MIB), command;
	int active = 0;

	setvbuf(stdout, NULL, _IOLBF, 256);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	raw(STDIN_FILENO);
	fill();
	scribble(own, OWN_MIB * MIB);
	printf("guest ready\n");
	for (size_t at = 0;; at = (at + MIB) % (OWN_MIB * MIB)) {
		if (poll(&ear, 1, active ? 100 : 1000) > 0 && read(ear.fd, &command, 1) == 1)
			active = command == 'a' || (active && command != 'i');
		if (active)
			scribble(own + at, MIB);
	}
}
