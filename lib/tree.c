/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The operator's pools, from names to core's order: the root first, parents
 * before children, the children of one parent side by side.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define POOLS_MAX 4096 /* names are looked up one by one: this takes a moment */

/* A pool as the operator wrote it, by the index of its parent in his list. */
struct draft {
	struct balloon_pool pool;
	size_t parent; /* 0 = the root, else index + 1 */
};

static size_t position(const struct draft *drafts, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(drafts[i].pool.name, name))
			return i + 1;
	}
	return 0;
}

static int check(const struct balloon_pool *p, struct bl_complaint *c)
{
	if (!p->name || !*p->name)
		return bl_complain(c, -EINVAL, "pool: one has no name");
	if (p->flags & ~(uint32_t)BALLOON_POOL_EXPANDABLE)
		return bl_complain(c, -EINVAL, "pool %s: flags 0x%x are not known here", p->name,
		                   p->flags);
	if (p->shares != BALLOON_UNKNOWN && p->shares > BALLOON_SHARES_MAX)
		return bl_complain(c, -ERANGE, "pool %s: shares above %llu", p->name,
		                   (unsigned long long)BALLOON_SHARES_MAX);
	if (p->reservation_bytes != BALLOON_UNKNOWN && p->reservation_bytes > BALLOON_BYTES_MAX)
		return bl_complain(c, -ERANGE, "pool %s: reservation above 4 PiB", p->name);
	if (p->limit_bytes != BALLOON_UNKNOWN && p->limit_bytes > BALLOON_BYTES_MAX)
		return bl_complain(c, -ERANGE, "pool %s: limit above 4 PiB", p->name);
	if (p->reservation_bytes != BALLOON_UNKNOWN && p->reservation_bytes > p->limit_bytes)
		return bl_complain(c, -EINVAL, "pool %s: reservation above limit", p->name);
	return 0;
}

static int draft(struct draft *drafts, size_t i, const void *from, size_t stride,
                 struct bl_complaint *c)
{
	struct draft *d = &drafts[i];
	uint32_t size;
	int rc;

	memcpy(&size, from, sizeof(size));
	rc = size == stride ? bl_import(&d->pool, sizeof(d->pool), from) : -EINVAL;
	if (rc < 0)
		return bl_complain(c, rc, "pool: struct_size of another library, or not that of the first pool");
	rc = check(&d->pool, c);
	if (rc < 0)
		return rc;
	if (position(drafts, i, d->pool.name))
		return bl_complain(c, -EINVAL, "pool %s: named twice", d->pool.name);
	if (!d->pool.parent || !*d->pool.parent)
		return 0;
	d->parent = position(drafts, i, d->pool.parent);
	if (!d->parent)
		return bl_complain(c, -EINVAL, "pool %s: its parent \"%s\" does not stand before it",
		                   d->pool.name, d->pool.parent);
	return 0;
}

static int place(struct bl_policy *p, const struct balloon_pool *from, uint32_t parent)
{
	char *name = strdup(from->name);

	if (!name)
		return -ENOMEM;
	p->pool_names[p->pools_n] = name;
	p->pools[p->pools_n++] = (struct bl_pool){
	        .shares = from->shares == BALLOON_UNKNOWN ? BL_DEFAULT_SHARES : from->shares,
	        .reservation = from->reservation_bytes,
	        .limit = from->limit_bytes,
	        .parent = parent,
	        .expandable = (from->flags & BALLOON_POOL_EXPANDABLE) != 0,
	};
	return 0;
}

/* Level by level; where[k] is the draft that became pool k. */
static int arrange(struct bl_policy *p, const struct draft *drafts, size_t n, size_t *where)
{
	for (size_t k = 0; k < p->pools_n; k++) {
		p->pools[k].pools = (uint32_t)p->pools_n;
		for (size_t i = 0; i < n; i++) {
			if (drafts[i].parent != where[k])
				continue;
			where[p->pools_n] = i + 1;
			if (place(p, &drafts[i].pool, (uint32_t)k) < 0)
				return -ENOMEM;
			p->pools[k].pools_n++;
		}
	}
	return 0;
}

static int plant(struct bl_policy *p, struct draft *drafts, size_t *where,
                 const struct balloon_pool *pools, size_t n, struct bl_complaint *c)
{
	const struct balloon_pool root = {
	        .name = "", .shares = 0, .reservation_bytes = BALLOON_UNKNOWN,
	        .limit_bytes = BALLOON_UNKNOWN};
	size_t stride = n ? pools->struct_size : 0;
	int rc;

	for (size_t i = 0; i < n; i++) {
		rc = draft(drafts, i, (const char *)pools + i * stride, stride, c);
		if (rc < 0)
			return rc;
	}
	if (place(p, &root, 0) < 0 || arrange(p, drafts, n, where) < 0)
		return bl_complain(c, -ENOMEM, "policy: out of memory");
	return 0;
}

int bl_tree_import(struct bl_policy *p, const struct balloon_pool *pools, size_t n,
                   struct bl_complaint *c)
{
	struct draft *drafts = calloc(n + 1, sizeof(*drafts));
	size_t *where = calloc(n + 1, sizeof(*where));
	int rc;

	p->pools = calloc(n + 1, sizeof(*p->pools));
	p->pool_names = calloc(n + 1, sizeof(*p->pool_names));
	if (n && (!pools || n > POOLS_MAX))
		rc = bl_complain(c, -EINVAL, "policy: no pools, or more than %d", POOLS_MAX);
	else if (!drafts || !where || !p->pools || !p->pool_names)
		rc = bl_complain(c, -ENOMEM, "policy: out of memory");
	else
		rc = plant(p, drafts, where, pools, n, c);
	free(drafts);
	free(where);
	return rc;
}

void bl_tree_free(struct bl_policy *p)
{
	for (size_t k = 0; k < p->pools_n; k++)
		free(p->pool_names[k]);
	free(p->pool_names);
	free(p->pools);
	p->pool_names = NULL;
	p->pools = NULL;
	p->pools_n = 0;
}

int bl_tree_find(const struct bl_policy *p, const char *name, uint32_t *ret_pool)
{
	for (size_t k = 0; k < p->pools_n; k++) {
		if (!strcmp(p->pool_names[k], name ? name : "")) {
			*ret_pool = (uint32_t)k;
			return 0;
		}
	}
	return -ENOENT;
}
