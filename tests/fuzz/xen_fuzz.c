/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes at all as what lies in xenstore and in the toolstacks' files: a
 * number, a guest's meminfo, the path of an event, a configuration. Beyond not
 * crashing: a number is what is printed of it, and no event names a domain that
 * is not in its path.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <balloon/balloon.h>

#include "backends/xen/figures.h"
#include "backends/xen/rival.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "xen_fuzz: %s\n", what);
	abort();
}

static int is_padding(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static void number(const char *text, size_t n)
{
	uint64_t bytes = bl_xen_kib(text, n);
	size_t digits = strspn(text, "0123456789"), at = 0; /* text ends with a NUL */
	char again[32];
	int length;

	if (bytes == BALLOON_UNKNOWN)
		return;
	insist(bytes % 1024 == 0 && bytes <= BALLOON_BYTES_MAX, "no number of KiB on any host");
	insist(digits > 0 && digits <= n, "a number without digits");
	for (size_t i = digits; i < n; i++)
		insist(is_padding(text[i]), "a number with something behind it");
	while (at + 1 < digits && text[at] == '0')
		at++;
	length = snprintf(again, sizeof(again), "%llu", (unsigned long long)(bytes / 1024));
	insist((size_t)length == digits - at && !memcmp(again, text + at, digits - at),
	       "another number than stood there");
}

static void meminfo(const char *text, size_t n)
{
	struct bl_xen_told told;

	bl_xen_told_clear(&told);
	bl_xen_meminfo(text, n, &told);
	insist(told.free_bytes == BALLOON_UNKNOWN, "free memory out of nowhere");
	insist(told.used_bytes == BALLOON_UNKNOWN || told.total_bytes == BALLOON_UNKNOWN,
	       "two dialects at once");
}

static void event(const char *path)
{
	char prefix[64];
	uint32_t domid = 0;

	if (bl_xen_event(path, &domid) == BL_XEN_NEWS_NONE)
		return;
	insist(!strncmp(path, "/local/domain/", 14), "news from elsewhere");
	snprintf(prefix, sizeof(prefix), "%u/", domid);
	path += 14;
	while (*path == '0' && path[1] != '/')
		path++;
	insist(!strncmp(path, prefix, strlen(prefix)), "news of another domain");
}

static void rival(const char *text, size_t n)
{
	struct bl_xen_signs signs = { .command_line = text, .xl_conf = text, .xl_conf_n = n,
		.libxl_conf = text, .libxl_conf_n = n, .xl = n % 2, .virt = n % 3 };
	char sentence[64]; /* short, so that cutting is tried too */

	bl_xen_rival_judge(&signs, sentence, sizeof(sentence));
	insist(memchr(sentence, '\0', sizeof(sentence)) != NULL, "a sentence without end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *exact = malloc(size ? size : 1), *text = malloc(size + 1); /* exact: for ASan */

	insist(exact && text, "out of memory");
	if (size) { /* an empty input may come as NULL */
		memcpy(exact, data, size);
		memcpy(text, data, size);
	}
	text[size] = '\0';
	bl_xen_kib(exact, size);
	bl_xen_yes(exact, size);
	bl_xen_autoballoon(exact, size);
	meminfo(exact, size);
	number(text, size);
	event(text);
	rival(text, size);
	free(exact);
	free(text);
	return 0;
}
