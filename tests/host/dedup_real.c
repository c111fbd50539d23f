/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dedup_real.h"

#include <balloon/dedup.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dedup_ksm.h"
#include "os/pages.h"

enum {
	SKIP = 77,
	PASSES = 4, /* until running guests' merged pages are found: two, and two for luck */
};

double thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ------------------------------------------------------------- what is said */

static struct balloon_dedup_figures guest_figures(struct balloon_dedup *d, uint32_t guest)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	if (balloon_dedup_guest_figures(d, guest, &f) < 0)
		abort();
	return f;
}

static struct balloon_dedup *exact_handle(void)
{
	struct balloon_dedup_options o = {
	        .struct_size = sizeof(o),
	        .sample_one_in = 1,
	        .sharers_max = (uint32_t)ksm_figure("max_page_sharing"),
	        .pages_hint = GUESTS * GUEST_MIB * 256,
	};
	struct balloon_dedup *d;

	if (balloon_dedup_open(&o, &d) < 0)
		abort();
	return d;
}

static int scan_one(struct balloon_dedup *d, pid_t pid)
{
	struct balloon_dedup_reading how = {
	        .struct_size = sizeof(how), .node = -1, .flags = BALLOON_DEDUP_MERGEABLE_ONLY};
	char name[16];
	uint32_t guest;

	snprintf(name, sizeof(name), "%d", (int)pid);
	if (balloon_dedup_guest(d, name, "all", &guest) < 0)
		abort();
	return balloon_dedup_process(d, guest, pid, &how);
}

/* Own guests first, so that they are 0 to GUESTS-1; then whoever else is mergeable,
 * since KSM knows no groups. */
static int scan_all(const struct guests *g, struct balloon_dedup *d, struct real_ksm *k)
{
	k->others = ksm_others(g->pids, GUESTS, k->other_pids, OTHERS_MAX);
	for (int i = 0; i < GUESTS; i++) {
		int rc = scan_one(d, g->pids[i]);

		if (rc)
			return fprintf(stderr, "skip: guests cannot be read: %s\n", strerror(-rc)), SKIP;
	}
	for (size_t i = 0; i < k->others; i++)
		scan_one(d, k->other_pids[i]); /* it may be gone by now */
	return 0;
}

static int say(const struct guests *g, struct real_ksm *k)
{
	struct balloon_dedup *d = exact_handle();
	int rc = scan_all(g, d, k);

	k->merging = 0;
	for (uint32_t i = 0; i < GUESTS && !rc; i++) {
		struct balloon_dedup_figures f = guest_figures(d, i);

		k->merging += f.mergeable_bytes / BALLOON_PAGE_BYTES - f.ksm_unshared_pages;
	}
	if (!rc) {
		struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

		balloon_dedup_all_figures(d, &f);
		k->sharing = f.ksm_sharing_pages;
		k->shared = f.ksm_shared_pages;
		k->unshared = f.ksm_unshared_pages;
	}
	balloon_dedup_close(d);
	return rc;
}

/* ---------------------------------------------------------- what KSM has done */

static double difference(uint64_t said, uint64_t seen)
{
	double d = said > seen ? (double)(said - seen) : (double)(seen - said);

	return seen ? 100 * d / (double)seen : said ? 100 : 0;
}

static void see(const struct guests *g, struct real_ksm *k)
{
	k->ksm_sharing = ksm_figure("pages_sharing");
	k->ksm_shared = ksm_figure("pages_shared");
	k->ksm_unshared = ksm_figure("pages_unshared");
	k->ksm_merging = 0;
	for (int i = 0; i < GUESTS; i++)
		k->ksm_merging += ksm_of(g->pids[i], "ksm_merging_pages");
	k->diff_pct = difference(k->merging, k->ksm_merging);
}

static void see_totals(struct real_ksm *k)
{
	double d[] = {difference(k->sharing, k->ksm_sharing), difference(k->shared, k->ksm_shared),
	              difference(k->unshared, k->ksm_unshared)};

	for (size_t i = 0; i < sizeof(d) / sizeof(d[0]) && !k->others; i++)
		k->diff_pct = d[i] > k->diff_pct ? d[i] : k->diff_pct;
}

/* ---------------------------------------------------------------- the stories */

