/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pressure: the text, and a watch that a process thrashing in a group of its own
 * sets off. */
#include "testkit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "group.h"
#include "os/psi.h"

#define SIZE (64 * MIB)

static struct group group;
static int ready;

static int parse(const char *text, struct bl_psi *ret)
{
	return bl_psi_parse(text, strlen(text), ret);
}

static void reads_both_lines(void)
{
	struct bl_psi p;

	CU_ASSERT_EQUAL(parse("some avg10=1.23 avg60=0.00 avg300=0.00 total=45\n"
	                      "full avg10=100.00 avg60=0.00 avg300=0.00 total=7\n", &p), 0);
	CU_ASSERT_EQUAL(p.some_bp, 123);
	CU_ASSERT_EQUAL(p.some_total_ns, 45000);
	CU_ASSERT_EQUAL(p.full_bp, 10000);
	CU_ASSERT_EQUAL(p.full_total_ns, 7000);
	CU_ASSERT_EQUAL(parse("some total=1 avg10=0.07", &p), 0);
	CU_ASSERT_EQUAL(p.some_bp, 7);
	CU_ASSERT_EQUAL(p.full_bp, UINT32_MAX);
	CU_ASSERT_EQUAL(p.full_total_ns, UINT64_MAX);
}

static void reads_nothing_else(void)
{
	static const char *const texts[] = {
		"", "\n", "some", "some ", "some avg10= total=", "some avg10=1 total=1",
		"some avg10=1.2 total=1", "some avg10=1.234 total=1", "some avg10=101.00 total=1",
		"some avg10=-1.00 total=1", "some avg10=1.00", "some avg10=1.00 total=x",
		"some avg10=1.00 total=99999999999999999999", "xsome avg10=1.00 total=1",
		"some avg10=1.00 total=18446744073709552", "full avg10=1.00 total=1",
	};
	struct bl_psi p = { .some_bp = 5 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(parse(texts[i], &p), -EBADMSG);
	CU_ASSERT_EQUAL(p.some_bp, 5);
}

static int readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms);
}

/* Whatever others do here meanwhile can only make it come sooner. */
static int until_woken(int fd, struct child *c)
{
	for (time_t end = time(NULL) + 60; time(NULL) < end;) {
		child_touch(c, SIZE);
		if (readable(fd, 0) == 1)
			return 1;
	}
	return 0;
}

static void wakes_whoever_waits(void)
{
	struct epoll_event news = { .events = EPOLLIN };
	struct bl_psi_watch *watch;
	uint64_t stalled = 0;
	struct bl_psi psi;
	struct child c;
	int outer;

	if (!ready)
		return;
	CU_ASSERT_EQUAL_FATAL(bl_psi_read(BL_PSI_HOST, &psi), 0);
	CU_ASSERT_EQUAL_FATAL(bl_psi_watch_open(BL_PSI_HOST, 10000, 1000000, &watch), 0);
	CU_ASSERT(bl_psi_watch_window_us(watch) == 1000000 ||
	          bl_psi_watch_window_us(watch) == 2000000);
	outer = epoll_create1(EPOLL_CLOEXEC);
	CU_ASSERT_EQUAL(epoll_ctl(outer, EPOLL_CTL_ADD, bl_psi_watch_fd(watch), &news), 0);

	group_enter(&group);
	CU_ASSERT_FATAL(child_start(&c, CHILD_ANON, SIZE));
	group_leave();
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, SIZE / 4, true), 0);
	CU_ASSERT_EQUAL(until_woken(outer, &c), 1);
	CU_ASSERT_EQUAL(bl_psi_watch_stall(watch, &stalled), 0);
	CU_ASSERT(stalled > 0);
	CU_ASSERT_EQUAL(bl_cgroup_lift(group.cgroups, group.name), 0);
	child_end(&c);
	close(outer);
	bl_psi_watch_close(watch);
}

/* v1's own word for it, of the root and so of all. */
static void v1_wakes_as_well(void)
{
	uint64_t times = 0;
	struct child c;
	int fd;

	if (!ready)
		return;
	fd = bl_cgroup_pressure_event(group.cgroups, "");
	if (bl_cgroups_version(group.cgroups) == 2) {
		CU_ASSERT_EQUAL(fd, -EOPNOTSUPP);
		return;
	}
	CU_ASSERT_FATAL(fd >= 0);
	group_enter(&group);
	CU_ASSERT_FATAL(child_start(&c, CHILD_ANON, SIZE));
	group_leave();
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, SIZE / 4, true), 0);
	CU_ASSERT_EQUAL(until_woken(fd, &c), 1);
	CU_ASSERT_EQUAL(read(fd, &times, sizeof(times)), (ssize_t)sizeof(times));
	CU_ASSERT(times > 0);
	CU_ASSERT_EQUAL(bl_cgroup_lift(group.cgroups, group.name), 0);
	child_end(&c);
	close(fd);
}

static void refuses_what_is_not_there(void)
{
	struct bl_psi_watch *watch = NULL;
	struct bl_psi psi;

	CU_ASSERT_EQUAL(bl_psi_read("/proc/pressure/no-such", &psi), -ENOENT);
	CU_ASSERT_EQUAL(bl_psi_watch_open("/proc/pressure/no-such", 1, 1, &watch), -ENOENT);
	CU_ASSERT_PTR_NULL(watch);
	if (ready) {
		CU_ASSERT_EQUAL(bl_psi_watch_open(BL_PSI_HOST, 3000000, 1000000, &watch), -EINVAL);
	}
	bl_psi_watch_close(NULL);
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads both lines", reads_both_lines },
		{ "reads nothing else", reads_nothing_else },
		{ "refuses what is not there", refuses_what_is_not_there },
		{ "wakes whoever waits", wakes_whoever_waits },
		{ "v1 wakes as well", v1_wakes_as_well },
		{ NULL, NULL },
	};
	struct bl_psi psi;
	int rc;

	ready = bl_psi_read(BL_PSI_HOST, &psi) == 0;
	if (!ready)
		printf("SKIP this kernel has no pressure stall information\n");
	ready = ready && group_start(&group) && swap_start(256 * MIB);
	rc = run_tests("os_psi", tests);
	swap_end();
	group_end(&group);
	return rc ? rc : ready ? 0 : 77;
}
