/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turning and turning back, on files of the test's own: the journal's promise is
 * about whoever writes them, not about what they are.
 */
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "os/knobs.h"

static char dir[] = "/tmp/balloon-knobs-XXXXXX", journal[64], one[64], two[64];

static void put(const char *path, const char *value)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(value, f) < 0 || fclose(f) != 0)
		abort();
}

static void expect(const char *path, const char *value)
{
	char text[256] = "";

	CU_ASSERT(bl_file_read(AT_FDCWD, path, text, sizeof(text)) >= 0);
	CU_ASSERT_STRING_EQUAL(text, value);
}

static void expect_journal_empty(void)
{
	struct stat st;

	CU_ASSERT_EQUAL(stat(journal, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 0);
}

/* A file on a disk is not cut by a shorter value, as a setting would be. */
static void begin(struct bl_knobs **knobs)
{
	put(one, "10");
	put(two, "20");
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, knobs), 0);
}

static void turns_back(void)
{
	struct bl_knobs *k;

	begin(&k);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "11"), 0);
	CU_ASSERT_EQUAL(bl_knobs_set(k, two, "21"), 0);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "12"), 0);
	expect(one, "12");
	CU_ASSERT_TRUE(bl_knobs_has(k, one));
	CU_ASSERT_EQUAL(bl_knobs_restore(k, one), 0);
	CU_ASSERT_FALSE(bl_knobs_has(k, one));
	expect(one, "10");
	expect(two, "21");
	CU_ASSERT_EQUAL(bl_knobs_restore(k, one), 0);
	bl_knobs_close(k);
	expect(two, "20");
	expect_journal_empty();
	bl_knobs_close(NULL);
}

static void leaves_what_others_turned(void)
{
	struct bl_knobs *k;

	begin(&k);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "11"), 0);
	CU_ASSERT_EQUAL(bl_knobs_set(k, two, NULL), 0);
	expect(two, "20");
	put(one, "77");
	put(two, "88");
	bl_knobs_close(k);
	expect(one, "77");
	expect(two, "20"); /* noted as the kernel's own doing */
}

static void puts_back_after_a_kill(void)
{
	struct bl_knobs *k;
	int status;
	pid_t pid;

	put(one, "10");
	put(two, "20");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (bl_knobs_open(journal, &k) < 0 || bl_knobs_set(k, one, "11") < 0 ||
		    bl_knobs_set(k, two, "21") < 0 || bl_knobs_set(k, one, "13") < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	CU_ASSERT(WIFSIGNALED(status));
	expect(one, "13");
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &k), 0);
	expect(one, "10");
	expect(two, "20");
	expect_journal_empty();
	bl_knobs_close(k);
}

static void has_one_user(void)
{
	struct bl_knobs *k, *second = NULL;

	begin(&k);
	CU_ASSERT_EQUAL(bl_knobs_open(journal, &second), -EBUSY);
	CU_ASSERT_PTR_NULL(second);
	bl_knobs_close(k);
}

/* Refused, a setting is as it was, and so is what will be put back. */
static void bears_refusals(void)
{
	char absent[80];
	struct bl_knobs *k;

	begin(&k);
	snprintf(absent, sizeof(absent), "%s/absent", dir);
	CU_ASSERT_EQUAL(bl_knobs_set(k, absent, "1"), -ENOENT);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "1\n2"), -EINVAL);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, ""), -EINVAL);
	CU_ASSERT_EQUAL(bl_knobs_set(k, "a\tb", "1"), -EINVAL);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "11"), 0);
	unlink(one);
	CU_ASSERT_EQUAL(bl_knobs_set(k, one, "12"), -ENOENT);
	put(one, "11");
	bl_knobs_close(k);
	expect(one, "10");
	expect_journal_empty();
}

/* Whoever may write the journal may have us write anything anywhere. */
static void trusts_its_own_journal_only(void)
{
	struct bl_knobs *k = NULL;
	char other[80];

	put(one, "10");
	chmod(journal, 0666);
	CU_ASSERT_EQUAL(bl_knobs_open(journal, &k), -EPERM);
	chmod(journal, 0600);
	snprintf(other, sizeof(other), "%s/link", dir);
	CU_ASSERT_EQUAL(symlink(journal, other), 0);
	CU_ASSERT_EQUAL(bl_knobs_open(other, &k), -ELOOP);
	CU_ASSERT_PTR_NULL(k);
	unlink(other);
}

static void passes_over_torn_lines(void)
{
	char text[512];
	struct bl_knobs *k;

	put(one, "11");
	put(two, "21");
	snprintf(text, sizeof(text), "+\t%s\t10\t11\t\nrubbish\n+\t%s\t20\t21", one, two);
	put(journal, text);
	CU_ASSERT_EQUAL_FATAL(bl_knobs_open(journal, &k), 0);
	expect(one, "10");
	expect(two, "21");
	expect_journal_empty();
	bl_knobs_close(k);
}

static void reads_values(void)
{
	static const char *const bad[] = { "", "\n", "a\nb\n", "a\tb", "a\n\n" };
	struct bl_span v;

	CU_ASSERT(bl_knobs_value(bl_span("12\n", 3), &v) && bl_span_is(v, "12"));
	CU_ASSERT(bl_knobs_value(bl_span("[none] scan-time\n", 17), &v) && bl_span_is(v, "none"));
	CU_ASSERT(bl_knobs_value(bl_span("a [b] c", 7), &v) && bl_span_is(v, "b"));
	CU_ASSERT(bl_knobs_value(bl_span("a [] c", 6), &v) && bl_span_is(v, "a [] c"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(bl_knobs_value(bl_span(bad[i], strlen(bad[i])), &v));
	CU_ASSERT_FALSE(bl_knobs_value(bl_span("a\0b", 3), &v));
}

int main(void)
{
	static const struct test tests[] = {
		{ "turns back", turns_back },
		{ "leaves what others turned", leaves_what_others_turned },
		{ "puts back after a kill", puts_back_after_a_kill },
		{ "has one user", has_one_user },
		{ "bears refusals", bears_refusals },
		{ "trusts its own journal only", trusts_its_own_journal_only },
		{ "passes over torn lines", passes_over_torn_lines },
		{ "reads values", reads_values },
		{ NULL, NULL },
	};
	int rc;

	umask(022);
	if (!mkdtemp(dir))
		return 1;
	snprintf(journal, sizeof(journal), "%s/journal", dir);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(two, sizeof(two), "%s/two", dir);
	rc = run_tests("os_knobs", tests);
	unlink(journal);
	unlink(one);
	unlink(two);
	rmdir(dir);
	return rc;
}
