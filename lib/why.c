/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions as sentences. The rules are core's; here they only get words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hall.h"

static int find(const struct balloon *b, const char *guest, size_t *ret_i)
{
	for (size_t i = 0; i < b->world.n; i++) {
		const struct bl_row *row = &b->rows[i];

		if (!strcmp(row->name, guest) || (*row->uuid && !strcmp(row->uuid, guest))) {
			*ret_i = i;
			return 1;
		}
	}
	return 0;
}

/* "1.5 GiB", "204 MiB", "unknown" */
static const char *amount(char *text, size_t size, uint64_t bytes)
{
	if (bytes == BALLOON_UNKNOWN)
		snprintf(text, size, "unknown");
	else if (bytes >= UINT64_C(10) << 30)
		snprintf(text, size, "%.1f GiB", (double)bytes / (1 << 30));
	else
		snprintf(text, size, "%llu MiB", (unsigned long long)(bytes >> 20));
	return text;
}

static const char *because(uint8_t reason)
{
	switch (reason) {
	case BALLOON_REASON_PLENTY:
		return "there is enough for every guest";
	case BALLOON_REASON_SHARE:
		return "that is its share";
	case BALLOON_REASON_TAX:
		return "its idle memory is taxed";
	case BALLOON_REASON_RESERVATION:
		return "it must not go below its reservation";
	case BALLOON_REASON_LIMIT:
		return "it must not go above its limit";
	case BALLOON_REASON_STEP:
		return "it is led to its entitlement in steps";
	case BALLOON_REASON_WAIT:
		return "it grows when others are seen to have given";
	case BALLOON_REASON_SETTLE:
		return "it grew a moment ago and is not turned around so soon";
	case BALLOON_REASON_STEADY:
		return "it is near enough, and nobody waits for the difference";
	case BALLOON_REASON_STALE:
		return "its figures are too old to take anything from it";
	case BALLOON_REASON_STUCK:
		return "it does not follow, and is charged for what it keeps";
	case BALLOON_REASON_BOOT:
		return "it is still booting";
	case BALLOON_REASON_PRESSED:
		return "it is short of memory and gets its relief at once";
	case BALLOON_REASON_RELEASED:
		return "it was let go";
	case BALLOON_REASON_HOLD:
		return "somebody holds it";
	case BALLOON_REASON_LENT:
		return "what it does not use is lent to guests that are short";
	case BALLOON_REASON_NODE:
		return "a NUMA node it has memory on is full";
	case BALLOON_REASON_BLIND:
		return "it is not known how much there is to divide";
	default:
		return "nothing has been decided yet";
	}
}

static int fixed(const struct balloon *b, size_t i, char *text, size_t size)
{
	char has[32];

	return snprintf(text, size, "%s keeps its %s: it cannot be moved (%s).", b->rows[i].name,
	                amount(has, sizeof(has), b->world.guests[i].actual),
	                balloon_fixed_name(b->world.guests[i].seen.fixed));
}

int balloon_explain(struct balloon *b, const char *guest, char *ret_text, size_t size)
{
	char has[32], told[32], active[32], entitled[32], capacity[32], min[32], max[32], age[48];
	const struct bl_guest *g;
	size_t i;

	if (!guest || !find(b, guest, &i))
		return bl_fail(b, -ENOENT, "there is no guest \"%s\" here", guest ? guest : "");
	g = &b->world.guests[i];
	if (g->seen.fixed)
		return fixed(b, i, ret_text, size);
	if (g->fresh_ns == BALLOON_UNKNOWN)
		snprintf(age, sizeof(age), "it never gave figures");
	else
		snprintf(age, sizeof(age), "figures %.1f s old", (double)(b->now_ns - g->fresh_ns) / 1e9);
	return snprintf(ret_text, size,
	                "%s has %s and %s %s, since %s (active %s; entitled to %s of %s for %zu "
	                "guests; shares %llu, reservation %s, limit %s; %s).",
	                b->rows[i].name, amount(has, sizeof(has), g->actual),
	                b->dry_run ? "would be told" : "is told",
	                amount(told, sizeof(told), b->dry_run ? b->proposed[i] : g->target),
	                because(g->reason), amount(active, sizeof(active), g->active),
	                amount(entitled, sizeof(entitled), g->entitlement),
	                amount(capacity, sizeof(capacity), b->world.capacity), b->world.n,
	                (unsigned long long)g->shares, amount(min, sizeof(min), g->min),
	                amount(max, sizeof(max), g->max), age);
}
