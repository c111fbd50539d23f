/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole of a small guest: its /init, its voice and its work.
 *
 * Loads the balloon driver, then says on the serial console once a second how
 * much memory it sees, how much its work wants and how much that has got. The
 * work is a child that holds memory and writes to every page of it again and
 * again, so that all of it is in use. It grows only into memory that is free,
 * as a cache does; a guest that is short of memory is therefore hungry, not dead.
 *
 * How much it wants comes from the kernel command line, in rounds,
 *
 *	work=40:10,160:20	40 MiB for 10 s, then 160 MiB for 20 s, again and again
 *
 * or from lines on the second serial port: "160" wants 160 MiB from now on.
 *
 * It must not know of hosts, budgets or libballoon: it is an ordinary guest,
 * and its word is the witness that memory really moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	PHASES_MAX = 16,
	/* The step in which work grows and shrinks. A balloon may take free memory down to
	 * the kernel's low watermark just after work has looked; what is left from there to
	 * the OOM killer is 400 KiB at these sizes, and a step must fit in. */
	CHUNK_BYTES = 256 << 10,
	CHUNKS_PER_MIB = 4,
	CHUNKS_MAX = 4096 * CHUNKS_PER_MIB,
	PAGE_BYTES = 4096,
	/* Work leaves this much free: above the kernel's own low watermark at these sizes
	 * (2 MiB), so that work waits for memory and the OOM killer has nothing to do. */
	MARGIN_KIB = 3072,
	/* Five rounds a second use all pages at any scale a host can sample, and are
	 * cheap enough for three guests without hardware virtualization on two cores. */
	ROUND_MS = 200,
};

struct phase {
	unsigned long want_mib;
	unsigned long seconds;
};

/* Shared by the guest and its work. */
struct work {
	volatile unsigned long want_mib;
	volatile unsigned long have_mib;
	volatile unsigned long rounds;
};

struct guest {
	struct work *work;
	pid_t worker;
	unsigned long oom_kills;
	struct phase phases[PHASES_MAX];
	size_t phases_n;
	int commanded; /* a command was heard: the schedule is over */
	int ear;       /* second serial port, or -1 */
};

/* --------------------------------------------------------------- helpers */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void rest_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* One field of /proc/meminfo in KiB; 0 if it cannot be read. */
static unsigned long meminfo_kib(const char *field)
{
	char text[2048];
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *at;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, field);
	return at ? strtoul(at + strlen(field), NULL, 10) : 0;
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		printf("guest cannot set %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void oom_score(const char *score)
{
	set("/proc/self/oom_score_adj", score);
}

/* ------------------------------------------------------------------ work */

static char *grow(uint64_t seed)
{
	uint64_t *word;
	char *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return NULL;
	/* Every page of every guest differs: page sharing must not be what frees memory. */
	for (size_t at = 0; at < CHUNK_BYTES; at += PAGE_BYTES) {
		word = (uint64_t *)(void *)(chunk + at);
		word[0] = seed ^ (at << 32);
		word[1] = (uint64_t)(uintptr_t)chunk;
	}
	return chunk;
}

static void touch(char **chunks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at < CHUNK_BYTES; at += PAGE_BYTES)
			(*(volatile uint64_t *)(void *)(chunks[i] + at))++;
}

/*
 * Towards what is wanted: up into free memory only, down at once. MemAvailable
 * would not do: at these sizes it promises 6 MiB of kernel caches that never come.
 */
static size_t adjust(const struct work *w, char **chunks, size_t n, uint64_t seed)
{
	size_t want = w->want_mib * CHUNKS_PER_MIB;

	while (n > want)
		munmap(chunks[--n], CHUNK_BYTES);
	while (n < want && n < CHUNKS_MAX) {
		if (meminfo_kib("MemFree:") < MARGIN_KIB + CHUNK_BYTES / 1024)
			break;
		chunks[n] = grow(seed + n);
		if (!chunks[n])
			break;
		n++;
	}
	return n;
}

static void worker(struct work *w)
{
	static char *chunks[CHUNKS_MAX];
	uint64_t seed = now_ms() * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)getpid() << 48;
	size_t n = 0;

	oom_score("1000"); /* if somebody must die, then the work, and it is counted */
	for (;;) {
		n = adjust(w, chunks, n, seed);
		w->have_mib = n / CHUNKS_PER_MIB;
		touch(chunks, n);
		w->rounds++;
		rest_ms(ROUND_MS);
	}
}

