/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dedup_guests.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SKIP = 77,
	BOOT_SECONDS = 300, /* ten alone on two cores; a loaded machine takes its time */
};

int guests_prepare(struct guests *g)
{
	char command[512], count[16];
	int status;

	memset(g, 0, sizeof(*g));
	snprintf(g->dir, sizeof(g->dir), "/tmp/balloon-dedup.XXXXXX");
	if (!mkdtemp(g->dir))
		return fprintf(stderr, "skip: no directory for the guests\n"), SKIP;
	snprintf(command, sizeof(command), "%s/dedup-image", HOST_TESTS);
	snprintf(count, sizeof(count), "%d", GUESTS);
	if (fork() == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl(command, command, g->dir, count, (char *)NULL);
		_exit(SKIP);
	}
	wait(&status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	guests_forget(g);
	return fprintf(stderr, "skip: there is no image for guests\n"), SKIP;
}

static void become_qemu(const struct guests *g, int k, enum guests_kind kind, int in, int out)
{
	char kernel[96], initrd[96], mib[16];

	snprintf(kernel, sizeof(kernel), "%s/kernel", g->dir);
	snprintf(initrd, sizeof(initrd), "%s/initrd.%d", g->dir, k);
	snprintf(mib, sizeof(mib), "%d", GUEST_MIB);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (kind == GUESTS_SMALL_PAGES)
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execlp("qemu-system-x86_64", "qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-machine",
	       "pc", "-m", mib, "-smp", "1", "-nodefaults", "-display", "none", "-serial", "stdio",
	       "-no-reboot", "-kernel", kernel, "-initrd", initrd, "-append",
	       "console=ttyS0 quiet panic=-1 no_timer_check edd=off mitigations=off", (char *)NULL);
	_exit(SKIP);
}

static int boot_one(struct guests *g, int k, enum guests_kind kind)
{
	int ear[2], voice[2];

	if (pipe2(ear, O_CLOEXEC) < 0 || pipe2(voice, O_CLOEXEC) < 0)
		return SKIP;
	g->pids[k] = fork();
	if (g->pids[k] == 0)
		become_qemu(g, k, kind, ear[0], voice[1]);
	close(ear[0]);
	close(voice[1]);
	g->ears[k] = ear[1];
	g->voices[k] = voice[0];
	return g->pids[k] < 0 ? SKIP : 0;
}

/* Until it has said so; what it says afterwards fits into the pipe. */
static int wait_ready(const struct guests *g, int k, time_t end)
{
	char text[4096] = "";
	size_t n = 0;

	while (!strstr(text, "guest ready")) {
		struct pollfd voice = {.fd = g->voices[k], .events = POLLIN};
		time_t now = time(NULL);
		ssize_t r;

		if (now >= end || poll(&voice, 1, (int)(end - now) * 1000) <= 0)
			return fprintf(stderr, "skip: guests do not boot here\n"), SKIP;
		n = n > sizeof(text) / 2 ? 0 : n;
		r = read(g->voices[k], text + n, sizeof(text) - 1 - n);
		if (r <= 0)
			return fprintf(stderr, "skip: QEMU does not run here: %s\n", text), SKIP;
		n += (size_t)r;
		text[n] = '\0';
	}
	return 0;
}

int guests_boot(struct guests *g, enum guests_kind kind)
{
	time_t end = time(NULL) + BOOT_SECONDS;
	int rc = 0;

	signal(SIGPIPE, SIG_IGN);
	for (int k = 0; k < GUESTS && !rc; k++)
		rc = boot_one(g, k, kind);
	for (int k = 0; k < GUESTS && !rc; k++)
		rc = wait_ready(g, k, end);
	if (rc)
		guests_kill(g);
	return rc;
}

void guests_tell(const struct guests *g, char command)
{
	for (int k = 0; k < GUESTS; k++) {
		if (write(g->ears[k], &command, 1) != 1)
			fprintf(stderr, "guest %d does not listen\n", k);
	}
}

static void signal_all(const struct guests *g, int number)
{
	for (int k = 0; k < GUESTS; k++) {
		if (g->pids[k] > 0)
			kill(g->pids[k], number);
	}
}

void guests_stop(const struct guests *g)
{
	signal_all(g, SIGSTOP);
}

void guests_go_on(const struct guests *g)
{
	signal_all(g, SIGCONT);
}

void guests_kill(struct guests *g)
{
	signal_all(g, SIGKILL);
	for (int k = 0; k < GUESTS; k++) {
		if (g->pids[k] > 0) {
			waitpid(g->pids[k], NULL, 0);
			close(g->ears[k]);
			close(g->voices[k]);
		}
		g->pids[k] = 0;
	}
}

void guests_forget(struct guests *g)
{
	char path[96];

	for (int k = 0; k < GUESTS; k++) {
		snprintf(path, sizeof(path), "%s/initrd.%d", g->dir, k);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/kernel", g->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/stamp", g->dir);
	unlink(path);
	if (g->dir[0])
		rmdir(g->dir);
	g->dir[0] = '\0';
}
