/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything at once: seeded hosts on which guests wander and fall into every
 * bad habit, restart, are reset, and the daemon goes away. There is no story;
 * the spectator's rules must hold at every beat, and when the storm is over
 * everybody is served. $CASES sets how many hosts.
 */
#include "stage.h"

static void crowd(struct stage *s, uint64_t seed)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	uint64_t luck = seed * 2 + 1, n = draw_between(&luck, 2, 8);

	for (uint64_t k = 0; k < n; k++)
		stage_enter(s, &(struct role){
			.name = names[k],
			.size_mib = 512 * draw_between(&luck, 1, 4),
			.shares = draw_between(&luck, 1, 4) * 1000,
			.start_s = draw_between(&luck, 0, 1) * draw_between(&luck, 0, 100),
			.boot_s = draw_between(&luck, 0, 10),
		});
	for (size_t i = 0; i < s->n; i++)
		CU_ASSERT_EQUAL(balloon_sim_set_wander(s->sim, s->keys[i]), 0);
}

static void storm(uint64_t seed, uint32_t faults_bp)
{
	struct stage s;
	char story[64];

	snprintf(story, sizeof(story), "storm %llu, %u bp", (unsigned long long)seed, faults_bp);
	stage_set(&s, &(struct set){
		.story = story,
		.host_mib = 6144,
		.own_mib = 512,
		.reserve_mib = 256,
		.seed = seed,
		.faults_bp = faults_bp,
		/* Resets, claims and takers promise themselves what they like. */
		.free_falls = faults_bp != 0,
	});
	crowd(&s, seed);
	stage_open(&s);
	stage_play(&s, 600);
	stage_end(&s);
}

static void fair_weather(void)
{
	for (uint64_t seed = 1; seed <= cases(30); seed++)
		storm(seed, 0);
}

static void storms(void)
{
	for (uint64_t seed = 1; seed <= cases(30); seed++)
		storm(seed, 1500);
}

static void hurricanes(void)
{
	for (uint64_t seed = 1; seed <= cases(30); seed++)
		storm(seed, 6000);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"fair weather", fair_weather},
		{"storms", storms},
		{"hurricanes", hurricanes},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "storm", tests);
}
