/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes at all as one of the texts in which Linux speaks of itself; the first
 * byte says as which (see parsers[] at the end). Beyond not crashing: what was
 * accepted keeps what the headers promise.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/cgroup.h"
#include "os/hostmem.h"
#include "os/knobs.h"
#include "os/ksm.h"
#include "os/pageout.h"
#include "os/procmem.h"
#include "os/psi.h"
#include "os/swap.h"
#include "os/vmstat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "os_fuzz: %s\n", what);
	abort();
}

static void as_meminfo(const char *text, size_t n)
{
	struct bl_arc arc = { UINT64_MAX, 1 };
	struct bl_meminfo info;

	if (bl_meminfo_parse(text, n, &info) < 0)
		return;
	insist(info.total_bytes != UINT64_MAX, "a host of no known size");
	if (info.available_bytes > info.total_bytes)
		return;
	bl_meminfo_add_arc(&info, &arc);
	insist(info.available_bytes <= info.total_bytes, "more available than there is");
}

static void as_arc(const char *text, size_t n)
{
	struct bl_meminfo info = { .total_bytes = 1000, .available_bytes = 10 };
	struct bl_arc arc;

	if (bl_arc_parse(text, n, &arc) < 0)
		return;
	insist(arc.size_bytes != UINT64_MAX && arc.min_bytes != UINT64_MAX, "an unknown ARC");
	bl_meminfo_add_arc(&info, &arc);
	insist(info.available_bytes >= 10 && info.available_bytes <= 1000, "an ARC of any size");
}

static void as_vmstat(const char *text, size_t n)
{
	struct bl_vmstat v;

	bl_vmstat_parse(text, n, &v);
}

static void as_psi(const char *text, size_t n)
{
	struct bl_psi psi;

	if (bl_psi_parse(text, n, &psi) < 0)
		return;
	insist(psi.some_bp <= 10000 && psi.some_total_ns != UINT64_MAX, "some of more than all");
	insist(psi.full_bp <= 10000 || psi.full_bp == UINT32_MAX, "full of more than all");
}

static void as_ksm(const char *text, size_t n)
{
	struct bl_ksm_process p;

	if (bl_ksm_process_parse(text, n, &p) == 0)
		insist(p.mergeable >= -1 && p.mergeable <= 1, "neither mergeable nor not");
}

static void as_swaps(const char *text, size_t n)
{
	struct bl_swaps s;

	if (bl_swaps_parse(text, n, &s) < 0)
		return;
	insist(s.free_bytes <= s.total_bytes, "more swap free than there is");
	insist(s.zram_bytes <= s.total_bytes && s.zram_free_bytes <= s.zram_bytes, "too much zram");
	insist(s.devices || !s.total_bytes, "swap on no device");
}

static void as_zram(const char *text, size_t n)
{
	struct bl_zram z;

	bl_zram_parse(text, n, &z);
}

static void as_group(const char *text, size_t n)
{
	char group[16], common[16]; /* short, so that cutting is tried too */

	for (int version = 1; version <= 2; version++) {
		if (bl_cgroup_parse(text, n, version, group, sizeof(group)) < 0)
			continue;
		insist(memchr(group, '\0', sizeof(group)) != NULL, "an endless group");
		insist(!group[0] || group[0] == '/', "a group below nothing");
		memcpy(common, group, sizeof(common));
		bl_cgroup_common(common, "/a/b");
		insist(!strncmp(common, group, strlen(common)), "not above the one");
		insist(!strncmp(common, "/a/b", strlen(common)), "not above the other");
	}
}

static void as_limit(const char *text, size_t n)
{
	struct bl_cgroup_memory m = { .swap_bytes = UINT64_MAX, .droppable_bytes = UINT64_MAX };
	uint64_t bytes;

	if (bl_cgroup_limit_parse(text, n, &bytes) == 0)
		insist(bytes == UINT64_MAX || bytes < UINT64_C(1) << 62, "a limit beyond all");
	bl_cgroup_stat_line(text, n, &m);
}

static void as_maps(const char *text, size_t n)
{
	uint64_t expected, sum = 0;
	struct bl_ram ram;

	if (n < sizeof(expected))
		return;
	memcpy(&expected, text, sizeof(expected));
	expected &= (UINT64_C(1) << 48) - 1;
	if (bl_ram_find(text + sizeof(expected), n - sizeof(expected), expected, &ram) < 0)
		return;
	insist(ram.ranges_n > 0 && ram.ranges_n <= BL_RAM_RANGES, "RAM nowhere");
	for (size_t i = 0; i < ram.ranges_n; i++) {
		insist(ram.ranges[i].start < ram.ranges[i].end, "RAM of no size");
		sum += ram.ranges[i].end - ram.ranges[i].start;
	}
	insist(sum == ram.bytes, "another sum");
	insist(ram.bytes >= expected && ram.bytes - expected <= expected / 8, "RAM of another size");
}

static void as_footprint(const char *text, size_t n)
{
	struct bl_footprint f;

	if (bl_footprint_parse(text, n, &f) == 0)
		insist(f.resident_bytes != UINT64_MAX, "resident, but not known");
}

static void as_refault(const char *text, size_t n)
{
	uint64_t value;

	bl_majflt_parse(text, n, &value);
	bl_vmswap_parse(text, n, &value);
}

static void as_knobs(const char *text, size_t n)
{
	struct bl_knobs_line line;
	struct bl_span value;

	if (bl_knobs_value(bl_span(text, n), &value))
		insist(value.p < value.end && !memchr(value.p, '\n', (size_t)(value.end - value.p)),
		       "a value of no line or more");
	if (!bl_knobs_line(bl_span(text, n), &line))
		return;
	insist(line.path.p < line.path.end, "a setting of no name");
	insist(line.gone || line.found.p < line.found.end, "nothing to put back");
	insist(!memchr(text, '\0', n), "a name with an end in it");
}

/* In the order of the letters that choose them: A is meminfo. */
static void (*const parsers[])(const char *, size_t) = {
	as_meminfo, as_arc, as_vmstat, as_psi, as_ksm, as_swaps, as_zram,
	as_group, as_limit, as_maps, as_footprint, as_refault, as_knobs,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size ? size - 1 : 0, which = size ? data[0] - (size_t)'A' : SIZE_MAX;
	char *text;

	if (which >= sizeof(parsers) / sizeof(parsers[0]))
		return 0;
	text = malloc(n ? n : 1); /* its very size, for ASan */
	insist(text != NULL, "out of memory");
	memcpy(text, data + 1, n);
	parsers[which](text, n);
	free(text);
	return 0;
}
