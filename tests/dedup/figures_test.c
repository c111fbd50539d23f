/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Figures by the public door against counting by hand. Worlds are drawn: guests in
 * groups, contents few and many, alone and in company, zero, filled, in huge pages
 * and not.
 */
#include <balloon/dedup.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "testkit.h"

enum { GUESTS_MAX = 5, PAGES_MAX = 4096, CONTENTS_MAX = 3000, PAGE = 4096, IN_BLOCK = 512 };

/* What a guest has at each page: a content of its own number, or a word. */
struct guest {
	unsigned content[PAGES_MAX];
	unsigned char flags[PAGES_MAX];
	unsigned pages;
	unsigned group; /* equal = together */
};

struct world {
	struct guest guests[GUESTS_MAX];
	unsigned guests_n;
	unsigned sharers_max;
};

enum { ZERO = 0, FILLED = 40 }; /* contents below FILLED are words, 0 the word 0 */

static struct world world;
static unsigned char bytes[IN_BLOCK * PAGE];

static void make_page(unsigned char *page, unsigned content)
{
	uint64_t seed = content + 1000;
	uint64_t word = content == ZERO ? 0 : draw(&seed);

	for (size_t i = 0; i < PAGE; i += sizeof(word)) {
		if (content >= FILLED)
			word = draw(&seed);
		memcpy(page + i, &word, sizeof(word));
	}
}

static void draw_world(uint64_t seed, unsigned contents)
{
	memset(&world, 0, sizeof(world));
	world.guests_n = (unsigned)draw_between(&seed, 1, GUESTS_MAX);
	world.sharers_max = draw(&seed) % 2 ? 0 : (unsigned)draw_between(&seed, 2, 20);
	for (unsigned g = 0; g < world.guests_n; g++) {
		struct guest *guest = &world.guests[g];

		guest->group = (unsigned)draw_between(&seed, 0, 2);
		guest->pages = (unsigned)draw_between(&seed, 1, PAGES_MAX);
		for (unsigned i = 0; i < guest->pages; i++) {
			unsigned wide = draw(&seed) % 3 ? contents : FILLED;

			guest->content[i] = draw(&seed) % 5 ? (unsigned)(draw(&seed) % wide) : ZERO;
			/* Huge by block, as memory is; mergeable by mapping. */
			guest->flags[i] = (i / IN_BLOCK + g) % 2 ? BALLOON_DEDUP_HUGE : 0;
			guest->flags[i] |= i / 1000 % 2 ? BALLOON_DEDUP_MERGEABLE : 0;
		}
	}
}

static const char *group_name(unsigned group)
{
	static const char *const names[] = {"red", "green", "blue"};

	return names[group];
}

static struct balloon_dedup *open_handle(uint32_t one_in, uint32_t flags)
{
	struct balloon_dedup_options o = {.struct_size = sizeof(o),
	                                  .sample_one_in = one_in,
	                                  .flags = flags,
	                                  .sharers_max = world.sharers_max};
	struct balloon_dedup *d = NULL;
	uint32_t guest;

	CU_ASSERT_EQUAL_FATAL(balloon_dedup_open(&o, &d), 0);
	for (unsigned g = 0; g < world.guests_n; g++) {
		CU_ASSERT_EQUAL_FATAL(
		        balloon_dedup_guest(d, "g", group_name(world.guests[g].group), &guest), 0);
		CU_ASSERT_EQUAL(guest, g);
	}
	return d;
}

/* Pages from..to of all guests whose number is mine modulo parts. */
static void feed(struct balloon_dedup *d, unsigned part, unsigned parts)
{
	for (unsigned g = 0; g < world.guests_n; g++) {
		const struct guest *guest = &world.guests[g];

		for (unsigned i = 0; i < guest->pages; i++) {
			if (i / IN_BLOCK % parts != part)
				continue;
			make_page(bytes, guest->content[i]);
			CU_ASSERT_EQUAL(balloon_dedup_pages(d, g, ((uint64_t)g << 32) + i * PAGE,
			                                    bytes, 1, guest->flags[i]), 0);
		}
	}
}

/* ---------------------------------------------------------------- by hand */

struct truth {
	uint64_t present, mergeable, zero, filled, saved, inside, sharing, shared, unshared, distinct;
	uint64_t huge, broken;
};

