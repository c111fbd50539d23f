/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See stage.h. The rules of design.md section 5 as they can be seen on the
 * wire, with his own numbers, not the library's: who was told what, when its
 * figures were last new, and what the host can give.
 */
#include "spectator.h"

#include <string.h>

/* open() is given no word of its own, and the tests play one stage at a time. */
static struct stage *watched;

#define MIB_OF(bytes) ((unsigned long long)((bytes) / MIB))

static struct memory *remember(struct stage *s, uint64_t key)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->memories[i].key == key)
			return &s->memories[i];
	return NULL;
}

static const struct role *role_of(const struct stage *s, const struct memory *m)
{
	return &s->roles[m - s->memories];
}

static void notice(struct stage *s, size_t i, const struct balloon_sample *row)
{
	struct memory *m = &s->memories[i];

	if (m->key != row->key)
		*m = (struct memory){
			.key = row->key,
			.target = row->actual_bytes == BALLOON_UNKNOWN ? row->size_bytes
			                                               : row->actual_bytes,
			.fresh_ns = BALLOON_UNKNOWN,
			.turned_ns = BALLOON_UNKNOWN,
		};
	if (row->serial != BALLOON_UNKNOWN && row->serial != m->seen.serial) {
		m->fresh_ns = s->now_ns;
		m->swaps = row->swap_in_bytes > m->seen.swap_in_bytes;
	}
	m->seen = *row;
}

static int see(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct stage *s = watched;
	int rc = balloon_sim_backend(s->sim)->observe(self, now_ns, ret_sheet);

	for (size_t k = 0; rc == 0 && k < ret_sheet->guests_n; k++)
		for (size_t i = 0; i < s->n; i++)
			if (!strcmp(ret_sheet->guests[k].name, s->roles[i].name))
				notice(s, i, &ret_sheet->guests[k]);
	return rc;
}

/* Rule 1, by the operator's own numbers. */
static void judge_bounds(struct stage *s, const struct memory *m, uint64_t target)
{
	const struct role *role = role_of(s, m);
	uint64_t size = m->seen.size_bytes, limit = role->limit_mib ? role->limit_mib * MIB : size;
	uint64_t least = role->reservation_mib ? role->reservation_mib * MIB : balloon_floor(size);

	limit = limit < size ? limit : size;
	least = least < limit ? least : limit;
	if (target < least || target > limit)
		stage_broken(s, "%s told %llu MiB, outside %llu to %llu", role->name,
		             MIB_OF(target), MIB_OF(least), MIB_OF(limit));
	if (m->seen.fixed)
		stage_broken(s, "%s cannot be moved and was told %llu MiB", role->name,
		             MIB_OF(target));
}

/* Rule 5: takes nothing on figures that are old, absent or never were. */
static void judge_faith(struct stage *s, const struct memory *m, uint64_t target)
{
	int stale = m->fresh_ns == BALLOON_UNKNOWN ||
	            s->now_ns - m->fresh_ns > s->profile.stale_ns ||
	            !(m->seen.flags & BALLOON_SAMPLE_RUNNING);

	if (stale && target < m->target &&
	    (m->seen.actual_bytes == BALLOON_UNKNOWN || target < m->seen.actual_bytes))
		stage_broken(s, "%s shrunk from %llu to %llu MiB on stale figures",
		             role_of(s, m)->name, MIB_OF(m->target), MIB_OF(target));
}

/* Short of memory by its own word: nearly nothing left, or reading back. */
static int pressed(const struct stage *s, const struct memory *m)
{
	uint64_t little = m->seen.total_bytes / 10000 * 2 * s->profile.pressed_bp;

	return m->seen.available_bytes < little || m->swaps;
}

/* Rule 6: no change of direction twice within the settle time. A promise
 * withdrawn before it was taken up (down, but not below what the guest has) is
 * no change of direction, and relief for the pressed may not wait for calm. */
static void judge_calm(struct stage *s, struct memory *m, uint64_t target)
{
	int direction = target > m->target ? 1 : -1;

	if (target == m->target || (direction < 0 && target >= m->seen.actual_bytes))
		return;
	if (m->direction && direction != m->direction) {
		if (m->turned_ns != BALLOON_UNKNOWN && !(direction > 0 && pressed(s, m)) &&
		    s->now_ns - m->turned_ns < s->profile.settle_ns)
			stage_broken(s, "%s turned at %llu s and again (told %llu, then %llu MiB)",
			             role_of(s, m)->name,
			             (unsigned long long)(m->turned_ns / SECOND),
			             MIB_OF(m->target), MIB_OF(target));
		m->turned_ns = s->now_ns;
		s->turns++;
	}
	m->direction = direction;
}

/* Rule 2: whoever is told to grow is promised what the host has free. */
static void judge_promises(struct stage *s, int grown)
{
	struct balloon_sim_host_truth host = stage_host(s);

	if (grown && host.promised_over_bytes && !s->set.free_falls)
		stage_broken(s, "a guest told to grow while %llu MiB too many are promised",
		             MIB_OF(host.promised_over_bytes));
}

static int judge_order(struct stage *s, const struct balloon_order *o)
{
	struct memory *m = remember(s, o->key);
	int grow;

	if (!m) {
		stage_broken(s, "an order for key %#llx, which nobody has",
		             (unsigned long long)o->key);
		return 0;
	}
	grow = o->target_bytes > m->target;
	judge_bounds(s, m, o->target_bytes);
	judge_faith(s, m, o->target_bytes);
	m->orders++;
	m->doubt |= o->rc < 0; /* did it hear, or not? Not promised, in any case */
	if (m->doubt)
		m->direction = 0;
	if (o->rc < 0)
		return 0;
	judge_calm(s, m, o->target_bytes);
	m->doubt = 0;
	m->target = o->target_bytes;
	return grow;
}

static int pass_on(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct stage *s = watched;
	int grown = 0, rc = balloon_sim_backend(s->sim)->order(self, now_ns, orders, n);

	for (size_t k = 0; rc == 0 && k < n; k++)
		grown |= judge_order(s, &orders[k]);
	judge_promises(s, grown);
	return rc;
}

static int enter(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	return balloon_sim_backend(watched->sim)->open(uri, ret_self, ret_error, size);
}

static void leave(void *self)
{
	balloon_sim_backend(watched->sim)->close(self);
}

const struct balloon_backend *spectator_of(struct stage *s)
{
	static const struct balloon_backend spectator = {
		.struct_size = sizeof(spectator),
		.abi = BALLOON_BACKEND_ABI,
		.name = "spectator",
		.open = enter,
		.close = leave,
		.observe = see,
		.order = pass_on,
	};

	watched = s;
	return &spectator;
}

/* The library's own account of the beat must be of this world too. */
void spectator_judges(struct stage *s, int rc)
{
	struct balloon_report r = stage_account(s);

	if (rc < 0 && !stage_host(s).away)
		stage_broken(s, "a beat failed: %s", balloon_error(s->b));
	if (rc == 0 && r.now_ns != s->now_ns)
		stage_broken(s, "the report is of another beat");
	if (r.clamped)
		stage_broken(s, "the guard had to correct %llu orders",
		             (unsigned long long)r.clamped);
}
