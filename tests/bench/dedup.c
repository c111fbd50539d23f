/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detection against what it is made of: the speed of reading memory, ksmd's CPU
 * time for the same pages, and the truth about real guests. Rates are by CPU time,
 * and what is compared takes turns, since machines here are shared.
 *
 * Without root, KSM or QEMU the figures that need them are null, and stderr says so.
 */
#include <balloon/dedup.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dedup_ksm.h"
#include "dedup_real.h"
#include "testkit.h"

#define PAGE ((size_t)4096)

enum {
	ROUNDS = 9,           /* of which the median counts */
	BUFFER_MIB = 1024,    /* far beyond any cache */
	KSM_MIB = 512,        /* ksmd takes seconds for it */
	SALTS = 200,
};

/* ------------------------------------------------------------------- buffers */

/* Small or huge pages, mergeable, filled with the mix that papers use: half of the
 * pages alone, a quarter four of a kind, a quarter zero, shuffled. */
static unsigned char *buffer_new(size_t bytes, int huge)
{
	size_t room = bytes + (2 << 20);
	unsigned char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	p += (2 << 20) - (uintptr_t)p % (2 << 20);
	madvise(p, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return p;
}

static void fill_page(unsigned char *page, uint64_t content)
{
	uint64_t seed = content * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < PAGE; i += sizeof(seed)) {
		uint64_t v = content ? draw(&seed) : 0;

		memcpy(page + i, &v, sizeof(v));
	}
}

static void fill_mix(unsigned char *p, size_t pages)
{
	uint32_t *order = calloc(pages, sizeof(*order));
	uint64_t seed = 4711;

	if (!order)
		abort();
	for (size_t i = 0; i < pages; i++) {
		size_t j = draw(&seed) % (i + 1);

		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
	for (size_t i = 0; i < pages; i++)
		fill_page(p + order[i] * PAGE, i < pages / 2       ? i + 1
		                               : i < pages / 4 * 3 ? (UINT64_C(1) << 40) + i / 4
		                                                   : 0);
	free(order);
}

/* The bandwidth that everything is measured by: 64-bit sums, in vectors. */
static uint64_t read_all(const unsigned char *p, size_t bytes)
{
	typedef uint64_t vector __attribute__((vector_size(32), aligned(8), may_alias));
	vector a = {0}, b = {0}, c = {0}, d = {0};

	for (size_t i = 0; i < bytes; i += 4 * sizeof(vector)) {
		const vector *v = (const void *)(p + i);

		a += v[0];
		b += v[1];
		c += v[2];
		d += v[3];
	}
	a += b + c + d;
	return a[0] + a[1] + a[2] + a[3];
}

/* -------------------------------------------------------------------- scans */

static struct balloon_dedup *handle(uint32_t one_in, uint32_t flags, size_t pages)
{
	struct balloon_dedup_options o = {
	        .struct_size = sizeof(o), .sample_one_in = one_in, .flags = flags, .pages_hint = pages};
	struct balloon_dedup *d;

	if (balloon_dedup_open(&o, &d) < 0)
		abort();
	return d;
}

static void add(struct balloon_dedup *d, uint32_t guest, const unsigned char *p, size_t pages)
{
	if (balloon_dedup_pages(d, guest, (uintptr_t)p / PAGE * PAGE, p, pages,
	                        BALLOON_DEDUP_MERGEABLE) < 0)
		abort();
}

/* CPU time of one scan, figures included. */
static double scan_ns(const unsigned char *p, size_t pages, uint32_t one_in, uint32_t flags)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};
	double from = thread_ns();
	struct balloon_dedup *d = handle(one_in, flags, pages);
	uint32_t guest;

	if (balloon_dedup_guest(d, "buffer", NULL, &guest) < 0)
		abort();
	add(d, guest, p, pages);
	balloon_dedup_guest_figures(d, guest, &f);
	balloon_dedup_close(d);
	return thread_ns() - from;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static volatile uint64_t sink;