static uint64_t frames(uint64_t copies)
{
	uint64_t s = world.sharers_max ? world.sharers_max : 256;

	return (copies + s - 1) / s;
}

static void count(unsigned guest, unsigned ret_copies[CONTENTS_MAX], unsigned char mask)
{
	const struct guest *g = &world.guests[guest];

	for (unsigned i = 0; i < g->pages; i++)
		ret_copies[g->content[i]] += (g->flags[i] & mask) == mask;
}

static uint64_t broken_by_hand(unsigned guest, const unsigned copies[CONTENTS_MAX])
{
	const struct guest *g = &world.guests[guest];
	uint64_t broken = 0;

	for (unsigned at = 0; at < g->pages; at += IN_BLOCK) {
		int any = 0;

		for (unsigned i = at; i < g->pages && i < at + IN_BLOCK; i++)
			any |= (g->flags[i] & BALLOON_DEDUP_HUGE) && copies[g->content[i]] > 1;
		broken += any != 0;
	}
	return broken;
}

static struct truth group_by_hand(unsigned group)
{
	static unsigned copies[CONTENTS_MAX], merged[CONTENTS_MAX], own[CONTENTS_MAX];
	struct truth t = {0};

	memset(copies, 0, sizeof(copies));
	memset(merged, 0, sizeof(merged));
	for (unsigned g = 0; g < world.guests_n; g++) {
		const struct guest *guest = &world.guests[g];

		if (guest->group != group)
			continue;
		count(g, copies, 0);
		count(g, merged, BALLOON_DEDUP_MERGEABLE);
		memset(own, 0, sizeof(own));
		count(g, own, 0);
		t.present += guest->pages;
		for (unsigned c = 0; c < CONTENTS_MAX; c++) {
			t.inside += own[c] ? own[c] - frames(own[c]) : 0;
			t.zero += c == ZERO ? own[c] : 0;
			t.filled += c != ZERO && c < FILLED ? own[c] : 0;
		}
	}
	for (unsigned c = 0; c < CONTENTS_MAX; c++) {
		t.saved += copies[c] ? copies[c] - frames(copies[c]) : 0;
		t.distinct += copies[c] > 0;
		t.mergeable += merged[c];
		t.unshared += merged[c] == 1;
		t.shared += merged[c] > 1 ? frames(merged[c]) : 0;
		t.sharing += merged[c] > 1 ? merged[c] - frames(merged[c]) : 0;
	}
	for (unsigned g = 0; g < world.guests_n; g++) {
		const struct guest *guest = &world.guests[g];

		for (unsigned at = 0; guest->group == group && at < guest->pages; at += IN_BLOCK)
			t.huge += (guest->flags[at] & BALLOON_DEDUP_HUGE) != 0;
		t.broken += guest->group == group ? broken_by_hand(g, copies) : 0;
	}
	return t;
}

static struct balloon_dedup_figures group_figures(struct balloon_dedup *d, uint32_t guest)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	CU_ASSERT_EQUAL(balloon_dedup_group_figures(d, guest, &f), 0);
	return f;
}

static struct balloon_dedup_figures guest_figures(struct balloon_dedup *d, uint32_t guest)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	CU_ASSERT_EQUAL(balloon_dedup_guest_figures(d, guest, &f), 0);
	return f;
}

static void compare(struct balloon_dedup *d, int inside_too)
{
	for (unsigned g = 0; g < world.guests_n; g++) {
		struct truth t = group_by_hand(world.guests[g].group);
		struct balloon_dedup_figures f = group_figures(d, g);

		CU_ASSERT_EQUAL(f.present_bytes, t.present * PAGE);
		CU_ASSERT_EQUAL(f.mergeable_bytes, t.mergeable * PAGE);
		CU_ASSERT_EQUAL(f.zero_bytes, t.zero * PAGE);
		CU_ASSERT_EQUAL(f.filled_bytes, t.filled * PAGE);
		CU_ASSERT_EQUAL(f.saved_bytes, t.saved * PAGE);
		CU_ASSERT_EQUAL(f.saved_low_bytes, t.saved * PAGE);
		CU_ASSERT_EQUAL(f.saved_high_bytes, t.saved * PAGE);
		CU_ASSERT_EQUAL(f.distinct_bytes, t.distinct * PAGE);
		CU_ASSERT_EQUAL(f.ksm_sharing_pages, t.sharing);
		CU_ASSERT_EQUAL(f.ksm_shared_pages, t.shared);
		CU_ASSERT_EQUAL(f.ksm_unshared_pages, t.unshared);
		CU_ASSERT_EQUAL(f.saved_mergeable_bytes, t.sharing * PAGE);
		CU_ASSERT_EQUAL(f.huge_pages, t.huge);
		CU_ASSERT_EQUAL(f.huge_broken, t.broken);
		CU_ASSERT_EQUAL(f.flags, BALLOON_DEDUP_FIGURES_EXACT);
		if (inside_too) /* with short chains a guest's part can be less than it has alone */
			CU_ASSERT_EQUAL(f.inside_bytes, t.inside * PAGE);
		CU_ASSERT_EQUAL(f.inside_bytes + f.across_bytes, f.saved_bytes);
	}
}

