/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A group of our own with a child in it: found, read, pressed, let go. */
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "group.h"

#define SIZE (64 * MIB)

static struct group group;
static int has_group, has_swap;

static int parse(const char *text, int version, char *ret, size_t size)
{
	return bl_cgroup_parse(text, strlen(text), version, ret, size);
}

static void reads_whose_group(void)
{
	static const char v1[] = "9:name=systemd:/init\n4:cpu,memory:/machine/q:1\n0::/v2\n";
	char g[32] = "?";

	CU_ASSERT_EQUAL(parse(v1, 1, g, sizeof(g)), 0);
	CU_ASSERT_STRING_EQUAL(g, "/machine/q:1");
	CU_ASSERT_EQUAL(parse(v1, 2, g, sizeof(g)), 0);
	CU_ASSERT_STRING_EQUAL(g, "/v2");
	CU_ASSERT_EQUAL(parse("0::/\n", 2, g, sizeof(g)), 0);
	CU_ASSERT_STRING_EQUAL(g, "");
	CU_ASSERT_EQUAL(parse("4:memory:/abc\n", 1, g, 4), -ENAMETOOLONG);
	CU_ASSERT_EQUAL(parse("4:memory:/abc", 1, g, 5), 0);
}

static void reads_no_other(void)
{
	static const char *const texts[] = { "", "\n", "4:memory", "4:memory:", "4:memory:x",
		                             "memory:/a", "4:memoryx:/a", "4:xmemory:/a",
		                             "4:cpu:/memory", "0::/a", "::/a" };
	char g[32] = "?";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(parse(texts[i], 1, g, sizeof(g)), -ENOENT);
	CU_ASSERT_STRING_EQUAL(g, "?");
}

static void finds_what_is_common(void)
{
	static const struct {
		const char *a, *b, *common;
	} cases_of[] = {
		{ "/m/a", "/m/b", "/m" },   { "/m/a", "/m/a", "/m/a" }, { "/m/a", "/m/ab", "/m" },
		{ "/m", "/m/b", "/m" },     { "/m/b", "/m", "/m" },     { "/a", "/b", "" },
		{ "", "/b", "" },           { "/b", "", "" },           { "", "", "" },
		{ "/mm/a", "/m/a", "" },    { "/m/a/x", "/m/a/y", "/m/a" },
	};

	for (size_t i = 0; i < sizeof(cases_of) / sizeof(cases_of[0]); i++) {
		char a[32];

		snprintf(a, sizeof(a), "%s", cases_of[i].a);
		bl_cgroup_common(a, cases_of[i].b);
		CU_ASSERT_STRING_EQUAL(a, cases_of[i].common);
	}
}

static void reads_limits(void)
{
	static const char *const bad[] = { "", "\n", "maxx", "-1", "12 13", "1\n2", "0x10", "12k",
		                           "99999999999999999999" };
	uint64_t b = 7;

	CU_ASSERT_EQUAL(bl_cgroup_limit_parse("max\n", 4, &b), 0);
	CU_ASSERT_EQUAL(b, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_cgroup_limit_parse("9223372036854771712\n", 20, &b), 0);
	CU_ASSERT_EQUAL(b, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_cgroup_limit_parse("4096", 4, &b), 0);
	CU_ASSERT_EQUAL(b, 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(bl_cgroup_limit_parse(bad[i], strlen(bad[i]), &b), -EBADMSG);
	CU_ASSERT_EQUAL(b, 4096);
}

static void reads_statistics(void)
{
	static const char *const lines[] = { "inactive_file 5\n", "total_inactive_file 50\n",
		                             "inactive_file 6", "swap 1", "swapx 9", "swap x",
		                             "total_swap 10\n", "" };
	struct bl_cgroup_memory m = { .droppable_bytes = UINT64_MAX, .swap_bytes = UINT64_MAX };

	bl_cgroup_stat_line(lines[0], strlen(lines[0]), &m);
	CU_ASSERT_EQUAL(m.droppable_bytes, 5);
	for (size_t i = 1; i < sizeof(lines) / sizeof(lines[0]); i++)
		bl_cgroup_stat_line(lines[i], strlen(lines[i]), &m);
	CU_ASSERT_EQUAL(m.droppable_bytes, 50);
	CU_ASSERT_EQUAL(m.swap_bytes, 10);
}

/* A child that grew inside the group, so that its pages are charged there. */
static void fill_group(struct child *c)
{
	group_enter(&group);
	CU_ASSERT_FATAL(child_start(c, CHILD_ANON, SIZE));
	group_leave();
}

static void finds_a_child(void)
{
	struct bl_cgroup_memory m;
	char name[BL_CGROUP_MAX];
	struct child c;

	if (!has_group)
		return;
	fill_group(&c);
	CU_ASSERT_EQUAL(bl_cgroup_of(group.cgroups, c.pid, name, sizeof(name)), 0);
	CU_ASSERT_STRING_EQUAL(name, group.name);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, name, &m), 0);
	CU_ASSERT(m.current_bytes >= SIZE && m.current_bytes < 2 * SIZE);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, "/balloon-no-such", &m), -ENOENT);
	child_end(&c);
	CU_ASSERT_EQUAL(bl_cgroup_of(group.cgroups, c.pid, name, sizeof(name)), -ESRCH);
}

