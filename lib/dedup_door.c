/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The door to lib/dedup: options checked, keys drawn, guests put into groups,
 * bytes handed through. Must not know how pages are compared.
 */
#include "dedup_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Of contents sampled, and the memory their table may take, where not said. */
#define ONE_IN 64
#define GROUP_BYTES (UINT64_C(1) << 20)

/* KSM's own default of max_page_sharing. */
#define SHARERS 256

const char *balloon_dedup_hash_name(void)
{
	return bl_hash_best()->name;
}

/* ------------------------------------------------------------------ options */

/* A copy of what the caller's library knew; the rest must be zero. */
static int take_options(const struct balloon_dedup_options *options,
                        struct balloon_dedup_options *ret_options)
{
	const unsigned char *bytes = (const void *)options;
	struct balloon_dedup_options o = {.struct_size = sizeof(o)};
	size_t known;

	if (!options) {
		*ret_options = o;
		return 0;
	}
	if (options->struct_size < offsetof(struct balloon_dedup_options, flags))
		return -EINVAL;
	for (size_t i = sizeof(o); i < options->struct_size; i++) {
		if (bytes[i])
			return -E2BIG;
	}
	known = options->struct_size < sizeof(o) ? options->struct_size : sizeof(o);
	memcpy(&o, options, known);
	*ret_options = o;
	return 0;
}

static int make_wish(const struct balloon_dedup_options *o, struct bl_wish *ret_wish)
{
	uint32_t one_in = o->sample_one_in ? o->sample_one_in : ONE_IN;
	struct bl_wish w = {
	        .hash = bl_hash_best(),
	        .by_lines = o->flags & BALLOON_DEDUP_LINES,
	        .level = (uint32_t)__builtin_ctz(one_in),
	        .sharers_max = o->sharers_max ? o->sharers_max : SHARERS,
	        .table_bytes = o->group_bytes ? o->group_bytes : GROUP_BYTES,
	};

	if (one_in > BALLOON_DEDUP_ONE_IN_MAX || (one_in & (one_in - 1)))
		return -EINVAL;
	if (o->flags & ~(uint32_t)BALLOON_DEDUP_LINES || (w.by_lines && one_in == 1))
		return -EINVAL;
	if (o->sharers_max == 1 || o->pages_hint > BALLOON_BYTES_MAX / BALLOON_PAGE_BYTES)
		return -EINVAL;
	if (one_in == 1) {
		w.table_bytes = 0;
		w.items_hint = o->pages_hint;
	}
	*ret_wish = w;
	return 0;
}

int balloon_dedup_open(const struct balloon_dedup_options *options, struct balloon_dedup **ret_d)
{
	struct balloon_dedup_options o;
	struct balloon_dedup *d;
	struct bl_wish wish;
	int rc = take_options(options, &o);

	rc = rc ? rc : make_wish(&o, &wish);
	if (rc)
		return rc;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->wish = wish;
	d->wish.guests = &d->guests;
	*ret_d = d;
	return 0;
}

void balloon_dedup_close(struct balloon_dedup *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->guests.n; i++)
		bl_guest_free(d->guests.list[i]);
	for (uint32_t i = 0; i < d->groups_n; i++)
		bl_group_free(d->groups[i]);
	free(d->guests.list);
	free(d->groups);
	free(d->sums);
	free(d->group_sums);
	free(d);
}

/* --------------------------------------------------------- guests and groups */

/* All of it, or -errno: the kernel gives large keys in pieces. */
static int draw_key(struct bl_key *ret_key)
{
	unsigned char *p = (void *)ret_key;
	size_t n = 0;

	while (n < sizeof(*ret_key)) {
		ssize_t r = getrandom(p + n, sizeof(*ret_key) - n, 0);

		if (r < 0 && errno != EINTR)
			return -errno;
		n += r > 0 ? (size_t)r : 0;
	}
	return 0;
}

/* Room for one more guest, and for a group of its own. */
static int make_room(struct balloon_dedup *d)
{
	uint32_t room = d->guests_room ? d->guests_room * 2 : 8;
	struct bl_guest **list;
	struct bl_group **groups;
	struct bl_sum *sums, *group_sums;

	if (d->guests.n < d->guests_room)
		return 0;
	list = realloc(d->guests.list, room * sizeof(struct bl_guest *));
	d->guests.list = list ? list : d->guests.list;
	groups = realloc(d->groups, room * sizeof(struct bl_group *));
	d->groups = groups ? groups : d->groups;
	sums = realloc(d->sums, room * sizeof(*sums));
	d->sums = sums ? sums : d->sums;
	group_sums = realloc(d->group_sums, room * sizeof(*group_sums));
	d->group_sums = group_sums ? group_sums : d->group_sums;
	if (!list || !groups || !sums || !group_sums)
		return -ENOMEM;
	d->guests_room = room;
	return 0;
}

static struct bl_group *find_group(const struct balloon_dedup *d, const char *name)
{
	for (uint32_t i = 0; name && *name && i < d->groups_n; i++) {
		if (strcmp(d->groups[i]->name, name) == 0)
			return d->groups[i];
	}
	return NULL;
}

/* With room for it; key = a fork's, or NULL for one of its own. */
static int add_group(struct balloon_dedup *d, const char *name, const struct bl_group *from,
                     struct bl_group **ret_g)
{
	char *copy = strdup(name ? name : "");
	struct bl_group *g;
	int rc = 0;

