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

int bl_holds_copy(struct balloon *to, const struct balloon *from)
{
	to->holds = calloc(from->holds_n + 1, sizeof(*to->holds));
	for (size_t k = 0; to->holds && k < from->holds_n; k++) {
		struct bl_hold_row *h = &to->holds[to->holds_n++];

		*h = from->holds[k];
		h->guest = strdup(h->guest);
		h->owner = strdup(h->owner);
		h->reason = strdup(h->reason);
		if (!h->guest || !h->owner || !h->reason)
			return -ENOMEM;
	}
	return to->holds ? 0 : -ENOMEM;
}

/* Whoever wants a guest left as it is has the strongest reason: it may be in the
 * middle of a migration. */
static int stronger(uint8_t mode, uint8_t found)
{
	if (!found || found == BL_HOLD_FREEZE)
		return mode && !found;
	return mode == BL_HOLD_FREEZE || mode > found;
}

uint8_t bl_holds_find(const struct balloon *b, const struct bl_row *row,
                      const struct bl_hold_row **ret_hold)
{
	uint8_t found = row->hold;

	*ret_hold = NULL;
	for (size_t k = 0; k < b->holds_n; k++) {
		const struct bl_hold_row *h = &b->holds[k];

		if (strcmp(h->guest, row->name) && (!*row->uuid || strcmp(h->guest, row->uuid)))
			continue;
		if (stronger(h->mode, found)) {
			found = h->mode;
			*ret_hold = h;
		}
	}
	return found;
}

void bl_holds_beat(struct balloon *b, uint64_t now)
{
	const struct bl_hold_row *whose;

	for (size_t k = b->holds_n; k-- > 0;) {
		if (b->holds[k].until_ns <= now)
			drop(b, k);
	}
	for (size_t i = 0; i < b->world.n; i++)
		b->world.guests[i].hold = bl_holds_find(b, &b->rows[i], &whose);
}

static int same(const struct bl_hold_row *h, const char *guest, const char *owner)
{
	return !strcmp(h->guest, guest) && !strcmp(h->owner, owner);
}

/* Room for one, made of h; what owner had on the guest before gives way. */
static int put(struct balloon *b, struct bl_hold_row *h)
{
	struct bl_hold_row *holds;

	for (size_t k = 0; k < b->holds_n; k++) {
		if (same(&b->holds[k], h->guest, h->owner)) {
			clear(&b->holds[k]);
			b->holds[k] = *h;
			return 0;
		}
	}
	if (b->holds_n >= HOLDS_MAX)
		return -ENOSPC;
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
	row = (struct bl_hold_row){strdup(guest), strdup(h.owner), strdup(h.reason ? h.reason : ""),
	                           (uint8_t)(BL_HOLD_FREEZE + h.mode), h.until_ns};
	rc = row.guest && row.owner && row.reason ? put(b, &row) : -ENOMEM;
	if (rc < 0)
		clear(&row);
	if (rc == -ENOSPC)
		return bl_fail(b, rc, "hold on %s: there are %d already; end some", guest, HOLDS_MAX);
	return rc < 0 ? bl_fail(b, rc, "hold on %s: out of memory", guest) : 0;
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
