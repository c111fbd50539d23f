/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration: what is taken means what it says, and what is refused is
 * refused with a sentence that names the key.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "size.h"
#include "testkit.h"

static int parse(const char *text, struct config *ret, char *error)
{
	error[0] = '\0';
	return config_parse(text, strlen(text), ret, error, CONFIG_ERROR_MAX);
}

/* ---- refused */

static const struct bad {
	const char *text;
	const char *names; /* stands in the sentence */
} bads[] = {
	{ "", "line 1, column 1" },
	{ "[]", "one object" },
	{ "{} {}", "more text" },
	{ "{}x", "more text" },
	{ "{\"uri\":\"sim:\"", "line 1" },
	{ "{\"uri\":\"sim:\",}", "double quotes" },
	{ "{'uri':\"sim:\"}", "double quotes" },
	{ "{/* no */}", "line 1, column 2" },
	{ "{\n\n  \"interval_ms\": NaN}", "line 3, column 18, at interval_ms" },
	{ "{\"interval_ms\": Infinity}", "interval_ms" },
	{ "{\"interval_ms\": 01000}", "interval_ms" },
	{ "{\"interval_ms\": +1000}", "interval_ms" },
	{ "{\"interval_ms\": 1000.}", "interval_ms" },
	{ "{\"memory\":1}", "memory" },
	{ "{\"Uri\":\"sim:\"}", "Uri" },
	{ "{\"interval_ms\":1000,\"interval_ms\":2000}", "interval_ms: this key stands here twice" },
	{ "{\"interval_ms\":1000,\"interval_\\u006ds\":2000}", "twice" },
	{ "{\"guests\":{\"web\":{\"shares\":1,\"shares\":2}}}", "guests.web.shares" },
	{ "{\"guests\":{\"web\":{},\"web\":{}}}", "guests.web" },
	{ "{\"guests\":{\"w\xc3\xa9\":{},\"w\\u00e9\":{}}}", "twice" },
	{ "{\"guests\":{\"\\ud83d\\ude00\":{},\"\xf0\x9f\x98\x80\":{}}}", "twice" },
	{ "{\"guests\":{\"web\":{\"share\":1}}}", "guests.web.share" },
	{ "{\"guests\":{\"web\":1}}", "guests.web" },
	{ "{\"guests\":[]}", "guests" },
	{ "{\"guests\":null}", "guests" },
	{ "{\"guests\":{\"\":{}}}", "guests" },
	{ "{\"guests\":{\"a\\u001bb\":{}}}", "control character" },
	{ "{\"guests\":{\"a\\u0000b\":{}}}", "guests" },
	{ "{\"guests\":{\"a\\ud800b\":{}}}", "guests" },
	{ "{\"guests\":{\"a\xff\":{}}}", "guests" },
	{ "{\"guests\":{\"a\xc0\x80\":{}}}", "guests" },
	{ "{\"guests\":{\"web\":{\"limit\":\"64MiB\",\"reservation\":\"96MiB\"}}}", "guests.web.limit" },
	{ "{\"defaults\":{\"reservation\":\"96MiB\"},\"guests\":{\"web\":{\"limit\":\"64MiB\"}}}",
	  "guests.web.limit" },
	{ "{\"defaults\":{\"limit\":\"64MiB\",\"reservation\":\"96MiB\"}}", "defaults.limit" },
	{ "{\"defaults\":{\"shares\":-1}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":67108864}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":\"7\"}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":1.5}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":1e3}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":true}}", "defaults.shares" },
	{ "{\"defaults\":{\"shares\":99999999999999999999999}}", "beyond 64 bits" },
	{ "{\"defaults\":{\"shares\":9223372036854775808}}", "beyond 64 bits" },
	{ "{\"budget\":\"480MB\"}", "MiB" },
	{ "{\"budget\":\"480M\"}", "MiB" },
	{ "{\"budget\":\"2GB\"}", "GiB" },
	{ "{\"budget\":\"1.5GiB\"}", "budget" },
	{ "{\"budget\":\"MiB\"}", "budget" },
	{ "{\"budget\":\"480\"}", "budget" },
	{ "{\"budget\":\"-480MiB\"}", "budget" },
	{ "{\"budget\":480}", "\"480MiB\"" },
	{ "{\"budget\":0}", "budget" },
	{ "{\"budget\":-1}", "budget" },
	{ "{\"budget\":4503599627370497}", "budget" },
	{ "{\"budget\":\"4097TiB\"}", "budget" },
	{ "{\"budget\":\"18446744073709551617MiB\"}", "budget" },
	{ "{\"reserve\":null}", "reserve" },
	{ "{\"interval_ms\":99}", "interval_ms" },
	{ "{\"interval_ms\":600001}", "interval_ms" },
	{ "{\"profile\":\"fast\"}", "profile" },
	{ "{\"profile\":1}", "profile" },
	{ "{\"tuning\":{\"tax\":1}}", "tuning.tax" },
	{ "{\"tuning\":{\"tax_pct\":100}}", "tuning.tax_pct" },
	{ "{\"tuning\":{\"tax_pct\":-0.01}}", "tuning.tax_pct" },
	{ "{\"tuning\":{\"tax_pct\":75.123}}", "tuning.tax_pct" },
	{ "{\"tuning\":{\"tax_pct\":\"75\"}}", "tuning.tax_pct" },
	{ "{\"tuning\":{\"tax_pct\":1e999}}", "tuning.tax_pct" },
	{ "{\"tuning\":{\"boot_ms\":86400001}}", "tuning.boot_ms" },
	{ "{\"tuning\":[]}", "tuning" },
	{ "{\"tuning\":{\"hold_max_pct\":100.01}}", "tuning.hold_max_pct" },
	{ "{\"tuning\":{\"hold_max_pct\":\"10\"}}", "tuning.hold_max_pct" },
	{ "{\"tuning\":{\"progressive_tax\":1}}", "tuning.progressive_tax: should be true or false" },
	{ "{\"tuning\":{\"progressive_tax\":\"true\"}}", "tuning.progressive_tax" },
	{ "{\"tuning\":{\"progressive_tax\":null}}", "tuning.progressive_tax" },
	{ "{\"pools\":[]}", "pools: should be an object" },
	{ "{\"pools\":{\"a\":1}}", "pools.a: should be an object" },
	{ "{\"pools\":{\"\":{}}}", "pool without a name" },
	{ "{\"pools\":{\"a\\u0007\":{}}}", "pool's name has a control character" },
	{ "{\"pools\":{\"a\":{},\"a\":{}}}", "pools.a: this key stands here twice" },
	{ "{\"pools\":{\"a\":{\"shares\":1,\"shares\":1}}}", "pools.a.shares: this key stands" },
	{ "{\"pools\":{\"a\":{\"share\":1}}}", "pools.a.share: there is no such key here" },
	{ "{\"pools\":{\"a\":{\"shares\":-1}}}", "pools.a.shares" },
	{ "{\"pools\":{\"a\":{\"pool\":\"b\"},\"b\":{}}}", "pools.a.pool" },
	{ "{\"pools\":{\"a\":{\"limit\":\"1GB\"}}}", "pools.a.limit" },
	{ "{\"pools\":{\"a\":{\"limit\":\"64MiB\",\"reservation\":\"96MiB\"}}}", "pools.a.limit: 64 MiB" },
	{ "{\"pools\":{\"a\":{\"expandable\":1}}}", "pools.a.expandable" },
	{ "{\"pools\":{\"a\":{\"parent\":7}}}", "pools.a.parent: should be a string" },
	{ "{\"pools\":{\"a\":{\"parent\":null}}}", "pools.a.parent" },
	{ "{\"pools\":{\"a\":{\"parent\":\"b\"}}}", "pools.a.parent: there is no pool \"b\"" },
	{ "{\"pools\":{\"a\":{\"parent\":\"a\"}}}", "pools.a.parent: \"a\" is in a circle" },
	{ "{\"pools\":{\"top\":{},\"tail\":{\"parent\":\"x\"},\"x\":{\"parent\":\"y\"},"
	  "\"y\":{\"parent\":\"x\"}}}", "is in a circle" },
	{ "{\"guests\":{\"web\":{\"pool\":\"a\"}}}", "guests.web.pool: there is no pool \"a\"" },
	{ "{\"guests\":{\"web\":{\"pool\":[\"a\"]}},\"pools\":{\"a\":{}}}", "guests.web.pool" },
	{ "{\"defaults\":{\"pool\":\"A\"},\"pools\":{\"a\":{}}}", "defaults.pool: there is no pool \"A\"" },
	{ "{\"defaults\":{\"tax_pct\":100}}", "defaults.tax_pct" },
	{ "{\"guests\":{\"web\":{\"tax_pct\":75.123}}}", "guests.web.tax_pct" },
	{ "{\"guests\":{\"web\":{\"tax_pct\":true}}}", "guests.web.tax_pct" },
	{ "{\"socket\":\"balloond.sock\"}", "socket" },
	{ "{\"socket\":\"\"}", "socket" },
	{ "{\"socket\":\"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "socket" },
	{ "{\"uri\":\"system\"}", "uri" },
	{ "{\"uri\":7}", "uri" },
	{ "{\"on_stop\":\"leave\"}", "on_stop" },
	{ "{\"only\":[\"web*\"]}", "only" },
	{ "{\"uri\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}", "too deep" },
};

