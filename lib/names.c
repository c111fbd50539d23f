/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for numbers: states, reasons, why a guest is fixed, profiles. */
#include <errno.h>
#include <string.h>

#include "hall.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *balloon_version(void)
{
	return BALLOON_VERSION;
}

const char *balloon_state_name(uint32_t state)
{
	static const char *const names[] = {
	        [BALLOON_STATE_OK] = "ok",         [BALLOON_STATE_BOOTING] = "booting",
	        [BALLOON_STATE_PRESSED] = "pressed", [BALLOON_STATE_STALE] = "stale",
	        [BALLOON_STATE_STUCK] = "stuck",   [BALLOON_STATE_FIXED] = "fixed",
	        [BALLOON_STATE_PAUSED] = "paused",
	};

	return state < COUNT(names) ? names[state] : "unknown";
}

const char *balloon_host_state_name(uint32_t state)
{
	static const char *const names[] = {
	        [BALLOON_HOST_UNKNOWN] = "unknown", [BALLOON_HOST_HIGH] = "high",
	        [BALLOON_HOST_CLEAR] = "clear",     [BALLOON_HOST_SOFT] = "soft",
	        [BALLOON_HOST_HARD] = "hard",       [BALLOON_HOST_LOW] = "low",
	};

	return state < COUNT(names) ? names[state] : "unknown";
}

const char *balloon_fixed_name(uint32_t fixed)
{
	static const char *const names[] = {
	        [BALLOON_FIXED_NOT] = "no",
	        [BALLOON_FIXED_NO_DEVICE] = "no balloon device",
	        [BALLOON_FIXED_NO_DRIVER] = "no balloon driver",
	        [BALLOON_FIXED_PASSTHROUGH] = "device passthrough",
	        [BALLOON_FIXED_HUGEPAGES] = "huge pages",
	        [BALLOON_FIXED_LOCKED] = "locked memory",
	        [BALLOON_FIXED_OTHER] = "other",
	};

	return fixed < COUNT(names) ? names[fixed] : "unknown";
}

const char *balloon_reason_name(uint32_t reason)
{
	static const char *const names[] = {
	        [BALLOON_REASON_NONE] = "none",       [BALLOON_REASON_PLENTY] = "plenty",
	        [BALLOON_REASON_SHARE] = "share",     [BALLOON_REASON_TAX] = "tax",
	        [BALLOON_REASON_RESERVATION] = "reservation",
	        [BALLOON_REASON_LIMIT] = "limit",     [BALLOON_REASON_STEP] = "step",
	        [BALLOON_REASON_WAIT] = "wait",       [BALLOON_REASON_SETTLE] = "settle",
	        [BALLOON_REASON_STEADY] = "steady",   [BALLOON_REASON_STALE] = "stale",
	        [BALLOON_REASON_STUCK] = "stuck",     [BALLOON_REASON_BOOT] = "boot",
	        [BALLOON_REASON_FIXED] = "fixed",     [BALLOON_REASON_PRESSED] = "pressed",
	        [BALLOON_REASON_RELEASED] = "released",
	        [BALLOON_REASON_HOLD] = "hold",       [BALLOON_REASON_LENT] = "lent",
	        [BALLOON_REASON_NODE] = "node",
	        [BALLOON_REASON_BLIND] = "blind",     [BALLOON_REASON_LEARNT] = "learnt",
	        [BALLOON_REASON_MISSES] = "misses",
	};

	return reason < COUNT(names) ? names[reason] : "unknown";
}

const char *balloon_means_name(uint32_t means)
{
	static const char *const names[] = {
	        [BALLOON_MEANS_BALLOON] = "balloon",   [BALLOON_MEANS_SHARE] = "share",
	        [BALLOON_MEANS_COMPRESS] = "compress", [BALLOON_MEANS_SWAP] = "swap",
	        [BALLOON_MEANS_CEILING] = "ceiling",
	};

	return means < COUNT(names) ? names[means] : "unknown";
}

int balloon_profile(const char *name, struct balloon_profile *ret_profile)
{
	static const struct {
		const char *name;
		const struct balloon_profile *profile;
	} profiles[] = {
	        {"balanced", &bl_balanced},
	        {"aggressive", &bl_aggressive},
	        {"conservative", &bl_conservative},
	        {"lending", &bl_lending},
	};
	uint32_t size;

	if (!name || !ret_profile || ret_profile->struct_size < sizeof(uint32_t))
		return -EINVAL;
	for (size_t i = 0; i < COUNT(profiles); i++) {
		if (strcmp(name, profiles[i].name))
			continue;
		size = ret_profile->struct_size;
		memcpy(ret_profile, profiles[i].profile,
		       size < sizeof(*ret_profile) ? size : sizeof(*ret_profile));
		ret_profile->struct_size = size;
		return 0;
	}
	return -ENOENT;
}
