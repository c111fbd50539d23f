/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Xen backend's pure readers, given what no honest guest would write. */
#include "testkit.h"

#include "backends/xen/figures.h"
#include "backends/xen/rival.h"

#include <balloon/balloon.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN BALLOON_UNKNOWN

static void digits_are_a_number(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} table[] = {
		{ "0", 0 }, { "1", 1024 }, { "98304", UINT64_C(98304) * 1024 },
		{ "00012", 12 * 1024 },
		{ "12\n", 12 * 1024 }, { "12 ", 12 * 1024 }, { "12\r\n", 12 * 1024 },
		{ "4398046511104", BALLOON_BYTES_MAX }, { "4398046511105", UNKNOWN },
		{ "18446744073709551615", UNKNOWN }, { "18446744073709551617", UNKNOWN },
		{ "340282366920938463463374607431768211456", UNKNOWN },
		{ "", UNKNOWN }, { " ", UNKNOWN }, { "\n", UNKNOWN }, { "-1", UNKNOWN },
		{ "-0", UNKNOWN }, { "+1", UNKNOWN }, { " 1", UNKNOWN }, { "1 2", UNKNOWN },
		{ "1.5", UNKNOWN }, { "1e3", UNKNOWN }, { "0x10", UNKNOWN }, { "NaN", UNKNOWN },
		{ "inf", UNKNOWN }, { "12k", UNKNOWN }, { "k12", UNKNOWN }, { "\xff\xfe", UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CU_ASSERT_EQUAL(bl_xen_kib(table[i].text, strlen(table[i].text)), table[i].bytes);
	CU_ASSERT_EQUAL(bl_xen_kib(NULL, 0), UNKNOWN);
	CU_ASSERT_EQUAL(bl_xen_kib("1\0" "2", 3), UNKNOWN);
	CU_ASSERT_EQUAL(bl_xen_kib("12\0\0", 4), 12 * 1024);
}

/* In memory of exactly its size: a sanitizer sees one byte more. */
static void two_mebibytes_of_digits(void)
{
	size_t n = 2 * MIB;
	char *text = malloc(n);
	struct bl_xen_told told;

	CU_ASSERT_FATAL(text != NULL);
	memset(text, '7', n);
	CU_ASSERT_EQUAL(bl_xen_kib(text, n), UNKNOWN);
	bl_xen_told_clear(&told);
	bl_xen_meminfo(text, n, &told);
	CU_ASSERT_EQUAL(told.used_bytes, UNKNOWN);
	memset(text, '0', n);
	CU_ASSERT_EQUAL(bl_xen_kib(text, n), 0);
	memset(text, ' ', n);
	CU_ASSERT_EQUAL(bl_xen_kib(text, n), UNKNOWN);
	CU_ASSERT_FALSE(bl_xen_yes(text, n));
	free(text);
}

static struct bl_xen_told meminfo(const char *text)
{
	struct bl_xen_told told;

	bl_xen_told_clear(&told);
	bl_xen_meminfo(text, text ? strlen(text) : 0, &told);
	return told;
}

static void meminfo_in_both_dialects(void)
{
	struct bl_xen_told told = meminfo("123456");

	CU_ASSERT_EQUAL(told.used_bytes, UINT64_C(123456) * 1024);
	CU_ASSERT_EQUAL(told.total_bytes, UNKNOWN);
	told = meminfo("MemTotal: 2048 kB\nMemFree: 3 kB\nMemAvailable: 1024 kB\n");
	CU_ASSERT_EQUAL(told.total_bytes, 2 * MIB);
	CU_ASSERT_EQUAL(told.available_bytes, MIB);
	CU_ASSERT_EQUAL(told.used_bytes, UNKNOWN);
	told = meminfo("MemTotal: -2048 kB\nMemAvailable: NaN kB\n");
	CU_ASSERT_EQUAL(told.total_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(told.available_bytes, UNKNOWN);
	told = meminfo(NULL);
	CU_ASSERT_EQUAL(told.used_bytes, UNKNOWN);
}

static void yes_is_one(void)
{
	CU_ASSERT_TRUE(bl_xen_yes("1", 1));
	CU_ASSERT_TRUE(bl_xen_yes("1\n", 2));
	CU_ASSERT_FALSE(bl_xen_yes("0", 1));
	CU_ASSERT_FALSE(bl_xen_yes("11", 2));
	CU_ASSERT_FALSE(bl_xen_yes("", 0));
	CU_ASSERT_FALSE(bl_xen_yes(NULL, 0));
}

static void events_by_their_path(void)
{
	static const struct {
		const char *path;
		enum bl_xen_news news;
		uint32_t domid;
	} table[] = {
		{ "/local/domain/7/data/meminfo_free", BL_XEN_NEWS_FIGURES, 7 },
		{ "/local/domain/7/memory/meminfo", BL_XEN_NEWS_FIGURES, 7 },
		{ "/local/domain/12/memory/target", BL_XEN_NEWS_KEYS, 12 },
		{ "/local/domain/32751/memory", BL_XEN_NEWS_KEYS, 32751 },
		{ "/local/domain/0/name", BL_XEN_NEWS_KEYS, 0 },
		{ "/local/domain/7", BL_XEN_NEWS_NONE, 0 },
		{ "/local/domain//name", BL_XEN_NEWS_NONE, 0 },
		{ "/local/domain/-7/name", BL_XEN_NEWS_NONE, 0 },
		{ "/local/domain/7x/name", BL_XEN_NEWS_NONE, 0 },
		{ "/local/domain/99999999999999999999/name", BL_XEN_NEWS_NONE, 0 },
		{ "/local/domains/7/name", BL_XEN_NEWS_NONE, 0 },
		{ "@releaseDomain", BL_XEN_NEWS_NONE, 0 },
		{ "", BL_XEN_NEWS_NONE, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t domid = 0;

		CU_ASSERT_EQUAL(bl_xen_event(table[i].path, &domid), table[i].news);
		if (table[i].news != BL_XEN_NEWS_NONE)
			CU_ASSERT_EQUAL(domid, table[i].domid);
	}
}

static void autoballoon_in_both_files(void)
{
	static const struct {
		const char *text;
		enum bl_xen_auto mode;
	} table[] = {
		{ "", BL_XEN_AUTO }, { "#autoballoon=\"off\"\n", BL_XEN_AUTO },
		{ "autoballoon=\"off\"\n", BL_XEN_AUTO_OFF }, { "autoballoon=0", BL_XEN_AUTO_OFF },
		{ "autoballoon = \"on\"", BL_XEN_AUTO_ON },
		{ "\tautoballoon = 1\n", BL_XEN_AUTO_ON },
		{ "autoballoon='auto'\n", BL_XEN_AUTO }, { "autoballoon\n", BL_XEN_AUTO },
		{ "autoballoon=\n", BL_XEN_AUTO }, { "xautoballoon=1\n", BL_XEN_AUTO },
		{ "autoballoon=1\nautoballoon=0\n", BL_XEN_AUTO_OFF },
		{ "lockfile=\"/x\"\nautoballoon=0 # no\nvif=1", BL_XEN_AUTO_OFF },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CU_ASSERT_EQUAL(bl_xen_autoballoon(table[i].text, strlen(table[i].text)),
		                table[i].mode);
	CU_ASSERT_EQUAL(bl_xen_autoballoon(NULL, 0), BL_XEN_AUTO);
}

static void dom0_with_a_size(void)
{
	CU_ASSERT_TRUE(bl_xen_dom0_sized("dom0_mem=1G"));
	CU_ASSERT_TRUE(bl_xen_dom0_sized("console=vga dom0_mem=640M,max:640M com1=1"));
	CU_ASSERT_FALSE(bl_xen_dom0_sized(""));
	CU_ASSERT_FALSE(bl_xen_dom0_sized("nodom0_mem=1G dom0_max_vcpus=1"));
}

static const char *judged(struct bl_xen_signs signs)
{
	static char text[512];

	bl_xen_rival_judge(&signs, text, sizeof(text));
	return text;
}

static void rivals_are_named(void)
{
	static const char on[] = "autoballoon=1", off[] = "autoballoon=0";
	struct bl_xen_signs s = { .command_line = "dom0_mem=1G", .xl = true, .virt = true };

	CU_ASSERT_STRING_EQUAL(judged(s), "");
	s.xl_conf = on;
	s.xl_conf_n = strlen(on);
	CU_ASSERT_PTR_NOT_NULL(strstr(judged(s), "xl's autoballoon"));
	s.xl = false;
	CU_ASSERT_STRING_EQUAL(judged(s), "");
	s.command_line = "";
	CU_ASSERT_PTR_NOT_NULL(strstr(judged(s), "libvirt's autoballoon"));
	s.libxl_conf = off;
	s.libxl_conf_n = strlen(off);
	CU_ASSERT_STRING_EQUAL(judged(s), "");
	s.squeezed = true;
	CU_ASSERT_PTR_NOT_NULL(strstr(judged(s), "squeezed"));
}

int main(void)
{
	static const struct test tests[] = {
		{ "digits are a number", digits_are_a_number },
		{ "two mebibytes of digits", two_mebibytes_of_digits },
		{ "meminfo in both dialects", meminfo_in_both_dialects },
		{ "yes is one", yes_is_one },
		{ "events by their path", events_by_their_path },
		{ "autoballoon in both files", autoballoon_in_both_files },
		{ "dom0 with a size", dom0_with_a_size },
		{ "rivals are named", rivals_are_named },
		{ NULL, NULL },
	};

	return run_tests("xen_reader", tests);
}