/* Time to read over time to scan, taking turns; *ret_ns (or NULL) = the scan's. */
static double against_read(const unsigned char *p, size_t pages, uint32_t one_in, uint32_t flags,
                           double *ret_ns)
{
	double ratios[ROUNDS], times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double from = thread_ns(), before, after;

		sink += read_all(p, pages * PAGE);
		before = thread_ns() - from;
		times[i] = scan_ns(p, pages, one_in, flags);
		from = thread_ns();
		sink += read_all(p, pages * PAGE);
		after = thread_ns() - from;
		ratios[i] = (before + after) / 2 / times[i];
	}
	if (ret_ns)
		*ret_ns = median(times, ROUNDS);
	return median(ratios, ROUNDS);
}

/* Time of a full hash over that of line sampling, taking turns. */
static double lines_against_full(const unsigned char *p, size_t pages)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double lines = scan_ns(p, pages, 64, BALLOON_DEDUP_LINES);

		ratios[i] = scan_ns(p, pages, 64, 0) / lines;
	}
	return median(ratios, ROUNDS);
}

/* --------------------------------------------------------------- two threads */

struct half {
	struct balloon_dedup *d;
	const unsigned char *p;
	size_t pages;
	double ns;
};

static void *scan_half(void *arg)
{
	struct half *h = arg;
	double from = thread_ns();

	add(h->d, 0, h->p, h->pages);
	h->ns = thread_ns() - from;
	return NULL;
}

/*
 * One thread's CPU time over the longer of two threads' and joining: what two
 * threads gain where each has a core. By the wall clock it would be a measure of
 * what else runs here.
 */
static double two_threads(const unsigned char *p, size_t pages)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double alone = scan_ns(p, pages, 64, 0), from;
		struct balloon_dedup *d = handle(64, 0, 0);
		struct half h[2] = {{NULL, p, pages / 2, 0}, {NULL, p + pages / 2 * PAGE, pages / 2, 0}};
		pthread_t t[2];
		uint32_t guest;

		balloon_dedup_guest(d, "buffer", NULL, &guest);
		for (int k = 0; k < 2; k++) {
			if (balloon_dedup_fork(d, &h[k].d) < 0 ||
			    pthread_create(&t[k], NULL, scan_half, &h[k]))
				abort();
		}
		for (int k = 0; k < 2; k++)
			pthread_join(t[k], NULL);
		from = thread_ns();
		if (balloon_dedup_join(d, h[0].d) < 0 || balloon_dedup_join(d, h[1].d) < 0)
			abort();
		ratios[i] = alone / (fmax(h[0].ns, h[1].ns) + thread_ns() - from);
		balloon_dedup_close(d);
	}
	return median(ratios, ROUNDS);
}

/* Cost per page at 8 GiB over that at 256 MiB; 0 where memory does not suffice. */
static double growth(void)
{
	size_t large = (size_t)8 << 30, small = (size_t)256 << 20;
	double least[2] = {1e18, 1e18};
	unsigned char *p;

	if ((uint64_t)sysconf(_SC_AVPHYS_PAGES) * PAGE < large + ((size_t)2 << 30))
		return 0;
	p = buffer_new(large, 1);
	for (size_t at = 0; at < large; at += PAGE) /* contents repeat, in another place each time */
		at < small ? fill_page(p + at, at / PAGE + 1)
		           : (void)memcpy(p + at, p + at % small, PAGE);
	for (int i = 0; i < 3; i++) {
		least[0] = fmin(least[0], scan_ns(p, small / PAGE, 64, 0) / (double)(small / PAGE));
		least[1] = fmin(least[1], scan_ns(p, large / PAGE, 64, 0) / (double)(large / PAGE));
	}
	munmap(p, large);
	return least[1] / least[0];
}

/* --------------------------------------------------------------- against ksmd */

