/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

#include "testkit.h"

struct record {
	uint64_t key;
	uint64_t value;
};

double bench_time(void (*work)(void *arg), void *arg)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	work(arg);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

struct sorting {
	struct record *records;
	size_t n;
};

static void sort(void *arg)
{
	struct sorting *s = arg;

	qsort(s->records, s->n, sizeof(*s->records), compare);
}

struct bench_pair bench_against_qsort(void (*prepare)(void *arg), void (*work)(void *arg),
                                      void *arg, size_t n, unsigned rounds)
{
	struct sorting s = {calloc(n, sizeof(struct record)), n};
	struct bench_pair least = {1e18, 1e18};
	uint64_t seed = 4711;

	for (unsigned k = 0; s.records && k < rounds; k++) {
		double t;

		for (size_t i = 0; i < n; i++)
			s.records[i].key = draw(&seed);
		t = bench_time(sort, &s) / (double)n;
		least.qsort_ns = t < least.qsort_ns ? t : least.qsort_ns;
		if (prepare)
			prepare(arg);
		t = bench_time(work, arg) / (double)n;
		least.work_ns = t < least.work_ns ? t : least.work_ns;
	}
	free(s.records);
	return least;
}

/* Counted by wrapping the allocator at link time (--wrap). */
static unsigned long allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

unsigned long bench_allocations(void)
{
	return allocations;
}
