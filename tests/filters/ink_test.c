/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The writer: what is handed over arrives, and no disk holds who hands over. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters/ink.h"
#include "testkit.h"

static struct bl_text line(const char *words)
{
	struct bl_text t = {0};

	bl_text_add(&t, words);
	return t;
}

static void all_lines_arrive_in_order(void)
{
	char path[] = "/tmp/balloon-ink-XXXXXX";
	int fd = mkstemp(path);
	struct bl_ink *ink;
	char words[32];
	unsigned n = 0;
	FILE *f;

	CU_ASSERT_EQUAL_FATAL(bl_ink_new(fd, &ink), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct bl_text t;

		snprintf(words, sizeof(words), "line %u\n", i);
		t = line(words);
		CU_ASSERT_EQUAL_FATAL(bl_ink_write(ink, &t), 0);
		bl_text_free(&t);
	}
	bl_ink_close(ink, 60);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(words, sizeof(words), f)) {
		unsigned i;

		CU_ASSERT_EQUAL_FATAL(sscanf(words, "line %u", &i), 1);
		CU_ASSERT_EQUAL_FATAL(i, n);
		n++;
	}
	CU_ASSERT_EQUAL(n, 20000);
	fclose(f);
	unlink(path);
}

static void a_full_disk_is_said_and_stays_so(void)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC), rc = 0;
	struct bl_text t = line("a line\n");
	struct bl_ink *ink;

	CU_ASSERT_EQUAL_FATAL(bl_ink_new(fd, &ink), 0);
	while (rc == 0) { /* the first lines cannot know yet */
		rc = bl_ink_write(ink, &t);
		sched_yield();
	}
	CU_ASSERT_EQUAL(rc, -ENOSPC);
	CU_ASSERT_EQUAL(bl_ink_write(ink, &t), -ENOSPC);
	bl_ink_close(ink, 60);
	bl_text_free(&t);
}

/* A pipe that nobody reads stands for a disk that hangs. */
static void a_hung_disk_holds_nobody(void)
{
	struct bl_text t = {0};
	struct bl_ink *ink;
	unsigned lines = 0;
	int ends[2], rc = 0;
	char byte;

	while (t.n < MIB)
		bl_text_add(&t, "sixteen letters.");
	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL_FATAL(bl_ink_new(ends[1], &ink), 0);
	while (rc == 0 && lines < 1000) {
		rc = bl_ink_write(ink, &t);
		lines++;
	}
	CU_ASSERT_EQUAL(rc, -ENOBUFS);
	CU_ASSERT(lines >= BL_INK_WAITING_MAX / MIB);
	/* As much may hang in the disk as may wait, each with a line above; one is refused. */
	CU_ASSERT(lines <= 2 * (BL_INK_WAITING_MAX / MIB + 1) + 1);
	bl_ink_close(ink, 0); /* returns, or this test never ends */
	/* When the disk is back, what was taken is written and all is freed. */
	while (read(ends[0], &byte, 1) == 1) {
		static char rest[1 << 16];

		if (read(ends[0], rest, sizeof(rest)) <= 0)
			break;
	}
	close(ends[0]);
	bl_text_free(&t);
}

int main(void)
{
	static const struct test tests[] = {
	        {"all lines arrive in order", all_lines_arrive_in_order},
	        {"a full disk is said and stays so", a_full_disk_is_said_and_stays_so},
	        {"a hung disk holds nobody", a_hung_disk_holds_nobody},
	        {NULL, NULL},
	};

	return run_tests("filters.ink", tests);
}