/* A process with the mix in its memory; it sleeps until it is killed. */
static pid_t hold_mix(int huge)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		size_t bytes = (size_t)KSM_MIB << 20;
		unsigned char *p = buffer_new(bytes, huge);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fill_mix(p, bytes / PAGE);
		madvise(p, bytes, MADV_MERGEABLE);
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static double readv_ns(pid_t pid)
{
	struct balloon_dedup_reading how = {
	        .struct_size = sizeof(how), .node = -1, .flags = BALLOON_DEDUP_MERGEABLE_ONLY};
	double least = 1e18;

	for (int i = 0; i < 5; i++) {
		struct balloon_dedup *d = handle(64, 0, 0);
		double from = thread_ns();
		uint32_t guest;

		balloon_dedup_guest(d, "process", NULL, &guest);
		if (balloon_dedup_process(d, guest, pid, &how) < 0)
			abort();
		least = fmin(least, thread_ns() - from);
		balloon_dedup_close(d);
	}
	return least;
}

/* The part of ksmd's work that was for this process: it minds others' as well. */
static double own_part(pid_t pid)
{
	pid_t others[OTHERS_MAX];
	size_t n = ksm_others(&pid, 1, others, OTHERS_MAX);
	double own = (double)ksm_of(pid, "ksm_rmap_items"), all = own;

	for (size_t i = 0; i < n; i++)
		all += (double)ksm_of(others[i], "ksm_rmap_items");
	if (n)
		fprintf(stderr, "ksmd minded %zu other processes, %.0f %% of its work\n", n,
		        100 - 100 * own / all);
	return all > 0 ? own / all : 1;
}

/* ksmd's CPU time over that of a copying scan of the same process. */
static double against_ksmd(int huge, double *ret_ksmd_ns)
{
	pid_t pid = hold_mix(huge);
	double ours = readv_ns(pid);

	*ret_ksmd_ns = (double)ksm_converge(&pid, 1) * own_part(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return *ret_ksmd_ns / ours;
}

/* ----------------------------------------------------------- the truth, sampled */

static struct balloon_dedup_figures scan_guests(const struct real_pages *p, uint32_t one_in,
                                                uint32_t flags)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};
	struct balloon_dedup *d = handle(one_in, flags, p->pages);
	uint32_t guest;

	for (int i = 0; i < GUESTS; i++) {
		balloon_dedup_guest(d, "guest", "all", &guest);
		add(d, guest, p->bytes + p->first[i] * PAGE, p->first[i + 1] - p->first[i]);
	}
	balloon_dedup_all_figures(d, &f);
	balloon_dedup_close(d);
	return f;
}

struct sampled {
	double rmse_pct, bias_pct; /* of what is saved without zero pages */
	double covered_pct;        /* how often the truth was in the interval */
	double bytes_per_page;
};

static struct sampled sample(const struct real_pages *p, uint32_t one_in, uint32_t flags)
{
	struct balloon_dedup_figures t = scan_guests(p, 1, 0);
	double truth = (double)t.saved_bytes, zero = (double)t.zero_bytes, sum = 0, squares = 0;
	struct sampled s = {0};

	for (int i = 0; i < SALTS; i++) {
		struct balloon_dedup_figures f = scan_guests(p, one_in, flags);
		double error = ((double)f.saved_bytes - truth) / (truth - zero);

		sum += error;
		squares += error * error;
		s.covered_pct += 100.0 / SALTS *
		                 (f.saved_low_bytes <= t.saved_bytes && t.saved_bytes <= f.saved_high_bytes);
		s.bytes_per_page = (double)f.memory_bytes / (double)p->pages;
	}
	s.rmse_pct = 100 * sqrt(squares / SALTS);
	s.bias_pct = 100 * sum / SALTS;
	fprintf(stderr, "1/%u%s: rmse %.2f %%, bias %.2f %%, covered %.1f %%, %.3f bytes a page\n",
	        one_in, flags ? " by lines" : "", s.rmse_pct, s.bias_pct, s.covered_pct,
	        s.bytes_per_page);
	return s;
}

/* --------------------------------------------------------------------- print */

static const char *separator = "{";

static void print(const char *key, double value, int known)
{
	printf("%s\"%s\": ", separator, key);
	separator = ", ";
	if (known)
		printf("%.4g", value);
	else
		printf("null");
}

