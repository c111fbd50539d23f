/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The behaviours by name. Must not know what they do.
 */
#include <errno.h>
#include <string.h>

#include "structs.h"
#include "world.h"

#define MIB (UINT64_C(1) << 20)
#define SECOND (1000 * MS_NS)

/* The rates are those of the trace world; a virtio driver on a quiet host was
 * seen to give about as fast. */
static void obey(struct balloon_sim_behaviour *b, uint64_t size)
{
	memset(b, 0, sizeof(*b));
	b->struct_size = sizeof(*b);
	b->down_bytes_s = 128 * MIB;
	b->up_bytes_s = 1024 * MIB;
	b->figures_period_ns = SECOND;
	b->refuse_rc = -EPERM;
	b->free_floor_bytes = BALLOON_UNKNOWN;
	b->ceiling_bytes = BALLOON_UNKNOWN;
	b->stick_at_bytes = BALLOON_UNKNOWN;
	/* squeezed's own list of what it never flags: 19 s off and 1 s on, and
	 * one page in 5 s. */
	b->off_ns = 19 * SECOND;
	b->on_ns = SECOND;
	b->trickle_ns = 5 * SECOND;
	b->claim_actual_bytes = BALLOON_UNKNOWN;
	b->flutter_bytes = 64 * MIB;
	b->spike_bytes = size / 4;
}

static const struct flag_name {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "obey", 0 },
	{ "stick", BALLOON_SIM_STICK },
	{ "stutter", BALLOON_SIM_STUTTER },
	{ "trickle", BALLOON_SIM_TRICKLE },
	{ "refuse", BALLOON_SIM_REFUSE },
	{ "deaf", BALLOON_SIM_DEAF },
	{ "hung", BALLOON_SIM_HUNG },
	{ "full", BALLOON_SIM_CLAIM_FULL },
	{ "empty", BALLOON_SIM_CLAIM_EMPTY },
	{ "absurd", BALLOON_SIM_CLAIM_ABSURD },
	{ "claims-target", BALLOON_SIM_CLAIM_TARGET },
	{ "stale", BALLOON_SIM_STALE },
	{ "silent", BALLOON_SIM_SILENT },
	{ "driverless", BALLOON_SIM_DRIVERLESS },
	{ "retake", BALLOON_SIM_RETAKE },
	{ "flutter", BALLOON_SIM_FLUTTER },
	{ "inhibited", BALLOON_SIM_INHIBITED },
	{ "paused", BALLOON_SIM_PAUSED },
	{ "spiky", BALLOON_SIM_SPIKES },
	{ "greedy", BALLOON_SIM_TOUCHES_ALL },
	{ "dies", BALLOON_SIM_DIES },
};

static bool is(const char *name, size_t length, const char *word)
{
	return strlen(word) == length && !memcmp(name, word, length);
}

static int add_flag(const char *name, size_t length, struct balloon_sim_behaviour *b)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (is(name, length, flag_names[i].name)) {
			b->flags |= flag_names[i].flag;
			return 0;
		}
	return -ENOENT;
}

static void slow(struct balloon_sim_behaviour *b)
{
	b->down_bytes_s = 4 * MIB;
	b->up_bytes_s = 16 * MIB;
	b->latency_ns = 3 * SECOND;
}

static void late(struct balloon_sim_behaviour *b)
{
	b->figures_period_ns = 5 * SECOND;
	b->figures_delay_ns = 3 * SECOND;
}

static int add_one(const char *name, size_t length, uint64_t size, struct balloon_sim_behaviour *b)
{
	if (is(name, length, "slow"))
		slow(b);
	else if (is(name, length, "late"))
		late(b);
	else if (is(name, length, "noisy"))
		b->noise_bp = 500;
	else if (is(name, length, "floor"))
		b->floor_bytes = size / 2;
	else if (is(name, length, "ceiling"))
		b->ceiling_bytes = size / 2;
	else if (is(name, length, "keeps-free"))
		b->free_floor_bytes = size / 8;
	else
		return add_flag(name, length, b);
	return 0;
}

int balloon_sim_behaviour(const char *name, uint64_t size_bytes,
                          struct balloon_sim_behaviour *ret_behaviour)
{
	struct balloon_sim_behaviour b;
	int rc;

	if (!name)
		return -EINVAL;
	obey(&b, size_bytes);
	for (;;) {
		size_t length = strcspn(name, "+");

		rc = add_one(name, length, size_bytes, &b);
		if (rc < 0)
			return rc;
		name += length;
		if (!*name)
			return bl_sim_give(&b, sizeof(b), ret_behaviour);
		name++;
	}
}