static void bad_ones_are_named(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct config c = { .budget_bytes = 1 };
		char error[CONFIG_ERROR_MAX];

		CU_ASSERT_EQUAL(parse(bads[i].text, &c, error), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, bads[i].names));
		if (!strstr(error, bads[i].names))
			printf("\n%s\n  should name '%s', says: %s\n", bads[i].text, bads[i].names, error);
		CU_ASSERT_EQUAL(c.budget_bytes, 1); /* outputs are left alone */
	}
}

/* A text cut anywhere is no other text. */
static void cut_ones_are_refused(void)
{
	const char *text = "{\"uri\":\"sim:\",\"budget\":\"480MiB\",\"tuning\":{\"tax_pct\":7.25},"
	                   "\"guests\":{\"w\\u00e9\":{\"shares\":12}}}";
	char error[CONFIG_ERROR_MAX], part[256];
	struct config c;

	for (size_t n = 0; n < strlen(text); n++) {
		snprintf(part, sizeof(part), "%.*s", (int)n, text);
		CU_ASSERT_EQUAL(parse(part, &c, error), -EINVAL);
	}
	CU_ASSERT_EQUAL_FATAL(parse(text, &c, error), 0);
	config_free(&c);
}

/* ---- taken */

static void defaults_hold(void)
{
	char error[CONFIG_ERROR_MAX];
	struct config c;

	CU_ASSERT_EQUAL_FATAL(parse(" {}\n", &c, error), 0);
	CU_ASSERT_STRING_EQUAL(c.uri, "qemu:///system");
	CU_ASSERT_STRING_EQUAL(c.socket, "/run/balloond/balloond.sock");
	CU_ASSERT_STRING_EQUAL(c.profile_name, "balanced");
	CU_ASSERT_EQUAL(c.budget_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(c.reserve_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(c.fallback.shares, BALLOON_UNKNOWN);
	CU_ASSERT_FALSE(c.keep_on_stop);
	CU_ASSERT_EQUAL(c.guests_n, 0);
	CU_ASSERT_EQUAL(c.pools_n, 0);
	CU_ASSERT_EQUAL(config_check(&c, error, sizeof(error)), 0);
	config_free(&c);
}

static const char whole[] =
	"{\"guests\":{\"web\":{\"shares\":2000,\"reservation\":\"128MiB\",\"limit\":\"2GiB\"},"
	"\"d\xc3\xa9pot\":{},\"db\":{\"pool\":\"leaf\",\"tax_pct\":0},\"own\":{\"pool\":\"\"}},\n"
	"\"pools\":{\"leaf\":{\"parent\":\"twig\",\"limit\":\"3GiB\"},\"twig\":{\"parent\":\"stem\","
	"\"expandable\":true,\"shares\":7},\"\xc3\xa9t\":{\"expandable\":false,\"parent\":\"\"},"
	"\"stem\":{\"reservation\":\"1GiB\"}},\n"
	"\"tuning\":{\"tax_pct\":12.34,\"boot_ms\":0,\"deadband_pct\":3,\"hold_max_pct\":33.3,"
	"\"progressive_tax\":true},\"profile\":\"aggressive\","
	"\"interval_ms\":2500,\"budget\":\"480 MiB\",\"reserve\":1073741824,"
	"\"uri\":\"sim:guests=1\",\"socket\":\"/tmp/x\",\"on_stop\":\"keep\","
	"\"defaults\":{\"shares\":500,\"reservation\":\"65536KiB\",\"pool\":\"stem\",\"tax_pct\":50.5}}";

static void check_pools(const struct config *c)
{
	static const struct { const char *name, *parent; } expected[] = {
		{ "\xc3\xa9t", NULL }, { "stem", NULL }, { "twig", "stem" }, { "leaf", "twig" },
	};

	CU_ASSERT_EQUAL_FATAL(c->pools_n, 4);
	for (size_t k = 0; k < 4; k++) {
		CU_ASSERT_STRING_EQUAL(c->pools[k].name, expected[k].name);
		if (expected[k].parent && c->pools[k].parent) {
			CU_ASSERT_STRING_EQUAL(c->pools[k].parent, expected[k].parent);
		} else {
			CU_ASSERT_PTR_EQUAL(c->pools[k].parent, expected[k].parent);
		}
		CU_ASSERT_EQUAL(c->pools[k].flags, k == 2 ? BALLOON_POOL_EXPANDABLE : 0);
	}
	CU_ASSERT_EQUAL(c->pools[1].reservation_bytes, GIB);
	CU_ASSERT_EQUAL(c->pools[2].shares, 7);
	CU_ASSERT_EQUAL(c->pools[3].limit_bytes, 3 * GIB);
	CU_ASSERT_EQUAL(c->pools[3].reservation_bytes, BALLOON_UNKNOWN);
}

static void check_membership(const struct config *c)
{
	CU_ASSERT_STRING_EQUAL(c->fallback.pool, "stem");
	CU_ASSERT_EQUAL(c->fallback.tax_bp, 5050);
	CU_ASSERT_EQUAL(c->fallback.flags, BALLOON_ALLOCATION_TAX);
	CU_ASSERT_PTR_NULL(c->guests[0].allocation.pool); /* the default's */
	CU_ASSERT_EQUAL(c->guests[0].allocation.flags, 0);
	CU_ASSERT_STRING_EQUAL(c->guests[2].allocation.pool, "leaf");
	CU_ASSERT_EQUAL(c->guests[2].allocation.tax_bp, 0);
	CU_ASSERT_EQUAL(c->guests[2].allocation.flags, BALLOON_ALLOCATION_TAX); /* 0 is said */
	CU_ASSERT_STRING_EQUAL(c->guests[3].allocation.pool, ""); /* the root, not the default's */
}

static void check_whole(const struct config *c)
{
	CU_ASSERT_STRING_EQUAL(c->uri, "sim:guests=1");
	CU_ASSERT_STRING_EQUAL(c->socket, "/tmp/x");
	CU_ASSERT_STRING_EQUAL(c->profile_name, "aggressive");
	CU_ASSERT_EQUAL(c->profile.tax_bp, 1234);
	CU_ASSERT_EQUAL(c->profile.deadband_bp, 300);
	CU_ASSERT_EQUAL(c->profile.boot_ns, 0);
	CU_ASSERT_EQUAL(c->profile.beat_ns, 2500000000u);
	CU_ASSERT_EQUAL(c->budget_bytes, 480 * MIB);
	CU_ASSERT_EQUAL(c->reserve_bytes, GIB);
	CU_ASSERT_TRUE(c->keep_on_stop);
	CU_ASSERT_EQUAL(c->fallback.shares, 500);
	CU_ASSERT_EQUAL(c->fallback.reservation_bytes, 64 * MIB);
	CU_ASSERT_EQUAL(c->fallback.limit_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(c->profile.hold_max_bp, 3330);
	CU_ASSERT_EQUAL(c->profile.flags, BALLOON_PROFILE_PROGRESSIVE_TAX);
	CU_ASSERT_EQUAL_FATAL(c->guests_n, 4);
	CU_ASSERT_STRING_EQUAL(c->guests[0].guest, "web");
	CU_ASSERT_EQUAL(c->guests[0].allocation.shares, 2000);
	CU_ASSERT_EQUAL(c->guests[0].allocation.reservation_bytes, 128 * MIB);
	CU_ASSERT_EQUAL(c->guests[0].allocation.limit_bytes, 2 * GIB);
	CU_ASSERT_STRING_EQUAL(c->guests[1].guest, "d\xc3\xa9pot");
	CU_ASSERT_EQUAL(c->guests[1].allocation.shares, BALLOON_UNKNOWN);
}

static void every_key_counts(void)
{
	char error[CONFIG_ERROR_MAX];
	struct config c;

	CU_ASSERT_EQUAL_FATAL(parse(whole, &c, error), 0);
	check_whole(&c);
	check_pools(&c);
	check_membership(&c);
	CU_ASSERT_EQUAL(config_check(&c, error, sizeof(error)), 0);
	config_free(&c);
}

/* "declinate" and "macallums" have one FNV-1a hash: still two guests. */
static void alike_by_hash_only(void)
{
	char error[CONFIG_ERROR_MAX];
	struct config c;

	CU_ASSERT_EQUAL_FATAL(parse("{\"guests\":{\"declinate\":{},\"macallums\":{}}}", &c, error), 0);
	CU_ASSERT_EQUAL(c.guests_n, 2);
	config_free(&c);
}

/* What "policy" prints is a configuration, and the same one. */
static void printed_and_parsed_again(void)
{
	char error[CONFIG_ERROR_MAX];
	struct text out = { 0 }, again = { 0 };
	struct config c, d;

	CU_ASSERT_EQUAL_FATAL(parse(whole, &c, error), 0);
	config_write(&c, &out);
	CU_ASSERT_FALSE_FATAL(out.broken);
	CU_ASSERT_EQUAL_FATAL(parse(out.data, &d, error), 0);
	check_whole(&d);
	check_pools(&d);
	check_membership(&d);
	config_write(&d, &again);
	CU_ASSERT_STRING_EQUAL(out.data, again.data);
	config_free(&c);
	config_free(&d);
	text_free(&out);
	text_free(&again);
}

/* "false" takes a profile's flag away and leaves its others alone. */
static void flags_one_by_one(void)
{
	static const struct { const char *text; uint32_t flags; } rows[] = {
		{ "{\"profile\":\"lending\"}", BALLOON_PROFILE_LEND },
		{ "{\"profile\":\"lending\",\"tuning\":{\"progressive_tax\":true}}",
		  BALLOON_PROFILE_LEND | BALLOON_PROFILE_PROGRESSIVE_TAX },
		{ "{\"profile\":\"lending\",\"tuning\":{\"progressive_tax\":false}}", BALLOON_PROFILE_LEND },
		{ "{\"tuning\":{\"progressive_tax\":false}}", 0 },
	};
	char error[CONFIG_ERROR_MAX];
	struct config c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(parse(rows[i].text, &c, error), 0);
		CU_ASSERT_EQUAL(c.profile.flags, rows[i].flags);
		config_free(&c);
	}
}

static char *chain(size_t n, struct text *t)
{
	text_add(t, "{\"pools\":{");
	for (size_t k = 0; k < n; k++)
		text_printf(t, "%s\"p%zu\":{\"parent\":\"p%zu\"}", k ? "," : "", k, k + 1);
	text_printf(t, ",\"p%zu\":{}}}", n);
	CU_ASSERT_FALSE_FATAL(t->broken);
	return t->data;
}

/* The worst order there is: each before its parent. The library takes it then. */
static void a_long_chain(void)
{
	char error[CONFIG_ERROR_MAX];
	struct text good = { 0 }, much = { 0 };
	struct config c;

	CU_ASSERT_EQUAL_FATAL(parse(chain(1023, &good), &c, error), 0);
	CU_ASSERT_STRING_EQUAL(c.pools[0].name, "p1023");
	CU_ASSERT_STRING_EQUAL(c.pools[1023].name, "p0");
	CU_ASSERT_EQUAL(config_check(&c, error, sizeof(error)), 0);
	config_free(&c);
	CU_ASSERT_EQUAL(parse(chain(1024, &much), &c, error), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "pools: has more than 1024"));
	text_free(&good);
	text_free(&much);
}

/* Every two-decimal percentage is itself, not its neighbour in binary. */
static void percent_is_exact(void)
{
	char error[CONFIG_ERROR_MAX], text[64];
	struct config c;

	for (unsigned bp = 0; bp < 10000; bp++) {
		snprintf(text, sizeof(text), "{\"tuning\":{\"tax_pct\":%u.%02u}}", bp / 100, bp % 100);
		CU_ASSERT_EQUAL_FATAL(parse(text, &c, error), 0);
		CU_ASSERT_EQUAL(c.profile.tax_bp, bp);
		config_free(&c);
	}
}

static void sizes(void)
{
	static const struct { const char *text; uint64_t bytes; } good[] = {
		{ "0B", 0 }, { "1048576B", MIB }, { "64KiB", 65536 }, { "512MiB", 512 * MIB },
		{ "2GiB", 2 * GIB }, { "2 GiB", 2 * GIB }, { "4096TiB", BALLOON_BYTES_MAX },
	};
	static const char *const bad[] = { "", " ", "MiB", "1", "1MB", "1mib", "1 MiB ", "1  MiB",
	                                   "1MiBs", "0x1MiB", "1e3MiB", "4097TiB", "1.0GiB" };
	char error[128];
	uint64_t n = 7;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(size_parse(good[i].text, &n, error, sizeof(error)), 0);
		CU_ASSERT_EQUAL(n, good[i].bytes);
	}
	n = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(size_parse(bad[i], &n, error, sizeof(error)), -EINVAL);
		CU_ASSERT_EQUAL(n, 7);
	}
}