/* What a scan may not change, in pages. */
static uint64_t traces(const struct guests *g, const char *field)
{
	uint64_t sum = 0;

	for (int i = 0; i < GUESTS; i++)
		sum += smaps_pages(g->pids[i], field);
	return sum;
}

static int stopped(struct real *r)
{
	static const char *const fields[] = {"Rss", "Swap", "AnonHugePages", "Anonymous"};
	uint64_t before[4];
	double from;
	int rc;

	guests_stop(&r->guests);
	for (int i = 0; i < 4; i++)
		before[i] = traces(&r->guests, fields[i]);
	from = thread_ns();
	rc = say(&r->guests, &r->stopped);
	r->scan_ns = thread_ns() - from;
	for (int i = 0; i < 4 && !rc; i++) {
		uint64_t after = traces(&r->guests, fields[i]);

		r->side_effect_pages += after > before[i] ? after - before[i] : before[i] - after;
	}
	return rc;
}

static int copy_guest(struct real_pages *p, pid_t pid)
{
	struct bl_pages_wish wish = {.mergeable_only = true, .parts = 1, .node = -1};
	struct bl_pages *reader;
	struct bl_span s;
	int rc = bl_pages_open(pid, &wish, &reader);

	if (rc)
		return rc;
	while ((rc = bl_pages_next(reader, &s)) == 1 && p->pages + s.pages <= p->room) {
		memcpy(p->bytes + p->pages * BALLOON_PAGE_BYTES, s.bytes, s.pages * BALLOON_PAGE_BYTES);
		p->pages += s.pages;
	}
	bl_pages_close(reader);
	return rc < 0 ? rc : 0;
}

static int copy_guests(struct real *r)
{
	struct real_pages *p = &r->pages;
	size_t bytes = (size_t)GUESTS * GUEST_MIB * 5 / 4 << 20;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return SKIP;
	madvise(at, bytes, MADV_HUGEPAGE);
	p->bytes = at;
	p->room = bytes / BALLOON_PAGE_BYTES;
	for (int i = 0; i < GUESTS; i++) {
		if (copy_guest(p, r->guests.pids[i]) < 0)
			return SKIP;
		p->first[i + 1] = p->pages;
	}
	return 0;
}

/* KSM goes on merging; the look and the counters are as close as can be. */
static int running(struct real *r, struct real_ksm *k)
{
	int rc;

	ksm_passes(PASSES);
	rc = say(&r->guests, k);
	see(&r->guests, k);
	return rc;
}

static int same_others(const struct guests *g, const struct real_ksm *k)
{
	pid_t now[OTHERS_MAX];
	size_t n = ksm_others(g->pids, GUESTS, now, OTHERS_MAX);

	return n == k->others && memcmp(now, k->other_pids, n * sizeof(now[0])) == 0;
}

/* Said before anything is merged; said again if somebody came or went meanwhile,
 * whose pages are merged with the guests' or are no longer. */
static int converge(struct real *r)
{
	int rc = 0;

	r->ksmd_ns = (double)ksm_converge(r->guests.pids, GUESTS);
	for (int i = 0; i < 3 && !rc && !same_others(&r->guests, &r->stopped); i++) {
		rc = say(&r->guests, &r->stopped);
		ksm_converge(r->guests.pids, GUESTS);
	}
	see(&r->guests, &r->stopped);
	see_totals(&r->stopped);
	return rc;
}

static int story(struct real *r)
{
	int rc = guests_boot(&r->guests, GUESTS_SMALL_PAGES);

	rc = rc ? rc : stopped(r);
	rc = rc ? rc : copy_guests(r);
	rc = rc ? rc : converge(r);
	if (rc)
		return rc;
	guests_go_on(&r->guests);
	rc = running(r, &r->idle);
	guests_tell(&r->guests, 'a');
	sleep(1);
	rc = rc ? rc : running(r, &r->active);
	return rc;
}

int real_run(struct real *r)
{
	int rc;

	memset(r, 0, sizeof(*r));
	rc = ksm_take();
	rc = rc ? rc : guests_prepare(&r->guests);
	rc = rc ? rc : story(r);
	guests_kill(&r->guests);
	guests_forget(&r->guests);
	ksm_give_back();
	return rc;
}

void real_free(struct real *r)
{
	if (r->pages.bytes)
		munmap(r->pages.bytes, r->pages.room * BALLOON_PAGE_BYTES);
	r->pages.bytes = NULL;
}