	if (!copy || bl_group_new(&d->wish, copy, &g) < 0) {
		free(copy);
		return -ENOMEM;
	}
	if (from) {
		g->key = from->key;
		g->heavy = from->heavy;
	} else {
		rc = draw_key(&g->key);
	}
	if (rc) {
		bl_group_free(g);
		return rc;
	}
	bl_group_keyed(g);
	d->groups[d->groups_n++] = g;
	*ret_g = g;
	return 0;
}

static int add_guest(struct balloon_dedup *d, const char *name, struct bl_group *g)
{
	char *copy = strdup(name);
	struct bl_guest *guest;

	if (!copy || bl_guest_new(g, copy, d->guests.n, &guest) < 0) {
		free(copy);
		return -ENOMEM;
	}
	d->guests.list[d->guests.n++] = guest;
	d->summed = false;
	return 0;
}

int balloon_dedup_guest(struct balloon_dedup *d, const char *name, const char *group,
                        uint32_t *ret_guest)
{
	struct bl_group *g = find_group(d, group);
	bool is_new = !g;
	int rc;

	if (!name)
		return -EINVAL;
	if (d->guests.n == BALLOON_DEDUP_GUESTS_MAX)
		return -ENOSPC;
	rc = make_room(d);
	if (!rc && is_new)
		rc = add_group(d, group, NULL, &g);
	if (rc)
		return rc;
	rc = add_guest(d, name, g);
	if (rc && is_new)
		bl_group_free(d->groups[--d->groups_n]);
	if (rc)
		return rc;
	*ret_guest = d->guests.n - 1;
	return 0;
}

/* -------------------------------------------------------------------- scans */

int balloon_dedup_pages(struct balloon_dedup *d, uint32_t guest, uint64_t address,
                        const void *pages, size_t n, uint32_t flags)
{
	if (guest >= d->guests.n || (n && !pages) || address % BALLOON_PAGE_BYTES)
		return -EINVAL;
	if (flags & ~(uint32_t)(BALLOON_DEDUP_MERGEABLE | BALLOON_DEDUP_HUGE))
		return -EINVAL;
	d->summed = false;
	return bl_group_pages(d->guests.list[guest]->group, d->guests.list[guest], address, pages,
	                      n, flags);
}

/* New keys for all groups, or for none. What was known under the old ones goes. */
static int rotate_keys(struct balloon_dedup *d)
{
	struct bl_key *keys = calloc(d->groups_n + 1u, sizeof(*keys));
	int rc = keys ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < d->groups_n && !rc; i++)
		rc = draw_key(&keys[i]);
	for (uint32_t i = 0; i < d->groups_n && !rc; i++) {
		memcpy(&d->groups[i]->key, &keys[i], sizeof(keys[i]));
		bl_group_keyed(d->groups[i]);
		memset(&d->groups[i]->heavy, 0, sizeof(d->groups[i]->heavy));
	}
	for (uint32_t i = 0; i < d->guests.n && !rc; i++)
		bl_places_wipe(&d->guests.list[i]->places);
	if (keys)
		explicit_bzero(keys, d->groups_n * sizeof(*keys));
	free(keys);
	return rc;
}

int balloon_dedup_again(struct balloon_dedup *d, int rotate)
{
	int rc = rotate ? rotate_keys(d) : 0;

	if (rc)
		return rc;
	for (uint32_t i = 0; i < d->groups_n; i++)
		bl_group_clear(d->groups[i]);
	for (uint32_t i = 0; i < d->guests.n; i++)
		bl_guest_clear(d->guests.list[i]);
	d->compared = !rotate;
	d->summed = false;
	return 0;
}

/* ------------------------------------------------------------ fork and join */

static uint32_t group_number(const struct balloon_dedup *d, const struct bl_group *g)
{
	uint32_t i = 0;

	while (d->groups[i] != g)
		i++;
	return i;
}

int balloon_dedup_fork(const struct balloon_dedup *d, struct balloon_dedup **ret_fork)
{
	struct balloon_dedup *f = calloc(1, sizeof(*f));
	struct bl_group *g;
	int rc = f ? 0 : -ENOMEM;

	if (rc)
		return rc;
	f->wish = d->wish;
	f->wish.guests = &f->guests;
	f->parent = d;
	for (uint32_t i = 0; i < d->guests.n && !rc; i++) {
		const struct bl_guest *guest = d->guests.list[i];
		uint32_t number = group_number(d, guest->group);

		rc = make_room(f);
		if (!rc && number == f->groups_n) /* groups come in the order of their first guests */
			rc = add_group(f, guest->group->name, guest->group, &g);
		rc = rc ? rc : add_guest(f, guest->name, f->groups[number]);
	}
	if (rc) {
		balloon_dedup_close(f);
		return rc;
	}
	*ret_fork = f;
	return 0;
}

int balloon_dedup_join(struct balloon_dedup *d, struct balloon_dedup *fork)
{
	size_t *shift;
	int rc = 0;

	if (fork->parent != d || fork->guests.n != d->guests.n)
		return -EINVAL;
	shift = calloc(d->guests.n + 1u, sizeof(*shift));
	if (!shift)
		return -ENOMEM;
	d->summed = false;
	for (uint32_t i = 0; i < d->guests.n && !rc; i++) {
		shift[i] = d->guests.list[i]->blocks_n;
		rc = bl_guest_join(d->guests.list[i], fork->guests.list[i]);
	}
	for (uint32_t i = 0; i < d->groups_n && !rc; i++)
		rc = bl_group_join(d->groups[i], fork->groups[i], shift);
	free(shift);
	if (!rc)
		balloon_dedup_close(fork);
	return rc;
}
