/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hashes against CLNH multiplied out bit by bit, and what a hash must tell apart. */
#include <stdlib.h>
#include <string.h>

#include "dedup/hash.h"
#include "testkit.h"

static struct bl_key *key;
static _Alignas(64) unsigned char page[BL_PAGE_BYTES + 64];

static void scribble(void *p, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t v = draw(&seed);

		memcpy((char *)p + i, &v, sizeof(v));
	}
}

static uint64_t word(const void *p, size_t i)
{
	uint64_t v;

	memcpy(&v, (const char *)p + 8 * i, sizeof(v));
	return v;
}

/* The sum before AES, by schoolbook multiplication. */
static void reference(const void *p, uint64_t ret_sum[2])
{
	ret_sum[0] = ret_sum[1] = 0;
	for (size_t i = 0; i < BL_PAGE_BYTES / 8; i += 2) {
		uint64_t a = word(p, i) ^ word(key->pad, i), b = word(p, i + 1) ^ word(key->pad, i + 1);

		for (unsigned bit = 0; bit < 64; bit++) {
			if (!(b >> bit & 1))
				continue;
			ret_sum[0] ^= a << bit;
			ret_sum[1] ^= bit ? a >> (64 - bit) : 0;
		}
	}
}

/* Products of all lanes are added, so that the width does not show. */
static void widths_agree(void)
{
	const struct bl_hash *first;

	for (uint64_t seed = 1; seed < 40; seed++) {
		scribble(page, BL_PAGE_BYTES, seed);
		first = NULL;
		for (size_t i = 0; i + 1 < bl_hashes_n; i++) {
			struct bl_digest a, b;

			if (!bl_hashes[i]->usable())
				continue;
			first = first ? first : bl_hashes[i];
			a = first->page(key, page);
			b = bl_hashes[i]->page(key, page);
			CU_ASSERT(a.tag == b.tag && a.aux == b.aux);
		}
	}
}

/*
 * Without knowing AES: two pages whose sums are equal by the reference, one with
 * two pairs of words in each other's place and the key's likewise, have one digest,
 * and under the first key they have not.
 */
static void sum_is_clnh(void)
{
	struct bl_key *other = aligned_alloc(64, sizeof(*other)), *own = key;
	static _Alignas(64) unsigned char moved[BL_PAGE_BYTES];
	uint64_t sum[2], moved_sum[2];

	scribble(page, BL_PAGE_BYTES, 77);
	memcpy(moved, page, BL_PAGE_BYTES);
	memcpy(moved, page + 4080, 16);
	memcpy(moved + 4080, page, 16);
	*other = *key;
	memcpy(other->pad, key->pad + 4080, 16);
	memcpy(other->pad + 4080, key->pad, 16);
	reference(page, sum);
	key = other;
	reference(moved, moved_sum);
	key = own;
	CU_ASSERT(sum[0] == moved_sum[0] && sum[1] == moved_sum[1]);
	for (size_t i = 0; i + 1 < bl_hashes_n; i++) {
		if (!bl_hashes[i]->usable())
			continue;
		CU_ASSERT(bl_hashes[i]->page(key, page).tag == bl_hashes[i]->page(other, moved).tag);
		CU_ASSERT(bl_hashes[i]->page(key, page).aux == bl_hashes[i]->page(other, moved).aux);
		CU_ASSERT(bl_hashes[i]->page(key, page).tag != bl_hashes[i]->page(key, moved).tag);
	}
	free(other);
}

static struct bl_digest digest_of_lines(const struct bl_hash *h, const uint16_t lines[BL_LINES])
{
	struct bl_digest d;

	h->lines(key, page, 1, lines, &d);
	return d;
}

