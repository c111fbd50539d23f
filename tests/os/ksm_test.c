/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Merging: the texts, whether unmerging fits, and ksmd on a child of our own. */
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "os/file.h"
#include "os/ksm.h"

#define SIZE (16 * MIB)

static char journal[64];
static int ready;

static void reads_a_process(void)
{
	static const char text[] = "ksm_rmap_items 7\nksm_zero_pages 1\nksm_merging_pages 3\n"
	                           "ksm_process_profit -64\nksm_merge_any: no\nksm_mergeable: yes\n";
	static const char *const bad[] = { "", "\n", "ksm_rmap_items", "ksm_rmap_items x", "x 1",
		                           "ksm_mergeable: maybe", "ksm_rmap_items -1" };
	struct bl_ksm_process p;

	CU_ASSERT_EQUAL(bl_ksm_process_parse(text, strlen(text), &p), 0);
	CU_ASSERT(p.rmap_items == 7 && p.zero_pages == 1 && p.merging_pages == 3);
	CU_ASSERT(p.profit_bytes == -64 && p.mergeable == 1);
	CU_ASSERT_EQUAL(bl_ksm_process_parse("ksm_merging_pages 3", 19, &p), 0);
	CU_ASSERT(p.rmap_items == UINT64_MAX && p.profit_bytes == INT64_MIN && p.mergeable == -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(bl_ksm_process_parse(bad[i], strlen(bad[i]), &p), -EBADMSG);
}

static void unmerging_must_fit(void)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct bl_ksm k = { .pages_sharing = 600, .zero_pages = 200 };

	CU_ASSERT_TRUE(bl_ksm_unmerge_fits(&k, 900 * page));
	CU_ASSERT_FALSE(bl_ksm_unmerge_fits(&k, 900 * page - 1));
	CU_ASSERT_FALSE(bl_ksm_unmerge_fits(&k, 0));
	CU_ASSERT_FALSE(bl_ksm_unmerge_fits(&k, UINT64_MAX));
	k.zero_pages = UINT64_MAX;
	CU_ASSERT_TRUE(bl_ksm_unmerge_fits(&k, 675 * page));
	k.pages_sharing = UINT64_MAX;
	CU_ASSERT_FALSE(bl_ksm_unmerge_fits(&k, UINT64_MAX - 1));
	k.pages_sharing = UINT64_MAX / 2;
	CU_ASSERT_FALSE(bl_ksm_unmerge_fits(&k, UINT64_MAX - 1));
}

static void what_is_saved(void)
{
	struct bl_ksm k = { .pages_sharing = 5, .zero_pages = 0, .general_profit_bytes = 77 };

	CU_ASSERT_EQUAL(bl_ksm_saved(&k), 77);
	k.general_profit_bytes = -1;
	CU_ASSERT_EQUAL(bl_ksm_saved(&k), 0);
	k.general_profit_bytes = INT64_MIN;
	CU_ASSERT_EQUAL(bl_ksm_saved(&k), 5 * (uint64_t)sysconf(_SC_PAGESIZE));
	k.pages_sharing = UINT64_MAX;
	CU_ASSERT_EQUAL(bl_ksm_saved(&k), UINT64_MAX);
}

/* All that starting and stopping may touch, as one text. */
static void knobs_now(char *text, size_t size)
{
	static const char *const names[] = { "run", "pages_to_scan", "sleep_millisecs",
		                             "advisor_mode", "advisor_target_scan_time" };

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], value[64] = "";

		snprintf(path, sizeof(path), "/sys/kernel/mm/ksm/%s", names[i]);
		bl_file_read(AT_FDCWD, path, value, sizeof(value));
		strncat(text, value, size - strlen(text) - 1);
	}
}

/* UINT64_MAX where this kernel does not say. */
static uint64_t merging_pages(const struct child *c)
{
	struct bl_ksm_process figures = { .merging_pages = 0 };
	struct bl_process p;

	CU_ASSERT_EQUAL_FATAL(bl_process_open(c->pid, &p), 0);
	if (bl_ksm_process_read(&p, &figures) < 0)
		figures.merging_pages = UINT64_MAX;
	bl_process_close(&p);
	return figures.merging_pages;
}

/* Each page of the child is like 63 others. */
static void wait_until_merged(const struct child *c)
{
	for (time_t end = time(NULL) + 120; time(NULL) < end; usleep(50000)) {
		uint64_t pages = merging_pages(c);

		if (pages != UINT64_MAX && pages * 4096 >= SIZE / 2)
			return;
	}
	CU_FAIL("not merged in two minutes");
}

