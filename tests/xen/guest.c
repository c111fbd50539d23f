/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole of a small Xen guest: its /init, its agent and its work.
 *
 * The agent does what XenServer's does: once a second it writes how much memory
 * the guest sees and how much of it is free to the store, in KiB,
 *
 *	data/meminfo_total  data/meminfo_free
 *
 * and data/updated, data/have (MiB its work has got) and data/oom beside them.
 * The work is a child that holds memory and writes to every page of it again and
 * again; how much it wants, in MiB, is read from data/work. It grows only into
 * memory that is free, as a cache does: a guest short of memory is hungry, not
 * dead. Two bad habits can be asked for: data/lie is what the agent says instead
 * of its free memory, and data/grab the size, in MiB, that the guest's own kernel
 * is told to balloon to, whatever the host wants.
 *
 * It must not know of hosts, budgets or libballoon: it is an ordinary guest,
 * and its word is the witness that memory really moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* The step in which work grows and shrinks: what a balloon may take between
	 * the look for free memory and the touching of it must fit in below. */
	CHUNK_BYTES = 256 << 10,
	CHUNKS_PER_MIB = 4,
	CHUNKS_MAX = 1024 * CHUNKS_PER_MIB,
	PAGE_BYTES = 4096,
	/* Work leaves so much free: above the kernel's own low watermark at these
	 * sizes (2 MiB), so that the OOM killer has nothing to do. */
	MARGIN_KIB = 4096,
	/* All pages are in use at any scale a host looks at, and emulation of
	 * several guests on one core bears it. */
	ROUND_MS = 500,
	XS_READ = 2,
	XS_WRITE = 11,
	XS_ERROR = 16,
	XS_PAYLOAD_MAX = 4096,
};

/* The store's protocol, as Xen's public/io/xs_wire.h has it. */
struct message {
	uint32_t type, req_id, tx_id, len;
};

/* Shared by the guest and its work. */
struct work {
	volatile unsigned long want_mib;
	volatile unsigned long have_mib;
};

/* --------------------------------------------------------------- helpers */

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

/* ----------------------------------------------------------------- store */

static int whole(int fd, void *data, size_t n)
{
	for (char *p = data; n > 0;) {
		ssize_t r = read(fd, p, n);

		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* Asks, and puts the answer, as text, into ret (XS_PAYLOAD_MAX + 1 bytes). */
static int ask(int store, uint32_t type, const void *data, uint32_t n, char *ret)
{
	char out[sizeof(struct message) + 256];
	struct message m = { .type = type, .len = n };

	memcpy(out, &m, sizeof(m));
	memcpy(out + sizeof(m), data, n);
	if (write(store, out, sizeof(m) + n) != (ssize_t)(sizeof(m) + n))
		return -1;
	if (whole(store, &m, sizeof(m)) < 0 || m.len > XS_PAYLOAD_MAX ||
	    whole(store, ret, m.len) < 0)
		return -1;
	ret[m.len] = '\0';
	return m.type == XS_ERROR ? -1 : 0;
}

static void tell(int store, const char *key, unsigned long value)
{
	char data[64], answer[XS_PAYLOAD_MAX + 1];
	int at = snprintf(data, sizeof(data), "%s", key) + 1;
	int n = snprintf(data + at, sizeof(data) - (size_t)at, "%lu", value);

	ask(store, XS_WRITE, data, (uint32_t)(at + n), answer);
}

static unsigned long heard(int store, const char *key, unsigned long otherwise)
{
	char answer[XS_PAYLOAD_MAX + 1];

	if (ask(store, XS_READ, key, (uint32_t)strlen(key) + 1, answer) < 0)
		return otherwise;
	return strtoul(answer, NULL, 10);
}

/* ------------------------------------------------------------------ work */

static char *grow(uint64_t seed)
{
	char *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return NULL;
	for (size_t at = 0; at < CHUNK_BYTES; at += PAGE_BYTES)
		*(uint64_t *)(void *)(chunk + at) = seed ^ (at << 32);
	return chunk;
}

static void worker(struct work *w)
{
	static char *chunks[CHUNKS_MAX];
	size_t n = 0;

	set("/proc/self/oom_score_adj", "1000"); /* it dies first, and is counted */
	for (uint64_t round = 0;; round++) {
		while (n > w->want_mib * CHUNKS_PER_MIB)
			munmap(chunks[--n], CHUNK_BYTES);
		while (n < w->want_mib * CHUNKS_PER_MIB && n < CHUNKS_MAX &&
		       meminfo_kib("MemFree:") > MARGIN_KIB + CHUNK_BYTES / 1024) {
			chunks[n] = grow(round << 16 ^ n);
			if (!chunks[n])
				break;
			n++;
		}
		w->have_mib = n / CHUNKS_PER_MIB;
		for (size_t i = 0; i < n; i++)
			for (size_t at = 0; at < CHUNK_BYTES; at += PAGE_BYTES)
				(*(volatile uint64_t *)(void *)(chunks[i] + at))++;
		rest_ms(ROUND_MS);
	}
}

static pid_t start_work(struct work *w)
{
	pid_t pid = fork();

	w->have_mib = 0;
	if (pid == 0)
		worker(w);
	return pid;
}

/* ----------------------------------------------------------------- guest */

static void mount_or_say(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		printf("guest cannot mount %s: %s\n", where, strerror(errno));
}

static void grab(unsigned long mib)
{
	char kib[32];

	if (mib == 0)
		return;
	snprintf(kib, sizeof(kib), "%lu", mib * 1024);
	set("/sys/devices/system/xen_memory/xen_memory0/target_kb", kib);
}

static void agent(int store, struct work *w, unsigned long second, unsigned long oom)
{
	unsigned long lie = heard(store, "data/lie", 0);

	w->want_mib = heard(store, "data/work", 0);
	grab(heard(store, "data/grab", 0));
	tell(store, "data/have", w->have_mib);
	tell(store, "data/oom", oom);
	tell(store, "data/meminfo_total", meminfo_kib("MemTotal:"));
	tell(store, "data/meminfo_free", lie ? lie : meminfo_kib("MemFree:"));
	tell(store, "data/updated", second);
}

int main(void)
{
	struct work *w;
	unsigned long oom = 0;
	pid_t pid;
	int store;

	setvbuf(stdout, NULL, _IOLBF, 256);
	mount_or_say("devtmpfs", "/dev");
	mount_or_say("proc", "/proc");
	mount_or_say("sysfs", "/sys");
	set("/proc/self/oom_score_adj", "-1000");
	/* The kernel lifts its watermarks by 2 MiB for a while when it mixes page types:
	 * more than the margin of work, which would then be killed beside free memory. */
	set("/proc/sys/vm/watermark_boost_factor", "0");
	store = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	w = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (store < 0 || w == MAP_FAILED) {
		printf("guest has no store or no memory: %s\n", strerror(errno));
		return 1; /* init gone: the kernel panics, and the host sees it */
	}
	printf("guest up\n");
	pid = start_work(w);
	for (unsigned long second = 0;; second++) {
		if (waitpid(pid, NULL, WNOHANG) == pid) {
			printf("guest's work was killed; it had %lu of %lu MiB\n", w->have_mib,
			       w->want_mib);
			oom++;
			pid = start_work(w);
		}
		agent(store, w, second, oom);
		rest_ms(1000);
	}
}
