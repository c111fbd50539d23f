/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading /proc/meminfo: the parser on text that may be anything, and the
 * reader on this host. */
#include "testkit.h"

#include "os/meminfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse(const char *text, struct bl_meminfo *ret)
{
	return bl_meminfo_parse(text, strlen(text), ret);
}

static void reads_a_host(void)
{
	struct bl_meminfo info;

	CU_ASSERT_EQUAL(parse("MemTotal:       24684160 kB\nMemFree:         1 kB\n"
	                      "MemAvailable:   23972840 kB\nBuffers: 5 kB\n", &info), 0);
	CU_ASSERT_EQUAL(info.total_bytes, UINT64_C(24684160) * 1024);
	CU_ASSERT_EQUAL(info.available_bytes, UINT64_C(23972840) * 1024);
}

/* A line counts from its beginning and to its unit. */
static void reads_nothing_else(void)
{
	static const char *const texts[] = {
		"", "\n", "MemTotal", "MemTotal:", "MemTotal:\n", "MemTotal: kB\n",
		"MemTotal: -1 kB\n", "MemTotal: 12", "MemTotal: 12 MB\n", "MemTotal: 12 k",
		"xMemTotal: 12 kB\n", "MemTotal: 99999999999999999999 kB\n",
		"MemTotal: 18014398509481984 kB\n", "MemTotal:\n12 kB\n", "MemAvailable: 12 kB\n",
	};
	struct bl_meminfo info = { .total_bytes = 7 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(parse(texts[i], &info), -EBADMSG);
	CU_ASSERT_EQUAL(info.total_bytes, 7);
}

/* Linux before 3.14 had no MemAvailable: unknown, not 0. */
static void missing_is_unknown(void)
{
	struct bl_meminfo info;

	CU_ASSERT_EQUAL(parse("MemTotal: 12 kB\nMemAvailable: soon kB\n", &info), 0);
	CU_ASSERT_EQUAL(info.total_bytes, 12 * 1024);
	CU_ASSERT_EQUAL(info.available_bytes, UINT64_MAX);
}

/* Every prefix, in a buffer of exactly its size: a sanitizer sees one byte more. */
static void reads_any_prefix(void)
{
	static const char text[] = "MemTotal: 12 kB\nMemAvailable: 34 kB\n";
	struct bl_meminfo info;

	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n + 1);
		int rc;

		if (!copy)
			abort();
		memcpy(copy + 1, text, n);
		rc = bl_meminfo_parse(copy + 1, n, &info);
		CU_ASSERT_EQUAL(rc, n >= strlen("MemTotal: 12 kB") ? 0 : -EBADMSG);
		free(copy);
	}
}

static void reads_this_host_again(void)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES), page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct bl_meminfo info = { .total_bytes = 0 };
	int fd = bl_meminfo_open();

	CU_ASSERT_FATAL(fd >= 0);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(bl_meminfo_read(fd, &info), 0);
		CU_ASSERT_EQUAL(info.total_bytes, pages * page);
		CU_ASSERT(info.available_bytes > 0 && info.available_bytes <= info.total_bytes);
	}
	close(fd);
	CU_ASSERT_EQUAL(bl_meminfo_read(fd, &info), -EBADF);
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads a host", reads_a_host },
		{ "reads nothing else", reads_nothing_else },
		{ "missing is unknown", missing_is_unknown },
		{ "reads any prefix", reads_any_prefix },
		{ "reads this host again", reads_this_host_again },
		{ NULL, NULL },
	};

	return run_tests("os_meminfo", tests);
}
