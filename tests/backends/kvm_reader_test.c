/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The KVM backend's pure readers, given what no healthy libvirt would send. */
#include "testkit.h"

#include "backends/kvm/address.h"
#include "backends/kvm/figures.h"
#include "backends/kvm/traits.h"
#include "backends/kvm/work.h"

#include <balloon/balloon.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- figures */

static virTypedParameter number(const char *field, unsigned long long value)
{
	virTypedParameter p = { .type = VIR_TYPED_PARAM_ULLONG };

	snprintf(p.field, sizeof(p.field), "%s", field);
	p.value.ul = value;
	return p;
}

static virTypedParameter state(int value)
{
	virTypedParameter p = { .field = "state.state", .type = VIR_TYPED_PARAM_INT };

	p.value.i = value;
	return p;
}

/* A guest as QEMU 7.2 under libvirt 9.0.0 was seen to report it. */
static void figures_of_a_guest(void)
{
	virTypedParameter p[] = {
		state(VIR_DOMAIN_RUNNING), number("balloon.current", 204800),
		number("balloon.maximum", 262144), number("balloon.swap_in", 3),
		number("balloon.swap_out", 4), number("balloon.major_fault", 5),
		number("balloon.minor_fault", 1546), number("balloon.unused", 195836),
		number("balloon.available", 223632), number("balloon.usable", 198960),
		number("balloon.last-update", 1795447074), number("balloon.disk_caches", 2216),
		number("balloon.rss", 197636), number("balloon.hugetlb_pgfail", 9),
	};
	struct bl_kvm_figures f;

	bl_kvm_figures_read(p, sizeof(p) / sizeof(p[0]), &f);
	CU_ASSERT_EQUAL(f.actual_bytes, UINT64_C(204800) * 1024);
	CU_ASSERT_EQUAL(f.size_bytes, UINT64_C(262144) * 1024);
	CU_ASSERT_EQUAL(f.swap_in_bytes, 3 * 1024);
	CU_ASSERT_EQUAL(f.swap_out_bytes, 4 * 1024);
	CU_ASSERT_EQUAL(f.major_faults, 5);
	CU_ASSERT_EQUAL(f.unused_bytes, UINT64_C(195836) * 1024);
	CU_ASSERT_EQUAL(f.total_bytes, UINT64_C(223632) * 1024);
	CU_ASSERT_EQUAL(f.available_bytes, UINT64_C(198960) * 1024);
	CU_ASSERT_EQUAL(f.cache_bytes, UINT64_C(2216) * 1024);
	CU_ASSERT_EQUAL(f.resident_bytes, UINT64_C(197636) * 1024);
	CU_ASSERT_EQUAL(f.serial, 1795447074);
	CU_ASSERT_TRUE(f.running);
	CU_ASSERT_TRUE(f.heard);
	CU_ASSERT_FALSE(f.never_answered);
}

static void nothing_said_is_unknown(void)
{
	struct bl_kvm_figures f;

	bl_kvm_figures_read(NULL, 0, &f);
	CU_ASSERT_EQUAL(f.actual_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.size_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.total_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.unused_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.cache_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.swap_in_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.swap_out_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.major_faults, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.resident_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.serial, BALLOON_UNKNOWN);
	CU_ASSERT_FALSE(f.running);
	CU_ASSERT_FALSE(f.heard);
}

