/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Claims: reserve, wait until it lies free, start, transfer; leases lapse. */
#include <errno.h>
#include <string.h>

#include "stand.h"

static struct balloon_request request(uint64_t reservation_mib, uint64_t size_mib)
{
	return (struct balloon_request){.struct_size = sizeof(struct balloon_request),
	                                .reservation_bytes = reservation_mib * MIB,
	                                .overhead_bytes = 32 * MIB,
	                                .size_bytes = size_mib * MIB};
}

static void full_host(struct stand *s)
{
	stand_up(s, 4096);
	stand_guest(s, "a", 2048, 600);
	stand_guest(s, "b", 2048, 600);
	stand_open(s, NULL);
	stand_beats(s, 20);
}

static void reserve_and_transfer(void)
{
	struct balloon_request r = request(512, 1024);
	uint64_t claim = 0, missing = 0;
	struct stand s;
	int beats = 0;

	full_host(&s);
	CU_ASSERT_EQUAL(balloon_claim(s.b, &r, "new", s.now + 60 * SECOND, &claim), 0);
	CU_ASSERT_NOT_EQUAL(claim, 0);
	CU_ASSERT_EQUAL(balloon_claim_ready(s.b, claim, &missing), -EAGAIN);
	CU_ASSERT(missing > 0);
	while (balloon_claim_ready(s.b, claim, &missing) == -EAGAIN && beats++ < 30)
		stand_beats(&s, 1);
	CU_ASSERT(beats > 0 && beats < 30);
	CU_ASSERT(stand_account(s.b).claimed_bytes >= (512 + 32) * MIB);
	CU_ASSERT(stand_account(s.b).available_bytes >= (1024 + 32) * MIB);
	stand_guest(&s, "new", 1024, 500);
	stand_beats(&s, 2);
	CU_ASSERT_EQUAL(balloon_claim_ready(s.b, claim, &missing), -ENOENT);
	CU_ASSERT_EQUAL(stand_account(s.b).claimed_bytes, 0);
	CU_ASSERT_EQUAL(stand_report(s.b, "new").actual_bytes, 1024 * MIB);
	stand_down(&s);
}

static void refused_and_unchanged(void)
{
	struct balloon_request r = request(3000, 3000);
	struct balloon_report before, after;
	uint64_t claim = 7;
	struct stand s;

	full_host(&s);
	before = stand_account(s.b);
	CU_ASSERT_EQUAL(balloon_claim(s.b, &r, "new", s.now + SECOND, &claim), -ENOSPC);
	CU_ASSERT_EQUAL(claim, 7);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_error(s.b), "the host is short of"));
	after = stand_account(s.b);
	CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
	stand_down(&s);
}

/* A client that crashed leaks nothing. */
static void leases_lapse(void)
{
	struct balloon_request r = request(512, 512);
	uint64_t claim, other;
	struct stand s;

	full_host(&s);
	CU_ASSERT_EQUAL(balloon_claim(s.b, &r, "x", s.now + 5 * SECOND, &claim), 0);
	CU_ASSERT_EQUAL(balloon_claim(s.b, &r, "y", s.now + 5 * SECOND, &other), 0);
	CU_ASSERT_EQUAL(balloon_claim_renew(s.b, other, s.now + 100 * SECOND), 0);
	CU_ASSERT(stand_account(s.b).reserved_bytes >= 2 * 544 * MIB);
	stand_beats(&s, 6);
	CU_ASSERT_EQUAL(balloon_claim_renew(s.b, claim, s.now + SECOND), -ENOENT);
	CU_ASSERT_EQUAL(stand_account(s.b).claimed_bytes, 544 * MIB);
	CU_ASSERT_EQUAL(balloon_claim_release(s.b, other), 0);
	CU_ASSERT_EQUAL(balloon_claim_release(s.b, other), -ENOENT);
	stand_beats(&s, 1);
	CU_ASSERT_EQUAL(stand_account(s.b).claimed_bytes, 0);
	stand_down(&s);
}

/* No sequence of operations ever accepts more than there is. */
static void never_oversold(void)
{
	uint64_t seed = 4242, claims[64] = {0};
	struct stand s;

	full_host(&s);
	for (unsigned long k = 0; k < cases(5000); k++) {
		struct balloon_request r = request(draw_between(&seed, 1, 900), 0);
		size_t at = draw(&seed) % 64;
		struct balloon_report a;

		r.size_bytes = BALLOON_UNKNOWN;
		if (draw(&seed) % 3)
			(void)balloon_claim(s.b, &r, "z", s.now + draw_between(&seed, 1, 9) * SECOND,
			                    &claims[at]);
		else
			(void)balloon_claim_release(s.b, claims[at]);
		if (draw(&seed) % 16 == 0)
			stand_beats(&s, 1);
		a = stand_account(s.b);
		CU_ASSERT(a.reserved_bytes <= a.capacity_bytes + a.claimed_bytes);
	}
	stand_down(&s);
}

int main(void)
{
	static const struct test tests[] = {
	        {"reserve and transfer", reserve_and_transfer},
	        {"refused and unchanged", refused_and_unchanged},
	        {"leases lapse", leases_lapse},
	        {"never oversold", never_oversold},
	        {NULL, NULL},
	};

	return run_tests("claims", tests);
}