static void start_work(struct guest *g)
{
	g->work->have_mib = 0;
	g->worker = fork();
	if (g->worker == 0)
		worker(g->work);
}

static void mind_work(struct guest *g)
{
	int status;

	if (g->worker > 0 && waitpid(g->worker, &status, WNOHANG) != g->worker)
		return;
	if (g->worker > 0)
		g->oom_kills++;
	start_work(g);
}

/* -------------------------------------------------------------- schedule */

/* "40:10,160:20" */
static void read_schedule(struct guest *g, const char *text)
{
	char *end;

	while (text && *text && g->phases_n < PHASES_MAX) {
		struct phase *p = &g->phases[g->phases_n];

		p->want_mib = strtoul(text, &end, 10);
		p->seconds = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
		if (p->seconds == 0)
			p->seconds = 86400; /* no time given: this one stays */
		g->phases_n++;
		text = *end == ',' ? end + 1 : NULL;
	}
}

static void follow_schedule(struct guest *g, unsigned long second)
{
	unsigned long all = 0;
	size_t i;

	if (g->commanded || g->phases_n == 0)
		return;
	for (i = 0; i < g->phases_n; i++)
		all += g->phases[i].seconds;
	second %= all;
	for (i = 0; second >= g->phases[i].seconds; i++)
		second -= g->phases[i].seconds;
	g->work->want_mib = g->phases[i].want_mib;
}

static void hear(struct guest *g)
{
	char text[64];
	char *end;
	unsigned long want;
	ssize_t n = read(g->ear, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	want = strtoul(text, &end, 10);
	if (end == text)
		return;
	g->work->want_mib = want;
	g->commanded = 1;
}

/* --------------------------------------------------------------- the guest */

static void load_module(const char *name)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		printf("guest cannot load %s: %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* In the order of the list: the kernel resolves nothing for us. */
static void load_modules(void)
{
	char name[128];
	FILE *list = fopen("/modules/order", "re");

	while (list && fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = '\0';
		load_module(name);
	}
	if (list)
		fclose(list);
}

static int open_ear(void)
{
	struct termios raw;
	int fd = open("/dev/ttyS1", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		return -1;
	raw.c_iflag = IGNBRK | ICRNL;
	raw.c_oflag = 0;
	raw.c_lflag = ICANON; /* whole lines, and no echo back to the host */
	raw.c_cflag |= CREAD | CLOCAL;
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

static void mount_or_say(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		printf("guest cannot mount %s: %s\n", where, strerror(errno));
}

static void say(const struct guest *g, unsigned long second)
{
	const struct work *w = g->work;

	printf("guest t=%lu total_kib=%lu avail_kib=%lu want_mib=%lu have_mib=%lu rounds=%lu "
	       "oom=%lu\n",
	       second, meminfo_kib("MemTotal:"), meminfo_kib("MemAvailable:"), w->want_mib,
	       w->have_mib, w->rounds, g->oom_kills);
}

/* Sleeps until the next second, waking up for commands. */
static void wait_until(struct guest *g, uint64_t when_ms)
{
	struct pollfd ear = { .fd = g->ear, .events = POLLIN };
	uint64_t now = now_ms();

	while (now < when_ms) {
		if (poll(&ear, 1, (int)(when_ms - now)) > 0)
			hear(g);
		now = now_ms();
	}
}

int main(void)
{
	struct guest g = { .ear = -1 };
	uint64_t start = now_ms();

	setvbuf(stdout, NULL, _IOLBF, 256);
	mount_or_say("devtmpfs", "/dev");
	mount_or_say("proc", "/proc");
	oom_score("-1000");
	/* The kernel lifts its watermarks by 2 MiB for a while when it mixes page types:
	 * more than the margin of work, which would then be killed beside free memory. */
	set("/proc/sys/vm/watermark_boost_factor", "0");
	printf("guest up\n");
	load_modules();
	g.work = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g.work == MAP_FAILED) {
		printf("guest has no memory for its work\n");
		return 1; /* init gone: the kernel panics, and the host sees it */
	}
	read_schedule(&g, getenv("work")); /* the kernel hands unknown options to init */
	g.ear = open_ear();
	for (unsigned long second = 0;; second++) {
		follow_schedule(&g, second);
		mind_work(&g);
		say(&g, second);
		wait_until(&g, start + (second + 1) * 1000);
	}
}