/* -1 bytes, -1 bytes in KiB, -1 KiB, and the first that does not fit. */
static void minus_one_is_unknown(void)
{
	static const struct {
		uint64_t kib, bytes;
	} table[] = {
		{ 0, 0 }, { 1, 1024 }, { UINT64_MAX, BALLOON_UNKNOWN },
		{ UINT64_MAX / 1024, BALLOON_UNKNOWN },
		{ UINT64_MAX / 1024 + 1, BALLOON_UNKNOWN },
		{ UINT64_MAX / 1024 - 1, (UINT64_MAX / 1024 - 1) * 1024 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CU_ASSERT_EQUAL(bl_kvm_bytes(table[i].kib), table[i].bytes);
}

static void other_types_are_read_or_unknown(void)
{
	virTypedParameter p[] = {
		{ .field = "balloon.current", .type = VIR_TYPED_PARAM_LLONG, .value.l = -1 },
		{ .field = "balloon.maximum", .type = VIR_TYPED_PARAM_UINT, .value.ui = 8 },
		{ .field = "balloon.unused", .type = VIR_TYPED_PARAM_INT, .value.i = -8 },
		{ .field = "balloon.usable", .type = VIR_TYPED_PARAM_LLONG, .value.l = 16 },
		{ .field = "balloon.rss", .type = VIR_TYPED_PARAM_STRING, .value.s = NULL },
		{ .field = "balloon.available", .type = VIR_TYPED_PARAM_DOUBLE, .value.d = 1e300 },
		{ .field = "state.state", .type = VIR_TYPED_PARAM_STRING, .value.s = NULL },
		{ .field = "", .type = 0 },
	};
	struct bl_kvm_figures f;

	bl_kvm_figures_read(p, sizeof(p) / sizeof(p[0]), &f);
	CU_ASSERT_EQUAL(f.actual_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.size_bytes, 8 * 1024);
	CU_ASSERT_EQUAL(f.unused_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.available_bytes, 16 * 1024);
	CU_ASSERT_EQUAL(f.resident_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.total_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_FALSE(f.running);
}

/* A field's name need not end within its array. */
static void a_name_without_end_is_passed_over(void)
{
	virTypedParameter p = number("", 1);
	struct bl_kvm_figures f;

	memset(p.field, 'b', sizeof(p.field));
	bl_kvm_figures_read(&p, 1, &f);
	CU_ASSERT_EQUAL(f.actual_bytes, BALLOON_UNKNOWN);
}

static void never_answered_is_not_a_time(void)
{
	virTypedParameter p[] = { number("balloon.last-update", 0), number("balloon.rss", 5) };
	struct bl_kvm_figures f;

	bl_kvm_figures_read(p, 2, &f);
	CU_ASSERT_EQUAL(f.serial, BALLOON_UNKNOWN);
	CU_ASSERT_TRUE(f.never_answered);
	CU_ASSERT_TRUE(f.heard);
}

/* NOWAIT and a taken lock: libvirtd gives these two and nothing else. */
static void from_memory_is_not_heard(void)
{
	virTypedParameter p[] = {
		state(VIR_DOMAIN_RUNNING), number("balloon.current", 1), number("balloon.maximum", 2),
	};
	struct bl_kvm_figures f;

	bl_kvm_figures_read(p, 3, &f);
	CU_ASSERT_FALSE(f.heard);
	CU_ASSERT_TRUE(f.running);
	CU_ASSERT_EQUAL(f.actual_bytes, 1024);
}

static void states_that_run(void)
{
	CU_ASSERT_TRUE(bl_kvm_runs(VIR_DOMAIN_RUNNING));
	CU_ASSERT_TRUE(bl_kvm_runs(VIR_DOMAIN_BLOCKED));
	CU_ASSERT_FALSE(bl_kvm_runs(VIR_DOMAIN_NOSTATE));
	CU_ASSERT_FALSE(bl_kvm_runs(VIR_DOMAIN_PAUSED));
	CU_ASSERT_FALSE(bl_kvm_runs(VIR_DOMAIN_CRASHED));
	CU_ASSERT_FALSE(bl_kvm_runs(VIR_DOMAIN_PMSUSPENDED));
	CU_ASSERT_FALSE(bl_kvm_runs(-1));
}

static enum bl_kvm_work work_of(int type, int operation)
{
	virTypedParameter params[] = {
		{ .field = "time_elapsed", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = 9 },
		{ .field = VIR_DOMAIN_JOB_OPERATION, .type = VIR_TYPED_PARAM_INT, .value.i = operation },
	};

	return bl_kvm_work_read(type, params, 2);
}

static void jobs_that_hold(void)
{
	virTypedParameter text = { .field = VIR_DOMAIN_JOB_OPERATION, .type = VIR_TYPED_PARAM_STRING };

	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_BOUNDED, VIR_DOMAIN_JOB_OPERATION_BACKUP),
	                BL_KVM_COPIES);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_UNBOUNDED, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT),
	                BL_KVM_MOVES);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_BOUNDED, VIR_DOMAIN_JOB_OPERATION_SAVE), BL_KVM_MOVES);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_BOUNDED, 1000), BL_KVM_MOVES); /* not known yet */
	CU_ASSERT_EQUAL(bl_kvm_work_read(VIR_DOMAIN_JOB_BOUNDED, &text, 1), BL_KVM_MOVES);
	CU_ASSERT_EQUAL(bl_kvm_work_read(VIR_DOMAIN_JOB_BOUNDED, NULL, 0), BL_KVM_MOVES);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_NONE, VIR_DOMAIN_JOB_OPERATION_BACKUP),
	                BL_KVM_AT_REST);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_COMPLETED, VIR_DOMAIN_JOB_OPERATION_BACKUP),
	                BL_KVM_AT_REST);
	CU_ASSERT_EQUAL(work_of(VIR_DOMAIN_JOB_CANCELLED, VIR_DOMAIN_JOB_OPERATION_SAVE),
	                BL_KVM_AT_REST);
}

