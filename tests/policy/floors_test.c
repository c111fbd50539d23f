/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Floor curves: which one counts, that it holds whatever happens, and which are
 * refused. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stand.h"

static struct balloon_allocation with(const struct balloon_floor_point *points, uint64_t n)
{
	struct balloon_allocation a = stand_allocation(NULL, 0);

	a.reservation_bytes = BALLOON_UNKNOWN;
	a.floors = points;
	a.floors_n = n;
	return a;
}

/* The least a guest of size_mib may come down to, on a host with no room. */
static uint64_t floor_of(uint64_t size_mib, const struct balloon_allocation *own,
                         const struct balloon_allocation *fallback)
{
	struct balloon_named_allocation named = {.guest = "a"};
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = stand_policy();
	uint64_t floor;
	struct stand s;

	CU_ASSERT_EQUAL(balloon_profile("aggressive", &profile), 0);
	profile.balloon_max_bp = 10000;
	policy.profile = &profile;
	policy.budget_bytes = 0;
	if (own)
		named.allocation = *own;
	policy.guests = &named;
	policy.guests_n = own ? 1 : 0;
	if (fallback)
		policy.fallback = *fallback;
	stand_up(&s, 16384);
	stand_guest(&s, "a", size_mib, 1);
	stand_open(&s, &policy);
	stand_beats(&s, 200);
	floor = stand_report(s.b, "a").reservation_bytes;
	CU_ASSERT_EQUAL(stand_report(s.b, "a").target_bytes, floor);
	stand_down(&s);
	return floor;
}

static void the_curve_counts(void)
{
	static const struct balloon_floor_point own[] = {
	        {1024 * MIB, 256 * MIB}, {2048 * MIB, 512 * MIB}, {4096 * MIB, 400 * MIB}};
	static const struct balloon_floor_point common[] = {{1024 * MIB, 700 * MIB}};
	struct balloon_allocation mine = with(own, 3), theirs = with(common, 1),
	                          none = with(NULL, 0);

	CU_ASSERT_EQUAL(floor_of(1024, NULL, NULL), balloon_floor(GIB));
	CU_ASSERT_EQUAL(floor_of(1024, &none, NULL), balloon_floor(GIB));
	CU_ASSERT_EQUAL(floor_of(1024, &mine, NULL), 256 * MIB);
	CU_ASSERT_EQUAL(floor_of(1536, &mine, NULL), 384 * MIB);
	CU_ASSERT_EQUAL(floor_of(3072, &mine, NULL), 456 * MIB); /* it may fall */
	CU_ASSERT_EQUAL(floor_of(200, &mine, NULL), 200 * MIB);
	CU_ASSERT_EQUAL(floor_of(8192, &mine, NULL), 400 * MIB);
	CU_ASSERT_EQUAL(floor_of(1024, NULL, &theirs), 700 * MIB);
	CU_ASSERT_EQUAL(floor_of(1024, &none, &theirs), 700 * MIB);
	CU_ASSERT_EQUAL(floor_of(1024, &mine, &theirs), 256 * MIB);
	mine.reservation_bytes = 300 * MIB;
	CU_ASSERT_EQUAL(floor_of(1024, &mine, &theirs), 300 * MIB); /* a word beats a curve */
}

/* Between two points, as anybody would draw it. */
static uint64_t drawn(const struct balloon_floor_point *p, size_t n, uint64_t size)
{
	for (size_t k = 1; k < n; k++) {
		double part = ((double)size - (double)p[k - 1].size_bytes) /
		              ((double)p[k].size_bytes - (double)p[k - 1].size_bytes);

		if (size > p[k - 1].size_bytes && size <= p[k].size_bytes)
			return (uint64_t)((double)p[k - 1].floor_bytes +
			                  part * ((double)p[k].floor_bytes - (double)p[k - 1].floor_bytes));
	}
	if (size <= p[0].size_bytes)
		return p[0].floor_bytes < size ? p[0].floor_bytes : size;
	return p[n - 1].floor_bytes;
}

/* Guests of all sizes with curves of all kinds on hosts that are too small: no
 * target is ever below the curve. */
