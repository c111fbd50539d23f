/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions as sentences. The rules are core's; here they only get words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hall.h"

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
	case BALLOON_REASON_LEARNT:
		return "it suffered below that a while ago, and nobody needs the difference now";
	case BALLOON_REASON_MISSES:
		return "more would save it fewer misses than the others";
	default:
		return "nothing has been decided yet";
	}
}

/* What the host does to a guest that does not give by itself. */
static const char *tell_kept(char *text, size_t size, const struct balloon *b, size_t i)
{
	const struct bl_ladder *l = &b->world.ladders[i];
	char level[32];

	*text = 0;
	if (l->level != BALLOON_UNKNOWN)
		snprintf(text, size, "; the host keeps at most %s of it in memory, by %s",
		         amount(level, sizeof(level), l->level), balloon_means_name(bl_rung(l)));
	return text;
}

/* A note, with what makes a sentence of it. */
#define NOTE_TEXT 320

/* What the backend says of it to people. */
static const char *tell_note(char *text, size_t size, const struct balloon *b, size_t i)
{
	*text = 0;
	if (b->rows[i].note)
		snprintf(text, size, " It %s.", b->rows[i].note);
	return text;
}

static int fixed(const struct balloon *b, size_t i, char *text, size_t size)
{
	char has[32], kept[96], note[NOTE_TEXT];

	return snprintf(text, size, "%s keeps its %s: it cannot be moved (%s)%s.%s", b->rows[i].name,
	                amount(has, sizeof(has), b->world.guests[i].actual),
	                balloon_fixed_name(b->world.guests[i].seen.fixed),
	                tell_kept(kept, sizeof(kept), b, i), tell_note(note, sizeof(note), b, i));
}

/* A curve comes with the host's sheet, and is as fresh as the beat. */
static uint32_t source(const struct bl_guest *g)
{
	if (g->curved)
		return BALLOON_SOURCE_CURVE;
	if (g->stale)
		return BALLOON_SOURCE_NONE;
	return g->seen.active != BALLOON_UNKNOWN ? BALLOON_SOURCE_HOST : BALLOON_SOURCE_GUEST;
}

static uint32_t confidence(const struct balloon *b, const struct bl_guest *g)
{
	uint64_t age = b->now_ns - g->fresh_ns, stale = b->world.rules.stale_ns;
	uint64_t full = source(g) == BALLOON_SOURCE_HOST ? 10000 : 8000;

	if (source(g) == BALLOON_SOURCE_CURVE)
		return 10000;
	if (source(g) == BALLOON_SOURCE_NONE || age >= stale)
		return 0;
	return (uint32_t)(full * ((stale - age) / 1000) / (stale / 1000 ? stale / 1000 : 1));
}

static uint32_t clamps(const struct balloon *b, const struct bl_guest *g)
{
	uint32_t bits = 0;

	bits |= g->entitlement <= g->min ? BALLOON_CLAMP_RESERVATION : 0;
	bits |= g->entitlement >= g->max && !b->world.plenty ? BALLOON_CLAMP_LIMIT : 0;
	bits |= g->ceiling < g->max ? BALLOON_CLAMP_CEILING : 0;
	bits |= g->cap < g->max ? BALLOON_CLAMP_NODE : 0;
	bits |= g->pin && !g->hold ? BALLOON_CLAMP_PIN : 0;
	bits |= g->hold && !g->overridden ? BALLOON_CLAMP_HOLD : 0;
	bits |= g->overridden ? BALLOON_CLAMP_OVERRIDDEN : 0;
	bits |= g->reason == BALLOON_REASON_SETTLE ? BALLOON_CLAMP_SETTLE : 0;
	bits |= g->reason == BALLOON_REASON_STEADY ? BALLOON_CLAMP_DEADBAND : 0;
	bits |= g->reason == BALLOON_REASON_WAIT ? BALLOON_CLAMP_FREE : 0;
	bits |= g->reason == BALLOON_REASON_LEARNT ? BALLOON_CLAMP_LEARNT : 0;
	return bits;
}

/* Others that are below where they should be led, and by how much. */
static void rivals(const struct balloon *b, size_t me, struct balloon_why *w)
{
	for (size_t i = 0; i < b->world.n; i++) {
		const struct bl_guest *g = &b->world.guests[i];
		uint64_t miss = g->goal == BALLOON_UNKNOWN ? 0 : bl_less(g->goal, g->target);

		if (i == me || g->pin || g->seen.fixed || miss < BALLOON_PAGE_BYTES)
			continue;
		w->wanted_bytes = bl_min(w->wanted_bytes + miss, BALLOON_BYTES_MAX);
		w->rivals++;
	}
}

/* When something that binds it now may have changed: at the next beat, or when
 * it may be turned around. */
static uint64_t again(const struct balloon *b, const struct bl_guest *g)
{
	uint64_t settle = b->world.rules.settle_ns, beat = b->world.rules.beat_ns, age;

	if (g->reason != BALLOON_REASON_SETTLE || g->grown_ns == BALLOON_UNKNOWN)
		return beat;
	age = b->now_ns - g->grown_ns;
	return bl_max(beat, bl_less(settle, age));
}