static void states_that_hold(void)
{
	virTypedParameter p[] = {
		{ .field = "state.reason", .type = VIR_TYPED_PARAM_INT,
		  .value.i = VIR_DOMAIN_PAUSED_SAVE },
		{ .field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = VIR_DOMAIN_PAUSED },
	};
	struct bl_kvm_figures f;

	bl_kvm_figures_read(p, 2, &f); /* in whichever order */
	CU_ASSERT_EQUAL(bl_kvm_work_shown(f.state, f.reason), BL_KVM_MOVES);
	p[0].value.i = VIR_DOMAIN_PAUSED_USER;
	bl_kvm_figures_read(p, 2, &f);
	CU_ASSERT_EQUAL(bl_kvm_work_shown(f.state, f.reason), BL_KVM_AT_REST);
	/* Reasons are numbered anew for each state. */
	CU_ASSERT_EQUAL(bl_kvm_work_shown(VIR_DOMAIN_RUNNING, VIR_DOMAIN_PAUSED_SAVE),
	                BL_KVM_AT_REST);
	CU_ASSERT_EQUAL(bl_kvm_work_shown(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY),
	                BL_KVM_MOVES);
	bl_kvm_figures_read(p, 0, &f);
	CU_ASSERT_EQUAL(bl_kvm_work_shown(f.state, f.reason), BL_KVM_AT_REST);
}