static void bench_memory(void)
{
	size_t pages = (size_t)BUFFER_MIB * 256;
	double huge_ns, small_ns;
	unsigned char *p = buffer_new(pages * PAGE, 1);

	fill_mix(p, pages);
	print("mapped_huge_vs_read", against_read(p, pages, 64, 0, &huge_ns), 1);
	print("exact_vs_read", against_read(p, pages, 1, 0, NULL), 1);
	print("lines_vs_full_mix", lines_against_full(p, pages), 1);
	print("two_threads", two_threads(p, pages), 1);
	munmap(p, pages * PAGE);
	p = buffer_new(pages * PAGE, 0);
	fill_mix(p, pages);
	print("mapped_4k_vs_read", against_read(p, pages, 64, 0, &small_ns), 1);
	munmap(p, pages * PAGE);
	print("mapped_mpages_per_cpu_s", (double)pages / small_ns * 1e3, 1);
	print("core_pct_64gib_in_5min", small_ns / (double)pages * (1 << 24) / 300e9 * 100, 1);
	print("growth_8gib", growth(), 1);
}

static void bench_ksmd(void)
{
	size_t pages = (size_t)KSM_MIB * 256;
	double ksmd_small = 0, ksmd_huge = 0, small = 0, huge = 0, mapped = 0;
	int here = ksm_take() == 0;

	if (here) {
		unsigned char *p = buffer_new(pages * PAGE, 0);

		fill_mix(p, pages);
		against_read(p, pages, 64, 0, &mapped);
		munmap(p, pages * PAGE);
		small = against_ksmd(0, &ksmd_small);
		huge = against_ksmd(1, &ksmd_huge);
		ksm_give_back();
	}
	print("vs_ksmd_mapped", here ? ksmd_small / mapped : 0, here && ksmd_small > 0);
	print("vs_ksmd_readv_4k", small, here && ksmd_small > 0);
	print("vs_ksmd_readv_thp", huge, here && ksmd_huge > 0);
	print("ksmd_mpages_per_cpu_s", here ? (double)pages / ksmd_small * 1e3 : 0,
	      here && ksmd_small > 0);
}

static void bench_guests(void)
{
	struct sampled s8 = {0}, s64 = {0}, s512 = {0}, lines = {0};
	double faster = 0;
	struct real r;
	int here = real_run(&r) == 0;

	if (here) {
		s8 = sample(&r.pages, 8, 0);
		s64 = sample(&r.pages, 64, 0);
		s512 = sample(&r.pages, 512, 0);
		lines = sample(&r.pages, 64, BALLOON_DEDUP_LINES);
		faster = lines_against_full(r.pages.bytes, r.pages.pages);
	}
	print("bytes_per_page_64", s64.bytes_per_page, here);
	print("rmse_pct_8", s8.rmse_pct, here);
	print("rmse_pct_64", s64.rmse_pct, here);
	print("rmse_pct_512", s512.rmse_pct, here);
	print("rmse_pct_lines_64", lines.rmse_pct, here);
	print("lines_vs_full", faster, here);
	print("interval_coverage_pct", (s8.covered_pct + s64.covered_pct + s512.covered_pct) / 3,
	      here);
	print("ksm_diff_pct_stopped", r.stopped.diff_pct, here && r.ksmd_ns > 0);
	print("ksm_diff_pct_idle", r.idle.diff_pct, here);
	print("ksm_diff_pct_active", r.active.diff_pct, here);
	print("side_effect_pages", (double)r.side_effect_pages, here);
	print("guest_pages", (double)r.pages.pages, here);
	print("exact_vs_ksmd_guests", here ? r.ksmd_ns / r.scan_ns : 0, here && r.ksmd_ns > 0);
	real_free(&r);
}

int main(void)
{
	fprintf(stderr, "hashing by %s\n", balloon_dedup_hash_name());
	bench_memory();
	bench_ksmd();
	bench_guests();
	printf("}\n");
	return 0;
}
