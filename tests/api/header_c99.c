/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every public header, alone and twice, as C99; see headers. */
#include <balloon/sim.h>
#include <balloon/balloon.h>
#include <balloon/backend.h>
#include <balloon/sim.h>

/* What a C program does first must compile as it stands in the header. */
int first_look(void);

int first_look(void)
{
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .profile = &profile,
	                                .budget_bytes = BALLOON_UNKNOWN,
	                                .reserve_bytes = BALLOON_UNKNOWN};
	struct balloon_options o = {.struct_size = sizeof(o),
	                            .uri = "sim:guests=3",
	                            .policy = &policy};
	struct balloon *b = 0;
	uint64_t next_ns = 0;

	if (balloon_profile("balanced", &profile) < 0 || balloon_open(&o, &b) < 0)
		return 1;
	(void)balloon_tick(b, BALLOON_PAGE_BYTES, &next_ns);
	balloon_close(b);
	return 0;
}
