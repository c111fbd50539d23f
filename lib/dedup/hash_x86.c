/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CLNH on x86 in three widths: the products of all lanes are added, so that
 * every width comes to the same sum. The first needs what every x86 since 2010
 * has.
 */
#include <immintrin.h>

#include "hash_xxh3.h"

#define SSE __attribute__((target("sse2,pclmul,aes")))
#define AVX2 __attribute__((target("avx2,vpclmulqdq,pclmul,aes")))
#define AVX512 __attribute__((target("avx512f,vpclmulqdq,pclmul,aes")))

/* The product of a lane's two halves. */
#define HALVES 0x01

/* Of lines alone, so that no digest of lines is one of a page. */
#define LINES_TWEAK UINT64_C(0x6c696e6573)

SSE static struct bl_digest finish(const struct bl_key *key, __m128i sum)
{
	const __m128i *rounds = (const void *)key->rounds;

	sum = _mm_xor_si128(sum, rounds[0]);
	for (int i = 1; i < 10; i++)
		sum = _mm_aesenc_si128(sum, rounds[i]);
	sum = _mm_aesenclast_si128(sum, rounds[10]);
	return (struct bl_digest){(uint64_t)_mm_cvtsi128_si64(sum),
	                          (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum))};
}

SSE static __m128i product(const uint8_t *pad, const uint8_t *bytes)
{
	__m128i v = _mm_xor_si128(_mm_loadu_si128((const void *)bytes),
	                          _mm_load_si128((const void *)pad));

	return _mm_clmulepi64_si128(v, v, HALVES);
}

/* Four sums at a time: a product takes four to seven cycles, and a new one can
 * begin in each. */
SSE static struct bl_digest page_sse(const struct bl_key *key, const void *page)
{
	const uint8_t *p = page;
	__m128i a = _mm_setzero_si128(), b = a, c = a, d = a;

	for (size_t at = 0; at < BL_PAGE_BYTES; at += 64) {
		_mm_prefetch(p + at + BL_AHEAD_BYTES, _MM_HINT_T0);
		a = _mm_xor_si128(a, product(key->pad + at, p + at));
		b = _mm_xor_si128(b, product(key->pad + at + 16, p + at + 16));
		c = _mm_xor_si128(c, product(key->pad + at + 32, p + at + 32));
		d = _mm_xor_si128(d, product(key->pad + at + 48, p + at + 48));
	}
	return finish(key, _mm_xor_si128(_mm_xor_si128(a, b), _mm_xor_si128(c, d)));
}

SSE static __m128i line_product(const uint8_t *pad, const uint8_t *line)
{
	__m128i a = _mm_xor_si128(product(pad, line), product(pad + 16, line + 16));
	__m128i b = _mm_xor_si128(product(pad + 32, line + 32), product(pad + 48, line + 48));

	return _mm_xor_si128(a, b);
}

SSE static void lines_sse(const struct bl_key *key, const void *pages, size_t n,
                          const uint16_t offsets[BL_LINES], struct bl_digest *ret_digests)
{
	for (size_t k = 0; k < n; k++) {
		const uint8_t *page = (const uint8_t *)pages + k * BL_PAGE_BYTES;
		__m128i sum = _mm_cvtsi64_si128((long long)LINES_TWEAK);

		for (unsigned i = 0; i < BL_LINES; i++)
			sum = _mm_xor_si128(sum, line_product(key->pad + offsets[i],
			                                      page + offsets[i]));
		ret_digests[k] = finish(key, sum);
	}
}

AVX2 static __m256i product_avx2(const uint8_t *pad, const uint8_t *bytes)
{
	__m256i v = _mm256_xor_si256(_mm256_loadu_si256((const void *)bytes),
	                             _mm256_load_si256((const void *)pad));

	return _mm256_clmulepi64_epi128(v, v, HALVES);
}

