/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written is read back as it was, and nothing else is read at all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/tape.h"
#include "filters/write.h"
#include "testkit.h"

#define HEADER "{\"recording\":\"libballoon\",\"version\":2}"
#define LOOK2 "{\"look\":2,\"now_ns\":1,"
#define ROW LOOK2 "\"guests_n\":1,\"guests\":[{\"row\":0,"
#define LOOK1                                                                                      \
	"{\"look\":1,\"now_ns\":5,\"guests_n\":1,\"guests\":[{\"row\":0,\"key\":7,\"name\":\"a\"}]}"

/* ------------------------------------------------------------- there and back */

/* One look through the writer and the reader. */
static void pass(struct bl_rows *pen, struct bl_tape *tape, const struct balloon_sheet *sheet,
                 uint64_t number)
{
	struct bl_look look = {.number = number, .now_ns = number * SECOND, .sheet = sheet};
	struct bl_text t = {0};
	char why[256] = "";

	CU_ASSERT_EQUAL_FATAL(bl_write_look(&t, pen, &look), 0);
	CU_ASSERT_EQUAL_FATAL(t.data[t.n - 1], '\n');
	CU_ASSERT_PTR_NULL_FATAL(memchr(t.data, '\n', t.n - 1));
	CU_ASSERT_EQUAL(bl_tape_line(tape, t.data, t.n - 1, why, sizeof(why)), BL_LINE_LOOK);
	CU_ASSERT_STRING_EQUAL(why, "");
	bl_text_free(&t);
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int same_list(const uint64_t *a, const uint64_t *b, size_t n)
{
	return a == b || (a && b && !memcmp(a, b, n * sizeof(*a)));
}

static void compare(const struct bl_tape *tape, const struct balloon_sheet *sheet)
{
	struct balloon_sheet was = *sheet, is = tape->sheet;

	for (size_t k = 0; k < BL_HOST_NUMBERS; k++)
		CU_ASSERT_EQUAL(*bl_host_number(&is, k), *bl_host_number(&was, k));
	CU_ASSERT_EQUAL(tape->sheet.nodes_n, sheet->nodes_n);
	if (sheet->nodes_n)
		CU_ASSERT_EQUAL(memcmp(tape->nodes, sheet->nodes,
		                       sheet->nodes_n * sizeof(tape->nodes[0])), 0);
	CU_ASSERT_EQUAL_FATAL(tape->rows.n, sheet->guests_n);
	for (size_t i = 0; i < sheet->guests_n; i++) {
		struct balloon_sample a = sheet->guests[i], b = tape->rows.samples[i];

		CU_ASSERT(same_text(a.name, b.name));
		CU_ASSERT(same_text(a.uuid, b.uuid));
		CU_ASSERT(same_list(sheet->nodes_n ? a.node_bytes : NULL, b.node_bytes,
		                    sheet->nodes_n));
		CU_ASSERT(same_list(a.misses, b.misses, BALLOON_MISSES + 1));
		a.name = b.name;
		a.uuid = b.uuid;
		a.node_bytes = b.node_bytes;
		a.misses = b.misses;
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	}
}

static void begin(struct bl_tape *tape)
{
	char why[256];

	*tape = (struct bl_tape){0};
	CU_ASSERT_EQUAL_FATAL(bl_tape_line(tape, HEADER, strlen(HEADER), why, sizeof(why)),
	                      BL_LINE_HEADER);
}

#define GUESTS 12u

static const char *const odd_names[] = {
        "web1", "", "say \"cheese\"", "back\\slash", "two\nlines\r\t", "caf\xc3\xa9 \xf0\x9f\x8e\x88",
        "\x01\x02\x1b[31m\x7f", "not utf-8: \xff\xfe\xc3(", "\xed\xa0\x80", "\xc0\x80", "{\"row\":0}", NULL};

static uint64_t any_number(uint64_t *seed)
{
	switch (draw(seed) % 4) {
	case 0:
		return BALLOON_UNKNOWN;
	case 1:
		return BALLOON_UNKNOWN - 1;
	case 2:
		return draw(seed) % 3;
	default:
		return draw(seed);
	}
}

/* One of some lists that change as they please. */
static const uint64_t *any_list(uint64_t *seed)
{
	static uint64_t lists[64][BALLOON_MISSES + 1];
	uint64_t *list = lists[draw(seed) % 64];

	list[draw(seed) % (BALLOON_MISSES + 1)] = any_number(seed);
	return list;
}

static void any_sample(struct balloon_sample *s, uint64_t *seed)
{
	s->key = draw_between(seed, 1, 3);
	s->name = odd_names[draw(seed) % 12];
	s->uuid = odd_names[draw(seed) % 12];
	s->flags = (uint32_t)draw(seed) % 2;
	s->fixed = draw(seed) % 2 ? (uint32_t)draw(seed) : 0;
	s->means = (uint32_t)draw(seed) % 2;
	s->traits = (uint32_t)draw(seed) % 2;
	for (size_t k = 0; k < BL_NUMBERS; k++)
		*bl_number(s, k) = any_number(seed);
	s->node_bytes = draw(seed) % 2 ? any_list(seed) : NULL;
	s->misses = draw(seed) % 2 ? any_list(seed) : NULL;
}

static void any_host(struct balloon_sheet *sheet, uint64_t *seed)
{
	static struct balloon_node nodes[BALLOON_NODES_MAX];

	for (size_t k = 0; k < BL_HOST_NUMBERS; k++)
		*bl_host_number(sheet, k) = any_number(seed);
	if (draw(seed) % 4)
		return;
	sheet->nodes = nodes;
	sheet->nodes_n = draw(seed) % (BALLOON_NODES_MAX + 1);
	for (size_t k = 0; k < sheet->nodes_n; k++)
		nodes[k] = (struct balloon_node){any_number(seed), any_number(seed)};
}

/* Guests come, go, change places, forget and remember; each beat of a
 * thousand hosts comes back as it was. */
static void any_sheets_come_back(void)
{
	uint64_t seed = 1126;

	for (unsigned long run = 0; run < cases(300); run++) {
		struct balloon_sample guests[GUESTS] = {0};
		struct balloon_sheet sheet = {.stride = sizeof(guests[0]), .guests = guests};
		struct bl_rows pen = {0};
		struct bl_tape tape;

		begin(&tape);
		for (size_t i = 0; i < GUESTS; i++)
			any_sample(&guests[i], &seed);
		for (uint64_t beat = 1; beat <= 20; beat++) {
			any_sample(&guests[draw(&seed) % GUESTS], &seed);
			guests[draw(&seed) % GUESTS].actual_bytes = any_number(&seed);
			guests[draw(&seed) % GUESTS].name = odd_names[draw(&seed) % 12];
			guests[draw(&seed) % GUESTS].uuid = odd_names[draw(&seed) % 12];
			if (draw(&seed) % 2)
				sheet.guests_n = draw(&seed) % (GUESTS + 1);
			any_host(&sheet, &seed);
			pass(&pen, &tape, &sheet, beat);
			compare(&tape, &sheet);
		}
		bl_rows_free(&pen);
		bl_tape_clear(&tape);
	}
}

static void a_steady_look_is_short_and_allocates_nothing(void)
{
	static struct balloon_sample guests[100];
	struct balloon_sheet sheet = {.stride = sizeof(guests[0]), .guests = guests, .guests_n = 100};
	struct bl_look look = {.number = 1, .sheet = &sheet};
	struct bl_rows pen = {0};
	struct bl_text t = {0};
	const void *data, *name, *samples;

	for (size_t i = 0; i < 100; i++)
		guests[i] = (struct balloon_sample){.key = i + 1, .name = "guest", .uuid = "uuid"};
	CU_ASSERT_EQUAL_FATAL(bl_write_look(&t, &pen, &look), 0);
	data = t.data;
	samples = pen.samples;
	name = pen.samples[99].name;
	for (unsigned beat = 2; beat < 50; beat++) {
		bl_text_clear(&t);
		guests[beat].actual_bytes = beat;
		look.number = beat;
		CU_ASSERT_EQUAL(bl_write_look(&t, &pen, &look), 0);
		CU_ASSERT(t.n < 200);
		CU_ASSERT_PTR_EQUAL(t.data, data);
		CU_ASSERT_PTR_EQUAL(pen.samples, samples);
		CU_ASSERT_PTR_EQUAL(pen.samples[99].name, name);
	}
	bl_rows_free(&pen);
	bl_text_free(&t);
}

static void sheets_nobody_can_take_come_back_as_such(void)
{
	struct balloon_sample keyless = {.name = "nobody"}, keyed = {.key = 1, .name = "somebody"};
	struct balloon_sheet sheets[] = {
	        {.stride = sizeof(keyless), .guests = &keyless, .guests_n = 1},
	        {.stride = sizeof(keyless), .guests = NULL, .guests_n = 5},
	        {.stride = 8, .guests = &keyed, .guests_n = 1},
	        {.stride = sizeof(keyless), .guests = &keyless, .guests_n = SIZE_MAX},
	};
	struct bl_rows pen = {0};
	struct bl_tape tape;

	begin(&tape);
	for (unsigned i = 0; i < 4; i++) {
		pass(&pen, &tape, &sheets[i], i + 1);
		CU_ASSERT(tape.absurd);
		CU_ASSERT_EQUAL(tape.rows.n, 0);
	}
	bl_rows_free(&pen);
	bl_tape_clear(&tape);
}

static void orders_and_failures_come_back(void)
{
	struct balloon_order orders[] = {{.key = UINT64_MAX, .target_bytes = UINT64_MAX, .rc = INT32_MIN},
	                                 {.key = 2, .target_bytes = 0, .rc = 7}};
	struct bl_look look = {.number = 1, .rc = -EAGAIN, .why = "it said \"away\"\n\xff"};
	struct bl_rows pen = {0};
	struct bl_text t = {0};
	struct bl_tape tape;
	char why[256];

	begin(&tape);
	CU_ASSERT_EQUAL(bl_write_look(&t, &pen, &look), 0);
	CU_ASSERT_EQUAL(bl_tape_line(&tape, t.data, t.n - 1, why, sizeof(why)), BL_LINE_LOOK);
	CU_ASSERT_EQUAL(tape.rc, -EAGAIN);
	CU_ASSERT_STRING_EQUAL(tape.why.data, "it said \"away\"\n\xff");
	bl_text_clear(&t);
	bl_write_orders(&t, orders, 2, 5, -EIO);
	CU_ASSERT_EQUAL(bl_tape_line(&tape, t.data, t.n - 1, why, sizeof(why)), BL_LINE_ORDERS);
	CU_ASSERT_EQUAL_FATAL(tape.told_n, 2);
	CU_ASSERT_EQUAL(tape.told[0].key, UINT64_MAX);
	CU_ASSERT_EQUAL(tape.told[0].target_bytes, UINT64_MAX);
	CU_ASSERT_EQUAL(tape.told[0].rc, INT32_MIN);
	CU_ASSERT_EQUAL(tape.told[1].rc, 7);
	CU_ASSERT_EQUAL(tape.told[1].batch_rc, -EIO);
	look.number = 2;
	bl_text_clear(&t);
	CU_ASSERT_EQUAL(bl_write_look(&t, &pen, &look), 0);
	CU_ASSERT_EQUAL(bl_tape_line(&tape, t.data, t.n - 1, why, sizeof(why)), BL_LINE_LOOK);
	CU_ASSERT_EQUAL(tape.told_n, 0); /* orders belong to the look before them */
	bl_text_free(&t);
	bl_tape_clear(&tape);
}

/* ------------------------------------------------------------------- hostile */

/* Lines after the header and LOOK1, and a word of the sentence for each. */
static const char *const refused[][2] = {
	{ "", "'{'" },
	{ "{", "cut short" },
	{ "[]", "'{'" },
	{ "null", "'{'" },
	{ "{}", "begins with" },
	{ "{\"look\":2}", "now_ns" },
	{ "{\"look\":2,\"now_ns\":1", "cut short" },
	{ "{\"look\":2,\"now_ns\":1}", "\"guests_n\" is missing" },
	{ LOOK2 "\"guests_n\":1}", "\"guests\" is missing" },
	{ "{\"look\":1,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "lines are missing" },
	{ "{\"look\":3,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "lines are missing" },
	{ "{\"look\":-2,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "whole number" },
	{ "{\"look\":2.0,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "fraction" },
	{ "{\"look\":2e0,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "fraction" },
	{ "{\"look\":02,\"now_ns\":1,\"guests_n\":0,\"guests\":[]}", "whole number" },
	{ "{\"look\":2,\"now_ns\":18446744073709551616,\"guests_n\":0,\"guests\":[]}", "64 bits" },
	{ "{\"look\":2,\"now_ns\":99999999999999999999999999,\"guests_n\":0,\"guests\":[]}", "64 bits" },
	{ LOOK2 "\"now_ns\":2,\"guests_n\":0,\"guests\":[]}", "twice" },
	{ "{\"look\":2,\"look\":2,\"guests_n\":0,\"guests\":[]}", "now_ns" },
	{ LOOK2 "\"look\":2,\"guests_n\":0,\"guests\":[]}", "twice" },
	{ LOOK2 "\"guests_n\":0,\"guests_n\":0,\"guests\":[]}", "twice" },
	{ LOOK2 "\"guests_n\":0,\"guests\":[],\"guests\":[]}", "twice" },
	{ LOOK2 "\"guests\":[],\"guests_n\":0}", "stands before" },
	{ LOOK2 "\"guests_n\":1048577,\"guests\":[]}", "not in 0..1048576" },
	{ LOOK2 "\"guests_n\":1048576,\"guests\":[]}", "no rows" },
	{ LOOK2 "\"guests_n\":2,\"guests\":[]                         }", "row 1 is new" },
	{ LOOK2 "\"guests_n\":2,\"guests\":[{\"row\":0},{\"row\":0}]}", "row 1 is new" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[{\"row\":1,\"key\":1}]}", "0..0" },
	{ LOOK2 "\"guests_n\":0,\"guests\":[{\"row\":0,\"key\":1}]}", "without guests" },
	{ ROW "\"key\":0}]}", "1..18446744073709551615" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[{\"key\":1,\"row\":0}]}", "begins with \"row\"" },
	{ ROW "\"flags\":1,\"key\":1}]}", "stand first" },
	{ ROW "\"flags\":1,\"flags\":1}]}", "twice" },
	{ ROW "\"flags\":4294967296}]}", "not in" },
	{ ROW "\"colour\":1}]}", "\"colour\"" },
	{ ROW "\"serial\":18446744073709551615}]}", "not in" },
	{ ROW "\"serial\":-1}]}", "whole number" },
	{ ROW "\"serial\":\"1\"}]}", "whole number" },
	{ ROW "\"serial\":nul}]}", "whole number" },
	{ ROW "\"misses\":[1,2]}]}", "','" },
	{ ROW "\"misses\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}", "']'" },
	{ ROW "\"node_bytes\":[1,2]}]}", "no \"nodes\" before" },
	{ ROW "\"means\":4294967296}]}", "not in" },
	{ LOOK2 "\"nodes\":[[1]],\"guests_n\":1,\"guests\":[]}", "','" },
	{ LOOK2 "\"nodes\":[1],\"guests_n\":1,\"guests\":[]}", "'['" },
	{ LOOK2 "\"nodes\":[[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],"
	  "[1,1],[1,1],[1,1],[1,1],[1,1],[1,1]],\"guests_n\":1,\"guests\":[]}", "more than 16" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[],\"nodes\":[]}", "before" },
	{ ROW "\"name\":\"\\u0000\"}]}", "no name" },
	{ ROW "\"name\":\"\\ud800\"}]}", "surrogate" },
	{ ROW "\"name\":\"\\udc00\"}]}", "no name" },
	{ ROW "\"name\":\"\\ud800\\u0041\"}]}", "surrogate" },
	{ ROW "\"name\":\"\\x41\"}]}", "escape" },
	{ ROW "\"name\":\"\\u00g0\"}]}", "hexadecimal" },
	{ ROW "\"name\":\"\xff\"}]}", "byte" },
	{ ROW "\"name\":\"\t\"}]}", "byte" },
	{ ROW "\"name\":\"a", "cut short" },
	{ ROW "\"name\":\"a\\", "cut short" },
	{ ROW "\"name_hex\":\"4\"}]}", "hexadecimal" },
	{ ROW "\"name_hex\":\"00\"}]}", "no name" },
	{ ROW "}]}", "'\"'" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[{\"row\":0},]}", "'{'" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[]}x", "more after" },
	{ LOOK2 "\"guests_n\":1,\"guests\":[]}{}", "more after" },
	{ LOOK2 "\"rc\":-11,\"guests_n\":0,\"guests\":[]}", "failed look" },
	{ LOOK2 "\"rc\":-2147483649}", "32 bits" },
	{ LOOK2 "\"rc\":2147483648}", "32 bits" },
	{ "{\"orders\":[{}]}", "\"key\" is missing" },
	{ "{\"orders\":[{\"key\":1}]}", "\"target_bytes\" is missing" },
	{ "{\"orders\":[{\"key\":1,\"key\":1,\"target_bytes\":1}]}", "twice" },
	{ "{\"orders\":[{\"key\":1,\"means\":-1,\"target_bytes\":1}]}", "whole number" },
	{ "{\"orders\":[],\"orders\":[]}", "twice" },
	{ "{\"orders\":{}}", "'['" },
	{ "{\"orders\":[[[[[[[[[[[[[[[[[[", "'{'" },
	{ "{\"verdict\":1}", "begins with" },
	{ "{\"look_at_this_key_that_is_longer_than_any_of_ours\":2}", "key" },
	{ HEADER, "second header" },
};

static void lines_of_another_hand_are_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const char *text = refused[i][0];
		size_t n = strlen(text);
		char why[256] = "", *exact = malloc(n ? n : 1); /* no byte behind it, for ASan */
		struct bl_tape tape;
		int rc;

		begin(&tape);
		CU_ASSERT_EQUAL_FATAL(bl_tape_line(&tape, LOOK1, strlen(LOOK1), why, sizeof(why)),
		                      BL_LINE_LOOK);
		memcpy(exact, text, n);
		rc = bl_tape_line(&tape, exact, n, why, sizeof(why));
		if (rc != -EINVAL || !strstr(why, refused[i][1]))
			printf("\n  %s\n  -> %d \"%s\", not \"%s\"\n", text, rc, why, refused[i][1]);
		CU_ASSERT_EQUAL(rc, -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, refused[i][1]));
		CU_ASSERT_EQUAL(strncmp(why, "byte ", 5), 0);
		free(exact);
		bl_tape_clear(&tape);
	}
}

static void headers_of_another_hand_are_refused(void)
{
	static const char *const headers[][2] = {
		{ LOOK1, "header must come first" },
		{ "{\"orders\":[]}", "header must come first" },
		{ "{\"recording\":\"libballoon\"}", "\"version\" is missing" },
		{ "{\"recording\":\"libballoon\",\"version\":3}", "version 3" },
		{ "{\"recording\":\"libballoon\",\"version\":0}", "version 0" },
		{ "{\"recording\":\"libballoon\",\"version\":1,\"version\":1}", "twice" },
		{ "{\"recording\":\"music\",\"version\":1}", "something else" },
		{ "{\"version\":1,\"recording\":\"libballoon\"}", "begins with" },
		{ "\x7f" "ELF\x02\x01\x01", "'{'" },
	};
	char why[256];

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct bl_tape tape = {0};

		CU_ASSERT_EQUAL(bl_tape_line(&tape, headers[i][0], strlen(headers[i][0]), why,
		                             sizeof(why)),
		                -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, headers[i][1]));
		bl_tape_clear(&tape);
	}
}

static void a_zero_byte_ends_nothing(void)
{
	static const char line[] = LOOK1 "\0";
	struct bl_tape tape;
	char why[256];

	begin(&tape);
	CU_ASSERT_EQUAL(bl_tape_line(&tape, line, sizeof(line) - 1, why, sizeof(why)), -EINVAL);
	bl_tape_clear(&tape);
}

static void escapes_of_others_are_understood(void)
{
	static const char line[] =
	        "{ \"look\" : 1 , \"now_ns\":5,\"guests_n\":1,\"guests\":[{\"row\":0,\"key\":7,"
	        "\"name\":\"\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83c\\udf88\"}]}\r";
	struct bl_tape tape;
	char why[256] = "";

	begin(&tape);
	CU_ASSERT_EQUAL(bl_tape_line(&tape, line, strlen(line), why, sizeof(why)), BL_LINE_LOOK);
	CU_ASSERT_STRING_EQUAL(tape.rows.samples[0].name,
	                       "/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\x88");
	bl_tape_clear(&tape);
}

/* Unicode's own table of what is well-formed, at its edges. */
static void utf8_is_known_from_what_is_not(void)
{
	static const char *const well[] = {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
	                                   "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
	                                   "\xf4\x8f\xbf\xbf", NULL};
	static const char *const ill[] = {"\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xe0\x9f\xbf",
	                                  "\xed\xa0\x80", "\xe1\x80", "\xe1\x80\xc0", "\xf0\x8f\xbf\xbf",
	                                  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", NULL};

	for (const char *const *s = well; *s; s++)
		CU_ASSERT_EQUAL(bl_utf8(*s, strlen(*s)), strlen(*s));
	for (const char *const *s = ill; *s; s++)
		CU_ASSERT_EQUAL(bl_utf8(*s, strlen(*s)), 0);
}

static void a_recording_is_harmless_on_a_terminal(void)
{
	struct bl_text t = {0};

	bl_text_add(&t, "{");
	bl_text_string(&t, "name", "\x1b[31m\x7f\n");
	bl_text_bytes(&t, "}", 2);
	CU_ASSERT_STRING_EQUAL(t.data, "{\"name\":\"\\u001b[31m\\u007f\\u000a\"}");
	bl_text_free(&t);
}

static void names_are_harmless_on_a_terminal(void)
{
	char text[16];

	bl_printable("a\x1b[31mb\nc\xc2\x9b" "d\xff\xc3\xa9", text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "a?[31mb?c?d?\xc3\xa9");
	bl_printable("12345678901234\xc3\xa9", text, sizeof(text)); /* not cut within é */
	CU_ASSERT_STRING_EQUAL(text, "12345678901234");
}

int main(void)
{
	static const struct test tests[] = {
	        {"any sheets come back", any_sheets_come_back},
	        {"a steady look is short and allocates nothing",
	         a_steady_look_is_short_and_allocates_nothing},
	        {"sheets nobody can take come back as such", sheets_nobody_can_take_come_back_as_such},
	        {"orders and failures come back", orders_and_failures_come_back},
	        {"lines of another hand are refused", lines_of_another_hand_are_refused},
	        {"headers of another hand are refused", headers_of_another_hand_are_refused},
	        {"a zero byte ends nothing", a_zero_byte_ends_nothing},
	        {"escapes of others are understood", escapes_of_others_are_understood},
	        {"UTF-8 is known from what is not", utf8_is_known_from_what_is_not},
	        {"a recording is harmless on a terminal", a_recording_is_harmless_on_a_terminal},
	        {"names are harmless on a terminal", names_are_harmless_on_a_terminal},
	        {NULL, NULL},
	};

	return run_tests("filters.tape", tests);
}
