/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stand.h"

#include <string.h>

void stand_up(struct stand *s, uint64_t total_mib)
{
	struct balloon_sim_host host = {.struct_size = sizeof(host),
	                                .total_bytes = total_mib * MIB,
	                                .own_bytes = 256 * MIB,
	                                .capacity_bytes = BALLOON_UNKNOWN,
	                                .seed = 1,
	                                .features = BALLOON_SIM_TELLS_STALL};

	memset(s, 0, sizeof(*s));
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &s->sim), 0);
}

void stand_guest(struct stand *s, const char *name, uint64_t size_mib, uint64_t use_mib)
{
	struct balloon_sim_guest g = {.struct_size = sizeof(g),
	                              .name = name,
	                              .size_bytes = size_mib * MIB,
	                              .actual_bytes = BALLOON_UNKNOWN,
	                              .swap_bytes = BALLOON_UNKNOWN};
	uint64_t kernel = 64 * MIB + g.size_bytes / 50;

	CU_ASSERT_EQUAL_FATAL(balloon_sim_add(s->sim, &g, &s->keys[s->n]), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[s->n],
	                                       use_mib * MIB > kernel ? use_mib * MIB - kernel : 0,
	                                       BALLOON_UNKNOWN),
	                0);
	s->n++;
}

struct balloon_policy stand_policy(void)
{
	return (struct balloon_policy){.struct_size = sizeof(struct balloon_policy),
	                               .budget_bytes = BALLOON_UNKNOWN,
	                               .reserve_bytes = 128 * MIB};
}

struct balloon_allocation stand_allocation(const char *pool, uint64_t reservation_mib)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = BALLOON_UNKNOWN,
	                                   .reservation_bytes = reservation_mib * MIB,
	                                   .limit_bytes = BALLOON_UNKNOWN,
	                                   .pool = pool};
}

void stand_open(struct stand *s, struct balloon_policy *policy)
{
	struct balloon_policy plain = stand_policy();
	char why[256] = "";
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .backend = balloon_sim_backend(s->sim),
	                            .policy = policy ? policy : &plain,
	                            .error_text = why,
	                            .error_size = sizeof(why)};

	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &s->b), 0);
}

void stand_beats(struct stand *s, int n)
{
	while (n-- > 0) {
		s->now += SECOND;
		CU_ASSERT_EQUAL(balloon_tick(s->b, s->now, NULL), 0);
	}
}

void stand_down(struct stand *s)
{
	balloon_close(s->b);
	balloon_sim_free(s->sim);
}

struct balloon_guest_report stand_report(struct balloon *b, const char *name)
{
	struct balloon_guest_report g[32];
	int n = balloon_guests(b, g, sizeof(g[0]), 32);

	for (int i = 0; i < n; i++) {
		if (!strcmp(g[i].name, name))
			return g[i];
	}
	CU_FAIL("no such guest");
	return (struct balloon_guest_report){.name = ""};
}

struct balloon_report stand_account(struct balloon *b)
{
	struct balloon_report r = {.struct_size = sizeof(r)};

	CU_ASSERT_EQUAL(balloon_report(b, &r), 0);
	return r;
}