/* ---- files */

static void put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	close(fd);
}

static void refused_file(const char *path, const char *names)
{
	char error[CONFIG_ERROR_MAX] = "";
	struct config c;

	CU_ASSERT_TRUE(config_load(path, &c, error, sizeof(error)) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, names));
}

static void only_trusted_files(void)
{
	char dir[] = "/tmp/balloond-config-XXXXXX", file[64], other[64];
	char error[CONFIG_ERROR_MAX];
	struct config c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/a.json", dir);
	snprintf(other, sizeof(other), "%s/b.json", dir);
	refused_file(file, "cannot be opened");
	refused_file(dir, "not a regular file");
	put_file(file, "{}", 0640);
	CU_ASSERT_EQUAL(config_load(file, &c, error, sizeof(error)), 0);
	config_free(&c);
	put_file(file, "{}", 0646);
	refused_file(file, "everybody");
	put_file(file, "{\"budget\":\"1MB\"}", 0600);
	refused_file(file, "budget");
	CU_ASSERT_EQUAL(symlink(file, other), 0);
	refused_file(other, "symbolic link");
	unlink(other);
	CU_ASSERT_EQUAL(mkfifo(other, 0600), 0);
	refused_file(other, "not a regular file");
	unlink(other);
	if (geteuid() == 0) {
		put_file(file, "{}", 0600);
		CU_ASSERT_EQUAL(chown(file, 65534, 65534), 0);
		refused_file(file, "another user");
	}
	unlink(file);
	rmdir(dir);
}

static void shipped_one_is_good(void)
{
	char text[4096], error[CONFIG_ERROR_MAX];
	FILE *f = fopen(SHIPPED_CONFIG, "r");
	struct config c;
	size_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	CU_ASSERT_EQUAL_FATAL(parse(text, &c, error), 0);
	CU_ASSERT_EQUAL(config_check(&c, error, sizeof(error)), 0);
	CU_ASSERT_TRUE(c.guests_n > 0);
	config_free(&c);
}

int main(void)
{
	static const struct test tests[] = {
		{ "bad ones are refused by name", bad_ones_are_named },
		{ "cut ones are refused", cut_ones_are_refused },
		{ "defaults hold", defaults_hold },
		{ "every key counts", every_key_counts },
		{ "alike by hash only", alike_by_hash_only },
		{ "printed and parsed again", printed_and_parsed_again },
		{ "flags one by one", flags_one_by_one },
		{ "a long chain", a_long_chain },
		{ "percent is exact", percent_is_exact },
		{ "sizes", sizes },
		{ "only trusted files", only_trusted_files },
		{ "the shipped one is good", shipped_one_is_good },
		{ NULL, NULL },
	};

	return run_tests("balloond's configuration", tests);
}