/* ------------------------------------------------------------------- tests */

static void exact_is_exact(void)
{
	for (uint64_t seed = 1; seed <= cases(12); seed++) {
		struct balloon_dedup *d;

		draw_world(seed, seed % 2 ? 300 : CONTENTS_MAX);
		d = open_handle(1, 0);
		feed(d, 0, 1);
		compare(d, world.sharers_max == 0);
		balloon_dedup_close(d);
	}
}

static void forks_join(void)
{
	for (uint64_t seed = 50; seed < 50 + cases(8); seed++) {
		struct balloon_dedup *d, *fork[2];

		draw_world(seed, 600);
		d = open_handle(1, 0);
		CU_ASSERT_EQUAL_FATAL(balloon_dedup_fork(d, &fork[0]), 0);
		CU_ASSERT_EQUAL_FATAL(balloon_dedup_fork(d, &fork[1]), 0);
		feed(fork[0], 0, 3);
		feed(d, 1, 3);
		feed(fork[1], 2, 3);
		CU_ASSERT_EQUAL(balloon_dedup_join(d, fork[0]), 0);
		CU_ASSERT_EQUAL(balloon_dedup_join(fork[1], d), -EINVAL);
		CU_ASSERT_EQUAL(balloon_dedup_join(d, fork[1]), 0);
		compare(d, world.sharers_max == 0);
		balloon_dedup_close(d);
	}
}

/* Two guests with the very same memory, in one group and in two. */
static void groups_are_never_compared(void)
{
	struct balloon_dedup_figures f;
	struct balloon_dedup *d;

	draw_world(3, CONTENTS_MAX);
	world.guests_n = 2;
	world.guests[1] = world.guests[0];
	world.guests[0].group = world.guests[1].group = 0;
	d = open_handle(1, 0);
	feed(d, 0, 1);
	f = group_figures(d, 0);
	CU_ASSERT_EQUAL(f.guests, 2);
	CU_ASSERT(f.across_bytes > f.present_bytes / 8);
	balloon_dedup_close(d);

	world.guests[1].group = 1;
	d = open_handle(1, 0);
	feed(d, 0, 1);
	for (uint32_t g = 0; g < 2; g++) {
		f = group_figures(d, g);
		CU_ASSERT_EQUAL(f.guests, 1);
		CU_ASSERT_EQUAL(f.across_bytes, 0);
	}
	f.struct_size = sizeof(f);
	CU_ASSERT_EQUAL(balloon_dedup_all_figures(d, &f), 0);
	CU_ASSERT_EQUAL(f.across_bytes, 0);
	balloon_dedup_close(d);
}

/* Guests' parts come to their group's, and groups' to all. */
static void parts_come_to_the_whole(void)
{
	struct balloon_dedup_figures all = {.struct_size = sizeof(all)};
	uint64_t sum = 0;
	struct balloon_dedup *d;

	draw_world(6, 900);
	world.sharers_max = 0;
	d = open_handle(1, 0);
	feed(d, 0, 1);
	for (uint32_t g = 0; g < world.guests_n; g++) {
		struct balloon_dedup_figures f = guest_figures(d, g);

		CU_ASSERT(f.inside_bytes <= f.saved_bytes && f.saved_bytes <= f.present_bytes);
		sum += f.saved_bytes;
	}
	CU_ASSERT_EQUAL(balloon_dedup_all_figures(d, &all), 0);
	CU_ASSERT(sum < all.saved_bytes + GUESTS_MAX * PAGE && all.saved_bytes < sum + GUESTS_MAX * PAGE);
	CU_ASSERT_EQUAL(all.guests, world.guests_n);
	balloon_dedup_close(d);
}