/* Out of a group goes about what is asked, and no limit stays behind. */
static void reclaims(void)
{
	struct bl_cgroup_memory before, after;
	uint64_t gone = 0;
	struct child c;

	if (!has_group || !has_swap)
		return;
	fill_group(&c);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &before), 0);
	CU_ASSERT_EQUAL(bl_cgroup_reclaim(group.cgroups, group.name, SIZE / 2, &gone), 0);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &after), 0);
	CU_ASSERT(gone >= SIZE / 4 && gone <= SIZE);
	CU_ASSERT(after.current_bytes <= before.current_bytes - SIZE / 4);
	CU_ASSERT_EQUAL(after.limit_bytes, before.limit_bytes);
	CU_ASSERT(after.swap_bytes >= SIZE / 4);
	child_end(&c);
}

/* A ceiling holds a group down while it stands, reclaim leaves it standing, and
 * whatever closes the knobs lifts it. */
static void presses_and_lifts(void)
{
	struct bl_cgroup_memory m, free_again;
	struct child c;
	uint64_t gone;
	bool hard;

	if (!has_group || !has_swap)
		return;
	hard = bl_cgroups_version(group.cgroups) == 1;
	fill_group(&c);
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, SIZE / 2, false),
	                hard ? -EOPNOTSUPP : 0);
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, SIZE / 2 + 1, hard), 0);
	child_touch(&c, SIZE);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &m), 0);
	CU_ASSERT_EQUAL(hard ? m.limit_bytes : m.high_bytes, SIZE / 2);
	CU_ASSERT(m.current_bytes <= SIZE / 2 + 8 * MIB);
	CU_ASSERT_EQUAL(bl_cgroup_reclaim(group.cgroups, group.name, 8 * MIB, &gone), 0);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &m), 0);
	CU_ASSERT_EQUAL(hard ? m.limit_bytes : m.high_bytes, SIZE / 2);
	CU_ASSERT_EQUAL(bl_cgroup_lift(group.cgroups, group.name), 0);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &free_again), 0);
	CU_ASSERT_EQUAL(hard ? free_again.limit_bytes : free_again.high_bytes, UINT64_MAX);
	CU_ASSERT_EQUAL(bl_cgroup_lift(group.cgroups, group.name), 0);
	child_end(&c);
}

/* v1 refuses a limit it cannot reach, and then the old one stands. */
static void a_refused_ceiling_is_none(void)
{
	struct bl_cgroup_memory m;
	struct child c;

	if (!has_group || bl_cgroups_version(group.cgroups) == 2)
		return;
	fill_group(&c);
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, 2 * SIZE, true), 0);
	group_set(&group, "memory.swappiness", "0");
	CU_ASSERT_EQUAL(bl_cgroup_ceiling(group.cgroups, group.name, SIZE / 2, true), -EBUSY);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &m), 0);
	CU_ASSERT_EQUAL(m.limit_bytes, 2 * SIZE);
	CU_ASSERT_EQUAL(bl_cgroup_lift(group.cgroups, group.name), 0);
	CU_ASSERT_EQUAL(bl_cgroup_memory(group.cgroups, group.name, &m), 0);
	CU_ASSERT_EQUAL(m.limit_bytes, UINT64_MAX);
	child_end(&c);
}

int main(void)
{
	static const struct test tests[] = {
		{ "reads whose group", reads_whose_group },
		{ "reads no other", reads_no_other },
		{ "finds what is common", finds_what_is_common },
		{ "reads limits", reads_limits },
		{ "reads statistics", reads_statistics },
		{ "finds a child", finds_a_child },
		{ "reclaims", reclaims },
		{ "presses and lifts", presses_and_lifts },
		{ "a refused ceiling is none", a_refused_ceiling_is_none },
		{ NULL, NULL },
	};
	int rc;

	has_group = group_start(&group);
	has_swap = has_group && swap_start(256 * MIB);
	rc = run_tests("os_cgroup", tests);
	swap_end();
	group_end(&group);
	return rc ? rc : has_group && has_swap ? 0 : 77;
}
