/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letting guests in: whether there is room, and keeping it until they start.
 * The arithmetic is core's (admit.c); here are names, leases and sentences.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

#define CLAIMS_MAX 1024

static void drop(struct balloon *b, size_t k)
{
	free(b->claims[k].guest);
	free(b->claims[k].pool);
	b->claims[k] = b->claims[--b->claims_n];
}

void bl_claims_free(struct balloon *b)
{
	while (b->claims_n)
		drop(b, b->claims_n - 1);
	free(b->claims);
	b->claims = NULL;
}

int bl_claims_copy(struct balloon *to, const struct balloon *from)
{
	to->claims = calloc(from->claims_n + 1, sizeof(*to->claims));
	for (size_t k = 0; to->claims && k < from->claims_n; k++) {
		struct bl_claim_row *c = &to->claims[to->claims_n++];

		*c = from->claims[k];
		c->pool = strdup(c->pool);
		c->guest = strdup(c->guest);
		if (!c->pool || !c->guest)
			return -ENOMEM;
	}
	to->claim_ids = from->claim_ids;
	return to->claims ? 0 : -ENOMEM;
}

static struct bl_claim_row *find(struct balloon *b, uint64_t id)
{
	for (size_t k = 0; k < b->claims_n; k++) {
		if (b->claims[k].id == id && b->claims[k].lease_ns > b->now_ns)
			return &b->claims[k];
	}
	return NULL;
}

/* Is the guest it was made for here, in a life that began after it? */
static int started(const struct balloon *b, const struct bl_claim_row *c)
{
	for (size_t i = 0; i < b->world.n; i++) {
		const struct bl_row *row = &b->rows[i];

		if (row->met >= c->made &&
		    (!strcmp(row->name, c->guest) || !strcmp(row->uuid, c->guest)))
			return 1;
	}
	return 0;
}

void bl_claims_beat(struct balloon *b, uint64_t now)
{
	b->world.claims = b->world.claims_max = 0;
	for (size_t k = b->claims_n; k-- > 0;) {
		if (b->claims[k].lease_ns <= now || started(b, &b->claims[k]))
			drop(b, k);
	}
	for (size_t k = 0; k < b->claims_n; k++) {
		b->world.claims += b->claims[k].bytes;
		b->world.claims_max += b->claims[k].most;
	}
}

/* What is asked for, in numbers. */
struct asked {
	uint32_t pool;
	uint64_t bytes;
	uint64_t most;
};

static int read_request(struct balloon *b, const struct balloon_request *request,
                        struct asked *ret)
{
	struct balloon_request r;
	int rc = request ? bl_import(&r, sizeof(r), request) : -EINVAL;

	if (rc < 0)
		return bl_fail(b, rc, "request: none, or of another library's size");
	if (r.reservation_bytes > BALLOON_BYTES_MAX || r.overhead_bytes > BALLOON_BYTES_MAX ||
	    (r.size_bytes != BALLOON_UNKNOWN && r.size_bytes > BALLOON_BYTES_MAX))
		return bl_fail(b, -ERANGE, "request: more than 4 PiB; give bytes");
	if (r.size_bytes < r.reservation_bytes)
		return bl_fail(b, -EINVAL, "request: a size below the reservation");
	if (bl_tree_find(&b->policy, r.pool, &ret->pool) < 0)
		return bl_fail(b, -ENOENT, "request: there is no pool \"%s\"", r.pool);
	ret->bytes = r.reservation_bytes + r.overhead_bytes;
	ret->most = r.size_bytes == BALLOON_UNKNOWN ? ret->bytes : r.size_bytes + r.overhead_bytes;
	return 0;
}

uint64_t bl_claims_sum(struct balloon *b)
{
	bl_reserve_guests(&b->world);
	for (size_t k = 0; k < b->claims_n; k++) {
		const struct bl_claim_row *c = &b->claims[k];
		uint32_t pool = 0; /* if its own is gone */

		if (c->lease_ns <= b->now_ns)
			continue;
		(void)bl_tree_find(&b->policy, c->pool, &pool);
		bl_reserve(b->world.pools, pool, c->bytes);
	}
	bl_reserve_pools(&b->world);
	return b->world.pools[0].reserved;
}

static int refuse(struct balloon *b, uint32_t pool, const struct asked *a, uint64_t missing)
{
	const char *name = b->policy.pool_names[pool];

	return bl_fail(b, -ENOSPC,
	               "%s%s is short of %llu MiB for a reservation of %llu MiB (%llu MiB are "
	               "reserved already); nothing was changed",
	               pool ? "pool " : "the host", name, (unsigned long long)(missing + (1 << 20) - 1) >> 20,
	               (unsigned long long)a->bytes >> 20,
	               (unsigned long long)b->world.pools[pool].reserved >> 20);
}

/* What memory and swap together are short of, were every guest to use all it
 * may: ballooning cannot help a host whose guests all insist. */
static uint64_t swap_short(const struct balloon *b, const struct asked *a, uint64_t capacity)
{
	uint64_t sum = a->most;

	if (b->swap == BALLOON_UNKNOWN)
		return 0;
	for (size_t i = 0; i < b->world.n; i++)
		sum = bl_min(sum + b->world.guests[i].max, 2 * BALLOON_BYTES_MAX);
	for (size_t k = 0; k < b->claims_n; k++)
		sum = bl_min(sum + b->claims[k].most, 2 * BALLOON_BYTES_MAX);
	return bl_less(sum, capacity + b->swap);
}