AVX2 static struct bl_digest page_avx2(const struct bl_key *key, const void *page)
{
	const uint8_t *p = page;
	__m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;

	for (size_t at = 0; at < BL_PAGE_BYTES; at += 128) {
		_mm_prefetch(p + at + BL_AHEAD_BYTES, _MM_HINT_T0);
		_mm_prefetch(p + at + BL_AHEAD_BYTES + BL_LINE_BYTES, _MM_HINT_T0);
		a = _mm256_xor_si256(a, product_avx2(key->pad + at, p + at));
		b = _mm256_xor_si256(b, product_avx2(key->pad + at + 32, p + at + 32));
		c = _mm256_xor_si256(c, product_avx2(key->pad + at + 64, p + at + 64));
		d = _mm256_xor_si256(d, product_avx2(key->pad + at + 96, p + at + 96));
	}
	a = _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
	return finish(key, _mm_xor_si128(_mm256_castsi256_si128(a),
	                                 _mm256_extracti128_si256(a, 1)));
}

/* Most pages differ in the first 32 bytes; the few that do not are read at the
 * speed of memory. */
AVX2 static bool filled_avx2(const void *page, size_t ahead, uint64_t *ret_word)
{
	const uint8_t *p = page;
	__m256i first = _mm256_loadu_si256(page);
	__m256i word = _mm256_broadcastq_epi64(_mm256_castsi256_si128(first));
	__m256i differs = _mm256_xor_si256(first, word);

	if (!_mm256_testz_si256(differs, differs))
		return false;
	for (size_t at = 0; at < BL_PAGE_BYTES; at += 128) {
		__m256i a = _mm256_loadu_si256((const void *)(p + at));
		__m256i b = _mm256_loadu_si256((const void *)(p + at + 32));
		__m256i c = _mm256_loadu_si256((const void *)(p + at + 64));
		__m256i d = _mm256_loadu_si256((const void *)(p + at + 96));

		_mm_prefetch(p + at + ahead, _MM_HINT_T0);
		_mm_prefetch(p + at + ahead + BL_LINE_BYTES, _MM_HINT_T0);
		a = _mm256_or_si256(_mm256_xor_si256(a, word), _mm256_xor_si256(b, word));
		c = _mm256_or_si256(_mm256_xor_si256(c, word), _mm256_xor_si256(d, word));
		differs = _mm256_or_si256(a, c);
		if (!_mm256_testz_si256(differs, differs))
			return false;
	}
	*ret_word = (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(word));
	return true;
}

AVX512 static __m512i product_avx512(const uint8_t *pad, const uint8_t *bytes)
{
	__m512i v = _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_load_si512(pad));

	return _mm512_clmulepi64_epi128(v, v, HALVES);
}

AVX512 static struct bl_digest page_avx512(const struct bl_key *key, const void *page)
{
	const uint8_t *p = page;
	__m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
	__m256i half;

	for (size_t at = 0; at < BL_PAGE_BYTES; at += 256) {
		for (size_t line = 0; line < 256; line += BL_LINE_BYTES)
			_mm_prefetch(p + at + BL_AHEAD_BYTES + line, _MM_HINT_T0);
		a = _mm512_xor_si512(a, product_avx512(key->pad + at, p + at));
		b = _mm512_xor_si512(b, product_avx512(key->pad + at + 64, p + at + 64));
		c = _mm512_xor_si512(c, product_avx512(key->pad + at + 128, p + at + 128));
		d = _mm512_xor_si512(d, product_avx512(key->pad + at + 192, p + at + 192));
	}
	a = _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(c, d));
	half = _mm256_xor_si256(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
	return finish(key, _mm_xor_si128(_mm256_castsi256_si128(half),
	                                 _mm256_extracti128_si256(half, 1)));
}

static bool has_sse(void)
{
	return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("aes");
}

static bool has_avx2(void)
{
	return has_sse() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f");
}

static const struct bl_hash avx512 = {"clnh-avx512", has_avx512, filled_avx2, page_avx512, lines_sse};
static const struct bl_hash avx2 = {"clnh-avx2", has_avx2, filled_avx2, page_avx2, lines_sse};
static const struct bl_hash sse = {"clnh-sse", has_sse, bl_page_filled, page_sse, lines_sse};

const struct bl_hash *const bl_hashes[] = {&avx512, &avx2, &sse, &bl_hash_xxh3};
const size_t bl_hashes_n = sizeof(bl_hashes) / sizeof(bl_hashes[0]);
