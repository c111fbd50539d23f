/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What benches share. Machines here are shared and noisy, so a figure is the
 * least of several runs and is set against something measured in between
 * them: qsort() of as many 16-byte records.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* Time of one run of work(arg) in ns. */
double bench_time(void (*work)(void *arg), void *arg);

/* Least ns an item for work(arg) on n items and for qsort of n records, each
 * the least of rounds runs that take turns. prepare (or NULL) is not timed. */
struct bench_pair {
	double work_ns;
	double qsort_ns;
};
struct bench_pair bench_against_qsort(void (*prepare)(void *arg), void (*work)(void *arg),
                                      void *arg, size_t n, unsigned rounds);

/* Calls to malloc and friends since the program began. */
unsigned long bench_allocations(void);

#endif