static int refuse_swap(struct balloon *b, uint64_t missing)
{
	return bl_fail(b, -ENOSPC,
	               "the host is short of %llu MiB of swap for what its guests could use beyond "
	               "memory; add swap, or give a smaller size or limit; nothing was changed",
	               (unsigned long long)(missing + (1 << 20) - 1) >> 20);
}

static int admit(struct balloon *b, const struct asked *a, uint64_t *ret_short)
{
	uint64_t capacity = bl_min(b->world.budget, b->world.host_room), missing = 0;
	uint32_t pool = 0;

	if (!b->ticked || capacity == BALLOON_UNKNOWN)
		return bl_fail(b, -EAGAIN, "the host was not observed yet; ask after a beat");
	bl_claims_sum(b);
	if (!bl_admit(&b->world, a->pool, a->bytes, capacity, &pool, &missing)) {
		if (ret_short)
			*ret_short = missing;
		return refuse(b, pool, a, missing);
	}
	missing = swap_short(b, a, capacity);
	if (missing && ret_short)
		*ret_short = missing;
	return missing ? refuse_swap(b, missing) : 0;
}

int balloon_admit(struct balloon *b, const struct balloon_request *request,
                  uint64_t *ret_short_bytes)
{
	struct asked a;
	int rc = read_request(b, request, &a);

	return rc < 0 ? rc : admit(b, &a, ret_short_bytes);
}

static int keep(struct balloon *b, const struct asked *a, const char *guest, uint64_t lease_ns)
{
	struct bl_claim_row *claims =
	        realloc(b->claims, (b->claims_n + 1) * sizeof(*b->claims));
	char *name = strdup(guest), *pool = strdup(b->policy.pool_names[a->pool]);

	if (claims)
		b->claims = claims;
	if (!claims || !name || !pool) {
		free(name);
		free(pool);
		return bl_fail(b, -ENOMEM, "claim: out of memory");
	}
	b->claims[b->claims_n++] = (struct bl_claim_row){
	        .id = ++b->claim_ids,
	        .bytes = a->bytes,
	        .most = a->most,
	        .lease_ns = lease_ns,
	        .made = b->report.beat,
	        .pool = pool,
	        .guest = name,
	};
	return 0;
}

int balloon_claim(struct balloon *b, const struct balloon_request *request, const char *guest,
                  uint64_t lease_ns, uint64_t *ret_claim)
{
	struct asked a;
	int rc = read_request(b, request, &a);

	if (rc < 0)
		return rc;
	if (!guest || !*guest || !ret_claim)
		return bl_fail(b, -EINVAL, "claim: for which guest? Give its name or UUID");
	if (lease_ns <= b->now_ns || lease_ns == BALLOON_UNKNOWN)
		return bl_fail(b, -EINVAL, "claim: needs a lease that ends, and ends ahead");
	if (b->claims_n >= CLAIMS_MAX)
		return bl_fail(b, -ENOSPC, "claim: there are %d already; release some", CLAIMS_MAX);
	rc = admit(b, &a, NULL);
	if (rc == 0)
		rc = keep(b, &a, guest, lease_ns);
	if (rc == 0)
		*ret_claim = b->claim_ids;
	return rc;
}

static int gone(struct balloon *b, uint64_t claim)
{
	return bl_fail(b, -ENOENT, "claim %llu lapsed, was taken by its guest, or never was",
	               (unsigned long long)claim);
}

/* All claims that were made before the last beat are in its capacity; the ones
 * made since wait for the next, and where nothing is known, nothing is free. */
int balloon_claim_ready(struct balloon *b, uint64_t claim, uint64_t *ret_missing_bytes)
{
	struct bl_claim_row *c = find(b, claim);
	uint64_t missing;

	if (!c)
		return gone(b, claim);
	missing = bl_less(b->world.charged, b->world.capacity);
	if (c->made == b->report.beat || b->world.capacity == BALLOON_UNKNOWN)
		missing = c->most;
	if (!missing)
		return 0;
	if (ret_missing_bytes)
		*ret_missing_bytes = missing;
	return bl_fail(b, -EAGAIN, "claim %llu: %llu MiB are not free yet", (unsigned long long)claim,
	               (unsigned long long)missing >> 20);
}

int balloon_claim_renew(struct balloon *b, uint64_t claim, uint64_t lease_ns)
{
	struct bl_claim_row *c = find(b, claim);

	if (!c)
		return gone(b, claim);
	if (lease_ns <= b->now_ns || lease_ns == BALLOON_UNKNOWN)
		return bl_fail(b, -EINVAL, "claim: needs a lease that ends, and ends ahead; "
		                           "or release it");
	c->lease_ns = lease_ns;
	return 0;
}

int balloon_claim_release(struct balloon *b, uint64_t claim)
{
	struct bl_claim_row *c = find(b, claim);

	if (!c)
		return gone(b, claim);
	drop(b, (size_t)(c - b->claims));
	return 0;
}
