/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests: what a client may ask, and everything else. And the text that
 * goes back, whatever a guest is called.
 */
#include "request.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		"{\"cmd\":\"status\",\"x\":[1.5e3,-0,true,null,{\"a\":[]}]}",
	};
	static const char bytes[] = "{}[]\",:\\u0d8e-.\x00\x1f\xc3\xf0\xff";
	uint64_t seed = 0x5eed;
	unsigned long taken = 0, n = cases(200000);

	for (unsigned long i = 0; i < n; i++) {
		const char *from = seeds[draw(&seed) % 2];
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
