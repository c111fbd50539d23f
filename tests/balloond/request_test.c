/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests: what a client may ask, and everything else. And the text that
 * goes back, whatever a guest is called.
 */
#include "request.h"

#include <errno.h>
#include <balloon/balloon.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "field.h"
#include "testkit.h"
#include "text.h"

static int parse(const char *line, struct request *r)
{
	char error[512];

	return request_parse(line, strlen(line), r, error, sizeof(error));
}

static void good_ones(void)
{
	struct request r;

	CU_ASSERT_EQUAL(parse("{\"cmd\":\"status\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_STATUS);
	CU_ASSERT_STRING_EQUAL(r.guest, "");
	CU_ASSERT_EQUAL(parse(" { \"cmd\" : \"policy\" } \r", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_POLICY);
	CU_ASSERT_EQUAL(parse("{\"guest\":\"w\\u00e9\\\"b\",\"cmd\":\"explain\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_EXPLAIN);
	CU_ASSERT_STRING_EQUAL(r.guest, "w\xc3\xa9\"b");
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"explain\",\"guest\":\"\\ud83d\\ude00\"}", &r), 0);
	CU_ASSERT_STRING_EQUAL(r.guest, "\xf0\x9f\x98\x80");
}

static void holds(void)
{
	struct request r;

	CU_ASSERT_EQUAL(parse("{\"cmd\":\"hold\",\"guest\":\"web\",\"owner\":\"backup\",\"for\":\"2h\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_HOLD);
	CU_ASSERT_EQUAL(r.mode, BALLOON_HOLD_FREEZE);
	CU_ASSERT_EQUAL(r.for_ns, UINT64_C(7200000000000));
	CU_ASSERT_STRING_EQUAL(r.owner, "backup");
	CU_ASSERT_STRING_EQUAL(r.reason, "");
	CU_ASSERT_EQUAL(parse("{\"reason\":\"nightly\",\"mode\":\"full\",\"cmd\":\"hold\","
	                      "\"guest\":\"web\",\"owner\":\"b\",\"for\":\"90s\"}", &r), 0);
	CU_ASSERT_EQUAL(r.mode, BALLOON_HOLD_FULL);
	CU_ASSERT_STRING_EQUAL(r.reason, "nightly");
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"unhold\",\"guest\":\"web\",\"owner\":\"backup\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_UNHOLD);
	CU_ASSERT_EQUAL(r.for_ns, 0);
}

static void admissions_and_plans(void)
{
	static const char plan[] = "{\"cmd\":\"plan\",\"guests\":{\"web\":{\"shares\":1}}}";
	struct request r;

	CU_ASSERT_EQUAL(parse("{\"cmd\":\"admit\",\"size\":\"4GiB\",\"reservation\":\"2GiB\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_ADMIT);
	CU_ASSERT_EQUAL(r.size_bytes, 4 * GIB);
	CU_ASSERT_EQUAL(r.reservation_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(r.overhead_bytes, 0);
	CU_ASSERT_STRING_EQUAL(r.pool, "");
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"admit\",\"size\":\"4GiB\",\"reservation\":\"2GiB\","
	                      "\"overhead\":\"64MiB\",\"pool\":\"lab\"}", &r), 0);
	CU_ASSERT_EQUAL(r.overhead_bytes, 64 * MIB);
	CU_ASSERT_STRING_EQUAL(r.pool, "lab");
	CU_ASSERT_EQUAL(parse(plan, &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_PLAN);
	CU_ASSERT_PTR_EQUAL(r.line, plan);
	CU_ASSERT_EQUAL(r.line_len, strlen(plan));
}

static void claims(void)
{
	struct request r;

	CU_ASSERT_EQUAL(parse("{\"cmd\":\"claim\",\"guest\":\"new\",\"size\":\"4GiB\","
	                      "\"reservation\":\"2GiB\",\"for\":\"60s\",\"pool\":\"lab\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_CLAIM);
	CU_ASSERT_STRING_EQUAL(r.guest, "new");
	CU_ASSERT_EQUAL(r.size_bytes, 4 * GIB);
	CU_ASSERT_EQUAL(r.for_ns, UINT64_C(60000000000));
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"ready\",\"claim\":\"17\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_READY);
	CU_ASSERT_EQUAL(r.claim, 17);
	CU_ASSERT_EQUAL(r.for_ns, 0);
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"ready\",\"claim\":\"1\",\"for\":\"1m\"}", &r), 0);
	CU_ASSERT_EQUAL(r.for_ns, UINT64_C(60000000000));
	CU_ASSERT_EQUAL(parse("{\"cmd\":\"unclaim\",\"claim\":\"18446744073709551599\"}", &r), 0);
	CU_ASSERT_EQUAL(r.command, REQUEST_UNCLAIM);
	CU_ASSERT_EQUAL(r.claim, UINT64_C(18446744073709551599));
}

/* Each sentence names what is wrong with it. */
static void bad_orders_are_named(void)
{
	static const struct { const char *line, *names; } rows[] = {
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\"}", "\"hold\" needs \"for\"" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"for\":\"1h\"}", "needs \"owner\"" },
		{ "{\"cmd\":\"hold\",\"owner\":\"b\",\"for\":\"1h\"}", "needs \"guest\"" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"\",\"for\":\"1h\"}", "\"owner\" is empty" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":\"1w\"}", "for: \"1w\" is no time" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":7200}", "strings" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":\"1h\",\"mode\":\"soft\"}", "\"mode\" should be" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":\"1h\",\"size\":\"1MiB\"}", "takes no \"size\"" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":\"1h\",\"why\":\"x\"}", "no such key" },
		{ "{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"b\",\"owner\":\"c\",\"for\":\"1h\"}", "twice" },
		{ "{\"cmd\":\"unhold\",\"guest\":\"w\",\"owner\":\"b\",\"for\":\"1h\"}", "takes no \"for\"" },
		{ "{\"cmd\":\"admit\",\"size\":\"4GiB\"}", "needs \"reservation\"" },
		{ "{\"cmd\":\"admit\",\"size\":\"4GB\",\"reservation\":\"1GiB\"}", "size: \"4GB\"" },
		{ "{\"cmd\":\"admit\",\"size\":\"4GiB\",\"reservation\":\"-1GiB\"}", "reservation: " },
		{ "{\"cmd\":\"admit\",\"size\":\"4GiB\",\"reservation\":\"1GiB\",\"guest\":\"w\"}", "takes no \"guest\"" },
		{ "{\"cmd\":\"claim\",\"guest\":\"w\",\"size\":\"1GiB\",\"reservation\":\"1GiB\"}", "needs \"for\"" },
		{ "{\"cmd\":\"claim\",\"size\":\"1GiB\",\"reservation\":\"1GiB\",\"for\":\"1s\"}", "needs \"guest\"" },
		{ "{\"cmd\":\"ready\"}", "needs \"claim\"" },
		{ "{\"cmd\":\"ready\",\"claim\":\"1x\"}", "claim: \"1x\" is no" },
		{ "{\"cmd\":\"ready\",\"claim\":\"99999999999999999999\"}", "claim: " },
		{ "{\"cmd\":\"unclaim\",\"claim\":\"1\",\"for\":\"1s\"}", "takes no \"for\"" },
		{ "{\"cmd\":\"status\",\"guests\":{\"w\":{}}}", "only a plan" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request r = { .mode = 77 };
		char error[512] = "";

		CU_ASSERT_EQUAL(request_parse(rows[i].line, strlen(rows[i].line), &r, error,
		                              sizeof(error)), -EINVAL);
		CU_ASSERT_EQUAL(r.mode, 77);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, rows[i].names));
		if (!strstr(error, rows[i].names))
			printf("\n%s\n  should say '%s', says: %s\n", rows[i].line, rows[i].names, error);
	}
}

static void durations(void)
{
	static const struct { const char *text; uint64_t s; } good[] = {
		{ "1s", 1 }, { "90s", 90 }, { "15m", 900 }, { "2h", 7200 }, { "7d", 604800 },
		{ "604800s", 604800 }, { "007m", 420 },
	};
	static const char *const bad[] = {
		"", "s", "0s", "0d", "8d", "169h", "604801s", "1", "1w", "1 h", " 1h", "1h ", "1h30m", "1.5h",
		"-1h", "+1h", "1e3s", "1H", "0x1s", "18446744073709551617s",
	};
	char error[256];
	uint64_t ns = 7;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(duration_parse(good[i].text, &ns, error, sizeof(error)), 0);
		CU_ASSERT_EQUAL(ns, good[i].s * 1000000000u);
	}
	ns = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = '\0';
		CU_ASSERT_EQUAL(duration_parse(bad[i], &ns, error, sizeof(error)), -EINVAL);
		CU_ASSERT_EQUAL(ns, 7);
		CU_ASSERT(error[0]);
	}
}

static void bad_ones(void)
{
	static const char *const lines[] = {
		"", " ", "status", "{}", "[]", "{\"cmd\":null}", "{\"cmd\":[\"status\"]}",
		"{\"cmd\":\"stop\"}", "{\"cmd\":\"statusstatusstatusstatus\"}", "{\"cmd\":\"\"}",
		"{\"cmd\":\"status\",\"cmd\":\"policy\"}", "{\"cmd\":\"status\",\"x\":\"y\"}",
		"{\"cmd\":\"status\",\"guest\":\"web\"}", "{\"cmd\":\"explain\"}",
		"{\"cmd\":\"explain\",\"gast\":\"web\"}",
		"{\"cmd\":\"explain\",\"guest\":\"\"}", "{\"cmd\":\"explain\",\"guest\":7}",
		"{\"cmd\":\"explain\",\"guest\":{\"cmd\":\"status\"}}",
		"{\"cmd\":\"explain\",\"guest\":\"a\\u0000b\"}", "{\"cmd\":\"status\"} {}",
		"{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}",
	};
	struct request r = { .command = REQUEST_EXPLAIN };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_EQUAL(parse(lines[i], &r), -EINVAL);
		CU_ASSERT_EQUAL(r.command, REQUEST_EXPLAIN);
	}
}

static void long_names(void)
{
	char line[1024], name[REQUEST_GUEST_MAX + 1];
	struct request r;

	memset(name, 'a', sizeof(name));
	for (size_t n = REQUEST_GUEST_MAX - 8; n <= REQUEST_GUEST_MAX; n++) {
		snprintf(line, sizeof(line), "{\"cmd\":\"explain\",\"guest\":\"%.*s\"}", (int)n, name);
		if (parse(line, &r) == 0) {
			CU_ASSERT_EQUAL(strlen(r.guest), n); /* whole or not at all */
		} else {
			CU_ASSERT(n > REQUEST_GUEST_MAX - 5);
		}
	}
}

/* Good requests with bytes changed: taken or refused, but an exact-size copy
 * lets a sanitizer see any look beyond the end. */
static void mutilated_ones(void)
{
	static const char *const seeds[] = {
		"{\"cmd\":\"explain\",\"guest\":\"w\\u00e9\\ud83d\\ude00\\n\xc3\xa9\"}",
		"{\"cmd\":\"plan\",\"x\":[1.5e3,-0,true,null,{\"a\":[]}]}",
		"{\"cmd\":\"hold\",\"guest\":\"w\",\"owner\":\"o\",\"for\":\"10m\",\"mode\":\"keep\"}",
		"{\"cmd\":\"admit\",\"size\":\"1GiB\",\"reservation\":\"1KiB\"}",
	};
	static const char bytes[] = "{}[]\",:\\u0d8e-.\x00\x1f\xc3\xf0\xff";
	uint64_t seed = 0x5eed;
	unsigned long taken = 0, n = cases(200000);

	for (unsigned long i = 0; i < n; i++) {
		const char *from = seeds[draw(&seed) % 4];
		size_t len = strlen(from) - draw(&seed) % 4;
		char *copy = malloc(len), error[512];
		struct request r;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, from, len);
		for (uint64_t k = draw(&seed) % 4; k > 0; k--)
			copy[draw(&seed) % len] = bytes[draw(&seed) % (sizeof(bytes) - 1)];
		if (request_parse(copy, len, &r, error, sizeof(error)) == 0) {
			taken++;
			CU_ASSERT(strlen(r.guest) > 0 || r.command != REQUEST_EXPLAIN);
		}
		free(copy);
	}
	CU_ASSERT(taken > 0 && taken < n);
}

/* What comes out is JSON that another parser reads as the same characters. */
static void any_name_is_json(void)
{
	static const struct { const char *raw, *read; } names[] = {
		{ "web", "web" }, { "a\"b\\c", "a\"b\\c" }, { "\x1b[2J\n\r\t\x7f", "\x1b[2J\n\r\t\x7f" },
		{ "d\xc3\xa9pot", "d\xc3\xa9pot" }, { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd" }, { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct text t = { 0 };
		json_object *v;

		text_json_string(&t, names[i].raw, 255);
		CU_ASSERT_FALSE_FATAL(t.broken);
		v = json_tokener_parse(t.data);
		CU_ASSERT_TRUE_FATAL(json_object_is_type(v, json_type_string));
		CU_ASSERT_STRING_EQUAL(json_object_get_string(v), names[i].read);
		for (const char *p = t.data; *p; p++) /* one line, whatever is in it */
			CU_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7f);
		json_object_put(v);
		text_free(&t);
	}
}

static void names_are_cut(void)
{
	struct text t = { 0 };

	text_json_string(&t, "abc\xc3\xa9", 4); /* in the middle of a character */
	CU_ASSERT_STRING_EQUAL(t.data, "\"abc\\ufffd\"");
	text_free(&t);
}

static void nothing_steers_the_terminal(void)
{
	char out[64];

	printable("a\x1b[2J\x7f\n\xc2\x9b\xc3\xa9\xff", out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, "a?[2J???\xc3\xa9?");
}

static void unknown_is_null(void)
{
	struct text t = { 0 };

	text_json_number(&t, UINT64_MAX);
	text_json_number(&t, 0);
	text_json_seconds(&t, UINT64_MAX);
	text_json_seconds(&t, 1234567890);
	CU_ASSERT_STRING_EQUAL(t.data, "null0null1.234");
	text_free(&t);
}

int main(void)
{
	static const struct test tests[] = {
		{ "good ones", good_ones },
		{ "holds", holds },
		{ "admissions and plans", admissions_and_plans },
		{ "claims", claims },
		{ "bad orders are named", bad_orders_are_named },
		{ "durations", durations },
		{ "bad ones", bad_ones },
		{ "long names", long_names },
		{ "mutilated ones", mutilated_ones },
		{ "any name is JSON", any_name_is_json },
		{ "names are cut", names_are_cut },
		{ "nothing steers the terminal", nothing_steers_the_terminal },
		{ "unknown is null", unknown_is_null },
		{ NULL, NULL },
	};

	return run_tests("balloond's requests", tests);
}
