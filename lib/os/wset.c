/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A period of looking: clear or push out at its beginning, look at its end. */
#include "wset.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "advise.h"
#include "file.h"
#include "pagemap.h"
#include "swap.h"
#include "trial.h"

/* If fewer than a fourth of the pages tried could be pushed out, who is there says
 * nothing about who was used: swap is full, or they are pinned. */
#define PUSHED_PART 4

/* Fewer pages than this make no share: an error of 18 points. */
#define PAGES_LEAST 32

/* Cold ranges counted for cold_bytes: what is beyond is not offered either. */
#define COLD_RANGES 1024

struct bl_wset {
	const struct bl_process *process;
	struct bl_ram ram;
	unsigned ways;
	bool begun;
	uint64_t page;
	uint64_t cost_ns;
	struct bl_pagemap *pagemap;
	struct bl_trial trial;
	uint64_t present_bytes; /* at the beginning */
	uint64_t addresses[BL_WSET_TRIALS];
	uint8_t tried[BL_WSET_TRIALS];
	size_t addresses_n;
	size_t tried_n;
	size_t pushed_n;
};

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool trial_possible(const struct bl_process *process, const struct bl_ram *ram)
{
	struct bl_swap_state swap;

	if (ram->hugetlb || bl_advise_out(process, NULL, 0) < 0)
		return false;
	return bl_swap_read(0, &swap) == 0 && swap.swaps.free_bytes > 0;
}

static unsigned possible(const struct bl_process *process, const struct bl_ram *ram,
                         unsigned ways)
{
	if ((ways & BL_WSET_REFERENCED) && bl_process_has_kvm(process) != 0)
		ways &= ~BL_WSET_REFERENCED;
	if ((ways & BL_WSET_TRIAL) && !trial_possible(process, ram))
		ways &= ~BL_WSET_TRIAL;
	return ways;
}

static int set_up(struct bl_wset *w, uint64_t seed)
{
	int rc = bl_trial_open(&w->trial, &w->ram, seed);

	if (rc < 0)
		return rc;
	return bl_pagemap_open(w->process, &w->pagemap);
}

int bl_wset_open(const struct bl_process *process, const struct bl_ram *ram, unsigned ways,
                 uint64_t seed, struct bl_wset **ret_wset)
{
	struct bl_wset *w;
	int rc;

	ways = possible(process, ram, ways);
	if (!ways)
		return -EOPNOTSUPP;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->process = process;
	w->ram = *ram;
	w->ways = ways;
	w->page = (uint64_t)sysconf(_SC_PAGESIZE);
	rc = set_up(w, seed);
	if (rc < 0) {
		bl_wset_close(w);
		return rc;
	}
	*ret_wset = w;
	return 0;
}

void bl_wset_close(struct bl_wset *wset)
{
	if (!wset)
		return;
	bl_pagemap_close(wset->pagemap);
	bl_trial_close(&wset->trial);
	free(wset);
}

unsigned bl_wset_ways(const struct bl_wset *wset)
{
	return wset->ways;
}

/* Pages that are there are pushed, in one call. */
static int push(struct bl_wset *w)
{
	struct iovec pieces[BL_WSET_TRIALS];
	size_t n = 0;

	for (size_t i = 0; i < w->addresses_n; i++) {
		if (w->tried[i])
			pieces[n++] = (struct iovec){ (void *)(uintptr_t)w->addresses[i],
				                      (size_t)w->page };
	}
	w->tried_n = n;
	return n ? bl_advise_out(w->process, pieces, n) : 0;
}