static void figures_by_tag(void)
{
	const virDomainMemoryStatStruct stats[] = {
		{ VIR_DOMAIN_MEMORY_STAT_AVAILABLE, 100 }, { VIR_DOMAIN_MEMORY_STAT_USABLE, 50 },
		{ VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, 627319920 }, { -1, 3 }, { 9999, 4 },
		{ VIR_DOMAIN_MEMORY_STAT_SWAP_IN, UINT64_MAX },
	};
	struct bl_kvm_figures f;

	bl_kvm_figures_clear(&f);
	f.size_bytes = 77;
	bl_kvm_figures_add(stats, sizeof(stats) / sizeof(stats[0]), &f);
	CU_ASSERT_EQUAL(f.total_bytes, 100 * 1024);
	CU_ASSERT_EQUAL(f.available_bytes, 50 * 1024);
	CU_ASSERT_EQUAL(f.serial, 627319920);
	CU_ASSERT_EQUAL(f.swap_in_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(f.size_bytes, 77);
	CU_ASSERT_EQUAL(f.actual_bytes, BALLOON_UNKNOWN);
}

/* ------------------------------------------------------------------- XML */

static int traits(const char *xml, struct bl_kvm_traits *ret)
{
	return bl_kvm_traits_read(xml, strlen(xml), ret);
}

#define BALLOON "<memballoon model='virtio'><stats period='10'/></memballoon>"

static void why_a_guest_is_fixed(void)
{
	static const struct {
		const char *xml;
		uint32_t fixed;
	} table[] = {
		{ "<domain type='kvm'><devices>" BALLOON "</devices></domain>", BALLOON_FIXED_NOT },
		{ "<domain type='kvm'><devices><memballoon model='none'/></devices></domain>",
		  BALLOON_FIXED_NO_DEVICE },
		{ "<domain type='kvm'><devices/></domain>", BALLOON_FIXED_NO_DEVICE },
		{ "<domain type='qemu'/>", BALLOON_FIXED_NO_DEVICE },
		{ "<domain type='xen'><devices/></domain>", BALLOON_FIXED_NOT },
		{ "<domain type='kvm'><devices>" BALLOON
		  "<hostdev mode='subsystem' type='pci' managed='yes'/></devices></domain>",
		  BALLOON_FIXED_PASSTHROUGH },
		{ "<domain type='kvm'><devices>" BALLOON
		  "<hostdev mode='subsystem' type='mdev'/></devices></domain>",
		  BALLOON_FIXED_PASSTHROUGH },
		{ "<domain type='kvm'><devices>" BALLOON
		  "<hostdev mode='subsystem' type='usb'/></devices></domain>", BALLOON_FIXED_NOT },
		{ "<domain type='kvm'><devices><interface type='hostdev'/>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_PASSTHROUGH },
		{ "<domain type='kvm'><devices><interface type='vdpa'/>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_PASSTHROUGH },
		{ "<domain type='kvm'><devices><interface type='network'/>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_NOT },
		{ "<domain type='kvm'><devices><disk type='nvme'/>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_PASSTHROUGH },
		{ "<domain type='kvm'><memoryBacking><hugepages/></memoryBacking><devices>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_HUGEPAGES },
		{ "<domain type='kvm'><memoryBacking><locked/></memoryBacking><devices>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_LOCKED },
		{ "<domain type='kvm'><launchSecurity type='sev'/><devices>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_LOCKED },
		{ "<domain type='kvm'><memoryBacking><nosharepages/></memoryBacking><devices>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_NOT },
		/* The same words elsewhere mean nothing. */
		{ "<domain type='kvm'><title>hostdev type='pci'</title><metadata><locked/>"
		  "<x><memoryBacking><hugepages/></memoryBacking></x></metadata><devices>" BALLOON
		  "</devices></domain>", BALLOON_FIXED_NOT },
	};
	struct bl_kvm_traits t;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CU_ASSERT_EQUAL(traits(table[i].xml, &t), 0);
		CU_ASSERT_EQUAL(t.fixed, table[i].fixed);
	}
}

static void how_often_it_is_asked(void)
{
	static const struct {
		const char *stats;
		uint32_t period_s;
	} table[] = {
		{ "<stats period='10'/>", 10 }, { "<stats period='0'/>", 0 }, { "", 0 },
		{ "<stats/>", 0 }, { "<stats period=''/>", 0 }, { "<stats period='-5'/>", 0 },
		{ "<stats period='5s'/>", 0 }, { "<stats period=' 5'/>", 0 },
		{ "<stats period='99999999999999999999999'/>", 0 },
		{ "<stats period='4294967297'/>", 86400 }, { "<stats period='&lt;'/>", 0 },
	};
	struct bl_kvm_traits t;
	char xml[256];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(xml, sizeof(xml), "<domain type='kvm'><devices><memballoon model='virtio'>"
		         "%s</memballoon></devices></domain>", table[i].stats);
		CU_ASSERT_EQUAL(traits(xml, &t), 0);
		CU_ASSERT_EQUAL(t.period_s, table[i].period_s);
		CU_ASSERT_TRUE(t.device);
	}
}

static void what_is_no_domain(void)
{
	static const char *const texts[] = {
		"", " ", "<", "<domain", "<domain>", "domain", "<network/>", "<x><domain/></x>",
		"<domain></domains>", "\xff\xfe\xff", "<domain type='&x;'/>",
		"<domain type='kvm' type='kvm'/>",
		"<!DOCTYPE domain [<!ENTITY a 'aaaa'>]><domain type='kvm'/>",
		"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>",
		"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain>&e;</domain>",
	};
	struct bl_kvm_traits t = { 5, 5, true };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT_EQUAL(traits(texts[i], &t), -EBADMSG);
	CU_ASSERT_EQUAL(t.fixed, 5);
	CU_ASSERT_EQUAL(bl_kvm_traits_read("<domain/>", (size_t)1 << 40, &t), -E2BIG);
}

/* A thousand elements deep and 1e5 wide: refused or read, never overrun. */
static void deep_and_wide(void)
{
	const size_t n = 100000;
	struct bl_kvm_traits t;
	char *xml = malloc(n * 8), *p = xml;

	if (!xml)
		abort();
	for (int i = 0; i < 1000; i++)
		p += sprintf(p, "<a>");
	CU_ASSERT_EQUAL(bl_kvm_traits_read(xml, (size_t)(p - xml), &t), -EBADMSG);
	p = xml + sprintf(xml, "<domain type='kvm'><devices>");
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "<a/>");
	p += sprintf(p, BALLOON "</devices></domain>");
	CU_ASSERT_EQUAL(bl_kvm_traits_read(xml, (size_t)(p - xml), &t), 0);
	CU_ASSERT_EQUAL(t.period_s, 10);
	free(xml);
}

/* Every prefix and every single damaged byte of a real text. */
static void damaged(void)
{
	static const char text[] = "<domain type='kvm'><memoryBacking><locked/></memoryBacking>"
		"<devices><hostdev type='pci'/>" BALLOON "</devices></domain>";
	struct bl_kvm_traits t;
	uint64_t seed = 1;

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		CU_ASSERT_EQUAL(bl_kvm_traits_read(text, n, &t), -EBADMSG);
	for (unsigned long i = 0; i < cases(5000); i++) {
		char copy[sizeof(text)];
		int rc;

		memcpy(copy, text, sizeof(text));
		copy[draw(&seed) % (sizeof(text) - 1)] = (char)draw(&seed);
		rc = bl_kvm_traits_read(copy, sizeof(text) - 1, &t);
		CU_ASSERT(rc == -EBADMSG || (rc == 0 && t.fixed <= BALLOON_FIXED_OTHER));
	}
}

/* --------------------------------------------------------------- address */

static void addresses(void)
{
	static const struct {
		const char *text, *uri;
		bool qemu, here, mock;
	} table[] = {
		{ "qemu:///system", "qemu:///system", true, true, false },
		{ "kvm+qemu:///session", "qemu:///session", true, true, false },
		{ "kvm+test:///default", "test:///default", false, false, true },
		{ "qemu+ssh://root@host/system", "qemu+ssh://root@host/system", true, false, false },
		{ "qemu://host/system", "qemu://host/system", true, false, false },
		{ "qemu+ssh:///system", "qemu+ssh:///system", true, false, false },
		{ "qemu:///system?socket=/run/far", "qemu:///system?socket=/run/far", true, false, false },
		{ "xen:///system", "xen:///system", false, false, false },
		{ "qemux:///system", "qemux:///system", false, false, false },
	};
	struct bl_kvm_address a;
	char error[200];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CU_ASSERT_EQUAL(bl_kvm_address_read(table[i].text, &a, error, sizeof(error)), 0);
		CU_ASSERT_STRING_EQUAL(a.uri, table[i].uri);
		CU_ASSERT_EQUAL(a.qemu, table[i].qemu);
		CU_ASSERT_EQUAL(a.here, table[i].here);
		CU_ASSERT_EQUAL(a.mock, table[i].mock);
	}
}

static void no_addresses(void)
{
	static const char *const texts[] = {
		"", "qemu", "qemu:", "://", ":///system", "qemu:/system", "kvm+", "kvm+://x",
		"qe mu:///system", "qemu:///sys tem", "qemu:///\x01", "+qemu:///system", "qemu://[::1",
	};
	struct bl_kvm_address a;
	char longest[2 * BL_KVM_URI_MAX], error[64] = "";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		error[0] = '\0';
		CU_ASSERT_EQUAL(bl_kvm_address_read(texts[i], &a, error, sizeof(error)), -EINVAL);
		CU_ASSERT_NOT_EQUAL(error[0], '\0');
	}
	CU_ASSERT_EQUAL(bl_kvm_address_read(NULL, &a, error, sizeof(error)), -EINVAL);
	CU_ASSERT_EQUAL(bl_kvm_address_read("qemu", &a, NULL, 0), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "qemu:///", 8);
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_EQUAL(bl_kvm_address_read(longest, &a, error, sizeof(error)), -EINVAL);
}

int main(void)
{
	static const struct test tests[] = {
		{ "figures of a guest", figures_of_a_guest },
		{ "nothing said is unknown", nothing_said_is_unknown },
		{ "minus one is unknown", minus_one_is_unknown },
		{ "other types are read or unknown", other_types_are_read_or_unknown },
		{ "a name without end is passed over", a_name_without_end_is_passed_over },
		{ "never answered is not a time", never_answered_is_not_a_time },
		{ "from memory is not heard", from_memory_is_not_heard },
		{ "states that run", states_that_run },
		{ "jobs that hold", jobs_that_hold },
		{ "states that hold", states_that_hold },
		{ "figures by tag", figures_by_tag },
		{ "why a guest is fixed", why_a_guest_is_fixed },
		{ "how often it is asked", how_often_it_is_asked },
		{ "what is no domain", what_is_no_domain },
		{ "deep and wide", deep_and_wide },
		{ "damaged", damaged },
		{ "addresses", addresses },
		{ "no addresses", no_addresses },
		{ NULL, NULL },
	};

	return run_tests("kvm_reader", tests);
}
