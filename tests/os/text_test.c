/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, words and numbers at their edges. */
#include "testkit.h"

#include <string.h>

#include "os/text.h"

static struct bl_span of(const char *text)
{
	return bl_span(text, strlen(text));
}

static void numbers_at_their_edges(void)
{
	static const struct {
		const char *text;
		int good;
		uint64_t value;
	} dec[] = {
		{ "0", 1, 0 },        { "  7x", 1, 7 },  { "\t12 ", 1, 12 },
		{ "", 0, 0 },         { " ", 0, 0 },     { "-1", 0, 0 },
		{ "x", 0, 0 },        { "+1", 0, 0 },    { "18446744073709551615", 1, UINT64_MAX },
		{ "18446744073709551616", 0, 0 },        { "99999999999999999999", 0, 0 },
		{ "000000000000000000000000012", 1, 12 },
	};

	for (size_t i = 0; i < sizeof(dec) / sizeof(dec[0]); i++) {
		struct bl_span s = of(dec[i].text), kept = s;
		uint64_t v = 99;

		CU_ASSERT_EQUAL(bl_span_u64(&s, &v), dec[i].good);
		CU_ASSERT_EQUAL(v, dec[i].good ? dec[i].value : 99);
		if (!dec[i].good)
			CU_ASSERT_PTR_EQUAL(s.p, kept.p);
	}
}

static void hexadecimal(void)
{
	struct bl_span s = of("7fFf"), t = of("ffffffffffffffff"), u = of("10000000000000000");
	uint64_t v;

	CU_ASSERT(bl_span_hex(&s, &v) && v == 0x7f && *s.p == 'F');
	CU_ASSERT(bl_span_hex(&t, &v) && v == UINT64_MAX);
	CU_ASSERT_FALSE(bl_span_hex(&u, &v));
}

static void negative(void)
{
	struct bl_span a = of("-12 "), b = of("9223372036854775807"), c = of("9223372036854775808");
	struct bl_span d = of("- 1"), e = of("--1");
	int64_t v;

	CU_ASSERT(bl_span_i64(&a, &v) && v == -12);
	CU_ASSERT(bl_span_i64(&b, &v) && v == INT64_MAX);
	CU_ASSERT_FALSE(bl_span_i64(&c, &v));
	CU_ASSERT_FALSE(bl_span_i64(&d, &v));
	CU_ASSERT_FALSE(bl_span_i64(&e, &v));
}

static void kibibytes(void)
{
	CU_ASSERT_EQUAL(bl_span_kib(of("  12 kB")), 12 * 1024);
	CU_ASSERT_EQUAL(bl_span_kib(of("18014398509481983 kB")), UINT64_MAX - 1023);
	CU_ASSERT_EQUAL(bl_span_kib(of("18014398509481984 kB")), UINT64_MAX);
	CU_ASSERT_EQUAL(bl_span_kib(of("12")), UINT64_MAX);
	CU_ASSERT_EQUAL(bl_span_kib(of("12 MB")), UINT64_MAX);
	CU_ASSERT_EQUAL(bl_span_kib(of("12 k")), UINT64_MAX);
}

static void lines_and_words(void)
{
	struct bl_span text = of("a bc\n\n \tlast"), line, word;

	CU_ASSERT(bl_span_line(&text, &line) && bl_span_is(line, "a bc"));
	CU_ASSERT(bl_span_word(&line, &word) && bl_span_is(word, "a"));
	CU_ASSERT(bl_span_word(&line, &word) && bl_span_is(word, "bc"));
	CU_ASSERT_FALSE(bl_span_word(&line, &word));
	CU_ASSERT(bl_span_line(&text, &line) && bl_span_is(line, ""));
	CU_ASSERT(bl_span_line(&text, &line) && bl_span_word(&line, &word));
	CU_ASSERT(bl_span_is(word, "last") && !bl_span_is(word, "las") && !bl_span_is(word, "last "));
	CU_ASSERT_FALSE(bl_span_line(&text, &line));
}

int main(void)
{
	static const struct test tests[] = {
		{ "numbers at their edges", numbers_at_their_edges },
		{ "hexadecimal", hexadecimal },
		{ "negative", negative },
		{ "kibibytes", kibibytes },
		{ "lines and words", lines_and_words },
		{ NULL, NULL },
	};

	return run_tests("os_text", tests);
}