static struct balloon_why why(const struct balloon *b, size_t i)
{
	const struct bl_guest *g = &b->world.guests[i];
	struct balloon_why w = {
	        .rule = g->reason,
	        .bound = g->bound,
	        .clamps = clamps(b, g),
	        .source = source(g),
	        .confidence_bp = confidence(b, g),
	        .age_ns = g->fresh_ns == BALLOON_UNKNOWN ? BALLOON_UNKNOWN
	                                                 : b->now_ns - g->fresh_ns,
	        .actual_bytes = g->actual,
	        .active_bytes = g->active,
	        .need_bytes = g->need,
	        .reservation_bytes = g->min,
	        .limit_bytes = g->max,
	        .entitlement_bytes = g->entitlement,
	        .goal_bytes = g->goal,
	        .target_bytes = b->dry_run ? b->proposed[i] : g->target,
	        .capacity_bytes = b->world.capacity,
	        .free_bytes = b->world.capacity == BALLOON_UNKNOWN
	                              ? BALLOON_UNKNOWN
	                              : bl_less(b->world.capacity, b->world.charged),
	        .again_ns = again(b, g),
	        .learnt_bytes = g->learnt,
	};

	rivals(b, i, &w);
	return w;
}

int balloon_why(struct balloon *b, const char *guest, struct balloon_why *ret_why)
{
	struct balloon_why w;
	uint32_t size;
	size_t i;

	if (!ret_why || ret_why->struct_size < sizeof(size))
		return bl_fail(b, -EINVAL, "why: no struct_size");
	if (!guest || !bl_roster_find(b, guest, &i))
		return bl_fail(b, -ENOENT, "there is no guest \"%s\" here", guest ? guest : "");
	size = ret_why->struct_size;
	w = why(b, i);
	w.struct_size = size;
	memcpy(ret_why, &w, size < sizeof(w) ? size : sizeof(w));
	return 0;
}

static void tell_age(char *text, size_t size, const struct balloon_why *w)
{
	if (w->age_ns == BALLOON_UNKNOWN)
		snprintf(text, size, "it never gave figures");
	else
		snprintf(text, size, "%s figures %.1f s old%s",
		         w->source == BALLOON_SOURCE_HOST ? "host's" : "own",
		         (double)w->age_ns / 1e9,
		         w->source == BALLOON_SOURCE_CURVE ? " beside a curve of its misses" : "");
}

static void tell_rivals(char *text, size_t size, const struct balloon_why *w)
{
	char wanted[32];

	if (!w->rivals)
		snprintf(text, size, "nobody else wants more");
	else
		snprintf(text, size, "%llu other%s want%s %s more", (unsigned long long)w->rivals,
		         w->rivals == 1 ? "" : "s", w->rivals == 1 ? "s" : "",
		         amount(wanted, sizeof(wanted), w->wanted_bytes));
}

/* Who holds it, if that is the rule. */
static void tell_hold(char *text, size_t size, const struct balloon *b, size_t i)
{
	const struct bl_hold_row *h;

	*text = 0;
	if (b->world.guests[i].reason != BALLOON_REASON_HOLD)
		return;
	bl_holds_find(b, &b->rows[i], &h);
	if (!h)
		snprintf(text, size, " (backend %s, until it says otherwise)", b->backend->name);
	else
		snprintf(text, size, " (%s%s%s, for %.0f s more)", h->owner, *h->reason ? ": " : "",
		         h->reason, (double)bl_less(h->until_ns, b->now_ns) / 1e9);
}

int balloon_explain(struct balloon *b, const char *guest, char *ret_text, size_t size)
{
	char has[32], told[32], active[32], entitled[32], capacity[32], min[32], max[32], age[80],
	        others[96], hold[160], kept[96], note[NOTE_TEXT];
	struct balloon_why w;
	size_t i;

	if (!guest || !bl_roster_find(b, guest, &i))
		return bl_fail(b, -ENOENT, "there is no guest \"%s\" here", guest ? guest : "");
	if (b->world.guests[i].seen.fixed)
		return fixed(b, i, ret_text, size);
	w = why(b, i);
	tell_age(age, sizeof(age), &w);
	tell_rivals(others, sizeof(others), &w);
	tell_hold(hold, sizeof(hold), b, i);
	return snprintf(ret_text, size,
	                "%s has %s and %s %s, since %s%s (active %s; entitled to %s of %s for %zu "
	                "guests; shares %llu, reservation %s, limit %s; %s)%s; %s; looked at again in "
	                "%.0f s.%s",
	                b->rows[i].name, amount(has, sizeof(has), w.actual_bytes),
	                b->dry_run ? "would be told" : "is told",
	                amount(told, sizeof(told), w.target_bytes), because((uint8_t)w.rule), hold,
	                amount(active, sizeof(active), w.active_bytes),
	                amount(entitled, sizeof(entitled), w.entitlement_bytes),
	                amount(capacity, sizeof(capacity), w.capacity_bytes), b->world.n,
	                (unsigned long long)b->world.guests[i].shares,
	                amount(min, sizeof(min), w.reservation_bytes),
	                amount(max, sizeof(max), w.limit_bytes), age,
	                tell_kept(kept, sizeof(kept), b, i), others,
	                (double)w.again_ns / 1e9, tell_note(note, sizeof(note), b, i));
}
