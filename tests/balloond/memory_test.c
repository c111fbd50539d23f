/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a configuration while memory is short: every allocation fails once
 * in its turn. The outcome is an error or the whole configuration, never one
 * with a key silently missing, as json-c 0.16 by itself would have it.
 *
 * json-c 0.16 also crashes at some of these points (in json_object_object_add).
 * That is not ours to mend: it is counted and printed, and a daemon that died
 * so is started again by its unit.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testkit.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
int main(void)
{
	puts("skip: AddressSanitizer has malloc() for itself");
	return 77;
}
#else

enum outcome { REFUSED = 10, WHOLE, CHANGED, NOT_REACHED };

static long countdown = -1; /* < 0: nothing fails */
static int hit;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

/* Or json-c would not find ours. */
#define SEEN __attribute__((visibility("default")))

static int fails(void)
{
	if (countdown < 0 || countdown-- > 0)
		return 0;
	hit = 1;
	errno = ENOMEM;
	return 1;
}

SEEN void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

SEEN void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

SEEN void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

static const char text[] =
	"{\"uri\":\"sim:guests=1\",\"socket\":\"/tmp/a-name-that-is-not-so-short\",\"budget\":\"480MiB\","
	"\"profile\":\"aggressive\",\"tuning\":{\"tax_pct\":12.5,\"boot_ms\":5},\"interval_ms\":700,"
	"\"on_stop\":\"keep\",\"defaults\":{\"shares\":3,\"reservation\":\"64MiB\",\"pool\":\"q\"},"
	"\"pools\":{\"q\":{\"parent\":\"a-pool-with-a-name-longer-than-json-c-keeps-inside-an-object\"},"
	"\"a-pool-with-a-name-longer-than-json-c-keeps-inside-an-object\":{\"expandable\":true}},"
	"\"guests\":{\"a\":{\"shares\":7,\"limit\":\"512MiB\"},\"b\":{\"reservation\":\"80MiB\"},"
	"\"a-guest-with-a-name-longer-than-json-c-keeps-inside-an-object\":{\"shares\":1}}}";

static void print(const struct config *c, struct text *out)
{
	config_write(c, out);
	if (out->broken)
		abort();
}

/* In a process of its own: parses with the nth allocation failing. */
static enum outcome try_it(long n, const char *expected)
{
	char error[CONFIG_ERROR_MAX] = "";
	struct text out = { 0 };
	struct config c;
	int rc;

	countdown = n;
	rc = config_parse(text, strlen(text), &c, error, sizeof(error));
	countdown = -1;
	if (!hit)
		return NOT_REACHED;
	if (rc < 0)
		return error[0] ? REFUSED : CHANGED;
	print(&c, &out);
	return strcmp(out.data, expected) == 0 ? WHOLE : CHANGED;
}

static int outcome_of(long n, const char *expected)
{
	static const struct rlimit none = { 0, 0 };
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none); /* crashes are expected */
		_exit((int)try_it(n, expected));
	}
	CU_ASSERT_FATAL(pid > 0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void each_allocation_fails_once(void)
{
	unsigned int refused = 0, whole = 0, crashed = 0;
	char error[CONFIG_ERROR_MAX];
	struct text expected = { 0 };
	struct config c;
	int outcome;

	CU_ASSERT_EQUAL_FATAL(config_parse(text, strlen(text), &c, error, sizeof(error)), 0);
	print(&c, &expected);
	config_free(&c);
	for (long n = 0; (outcome = outcome_of(n, expected.data)) != NOT_REACHED; n++) {
		CU_ASSERT_FATAL(n < 10000);
		CU_ASSERT(outcome == REFUSED || outcome == WHOLE || outcome == -SIGSEGV);
		if (outcome == CHANGED)
			printf("\n  allocation %ld lost something\n", n);
		refused += outcome == REFUSED;
		whole += outcome == WHOLE;
		crashed += outcome < 0;
	}
	text_free(&expected);
	CU_ASSERT(refused > 20);
	printf("\n  %u refused, %u whole, %u crashes inside json-c ", refused, whole, crashed);
}

int main(void)
{
	static const struct test tests[] = {
		{ "each allocation fails once", each_allocation_fails_once },
		{ NULL, NULL },
	};

	return run_tests("a configuration when memory is short", tests);
}
#endif
