/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dedup_ksm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define KSM "/sys/kernel/mm/ksm/"
#define LOCK "/run/lock/balloon-ksm"

enum {
	SKIP = 77,
	PASS_SECONDS = 120, /* given up after this: ksmd takes a second for 500 MiB */
	SETTLED_PASSES = 3, /* without a change; one is not enough, smart scanning or not */
};

/* What a test changes; restored in this order. run comes last. */
static const struct knob {
	const char *name;
	const char *value;
} knobs[] = {
        {"smart_scan", "0"},     {"advisor_mode", "none"}, {"use_zero_pages", "0"},
        {"pages_to_scan", "5000"}, {"sleep_millisecs", "0"},
};
enum { KNOBS = sizeof(knobs) / sizeof(knobs[0]) };
static char before[KNOBS][32];
static int taken = -1; /* the lock */

static int read_text(const char *path, char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (fd >= 0)
		close(fd);
	ret_text[n > 0 ? n : 0] = '\0';
	return n < 0 ? -errno : 0;
}

static void set(const char *name, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), KSM "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "ksm: %s: %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

uint64_t ksm_figure(const char *name)
{
	char path[96], text[64];

	snprintf(path, sizeof(path), KSM "%s", name);
	read_text(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* ------------------------------------------------------------ take, give back */

/* The word in brackets, of "[none] scan-time"; the whole of others. */
static void remember(size_t i)
{
	char path[96], text[64], *open_, *close_;

	snprintf(path, sizeof(path), KSM "%s", knobs[i].name);
	read_text(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	open_ = strchr(text, '[');
	close_ = open_ ? strchr(open_, ']') : NULL;
	if (close_)
		*close_ = '\0';
	snprintf(before[i], sizeof(before[i]), "%.31s", close_ ? open_ + 1 : text);
}

static void interrupted(int signal_)
{
	ksm_give_back();
	signal(signal_, SIG_DFL);
	raise(signal_);
}

int ksm_take(void)
{
	if (geteuid() != 0 || access(KSM "run", W_OK) < 0)
		return fprintf(stderr, "skip: KSM is not here, or not ours to start\n"), SKIP;
	taken = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (taken < 0 || flock(taken, LOCK_EX) < 0)
		return fprintf(stderr, "skip: " LOCK ": %s\n", strerror(errno)), SKIP;
	if (ksm_figure("run") != 0) {
		close(taken);
		taken = -1;
		return fprintf(stderr, "skip: KSM runs already, for somebody else\n"), SKIP;
	}
	for (size_t i = 0; i < KNOBS; i++)
		remember(i);
	atexit(ksm_give_back);
	signal(SIGINT, interrupted);
	signal(SIGTERM, interrupted);
	signal(SIGHUP, interrupted);
	return 0;
}

void ksm_give_back(void)
{
	if (taken < 0)
		return;
	set("run", "2");
	set("run", "0");
	for (size_t i = 0; i < KNOBS; i++) {
		if (before[i][0])
			set(knobs[i].name, before[i]);
	}
	close(taken);
	taken = -1;
}

/* ------------------------------------------------------------------- figures */

static uint64_t field_of(const char *path, const char *field)
{
	char *line = NULL;
	size_t size = 0, n = strlen(field);
	FILE *f = fopen(path, "re");
	uint64_t v = 0;

	while (f && getline(&line, &size, f) > 0) {
		if (strncmp(line, field, n) == 0 && strspn(line + n, ": \t"))
			v = strtoull(line + n + strspn(line + n, ": \t"), NULL, 10);
	}
	free(line);
	if (f)
		fclose(f);
	return v;
}

uint64_t ksm_of(pid_t pid, const char *field)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ksm_stat", (int)pid);
	return field_of(path, field);
}

uint64_t smaps_pages(pid_t pid, const char *field)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return field_of(path, field) / 4;
}

static pid_t ksmd_pid(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (proc && !found && (e = readdir(proc))) {
		char path[300], comm[32];

		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
		    read_text(path, comm, sizeof(comm)) == 0 && strcmp(comm, "ksmd\n") == 0)
			found = atoi(e->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

uint64_t ksm_cpu(void)
{
	static pid_t pid;
	char path[64], text[128];

	pid = pid ? pid : ksmd_pid();
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	read_text(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

static int is_own(pid_t pid, const pid_t *own, size_t n)
{
	while (n && own[n - 1] != pid)
		n--;
	return n > 0;
}

static int is_mergeable(pid_t pid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/ksm_stat", (int)pid);
	return read_text(path, text, sizeof(text)) == 0 && strstr(text, "ksm_mergeable: yes");
}

size_t ksm_others(const pid_t *own, size_t n, pid_t *ret_pids, size_t room)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	size_t found = 0;

	while (proc && found < room && (e = readdir(proc))) {
		pid_t pid = atoi(e->d_name);

		if (pid > 0 && !is_own(pid, own, n) && is_mergeable(pid))
			ret_pids[found++] = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* ------------------------------------------------------------------- passes */

static void wait_pass(uint64_t scans)
{
	time_t end = time(NULL) + PASS_SECONDS;
	struct timespec nap = {0, 5000000};

	while (ksm_figure("full_scans") <= scans && time(NULL) < end)
		nanosleep(&nap, NULL);
}

static void start(void)
{
	for (size_t i = 0; i < KNOBS; i++)
		set(knobs[i].name, knobs[i].value);
	set("run", "1");
}

void ksm_passes(unsigned passes)
{
	start();
	while (passes--)
		wait_pass(ksm_figure("full_scans"));
}

static uint64_t merging(const pid_t *pids, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ksm_of(pids[i], "ksm_merging_pages");
	return sum;
}

uint64_t ksm_converge(const pid_t *pids, size_t n)
{
	uint64_t from = ksm_cpu(), spent = 0, last = 0;
	time_t end = time(NULL) + PASS_SECONDS;
	unsigned settled = 0;

	start();
	while (settled < SETTLED_PASSES && time(NULL) < end) {
		uint64_t now;

		wait_pass(ksm_figure("full_scans"));
		now = merging(pids, n);
		settled = now && now == last ? settled + 1 : 0;
		if (now != last)
			spent = ksm_cpu() - from;
		last = now;
	}
	set("run", "0");
	return settled < SETTLED_PASSES ? 0 : spent;
}
