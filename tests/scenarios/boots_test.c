/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boot storms: many guests at once on a host that is nearly full, in whatever
 * order they come; and a guest at its least that asks for more while others have
 * more than is theirs.
 */
#include "stage.h"

#define NEWCOMERS 6
#define BEGIN_S 20

/* Two that have nearly all of the host, and six that begin at 20 s. */
static void set_up(struct stage *s, const struct role *newcomers, int backwards, int free_falls)
{
	stage_set(s, &(struct set){
		.story = "six guests begin at once on a host that is nearly full",
		.host_mib = 8192,
		.own_mib = 512,
		.reserve_mib = 256,
		.seed = 1,
		.free_falls = free_falls,
	});
	stage_enter(s, &(struct role){.name = "x", .size_mib = 4096, .demand_mib = 600,
	                            .start_mib = 3600});
	stage_enter(s, &(struct role){.name = "y", .size_mib = 4096, .demand_mib = 900,
	                            .start_mib = 3600});
	for (size_t k = 0; k < NEWCOMERS; k++)
		stage_enter(s, &newcomers[backwards ? NEWCOMERS - 1 - k : k]);
	stage_open(s);
}

/* What each was told, by name. */
static void note(struct stage *s, const struct role *newcomers, uint64_t ret[NEWCOMERS])
{
	for (size_t k = 0; k < NEWCOMERS; k++) {
		ret[k] = 0;
		for (size_t i = 0; i < s->n; i++)
			if (s->roles[i].name == newcomers[k].name && s->keys[i])
				ret[k] = stage_report(s, i).target_bytes;
	}
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Plays the same storm twice, the second time with the newcomers the other way
 * round, and sees to it that nobody fares otherwise. */
static void play_both(const struct role *newcomers, int free_falls,
                      void (*judge)(struct stage *s, unsigned second))
{
	static uint64_t told[120][NEWCOMERS];

	for (int backwards = 0; backwards < 2; backwards++) {
		struct stage s;

		set_up(&s, newcomers, backwards, free_falls);
		for (unsigned second = 0; second < 120; second++) {
			uint64_t now[NEWCOMERS];

			stage_play(&s, 1);
			judge(&s, second);
			note(&s, newcomers, backwards ? now : told[second]);
			for (size_t k = 0; backwards && k < NEWCOMERS; k++)
				if (apart(now[k], told[second][k]) > BALLOON_PAGE_BYTES)
					stage_broken(&s, "%s fares otherwise when it comes first",
					             newcomers[k].name);
		}
		CU_ASSERT_EQUAL(stage_host(&s).oom_kills, 0);
		for (size_t i = 0; i < s.n; i++) /* those who were there may make room */
			CU_ASSERT(stage_truth(&s, i).reversals <= (i < 2));
		stage_end(&s);
	}
}

/* Whoever is there and has a driver has been told at least what is reserved for
 * it, in one order, as soon as that was seen free. */
static void all_have_what_is_reserved(struct stage *s, unsigned second)
{
	static uint64_t before;
	uint64_t over = stage_host(s).promised_over_bytes;

	/* What they bring with them nobody was asked for. */
	if (over > before && second && second + 1 != BEGIN_S)
		stage_broken(s, "%llu MiB are promised twice", (unsigned long long)(over / MIB));
	before = over;
	for (size_t i = 0; i < s->n; i++) {
		const struct role *role = &s->roles[i];
		uint64_t told = stage_report(s, i).target_bytes;

		if (second < role->start_s || !stage_report(s, i).name)
			continue;
		if (told < role->reservation_mib * MIB && told != role->start_mib * MIB)
			stage_broken(s, "%s was raised to less than is reserved for it", role->name);
		if (second >= 60 && told < role->reservation_mib * MIB)
			stage_broken(s, "%s still waits for what is reserved for it", role->name);
	}
}

/* They begin ballooned down, as Xen starts them, with less than is theirs. */
static void they_begin_small(void)
{
	static const struct role newcomers[NEWCOMERS] = {
		{"a", 1024, 300, 500, 0, 0, 128, BEGIN_S, 5, NULL, 0},
		{"b", 1024, 300, 500, 0, 0, 128, BEGIN_S, 5, NULL, 0},
		{"c", 2048, 900, 700, 0, 2000, 128, BEGIN_S, 5, NULL, 0},
		{"d", 1024, 700, 400, 0, 0, 256, BEGIN_S, 5, NULL, 0},
		{"e", 512, 100, 300, 0, 0, 256, BEGIN_S, 5, NULL, 0},
		{"f", 1024, 300, 600, 0, 0, 128, BEGIN_S, 5, NULL, 0},
	};

	play_both(newcomers, 0, all_have_what_is_reserved);
}

static void all_keep_what_is_reserved(struct stage *s, unsigned second)
{
	for (size_t i = 0; i < s->n; i++)
		if (stage_report(s, i).name &&
		    stage_truth(s, i).actual_bytes < s->roles[i].reservation_mib * MIB)
			stage_broken(s, "%s has less than is reserved for it", s->roles[i].name);
	if (second >= 60 && stage_account(s).charged_bytes > stage_account(s).capacity_bytes)
		stage_broken(s, "more is promised than there is, long after the storm");
}

/* They begin with all of their size, as QEMU starts them, which is more than
 * there is; nobody was asked. */
static void they_begin_large(void)
{
	static const struct role newcomers[NEWCOMERS] = {
		{"a", 1024, 300, 500, 0, 0, 0, BEGIN_S, 5, NULL, 0},
		{"b", 1024, 300, 500, 0, 0, 0, BEGIN_S, 5, NULL, 0},
		{"c", 2048, 900, 700, 0, 2000, 0, BEGIN_S, 5, NULL, 0},
		{"d", 1024, 700, 400, 0, 0, 0, BEGIN_S, 5, NULL, 0},
		{"e", 512, 100, 300, 0, 0, 0, BEGIN_S, 5, NULL, 0},
		{"f", 1024, 300, 600, 0, 0, 0, BEGIN_S, 5, NULL, 0},
	};

	play_both(newcomers, 1, all_keep_what_is_reserved);
}

/* ----------------------------------------------------------------- pinned */

/* At its least, and everybody calm: the surplus lies with the others. Then it
 * begins to work. Nobody wanted it back before, so it must be fetched; but
 * relief comes with every beat, of what is free first, and none goes back. */
static void at_its_least_it_is_heard(void)
{
	struct stage s;
	size_t poor;
	uint64_t before;

	stage_set(&s, &(struct set){
		.story = "one at its least begins to work while others have a surplus",
		.host_mib = 4096,
		.own_mib = 512,
		.reserve_mib = 256,
	});
	poor = stage_enter(&s, &(struct role){.name = "poor", .size_mib = 2048, .demand_mib = 60,
	                                      .reservation_mib = 717, .start_mib = 717});
	stage_enter(&s, &(struct role){.name = "rich", .size_mib = 2048, .demand_mib = 300,
	                            .start_mib = 1700});
	stage_enter(&s, &(struct role){.name = "well", .size_mib = 1024, .demand_mib = 100,
	                            .start_mib = 900});
	stage_open(&s);
	stage_play(&s, 60);
	before = stage_told_mib(&s, poor);
	CU_ASSERT(stage_report(&s, 1).target_bytes > stage_report(&s, 1).need_bytes);
	stage_demand(&s, poor, 1000);
	for (unsigned beat = 0; beat < 20 && !stage_report(&s, poor).target_bytes; beat++)
		stage_play(&s, 1);
	stage_play(&s, 3);
	CU_ASSERT(stage_told_mib(&s, poor) > before); /* heard at once … */
	stage_play(&s, 17);
	CU_ASSERT_EQUAL(stage_truth(&s, poor).unmet_bytes, 0); /* … and helped soon */
	CU_ASSERT_EQUAL(stage_truth(&s, poor).pressure_bp, 0);
	CU_ASSERT_EQUAL(stage_truth(&s, poor).reversals, 0);
	CU_ASSERT_EQUAL(stage_host(&s).promised_over_max_bytes, 0);
	stage_end(&s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"they begin small", they_begin_small},
		{"they begin large", they_begin_large},
		{"at its least it is heard", at_its_least_it_is_heard},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "boots", tests);
}
