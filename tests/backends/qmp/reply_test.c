/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading addresses, lists of devices and /proc: bytes in, facts out. */
#include "testkit.h"

#include "backends/qmp/address.h"
#include "backends/qmp/process.h"
#include "backends/qmp/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <balloon/balloon.h>
#include <json-c/json_tokener.h>

static void addresses(void)
{
	static const struct {
		const char *text, *path, *base;
		bool pattern, visit;
	} good[] = {
		{ "qmp:/run/guests", "/run/guests", "/run/guests", false, false },
		{ "qmp:/run/guests///", "/run/guests", "/run/guests", false, false },
		{ "qmp:/run/guests?visit", "/run/guests", "/run/guests", false, true },
		{ "qmp:/run/*.sock", "/run/*.sock", "/run", true, false },
		{ "qmp:/*.sock", "/*.sock", "/", true, false },
		{ "qmp:/run/vm-?/qmp[01]", "/run/vm-?/qmp[01]", "/run", true, false },
		{ "qmp:/run/*?visit", "/run/*", "/run", true, true },
		{ "qmp:/var/run/qemu-server", "/var/run/qemu-server", "/var/run/qemu-server", false, true },
		{ "qmp:/run/qemu-server/*.qmp", "/run/qemu-server/*.qmp", "/run/qemu-server", true, true },
	};
	static const char *const bad[] = { "qmp:", "qmp:run/guests", "qemu:///system", "", "qmp:?visit" };
	struct bl_qmp_address a;
	char why[256];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(bl_qmp_address_read(good[i].text, &a, why, sizeof(why)), 0);
		CU_ASSERT_STRING_EQUAL(a.path, good[i].path);
		CU_ASSERT_STRING_EQUAL(a.base, good[i].base);
		CU_ASSERT_EQUAL(a.pattern, good[i].pattern);
		CU_ASSERT_EQUAL(a.visit, good[i].visit);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		CU_ASSERT_EQUAL(bl_qmp_address_read(bad[i], &a, why, sizeof(why)), -EINVAL);
		CU_ASSERT_NOT_EQUAL(why[0], '\0');
	}
	CU_ASSERT_EQUAL(bl_qmp_address_read(NULL, &a, why, sizeof(why)), -EINVAL);
}

static void read_as(enum bl_qmp_ask ask, const char *value, struct bl_qmp_figures *f,
                    struct bl_qmp_facts *facts)
{
	struct json_tokener *tok = json_tokener_new();
	struct bl_qmp_line line;
	char text[1024];

	snprintf(text, sizeof(text), "{\"return\": %s, \"id\": 7}", value);
	CU_ASSERT_EQUAL_FATAL(bl_qmp_line_read(tok, text, strlen(text), &line), 0);
	CU_ASSERT_EQUAL(line.kind, BL_QMP_RETURNS);
	CU_ASSERT_EQUAL(line.id, 7);
	bl_qmp_reply_read(ask, &line, f, facts);
	bl_qmp_line_free(&line);
	json_tokener_free(tok);
}

static void devices(void)
{
	static const struct {
		const char *type;
		bool balloon, passthrough, encrypted;
	} table[] = {
		{ "virtio-balloon-pci", true, false, false },
		{ "virtio-balloon-pci-non-transitional", true, false, false },
		{ "virtio-balloon-device", true, false, false },
		{ "virtio-balloon-ccw", true, false, false },
		{ "virtio-blk-pci", false, false, false },
		{ "vfio-pci", false, true, false },
		{ "vfio-pci-nohotplug", false, true, false },
		{ "vfio-platform", false, true, false },
		{ "vfio-ap", false, false, false },
		{ "vfio-ccw", false, false, false },
		{ "vhost-vdpa-device-pci", false, true, false },
		{ "vhost-user-blk-pci", false, false, false },
		{ "sev-guest", false, false, true },
		{ "sev-snp-guest", false, false, true },
		{ "tdx-guest", false, false, true },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bl_qmp_figures f;
		struct bl_qmp_facts facts;
		char value[256];

		bl_qmp_figures_clear(&f);
		bl_qmp_facts_clear(&facts);
		snprintf(value, sizeof(value), "[{\"name\":\"type\",\"type\":\"string\"},"
		         "{\"name\":\"device[3]\",\"type\":\"child<%s>\"}]", table[i].type);
		read_as(BL_QMP_DEVICES_ANON, value, &f, &facts);
		CU_ASSERT_STRING_EQUAL(facts.device, table[i].balloon ?
		                       "/machine/peripheral-anon/device[3]" : "");
		CU_ASSERT_EQUAL(facts.passthrough, table[i].passthrough);
		CU_ASSERT_EQUAL(facts.encrypted, table[i].encrypted);
		CU_ASSERT_EQUAL(facts.lists, 1);
	}
}