static void merges_and_lets_go(void)
{
	struct bl_ksm_pace pace = { .scan_seconds = 1, .pages_per_second = 25000 };
	struct bl_ksm_control *control, *second;
	char before[512], after[512];
	struct bl_knobs *knobs;
	struct bl_ksm k;
	struct child c;

	if (!ready)
		return;
	knobs_now(before, sizeof(before));
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &knobs), 0);
	CU_ASSERT_FATAL(child_start(&c, CHILD_ALIKE, SIZE));
	CU_ASSERT_EQUAL_FATAL(bl_ksm_start(knobs, &pace, &control), 0);
	CU_ASSERT_EQUAL(bl_ksm_start(knobs, &pace, &second), -EBUSY);
	wait_until_merged(&c);
	CU_ASSERT_EQUAL(bl_ksm_read(&k), 0);
	CU_ASSERT(k.run == 1 && k.pages_sharing > 0 && k.pages_sharing != UINT64_MAX);

	CU_ASSERT_EQUAL(bl_ksm_stop(control, true, 0), 0);
	knobs_now(after, sizeof(after));
	CU_ASSERT_STRING_EQUAL(after, before);
	CU_ASSERT(merging_pages(&c) > 0);

	CU_ASSERT_EQUAL_FATAL(bl_ksm_start(knobs, &pace, &control), 0);
	CU_ASSERT_EQUAL(bl_ksm_stop(control, true, 16 * GIB), 1);
	knobs_now(after, sizeof(after));
	CU_ASSERT_STRING_EQUAL(after, before);
	CU_ASSERT_EQUAL(merging_pages(&c), 0);
	child_end(&c);
	bl_knobs_close(knobs);
	unlink(journal);
}

/* What is killed while it merges is turned back by whoever opens the journal. */
static void stops_after_a_kill(void)
{
	struct bl_ksm_pace pace = { .scan_seconds = 200, .pages_per_second = 100 };
	struct bl_ksm_control *control;
	char before[512], after[512];
	struct bl_knobs *knobs;
	int status;
	pid_t pid;

	if (!ready)
		return;
	knobs_now(before, sizeof(before));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (bl_knobs_open(journal, &knobs) < 0 || bl_ksm_start(knobs, &pace, &control) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	CU_ASSERT(WIFSIGNALED(status));
	knobs_now(after, sizeof(after));
	CU_ASSERT_STRING_NOT_EQUAL(after, before);
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &knobs), 0);
	knobs_now(after, sizeof(after));
	CU_ASSERT_STRING_EQUAL(after, before);
	bl_knobs_close(knobs);
	unlink(journal);
}

static void leaves_a_running_one_alone(void)
{
	struct bl_ksm_pace pace = { .scan_seconds = 200, .pages_per_second = 100 };
	struct bl_ksm_control *control = NULL;
	struct bl_knobs *knobs, *other;
	char other_journal[80];

	if (!ready)
		return;
	snprintf(other_journal, sizeof(other_journal), "%s.other", journal);
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &knobs), 0);
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(other_journal, &other), 0);
	CU_ASSERT_EQUAL(bl_knobs_set(other, "/sys/kernel/mm/ksm/run", "1"), 0);
	CU_ASSERT_EQUAL(bl_ksm_start(knobs, &pace, &control), -EALREADY);
	CU_ASSERT_PTR_NULL(control);
	bl_knobs_close(other);
	bl_knobs_close(knobs);
	unlink(other_journal);
	unlink(journal);
}

static int can_run(void)
{
	struct bl_ksm k;

	if (bl_ksm_read(&k) < 0)
		return printf("SKIP this kernel does not merge pages\n"), 0;
	if (access("/sys/kernel/mm/ksm/run", W_OK) < 0)
		return printf("SKIP merging can only be started by root\n"), 0;
	if (access("/proc/self/ksm_stat", R_OK) < 0 && access("/proc/self/ksm_merging_pages", R_OK) < 0)
		return printf("SKIP this kernel does not say what of a process is merged\n"), 0;
	if (k.run != 0)
		return printf("SKIP somebody merges pages here already\n"), 0;
	return 1;
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads a process", reads_a_process },
		{ "unmerging must fit", unmerging_must_fit },
		{ "what is saved", what_is_saved },
		{ "merges and lets go", merges_and_lets_go },
		{ "stops after a kill", stops_after_a_kill },
		{ "leaves a running one alone", leaves_a_running_one_alone },
		{ NULL, NULL },
	};
	int rc;

	snprintf(journal, sizeof(journal), "/tmp/balloon-ksm-%d", getpid());
	ready = can_run();
	rc = run_tests("os_ksm", tests);
	return rc ? rc : ready ? 0 : 77;
}