static int begin_trial(struct bl_wset *w)
{
	uint8_t left[BL_WSET_TRIALS];
	struct bl_pages pages;
	int rc = bl_pagemap_count(w->pagemap, w->ram.ranges, w->ram.ranges_n, &pages);

	if (rc < 0)
		return rc;
	w->present_bytes = pages.present_bytes;
	w->addresses_n = bl_trial_pick(&w->trial, w->page, w->addresses);
	rc = bl_pagemap_present(w->pagemap, w->addresses, w->addresses_n, w->tried);
	if (!rc)
		rc = push(w);
	if (!rc)
		rc = bl_pagemap_present(w->pagemap, w->addresses, w->addresses_n, left);
	if (rc < 0)
		return rc;
	w->pushed_n = 0;
	for (size_t i = 0; i < w->addresses_n; i++)
		w->pushed_n += w->tried[i] && !left[i];
	return 0;
}

int bl_wset_begin(struct bl_wset *wset)
{
	uint64_t before = cpu_ns();
	int rc = 0;

	wset->begun = false;
	if (wset->ways & BL_WSET_TRIAL)
		rc = begin_trial(wset);
	if (!rc && (wset->ways & BL_WSET_REFERENCED))
		rc = bl_file_write(wset->process->dir, "clear_refs", "1");
	wset->cost_ns = cpu_ns() - before;
	wset->begun = !rc;
	return rc == -ENOENT ? -ESRCH : rc;
}

/* Of those that were there, the share that came back; and all that was not there
 * and is now. */
static uint64_t active_by_trial(const struct bl_wset *w, size_t back_n, uint64_t present_now)
{
	size_t away = w->tried_n - back_n;
	uint64_t stayed = w->present_bytes - away * w->page, share;

	if (w->tried_n < PAGES_LEAST || w->pushed_n < w->tried_n / PUSHED_PART)
		return UINT64_MAX;
	share = w->present_bytes / w->tried_n * back_n;
	return present_now > stayed ? share + (present_now - stayed) : share;
}

static int end_trial(struct bl_wset *w, struct bl_wset_result *r)
{
	uint8_t back[BL_WSET_TRIALS];
	struct bl_range cold[COLD_RANGES];
	struct bl_pages now, pages;
	size_t back_n = 0;
	int rc = bl_pagemap_present(w->pagemap, w->addresses, w->addresses_n, back);

	if (!rc)
		rc = bl_pagemap_count(w->pagemap, w->ram.ranges, w->ram.ranges_n, &now);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < w->addresses_n; i++) {
		back[i] = w->tried[i] && back[i];
		back_n += back[i];
	}
	r->active_bytes = active_by_trial(w, back_n, now.present_bytes);
	r->sampled_bytes = w->tried_n * w->page;
	if (r->active_bytes != UINT64_MAX)
		bl_trial_learn(&w->trial, w->tried, back);
	rc = bl_pagemap_count(w->pagemap, cold, bl_trial_cold(&w->trial, cold, COLD_RANGES), &pages);
	r->cold_bytes = pages.present_bytes;
	return rc;
}

static int end_referenced(struct bl_wset *w, struct bl_wset_result *r)
{
	struct bl_footprint f;
	int rc = bl_ram_footprint(w->process, &w->ram, &f);

	if (rc < 0)
		return rc;
	r->active_bytes = f.referenced_bytes;
	r->sampled_bytes = f.resident_bytes;
	return 0;
}

int bl_wset_end(struct bl_wset *wset, struct bl_wset_result *ret_result)
{
	struct bl_wset_result r = { UINT64_MAX, 0, UINT64_MAX, 0 };
	uint64_t before = cpu_ns();
	int rc = 0;

	if (!wset->begun)
		return -EAGAIN;
	wset->begun = false;
	if (wset->ways & BL_WSET_TRIAL)
		rc = end_trial(wset, &r);
	if (!rc && (wset->ways & BL_WSET_REFERENCED))
		rc = end_referenced(wset, &r);
	if (rc < 0)
		return rc;
	r.cost_ns = wset->cost_ns + cpu_ns() - before;
	*ret_result = r;
	return 0;
}

size_t bl_wset_cold(const struct bl_wset *wset, struct bl_range *ret_ranges, size_t max)
{
	return bl_trial_cold(&wset->trial, ret_ranges, max);
}
