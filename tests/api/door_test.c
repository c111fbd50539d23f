/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shared library as a program meets it: its first and last calls, the
 * module that a URI brings in, and what is said when it does not.
 */
#include <balloon/balloon.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testkit.h"

static int open_uri(const char *uri, struct balloon **ret_b, char *error, size_t size)
{
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .uri = uri,
	                            .error_text = error,
	                            .error_size = size};

	return balloon_open(&o, ret_b);
}

static void close_nothing(void)
{
	balloon_close(NULL);
}

static void version(void)
{
	unsigned major, minor, patch;
	char more;

	CU_ASSERT_EQUAL(sscanf(balloon_version(), "%u.%u.%u%c", &major, &minor, &patch, &more), 3);
}

static void names(void)
{
	CU_ASSERT_STRING_EQUAL(balloon_state_name(BALLOON_STATE_STUCK), "stuck");
	CU_ASSERT_STRING_EQUAL(balloon_fixed_name(BALLOON_FIXED_LOCKED), "locked memory");
	CU_ASSERT_STRING_EQUAL(balloon_reason_name(BALLOON_REASON_TAX), "tax");
	for (uint32_t k = 0; k < 64; k++) {
		CU_ASSERT(*balloon_state_name(k) && *balloon_fixed_name(k));
		CU_ASSERT(*balloon_reason_name(k) != 0);
	}
	CU_ASSERT_STRING_EQUAL(balloon_reason_name(UINT32_MAX), "unknown");
}

static void refused(const char *uri, int rc, const char *word)
{
	struct balloon *b = (void *)&rc;
	char error[300] = "";

	CU_ASSERT_EQUAL(open_uri(uri, &b, error, sizeof(error)), rc);
	CU_ASSERT_PTR_EQUAL(b, &rc); /* left alone on failure */
	if (!strstr(error, word))
		printf("\n  \"%s\" does not say \"%s\"", error, word);
	CU_ASSERT(strstr(error, word) != NULL);
}

static void bad_uris(void)
{
	refused(NULL, -EINVAL, "qemu:///system");
	refused("localhost", -EINVAL, "\"localhost\" is no host URI");
	refused("vmware:x", -ENOENT, "no backend for \"vmware:x\"");
	refused("sim:guests=lots", -EINVAL, "guests");
	refused("sim:colour=red", -EINVAL, "colour");
	refused("sim:handle=7", -EINVAL, "handle");
}

static void bad_options(void)
{
	struct balloon_options o = {.struct_size = sizeof(o), .uri = "sim:"};
	struct balloon *b = NULL;
	char error[8] = "";

	CU_ASSERT_EQUAL(balloon_open(NULL, &b), -EINVAL);
	CU_ASSERT_EQUAL(balloon_open(&o, NULL), -EINVAL);
	o.uri = "nosuch:";
	CU_ASSERT_EQUAL(balloon_open(&o, &b), -ENOENT); /* nobody wants the sentence */
	o.error_text = error;
	o.error_size = sizeof(error);
	CU_ASSERT_EQUAL(balloon_open(&o, &b), -ENOENT);
	CU_ASSERT_EQUAL(strlen(error), sizeof(error) - 1); /* cut, and ended */
	CU_ASSERT_PTR_NULL(b);
}

/* The module is found beside the library's build; two handles know nothing of
 * each other. */
static void two_hosts(void)
{
	struct balloon_report r = {.struct_size = sizeof(r)};
	struct balloon *a = NULL, *b = NULL;
	char error[300] = "";
	uint64_t next = 0;

	CU_ASSERT_EQUAL_FATAL(open_uri("sim:guests=2,seed=1", &a, error, sizeof(error)), 0);
	CU_ASSERT_EQUAL_FATAL(open_uri("sim:guests=5,seed=2", &b, error, sizeof(error)), 0);
	CU_ASSERT_STRING_EQUAL(balloon_error(a), "");
	CU_ASSERT_EQUAL(balloon_tick(a, 7, &next), 0);
	CU_ASSERT(next > 7);
	CU_ASSERT_EQUAL(balloon_tick(a, 6, NULL), -EINVAL);
	CU_ASSERT(*balloon_error(a) && !*balloon_error(b));
	balloon_close(a);
	CU_ASSERT_EQUAL(balloon_tick(b, 3, NULL), 0);
	CU_ASSERT_EQUAL(balloon_report(b, &r), 0);
	CU_ASSERT_EQUAL(r.guests_n, 5);
	CU_ASSERT(balloon_fd(b) >= 0);
	CU_ASSERT_EQUAL(balloon_explain(b, "nobody", NULL, 0), -ENOENT);
	CU_ASSERT(balloon_explain(b, "sim-1", NULL, 0) > 20); /* its length, like snprintf() */
	balloon_close(b);
}

int main(void)
{
	static const struct test tests[] = {
	        {"close nothing", close_nothing}, {"version", version},
	        {"names", names},                 {"bad uris", bad_uris},
	        {"bad options", bad_options},     {"two hosts", two_hosts},
	        {NULL, NULL},
	};

	return run_tests("door", tests);
}
