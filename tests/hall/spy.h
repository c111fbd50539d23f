/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backend that stands between the library and a host and writes down what
 * passes: the sheet as it was shown and every order with its answer. Without a
 * host behind it, it is a puppet that shows the rows it is given. It judges
 * nothing and must not know the library's inside.
 */
#ifndef SPY_H
#define SPY_H

#include <balloon/backend.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testkit.h"

#define UNKNOWN BALLOON_UNKNOWN

struct spy {
	const struct balloon_backend *host; /* NULL: a puppet */
	void *self;
	size_t room;

	struct balloon_sheet sheet; /* rows are below */
	struct balloon_sample *rows;
	struct balloon_order *orders; /* since spy_forget() */
	size_t orders_n;
	unsigned closes;

	int observe_rc;
	int order_rc;
	const char *why;
	/* Changes the copy of the sheet before it is shown; or NULL. */
	void (*meddle)(struct spy *s);
	/* Answers orders in the puppet's stead (the orders are the library's own); or NULL. */
	int (*answer)(struct spy *s, struct balloon_order *orders, size_t n);
	void *arg;
};

static inline struct spy *spy_new(size_t room)
{
	struct spy *s = calloc(1, sizeof(*s));

	CU_ASSERT_FATAL(s != NULL);
	s->room = room;
	s->rows = calloc(room + 1, sizeof(*s->rows));
	s->orders = calloc((room + 1) * BALLOON_MEANS_N, sizeof(*s->orders));
	CU_ASSERT_FATAL(s->rows && s->orders);
	s->sheet = (struct balloon_sheet){
	        .stride = sizeof(*s->rows), .total_bytes = UNKNOWN, .available_bytes = UNKNOWN};
	return s;
}

static inline void spy_free(struct spy *s)
{
	free(s->rows);
	free(s->orders);
	free(s);
}

static inline void spy_forget(struct spy *s)
{
	s->orders_n = 0;
}

/* The spy's address travels as the URI, which an embedder's backend is handed
 * as it is. */
static inline int spy_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	struct spy *s = NULL;
	void *p;

	if (sscanf(uri, "spy:%p", &p) == 1)
		s = p;
	CU_ASSERT_FATAL(s != NULL);
	*ret_self = s;
	return s->host ? s->host->open(NULL, &s->self, ret_error, size) : 0;
}

static inline void spy_close(void *self)
{
	struct spy *s = self;

	s->closes++;
	if (s->host)
		s->host->close(s->self);
}

static inline int spy_watch(struct spy *s, uint64_t now)
{
	struct balloon_sheet seen = {.struct_size = sizeof(seen),
	                             .total_bytes = UNKNOWN,
	                             .available_bytes = UNKNOWN};
	int rc = s->host->observe(s->self, now, &seen);

	if (rc < 0)
		return rc;
	CU_ASSERT_FATAL(seen.guests_n <= s->room && seen.stride == sizeof(*s->rows));
	s->sheet = seen;
	if (seen.guests_n)
		memcpy(s->rows, seen.guests, seen.guests_n * sizeof(*s->rows));
	s->sheet.guests = s->rows;
	return 0;
}

static inline int spy_observe(void *self, uint64_t now, struct balloon_sheet *ret_sheet)
{
	struct spy *s = self;
	uint32_t theirs = ret_sheet->struct_size;
	int rc = s->host ? spy_watch(s, now) : s->observe_rc;

	if (rc != 0)
		return rc;
	if (s->meddle)
		s->meddle(s);
	*ret_sheet = s->sheet;
	ret_sheet->struct_size = theirs;
	return 0;
}

static inline int spy_obey(struct spy *s, struct balloon_order *orders, size_t n)
{
	for (size_t k = 0; k < n; k++)
		orders[k].rc = 0;
	return s->order_rc;
}

static inline int spy_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	struct spy *s = self;
	size_t from = s->orders_n;
	int rc;

	CU_ASSERT_FATAL(from + n <= s->room * BALLOON_MEANS_N);
	s->orders_n += n;
	memcpy(s->orders + from, orders, n * sizeof(*orders)); /* as they were given … */
	if (s->answer)
		rc = s->answer(s, orders, n);
	else if (s->host)
		rc = s->host->order(s->self, now, orders, n);
	else
		rc = spy_obey(s, orders, n);
	for (size_t k = 0; k < n; k++)
		s->orders[from + k].rc = rc < 0 ? rc : orders[k].rc; /* … and answered */
	return rc;
}

static inline const char *spy_error(void *self)
{
	struct spy *s = self;

	return s->why ? s->why : "";
}

static const struct balloon_backend spy_backend = {
        .struct_size = sizeof(spy_backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "spy",
        .open = spy_open,
        .close = spy_close,
        .observe = spy_observe,
        .order = spy_order,
        .error = spy_error,
};

static inline struct balloon *spy_handle(struct spy *s, const struct balloon_policy *policy,
                                         uint32_t flags)
{
	char uri[40], error[256] = "";
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .flags = flags,
	                            .uri = uri,
	                            .backend = &spy_backend,
	                            .policy = policy,
	                            .error_text = error,
	                            .error_size = sizeof(error)};
	struct balloon *b = NULL;

	snprintf(uri, sizeof(uri), "spy:%p", (void *)s);
	if (balloon_open(&o, &b) < 0)
		printf("open: %s\n", error);
	CU_ASSERT_FATAL(b != NULL);
	return b;
}

static inline const struct balloon_order *spy_find(const struct spy *s, uint64_t key)
{
	for (size_t k = 0; k < s->orders_n; k++) {
		if (s->orders[k].key == key)
			return &s->orders[k];
	}
	return NULL;
}

/* A row of a guest that runs and tells the truth: so much used of actual. */
static inline struct balloon_sample honest(uint64_t key, const char *name, uint64_t size,
                                           uint64_t actual, uint64_t used)
{
	return (struct balloon_sample){
	        .key = key,
	        .name = name,
	        .flags = BALLOON_SAMPLE_RUNNING,
	        .size_bytes = size,
	        .actual_bytes = actual,
	        .total_bytes = actual,
	        .available_bytes = actual - used,
	        .unused_bytes = actual - used,
	        .cache_bytes = 0,
	        .swap_in_bytes = 0,
	        .swap_out_bytes = 0,
	        .major_faults = 0,
	        .resident_bytes = actual,
	        .active_bytes = UNKNOWN,
	        .serial = 1,
	};
}

static inline struct balloon_report report_of(struct balloon *b)
{
	struct balloon_report r = {.struct_size = sizeof(r)};

	CU_ASSERT_EQUAL(balloon_report(b, &r), 0);
	return r;
}

/* Runs the tests whose names begin with argv[1]; all without one. */
static inline int run_chosen(const char *suite, const struct test *tests, int argc, char **argv)
{
	struct test chosen[32] = {{NULL, NULL}};
	size_t n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0); /* what was said before a crash counts */
	for (; tests->name && n < 31; tests++) {
		if (argc < 2 || !strncmp(tests->name, argv[1], strlen(argv[1])))
			chosen[n++] = *tests;
	}
	if (!n) {
		fprintf(stderr, "%s: no test is called \"%s\"\n", suite, argc < 2 ? "" : argv[1]);
		return 2;
	}
	return run_tests(suite, chosen);
}

#endif