/* Forty keys: the truth may be outside of a 95 % interval in eight of them once in
 * a hundred thousand runs, and the mean may be off by three of its errors. */
static void samples_are_honest(uint32_t flags)
{
	enum { KEYS = 40 };
	unsigned missed = 0;
	double sum = 0, truth, spread = 0;
	struct balloon_dedup *d;

	draw_world(21, CONTENTS_MAX);
	world.sharers_max = 0;
	world.guests_n = 4;
	for (unsigned g = 0; g < 4; g++) {
		world.guests[g] = world.guests[0];
		world.guests[g].group = 0;
		world.guests[g].pages = PAGES_MAX;
		for (unsigned i = 0; i < PAGES_MAX; i++) /* some in common, some not, some heavy */
			world.guests[g].content[i] = i % 16 == 0  ? FILLED
			                             : i % 16 == 1 ? ZERO
			                             : i % 2       ? FILLED + i % 1000
			                                           : FILLED + (i * 7 + g * 601) % 2900;
	}
	truth = (double)group_by_hand(0).saved * PAGE;
	d = open_handle(8, flags);
	for (int i = 0; i < KEYS; i++) {
		struct balloon_dedup_figures f;

		CU_ASSERT_EQUAL_FATAL(balloon_dedup_again(d, 1), 0);
		feed(d, 0, 1);
		f = group_figures(d, 0);
		CU_ASSERT(f.saved_low_bytes <= f.saved_bytes && f.saved_bytes <= f.saved_high_bytes);
		CU_ASSERT(f.saved_low_bytes < f.saved_high_bytes);
		CU_ASSERT_EQUAL(f.zero_bytes, group_by_hand(0).zero * PAGE);
		missed += (double)f.saved_low_bytes > truth || truth > (double)f.saved_high_bytes;
		sum += (double)f.saved_bytes / KEYS;
		spread += (double)(f.saved_high_bytes - f.saved_low_bytes) / KEYS;
	}
	CU_ASSERT(missed <= 8);
	CU_ASSERT(fabs(sum - truth) < 0.5 * spread);
	CU_ASSERT(spread < 0.5 * truth);
	balloon_dedup_close(d);
}

static void sampling_is_honest(void)
{
	samples_are_honest(0);
}

static void line_sampling_is_honest(void)
{
	samples_are_honest(BALLOON_DEDUP_LINES);
}

static uint64_t stable_of_all(struct balloon_dedup *d)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f)};

	CU_ASSERT_EQUAL(balloon_dedup_all_figures(d, &f), 0);
	return f.stable_bp;
}

static void change_from(unsigned guest)
{
	for (unsigned g = guest; g < world.guests_n; g++) {
		for (unsigned i = 0; i < PAGES_MAX; i++)
			world.guests[g].content[i] = FILLED + (world.guests[g].content[i] + 1) % 2900;
	}
}

/* Nothing changes between two scans, then half of the guests, then all of them. Of
 * 20480 places 40 are looked at: that there is none, or none of a half, is no risk. */
static void stability(void)
{
	struct balloon_dedup *d;

	draw_world(8, CONTENTS_MAX);
	world.guests_n = GUESTS_MAX;
	for (unsigned g = 0; g < GUESTS_MAX; g++)
		world.guests[g].pages = PAGES_MAX;
	change_from(0);
	d = open_handle(64, 0);
	feed(d, 0, 1);
	CU_ASSERT_EQUAL(stable_of_all(d), BALLOON_UNKNOWN);
	balloon_dedup_again(d, 0);
	feed(d, 0, 1);
	CU_ASSERT_EQUAL(stable_of_all(d), 10000);
	change_from(GUESTS_MAX / 2);
	balloon_dedup_again(d, 0);
	feed(d, 0, 1);
	CU_ASSERT(stable_of_all(d) > 0 && stable_of_all(d) < 10000);
	change_from(0);
	balloon_dedup_again(d, 0);
	feed(d, 0, 1);
	CU_ASSERT_EQUAL(stable_of_all(d), 0);
	balloon_dedup_again(d, 1);
	feed(d, 0, 1);
	CU_ASSERT_EQUAL(stable_of_all(d), BALLOON_UNKNOWN);
	balloon_dedup_close(d);
}

