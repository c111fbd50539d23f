/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The "pools" of the configuration; see pools.h. */
#include "pools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chain of pools costs a round each; nobody nests so deep, or has so many. */
#define POOLS_MAX 1024

#define POOL(field) offsetof(struct balloon_pool, field)

static const struct field pool_fields[] = {
	{ .name = "parent", .kind = NAME, .at = POOL(parent) },
	FIELD("shares", SHARES, POOL(shares), 0, BALLOON_SHARES_MAX),
	FIELD("reservation", BYTES, POOL(reservation_bytes), 0, BALLOON_BYTES_MAX),
	FIELD("limit", BYTES, POOL(limit_bytes), MIB, BALLOON_BYTES_MAX),
	{ .name = "expandable", .kind = BOOL,
	  .flags_at = POOL(flags), .flag = BALLOON_POOL_EXPANDABLE },
	FIELD_END,
};

static const struct balloon_pool *find(const struct config *c, const char *name)
{
	for (size_t k = 0; k < c->pools_n; k++) {
		if (!strcmp(c->pools[k].name, name))
			return &c->pools[k];
	}
	return NULL;
}

int pools_resolve(struct parser *p, const char *key, const struct config *c, const char **name)
{
	const struct balloon_pool *pool = find(c, *name);

	if (!**name)
		*name = "";
	else if (!pool)
		return refuse(p, key, "there is no pool \"%.255s\" in \"pools\"", *name);
	else
		*name = pool->name;
	return 0;
}

static int take_pool(struct parser *p, const char *name, json_object *v, struct config *c)
{
	struct balloon_pool *pool = &c->pools[c->pools_n];
	int rc = name_check(p, "pools", "pool", name);

	if (rc)
		return rc;
	*pool = (struct balloon_pool){
		.struct_size = sizeof(*pool),
		.name = strdup(name),
		.shares = BALLOON_UNKNOWN,
		.reservation_bytes = BALLOON_UNKNOWN,
		.limit_bytes = BALLOON_UNKNOWN,
	};
	if (!pool->name)
		return no_memory(p);
	c->pools_n++;
	snprintf(p->at, sizeof(p->at), "pools.%s", name);
	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "", "should be an object, { ... }");
	strcat(p->at, "."); /* 6 + 255 + 1 bytes of 287 */
	rc = fields_take(p, pool_fields, v, pool);
	if (!rc)
		rc = bounds_check(p, pool->reservation_bytes, pool->limit_bytes);
	p->at[0] = '\0';
	return rc;
}

static int resolve_parents(struct parser *p, struct config *c)
{
	int rc = 0;

	for (size_t k = 0; !rc && k < c->pools_n; k++) {
		struct balloon_pool *pool = &c->pools[k];

		snprintf(p->at, sizeof(p->at), "pools.%s.", pool->name);
		rc = pool->parent ? pools_resolve(p, "parent", c, &pool->parent) : 0;
		if (pool->parent && !*pool->parent)
			pool->parent = NULL;
	}
	if (!rc)
		p->at[0] = '\0';
	return rc;
}

/* Is the parent among those that stand already? Names are compared as pointers:
 * resolve_parents() made them the same. */
static bool stands(const struct balloon_pool *sorted, size_t n, const char *parent)
{
	for (size_t k = 0; parent && k < n; k++) {
		if (sorted[k].name == parent)
			return true;
	}
	return !parent;
}

/* Round by round those whose parents stand. A round that finds none has only
 * pools left that are, or hang on, a circle. Returns how many stand. */
static size_t sort(struct balloon_pool *pools, size_t n)
{
	size_t placed = 0, before;

	do {
		before = placed;
		for (size_t k = before; k < n; k++) {
			struct balloon_pool pool = pools[k];

			if (!stands(pools, before, pool.parent))
				continue;
			memmove(&pools[placed + 1], &pools[placed], (k - placed) * sizeof(pool));
			pools[placed++] = pool;
		}
	} while (placed > before);
	return placed;
}

static int order(struct parser *p, struct config *c)
{
	size_t placed = sort(c->pools, c->pools_n);
	const struct balloon_pool *pool = &c->pools[placed];

	if (placed == c->pools_n)
		return 0;
	/* It may only hang on the circle: so many steps up, one stands in it. */
	for (size_t k = placed; k < c->pools_n; k++)
		pool = find(c, pool->parent);
	snprintf(p->at, sizeof(p->at), "pools.%s.", pool->name);
	return refuse(p, "parent", "\"%s\" is in a circle: it is among its own parents",
	              pool->name);
}

int pools_take(struct parser *p, json_object *v, struct config *c)
{
	struct json_object_iterator i, end;
	int rc = 0;

	if (!json_object_is_type(v, json_type_object))
		return refuse(p, "pools", "should be an object, { \"NAME\": { ... } }");
	if (json_object_object_length(v) > POOLS_MAX)
		return refuse(p, "pools", "has more than %d pools", POOLS_MAX);
	c->pools = calloc((size_t)json_object_object_length(v) + 1, sizeof(*c->pools));
	if (!c->pools)
		return no_memory(p);
	i = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !rc && !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		rc = take_pool(p, json_object_iter_peek_name(&i), json_object_iter_peek_value(&i), c);
	if (!rc)
		rc = resolve_parents(p, c);
	return rc ? rc : order(p, c);
}

void pools_write(const struct config *c, struct text *out)
{
	for (size_t k = 0; k < c->pools_n; k++) {
		text_add(out, k ? "," : "");
		text_json_string(out, c->pools[k].name, NAME_MAX_BYTES);
		text_add(out, ":{");
		fields_write(pool_fields, &c->pools[k], out);
		text_add(out, "}");
	}
}

void pools_free(struct config *c)
{
	for (size_t k = 0; k < c->pools_n; k++) {
		union { const char *given; char *ours; } name = { c->pools[k].name };

		free(name.ours);
	}
	free(c->pools);
	c->pools = NULL;
	c->pools_n = 0;
}
