/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Judges the library by the kernel: four real guests, read while they stand
 * still, while they idle and while they work, against what KSM then merged.
 */
#include <stdio.h>

#include "dedup_real.h"

static unsigned passed, failed;

static void check(const char *text, int truth)
{
	printf("%s - %s\n", truth ? "ok" : "not ok", text);
	passed += truth != 0;
	failed += truth == 0;
}

static void show(const char *name, const struct real_ksm *k)
{
	printf("# %s: said %lu sharing, %lu shared, %lu unshared; %lu merged in guests\n", name,
	       (unsigned long)k->sharing, (unsigned long)k->shared, (unsigned long)k->unshared,
	       (unsigned long)k->merging);
	printf("# %s: KSM  %lu sharing, %lu shared, %lu unshared; %lu merged in guests; %zu other "
	       "processes; %.4f %% off\n", name,
	       (unsigned long)k->ksm_sharing, (unsigned long)k->ksm_shared,
	       (unsigned long)k->ksm_unshared, (unsigned long)k->ksm_merging, k->others,
	       k->diff_pct);
}

int main(void)
{
	struct real r;
	int rc = real_run(&r);

	if (rc) {
		real_free(&r);
		return rc;
	}
	show("stopped", &r.stopped);
	show("idle", &r.idle);
	show("active", &r.active);
	check("guests have memory worth a test", r.pages.pages > 100000);
	check("stopped guests: what KSM merges is what was said, to 0.1 %",
	      r.ksmd_ns > 0 && r.stopped.diff_pct <= 0.1);
	check("idle guests: to 0.5 %", r.idle.diff_pct <= 0.5);
	check("active guests: to 1 %", r.active.diff_pct <= 1);
	check("the guests' Rss, Swap, AnonHugePages and Anonymous are as before the scan",
	      r.side_effect_pages == 0);
	check("a scan costs less CPU than ksmd's way to the same", r.scan_ns < r.ksmd_ns);
	real_free(&r);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