/* A guest that makes up contents cannot take more than its group's memory. */
static void memory_is_bounded(void)
{
	struct balloon_dedup_options o = {.struct_size = sizeof(o), .sample_one_in = 2};
	struct balloon_dedup_figures f;
	struct balloon_dedup *d = NULL;
	uint64_t seed = 99;
	uint32_t guest;

	CU_ASSERT_EQUAL_FATAL(balloon_dedup_open(&o, &d), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_dedup_guest(d, "liar", NULL, &guest), 0);
	make_page(bytes, FILLED);
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t v = draw(&seed);

		memcpy(bytes, &v, sizeof(v));
		CU_ASSERT_EQUAL(balloon_dedup_pages(d, guest, (uint64_t)i * PAGE, bytes, 1, 0), 0);
	}
	f = group_figures(d, guest);
	CU_ASSERT(f.memory_bytes < MIB + 64 * 1024);
	CU_ASSERT(f.sample_one_in > 2);
	CU_ASSERT(f.saved_bytes < f.present_bytes / 10);
	for (unsigned i = 0; i < 5000; i++) { /* and as many words */
		for (size_t at = 0; at < PAGE; at += sizeof(i))
			memcpy(bytes + at, &i, sizeof(i));
		balloon_dedup_pages(d, guest, (uint64_t)i * PAGE, bytes, 1, 0);
	}
	f = group_figures(d, guest);
	CU_ASSERT(f.memory_bytes < MIB + 64 * 1024);
	CU_ASSERT_EQUAL(f.zero_bytes + f.filled_bytes, 5000 * (uint64_t)PAGE);
	balloon_dedup_close(d);
}

static void yield_promises_little(void)
{
	struct balloon_dedup_figures f = {.struct_size = sizeof(f),
	                                  .present_bytes = 4 * GIB,
	                                  .mergeable_bytes = 4 * GIB,
	                                  .saved_bytes = GIB,
	                                  .saved_mergeable_bytes = GIB,
	                                  .saved_low_bytes = 900 * MIB,
	                                  .saved_high_bytes = 1100 * MIB,
	                                  .saved_filled_bytes = 300 * MIB,
	                                  .stable_bp = BALLOON_UNKNOWN};
	struct balloon_dedup_yield y = {.struct_size = sizeof(y)};

	CU_ASSERT_EQUAL(balloon_dedup_yield(&f, BALLOON_UNKNOWN, 0, &y), 0);
	CU_ASSERT_EQUAL(y.shareable_bytes, 900 * MIB);
	CU_ASSERT_EQUAL(y.takes_ns, BALLOON_UNKNOWN);
	CU_ASSERT(y.cost_ns > 0 && y.ns_per_mib > 0);
	balloon_dedup_yield(&f, 2 * GIB, 1 << 20, &y); /* the balloon returns the filled ones */
	CU_ASSERT_EQUAL(y.shareable_bytes, 600 * MIB);
	CU_ASSERT_EQUAL(y.takes_ns, 2 * SECOND);
	balloon_dedup_yield(&f, 100 * MIB, 0, &y);
	CU_ASSERT_EQUAL(y.shareable_bytes, 800 * MIB);
	f.stable_bp = 5000;
	balloon_dedup_yield(&f, 0, 0, &y);
	CU_ASSERT_EQUAL(y.shareable_bytes, 450 * MIB);
	f.saved_mergeable_bytes = 0; /* merely detectable */
	balloon_dedup_yield(&f, 0, 0, &y);
	CU_ASSERT_EQUAL(y.shareable_bytes, 0);
	CU_ASSERT_EQUAL(y.ns_per_mib, BALLOON_UNKNOWN);
	y.struct_size = 4;
	CU_ASSERT_EQUAL(balloon_dedup_yield(&f, 0, 0, &y), -EINVAL);
}

