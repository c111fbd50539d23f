/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backends that cannot be had: no such module, the wrong one, a failing open(). */
#include "spy.h"

static int open_answer;
static const char *open_sentence;

static int bad_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_self;
	if (open_sentence)
		memset(ret_error, 'x', size); /* not even ended */
	return open_answer;
}

static void try_open(struct balloon_backend be, int rc, const char *word)
{
	char error[512] = "";
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .uri = "nowhere",
	                            .backend = &be,
	                            .error_text = error,
	                            .error_size = sizeof(error)};
	struct balloon *b = NULL;

	CU_ASSERT_EQUAL(balloon_open(&o, &b), rc);
	CU_ASSERT_PTR_NULL(b);
	if (!strstr(error, word))
		printf("\n  \"%s\" does not say \"%s\"", error, word);
	CU_ASSERT(strstr(error, word) != NULL);
}

static void bad_doors(void)
{
	struct balloon_backend be = spy_backend;

	be.open = bad_open;
	open_answer = -ECONNREFUSED;
	try_open(be, -ECONNREFUSED, "nowhere");
	open_answer = 1;
	try_open(be, -EPROTO, "nowhere");
	open_answer = INT32_MIN;
	try_open(be, -EPROTO, "nowhere");
	open_answer = -EIO;
	open_sentence = "";
	try_open(be, -EIO, "xxxx");
	open_sentence = NULL;
	be.abi++;
	try_open(be, -ENOEXEC, "ABI");
	be = spy_backend;
	be.struct_size -= 8;
	try_open(be, -ENOEXEC, "spy");
	be = spy_backend;
	be.order = NULL;
	try_open(be, -ENOEXEC, "lacks");
	be.name = NULL;
	try_open(be, -ENOEXEC, "?");
}

/* From a URI to a module; $BALLOON_BACKEND_DIR is set by whoever runs the tests. */
static void try_uri(const char *uri, int rc, const char *word)
{
	char error[512] = "";
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .uri = uri,
	                            .error_text = error,
	                            .error_size = sizeof(error)};
	struct balloon *b = NULL;

	CU_ASSERT_EQUAL(balloon_open(&o, &b), rc);
	if (!strstr(error, word))
		printf("\n  \"%s\" does not say \"%s\"", error, word);
	CU_ASSERT(strstr(error, word) != NULL);
}

static void no_module(void)
{
	try_uri(NULL, -EINVAL, "no host URI");
	try_uri("", -EINVAL, "no host URI");
	try_uri("qemu", -EINVAL, "\"qemu\" is no host URI");
	try_uri("/etc/passwd", -EINVAL, "no host URI");
	try_uri("../../x:y", -EINVAL, "no host URI");
	try_uri("Sim:guests=1", -EINVAL, "no host URI");
	try_uri("a-very-long-scheme-that-no-hypervisor-has:x", -EINVAL, "no host URI");
	try_uri("nosuch:x", -ENOENT, "no backend for \"nosuch:x\"");
	try_uri("nosuch+ssh://host", -ENOENT, "BALLOON_BACKEND_DIR");
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"bad doors", bad_doors},
	        {"no module", no_module},
	        {NULL, NULL},
	};

	return run_chosen("module", tests, argc, argv);
}
