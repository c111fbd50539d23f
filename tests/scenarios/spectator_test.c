/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Would the spectator see it? Each rule of his is broken once, by orders that
 * no library gave, and he must complain; a judge who never does is no judge.
 */
#include "spectator.h"

struct bench {
	struct stage s;
	const struct balloon_backend *backend;
	void *self;
	size_t guest;
};

static void seat(struct bench *x, const char *behaviour, uint32_t fixed)
{
	char error[128];

	stage_set(&x->s, &(struct set){.story = "(on purpose)", .host_mib = 4096, .own_mib = 512,
	                               .reserve_mib = 256});
	x->guest = stage_enter(&x->s, &(struct role){.name = "g", .size_mib = 1024,
	                                             .demand_mib = 100, .reservation_mib = 256,
	                                             .limit_mib = 900, .fixed = fixed,
	                                             .behaviour = behaviour});
	x->backend = spectator_of(&x->s);
	CU_ASSERT_EQUAL_FATAL(x->backend->open(NULL, &x->self, error, sizeof(error)), 0);
}

static void watch(struct bench *x, unsigned seconds)
{
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};

	while (seconds--) {
		CU_ASSERT_EQUAL(x->backend->observe(x->self, x->s.now_ns, &sheet), 0);
		x->s.now_ns += SECOND;
	}
}

/* How often he complained of an order of target_mib for key. */
static unsigned long complaints(struct bench *x, uint64_t key, uint64_t target_mib)
{
	struct balloon_order o = {.key = key, .target_bytes = target_mib * MIB};
	unsigned long before = x->s.violations;

	watch(x, 1);
	x->backend->order(x->self, x->s.now_ns, &o, 1);
	return x->s.violations - before;
}

static void leave(struct bench *x)
{
	x->backend->close(x->self);
	balloon_sim_free(x->s.sim);
}

static void he_minds_the_bounds(void)
{
	struct bench x;

	seat(&x, NULL, 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 900), 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 256), 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 255), 1);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0] + 1, 512), 1);
	watch(&x, 60);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 901), 1);
	leave(&x);
}

static void he_minds_the_fixed(void)
{
	struct bench x;

	seat(&x, NULL, BALLOON_FIXED_PASSTHROUGH);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 512), 1);
	leave(&x);
}

static void he_minds_faith(void)
{
	static const char *const habits[] = {"stale", "silent", "hung", "paused", "driverless"};

	for (size_t k = 0; k < sizeof(habits) / sizeof(habits[0]); k++) {
		struct bench x;

		seat(&x, habits[k], 0);
		watch(&x, 30);
		CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 512), 1);
		leave(&x);
	}
}

static void he_minds_calm(void)
{
	struct bench x;

	seat(&x, NULL, 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 700), 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 800), 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 700), 1);
	watch(&x, 31);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 800), 0);
	leave(&x);
}

static void he_minds_promises(void)
{
	struct bench x;

	seat(&x, NULL, 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 700), 0);
	watch(&x, 5);
	stage_enter(&x.s, &(struct role){.name = "big", .size_mib = 2600});
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 720), 0);
	CU_ASSERT_EQUAL(complaints(&x, x.s.keys[0], 729), 1);
	leave(&x);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{"he minds the bounds", he_minds_the_bounds},
		{"he minds the fixed", he_minds_the_fixed},
		{"he minds faith", he_minds_faith},
		{"he minds calm", he_minds_calm},
		{"he minds promises", he_minds_promises},
		{NULL, NULL},
	};

	return stage_main(argc, argv, "spectator", tests);
}