static void resting(void)
{
	CU_ASSERT_EQUAL(balloon_dedup_rest(1000, 0, 10000, 0), 0);
	CU_ASSERT_EQUAL(balloon_dedup_rest(1000, 0, 100, 0), 99000);
	CU_ASSERT_EQUAL(balloon_dedup_rest(1000, MIB, 0, MIB), SECOND - 1000);
	CU_ASSERT_EQUAL(balloon_dedup_rest(1000, MIB, 1, MIB), SECOND - 1000);
	CU_ASSERT_EQUAL(balloon_dedup_rest(5 * SECOND, MIB, 0, MIB), 0);
	CU_ASSERT_EQUAL(balloon_dedup_rest(UINT64_MAX, 0, 1, 0), UINT64_MAX);
	CU_ASSERT_EQUAL(balloon_dedup_rest(7, 9, 0, 0), 0);
}

static void refusals(void)
{
	struct {
		struct balloon_dedup_options o;
		uint64_t tail;
	} newer = {.o = {.struct_size = sizeof(newer)}};
	struct balloon_dedup_options bad[] = {
	        {.struct_size = 0},
	        {.struct_size = sizeof(bad[0]), .sample_one_in = 3},
	        {.struct_size = sizeof(bad[0]), .sample_one_in = 8192},
	        {.struct_size = sizeof(bad[0]), .flags = 1u << 31},
	        {.struct_size = sizeof(bad[0]), .flags = BALLOON_DEDUP_LINES, .sample_one_in = 1},
	        {.struct_size = sizeof(bad[0]), .sharers_max = 1},
	};
	struct balloon_dedup_figures f = {.struct_size = 0};
	struct balloon_dedup *d = NULL;
	uint32_t guest = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(balloon_dedup_open(&bad[i], &d), -EINVAL);
	CU_ASSERT_PTR_NULL(d);
	CU_ASSERT_EQUAL(balloon_dedup_open(&newer.o, &d), 0);
	balloon_dedup_close(d);
	newer.tail = 1;
	CU_ASSERT_EQUAL(balloon_dedup_open(&newer.o, &d), -E2BIG);
	CU_ASSERT_EQUAL_FATAL(balloon_dedup_open(NULL, &d), 0);
	CU_ASSERT_EQUAL(balloon_dedup_guest(d, NULL, NULL, &guest), -EINVAL);
	CU_ASSERT_EQUAL(guest, 7);
	CU_ASSERT_EQUAL(balloon_dedup_pages(d, 0, 0, bytes, 1, 0), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_guest(d, "a", NULL, &guest), 0);
	CU_ASSERT_EQUAL(balloon_dedup_pages(d, 0, 1, bytes, 1, 0), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_pages(d, 0, 0, NULL, 1, 0), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_pages(d, 0, 0, bytes, 1, 1u << 9), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_guest_figures(d, 0, &f), -EINVAL);
	f.struct_size = sizeof(f);
	CU_ASSERT_EQUAL(balloon_dedup_guest_figures(d, 1, &f), -EINVAL);
	CU_ASSERT_EQUAL(balloon_dedup_guest_figures(d, 0, &f), 0);
	CU_ASSERT(f.present_bytes == 0 && f.saved_bytes == 0 && f.distinct_bytes == 0);
	CU_ASSERT_STRING_EQUAL(f.name, "a");
	for (int i = 1; i < BALLOON_DEDUP_GUESTS_MAX; i++)
		CU_ASSERT_EQUAL(balloon_dedup_guest(d, "a", "all", &guest), 0);
	CU_ASSERT_EQUAL(balloon_dedup_guest(d, "a", "all", &guest), -ENOSPC);
	balloon_dedup_close(d);
	balloon_dedup_close(NULL);
	balloon_dedup_detach(NULL);
}

int main(void)
{
	static const struct test tests[] = {
	        {"exact is exact", exact_is_exact},
	        {"forks join", forks_join},
	        {"groups are never compared", groups_are_never_compared},
	        {"parts come to the whole", parts_come_to_the_whole},
	        {"sampling is honest", sampling_is_honest},
	        {"line sampling is honest", line_sampling_is_honest},
	        {"stability", stability},
	        {"memory is bounded", memory_is_bounded},
	        {"yield promises little", yield_promises_little},
	        {"resting", resting},
	        {"refusals", refusals},
	        {NULL, NULL},
	};

	return run_tests("dedup figures", tests);
}