static void every_bit_counts(void)
{
	uint64_t seed = 5;

	for (size_t i = 0; i < bl_hashes_n; i++) {
		const struct bl_hash *h = bl_hashes[i];
		uint16_t lines[BL_LINES];
		struct bl_digest whole, some;

		if (!h->usable())
			continue;
		bl_key_lines(key, lines);
		scribble(page, BL_PAGE_BYTES, 9);
		whole = h->page(key, page);
		some = digest_of_lines(h, lines);
		for (unsigned k = 0; k < 500; k++) {
			size_t bit = draw(&seed) % (8 * BL_PAGE_BYTES);
			int in_lines = 0;

			for (unsigned l = 0; l < BL_LINES; l++)
				in_lines |= bit / 8 >= lines[l] && bit / 8 < (size_t)lines[l] + BL_LINE_BYTES;
			page[bit / 8] ^= (unsigned char)(1 << bit % 8);
			CU_ASSERT(h->page(key, page).tag != whole.tag);
			CU_ASSERT_EQUAL(digest_of_lines(h, lines).tag != some.tag, in_lines);
			page[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		CU_ASSERT(h->page(key, page).tag == whole.tag);
		memmove(page + 1, page, BL_PAGE_BYTES); /* where it lies does not matter */
		CU_ASSERT(h->page(key, page + 1).tag == whole.tag);
	}
}

static void another_key_another_digest(void)
{
	struct bl_key *other = aligned_alloc(64, sizeof(*other));

	scribble(other, sizeof(*other), 4);
	scribble(page, BL_PAGE_BYTES, 3);
	for (size_t i = 0; i < bl_hashes_n; i++) {
		if (bl_hashes[i]->usable())
			CU_ASSERT(bl_hashes[i]->page(key, page).tag != bl_hashes[i]->page(other, page).tag);
	}
	free(other);
}

static void lines_are_apart(void)
{
	struct bl_key *k = aligned_alloc(64, sizeof(*k));

	for (uint64_t seed = 1; seed < 200; seed++) {
		uint16_t lines[BL_LINES];

		scribble(k, sizeof(*k), seed);
		bl_key_lines(k, lines);
		for (unsigned i = 0; i < BL_LINES; i++) {
			CU_ASSERT(lines[i] % BL_LINE_BYTES == 0 && lines[i] < BL_PAGE_BYTES);
			CU_ASSERT(i == 0 || lines[i] > lines[i - 1]);
		}
	}
	free(k);
}

static void filled_pages(void)
{
	for (size_t i = 0; i < bl_hashes_n; i++) {
		uint64_t w = 0;

		if (!bl_hashes[i]->usable())
			continue;
		for (size_t at = 0; at < BL_PAGE_BYTES; at += 8)
			memcpy(page + at, "poisoned", 8);
		CU_ASSERT_TRUE(bl_hashes[i]->filled(page, 0, &w));
		CU_ASSERT(memcmp(&w, "poisoned", 8) == 0);
		for (size_t at = 0; at < BL_PAGE_BYTES; at++) {
			page[at] ^= 1;
			CU_ASSERT_FALSE(bl_hashes[i]->filled(page, 0, &w));
			page[at] ^= 1;
		}
	}
}

static void lines_filled(void)
{
	uint16_t lines[BL_LINES];

	bl_key_lines(key, lines);
	scribble(page, BL_PAGE_BYTES, 8);
	CU_ASSERT_FALSE(bl_lines_filled(page, lines));
	for (unsigned i = 0; i < BL_LINES; i++)
		memset(page + lines[i], (int)i + 1, BL_LINE_BYTES);
	CU_ASSERT_TRUE(bl_lines_filled(page, lines));
	page[lines[BL_LINES - 1] + BL_LINE_BYTES - 1] ^= 1;
	CU_ASSERT_FALSE(bl_lines_filled(page, lines));
}

int main(void)
{
	static const struct test tests[] = {
	        {"widths agree", widths_agree},
	        {"the sum is CLNH's", sum_is_clnh},
	        {"every bit counts", every_bit_counts},
	        {"another key, another digest", another_key_another_digest},
	        {"lines are apart", lines_are_apart},
	        {"filled pages", filled_pages},
	        {"filled lines", lines_filled},
	        {NULL, NULL},
	};
	int rc;

	key = aligned_alloc(64, sizeof(*key));
	scribble(key, sizeof(*key), 1);
	rc = run_tests("dedup hash", tests);
	free(key);
	return rc;
}