/* A name goes back to QEMU inside a command. */
static void names_are_no_commands(void)
{
	static const char *const names[] = { "a\\\"},{", "a\\n", "a/b", "a b", "\\u0000x\\\"" };
	char longest[200], value[512];
	struct bl_qmp_figures f;
	struct bl_qmp_facts facts;

	bl_qmp_facts_clear(&facts);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(value, sizeof(value),
		         "[{\"name\":\"%s\",\"type\":\"child<virtio-balloon-pci>\"}]", names[i]);
		read_as(BL_QMP_DEVICES, value, &f, &facts);
		CU_ASSERT_PTR_NULL(strpbrk(facts.device, "\"\\\n "));
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	bl_qmp_facts_clear(&facts);
	snprintf(value, sizeof(value), "[{\"name\":\"%s\",\"type\":\"child<virtio-balloon-pci>\"}]",
	         longest);
	read_as(BL_QMP_DEVICES, value, &f, &facts);
	CU_ASSERT_STRING_EQUAL(facts.device, "");
	read_as(BL_QMP_NAME, "{\"name\":\"red\\u001b[31m\"}", &f, &facts);
	CU_ASSERT_STRING_EQUAL(facts.name, "");
	read_as(BL_QMP_NAME, "{\"name\":\"Bücher 2\"}", &f, &facts);
	CU_ASSERT_STRING_EQUAL(facts.name, "Bücher 2");
	read_as(BL_QMP_UUID, "{\"UUID\":\"00000000-0000-0000-0000-000000000000\"}", &f, &facts);
	CU_ASSERT_STRING_EQUAL(facts.uuid, "");
}

static void memory_devices(void)
{
	struct bl_qmp_figures f;
	struct bl_qmp_facts facts;

	bl_qmp_facts_clear(&facts);
	read_as(BL_QMP_DIMMS, "[{\"type\":\"dimm\",\"data\":{\"size\":1048576}},"
	        "{\"type\":\"virtio-mem\",\"data\":{\"size\":4096}},"
	        "{\"type\":\"dimm\",\"data\":{\"size\":-1}},{\"type\":\"dimm\"},7,"
	        "{\"type\":\"dimm\",\"data\":{\"size\":1048576}}]", &f, &facts);
	CU_ASSERT_EQUAL(facts.dimm_bytes, 2 * MIB);
}

static void lines(void)
{
	static const char *const bad[] = { "", "{", "[]", "7", "null", "{}", "{\"id\":1}", "RFB 003.008",
	                                   "{\"return\"}" };
	struct json_tokener *tok = json_tokener_new();
	struct bl_qmp_line line;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(bl_qmp_line_read(tok, bad[i], strlen(bad[i]), &line), -EBADMSG);
	CU_ASSERT_EQUAL(bl_qmp_line_read(tok, "{\"error\":{}}", 12, &line), 0);
	CU_ASSERT_EQUAL(line.kind, BL_QMP_FAILS);
	CU_ASSERT_EQUAL(line.id, BALLOON_UNKNOWN);
	CU_ASSERT_STRING_EQUAL(line.word, "");
	bl_qmp_line_free(&line);
	json_tokener_free(tok);
}

static void processes(void)
{
	static const char text[] = "Name:\tqemu VmRSS: 1 kB\nState:\tT (stopped)\nVmSize:\t  635144 kB\n"
	                           "VmSwap:\t      12 kB\nVmLck:\t       0 kB\nVmPin:\t       8 kB\nVmRSS:\t  207512 kB\n"
	                           "HugetlbPages:\t  99999999999999999999 kB\n";
	struct bl_qmp_memory m;
	uint64_t start;

	CU_ASSERT_EQUAL_FATAL(bl_qmp_memory_parse(text, sizeof(text) - 1, &m), 0);
	CU_ASSERT_TRUE(m.stopped);
	CU_ASSERT_EQUAL(m.virtual_bytes, UINT64_C(635144) * 1024);
	CU_ASSERT_EQUAL(m.resident_bytes, UINT64_C(207512) * 1024);
	CU_ASSERT_EQUAL(m.swapped_bytes, 12288);
	CU_ASSERT_EQUAL(m.locked_bytes, 0);
	CU_ASSERT_EQUAL(m.pinned_bytes, 8192);
	CU_ASSERT_EQUAL(m.huge_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(bl_qmp_memory_parse("State:\tZ (zombie)\n", 18, &m), -ESRCH);
	CU_ASSERT_EQUAL(bl_qmp_memory_parse("", 0, &m), -ESRCH);
	CU_ASSERT_EQUAL(bl_qmp_start_parse("7 (a) b 1 2 3) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "
	                                   "19 20 21 12345 23", &start), 0);
	CU_ASSERT_EQUAL(start, 12345);
	CU_ASSERT_EQUAL(bl_qmp_start_parse("7 (a) S 4", &start), -EBADMSG);
	CU_ASSERT_EQUAL(bl_qmp_start_parse("", &start), -EBADMSG);
}

int main(void)
{
	static const struct test tests[] = {
		{ "addresses", addresses },
		{ "devices", devices },
		{ "names are no commands", names_are_no_commands },
		{ "memory devices", memory_devices },
		{ "lines", lines },
		{ "processes", processes },
		{ NULL, NULL },
	};

	return run_tests("qmp: reading", tests);
}