static void nobody_falls_below_it(void)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	uint64_t seed = 3;

	for (unsigned long run = 0; run < cases(60); run++) {
		struct balloon_floor_point points[5][6];
		struct balloon_named_allocation named[5];
		struct balloon_policy policy = stand_policy();
		uint64_t sizes[5];
		struct stand s;

		stand_up(&s, 16384);
		for (size_t i = 0; i < 5; i++) {
			size_t n = draw_between(&seed, 1, 6);
			uint64_t size = 0;

			for (size_t k = 0; k < n; k++) {
				size += draw_between(&seed, 1, 1024) * MIB;
				points[i][k] = (struct balloon_floor_point){
				        size, draw_between(&seed, 0, size / 2)};
			}
			named[i] = (struct balloon_named_allocation){names[i], with(points[i], n)};
			sizes[i] = draw_between(&seed, 256, 3000);
			stand_guest(&s, names[i], sizes[i], draw_between(&seed, 100, sizes[i]));
		}
		policy.guests = named;
		policy.guests_n = 5;
		policy.budget_bytes = draw_between(&seed, 1000, 8000) * MIB;
		stand_open(&s, &policy);
		for (int beat = 0; beat < 40; beat++) {
			stand_beats(&s, 1);
			for (size_t i = 0; i < 5; i++) {
				uint64_t floor = drawn(points[i], named[i].allocation.floors_n,
				                       sizes[i] * MIB);

				CU_ASSERT(stand_report(s.b, names[i]).target_bytes + 1 >= floor);
			}
		}
		stand_down(&s);
	}
}

static int refuse(const struct balloon_allocation *a, const char *word)
{
	struct balloon_named_allocation named = {.guest = "a", .allocation = *a};
	struct balloon_policy policy = stand_policy();
	struct stand s;
	int rc;

	stand_up(&s, 4096);
	stand_guest(&s, "a", 1024, 100);
	stand_open(&s, NULL);
	policy.guests = &named;
	policy.guests_n = 1;
	rc = balloon_set_policy(s.b, &policy);
	if (rc < 0 && !strstr(balloon_error(s.b), word))
		printf("\n  %s\n", balloon_error(s.b));
	CU_ASSERT(rc == 0 || strstr(balloon_error(s.b), word));
	stand_down(&s);
	return rc;
}

static void wrong_curves_are_refused(void)
{
	struct balloon_floor_point points[BALLOON_FLOORS_MAX + 1] = {{GIB, MIB}, {2 * GIB, MIB}};
	struct balloon_allocation a = with(points, 2);

	CU_ASSERT_EQUAL(refuse(&a, ""), 0);
	points[1].size_bytes = GIB;
	CU_ASSERT_EQUAL(refuse(&a, "ascend"), -EINVAL);
	points[1] = (struct balloon_floor_point){2 * GIB, 2 * GIB + 1};
	CU_ASSERT_EQUAL(refuse(&a, "above the size"), -EINVAL);
	points[1] = (struct balloon_floor_point){BALLOON_BYTES_MAX + 1, 1};
	CU_ASSERT_EQUAL(refuse(&a, "4 PiB"), -ERANGE);
	a.floors_n = BALLOON_FLOORS_MAX + 1;
	CU_ASSERT_EQUAL(refuse(&a, "floors_n"), -EINVAL);
	a = with(NULL, 1);
	CU_ASSERT_EQUAL(refuse(&a, "floors_n"), -EINVAL);
	a = with(NULL, 0);
	a.reserved[5] = 1;
	CU_ASSERT_EQUAL(refuse(&a, "reserved"), -E2BIG);
}

/* The policy keeps a copy, and so does a view. */
static void curves_are_copied(void)
{
	struct balloon_floor_point points[] = {{GIB, 600 * MIB}};
	struct balloon_named_allocation named = {.guest = "a", .allocation = with(points, 1)};
	struct balloon_policy policy = stand_policy();
	struct balloon *view;
	struct stand s;

	stand_up(&s, 4096);
	stand_guest(&s, "a", 1024, 100);
	policy.guests = &named;
	policy.guests_n = 1;
	policy.fallback = with(points, 1);
	policy.budget_bytes = 100 * MIB;
	stand_open(&s, &policy);
	memset(points, 0xff, sizeof(points));
	stand_beats(&s, 20);
	CU_ASSERT_EQUAL(stand_report(s.b, "a").target_bytes, 600 * MIB);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(s.b, &view), 0);
	policy = stand_policy();
	policy.budget_bytes = 100 * MIB;
	CU_ASSERT_EQUAL(balloon_set_policy(s.b, &policy), 0); /* its curve goes */
	CU_ASSERT_EQUAL(balloon_tick(view, s.now, NULL), 0);
	CU_ASSERT_EQUAL(stand_report(view, "a").reservation_bytes, 600 * MIB);
	balloon_close(view);
	stand_beats(&s, 1);
	CU_ASSERT(stand_report(s.b, "a").reservation_bytes < 600 * MIB);
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"the curve counts", the_curve_counts},
	        {"nobody falls below it", nobody_falls_below_it},
	        {"wrong curves are refused", wrong_curves_are_refused},
	        {"curves are copied", curves_are_copied},
	        {NULL, NULL},
	};

	return run_tests("floors", tests);
}
