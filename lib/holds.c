/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Holds: who wants which guest left alone, and until when. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define HOLDS_MAX 1024

static void clear(struct bl_hold_row *h)
{
	free(h->guest);
	free(h->owner);
	free(h->reason);
}

static void drop(struct balloon *b, size_t k)
{
	clear(&b->holds[k]);
	b->holds[k] = b->holds[--b->holds_n];
}

void bl_holds_free(struct balloon *b)
{
	while (b->holds_n)
		drop(b, b->holds_n - 1);
	free(b->holds);
	b->holds = NULL;
}

const struct bl_hold_row *bl_holds_find(const struct balloon *b, const struct bl_row *row)
{
	const struct bl_hold_row *found = NULL;

	for (size_t k = 0; k < b->holds_n; k++) {
		const struct bl_hold_row *h = &b->holds[k];

		if (!strcmp(h->guest, row->name) || (*row->uuid && !strcmp(h->guest, row->uuid)))
			found = !found || h->mode > found->mode ? h : found;
	}
	return found;
}

void bl_holds_beat(struct balloon *b, uint64_t now)
{
	for (size_t k = b->holds_n; k-- > 0;) {
		if (b->holds[k].until_ns <= now)
			drop(b, k);
	}
	for (size_t i = 0; i < b->world.n; i++) {
		const struct bl_hold_row *h =
		        b->holds_n ? bl_holds_find(b, &b->rows[i]) : NULL;

		b->world.guests[i].hold = h ? h->mode : BL_HOLD_NONE;
	}
}

static int same(const struct bl_hold_row *h, const char *guest, const char *owner)
{
	return !strcmp(h->guest, guest) && !strcmp(h->owner, owner);
}

/* Room for one, made of h; what owner had on the guest before gives way. */
static int put(struct balloon *b, struct bl_hold_row *h)
{
	struct bl_hold_row *holds;

	for (size_t k = b->holds_n; k-- > 0;) {
		if (same(&b->holds[k], h->guest, h->owner))
			drop(b, k);
	}
	holds = realloc(b->holds, (b->holds_n + 1) * sizeof(*holds));
	if (!holds)
		return -ENOMEM;
	b->holds = holds;
	b->holds[b->holds_n++] = *h;
	return 0;
}

int balloon_hold(struct balloon *b, const char *guest, const struct balloon_hold *hold)
{
	struct bl_hold_row row = {0};
	struct balloon_hold h;
	int rc = hold ? bl_import(&h, sizeof(h), hold) : -EINVAL;

	if (rc < 0)
		return bl_fail(b, rc, "hold: none, or of another library's size");
	if (!guest || !*guest || !h.owner || !*h.owner)
		return bl_fail(b, -EINVAL, "hold: name the guest and who holds it");
	if (h.mode > BALLOON_HOLD_FULL)
		return bl_fail(b, -EINVAL, "hold on %s: mode %u is not known here", guest, h.mode);
	if (h.until_ns <= b->now_ns || h.until_ns == BALLOON_UNKNOWN)
		return bl_fail(b, -EINVAL, "hold on %s: needs an end that lies ahead", guest);
	if (b->holds_n >= HOLDS_MAX)
		return bl_fail(b, -ENOSPC, "hold on %s: there are %d already", guest, HOLDS_MAX);
	row = (struct bl_hold_row){strdup(guest), strdup(h.owner), strdup(h.reason ? h.reason : ""),
	                           (uint8_t)(BL_HOLD_FREEZE + h.mode), h.until_ns};
	rc = row.guest && row.owner && row.reason ? put(b, &row) : -ENOMEM;
	if (rc < 0) {
		clear(&row);
		return bl_fail(b, rc, "hold on %s: out of memory", guest);
	}
	return 0;
}

int balloon_unhold(struct balloon *b, const char *guest, const char *owner)
{
	for (size_t k = 0; guest && owner && k < b->holds_n; k++) {
		if (same(&b->holds[k], guest, owner)) {
			drop(b, k);
			return 0;
		}
	}
	return bl_fail(b, -ENOENT, "%s has no hold on %s", owner ? owner : "nobody",
	               guest ? guest : "nobody");
}
