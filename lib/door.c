/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pure doors: core's arithmetic for whoever has no host. */
#include <errno.h>
#include <stdlib.h>

#include "hall.h"

uint64_t balloon_floor(uint64_t size_bytes)
{
	return bl_floor(bl_min(size_bytes, BALLOON_BYTES_MAX));
}

uint64_t balloon_min_free(uint64_t total_bytes)
{
	return bl_min_free(bl_min(total_bytes, BALLOON_BYTES_MAX));
}

static int check(const struct balloon_claimant *c)
{
	if (c->shares > BALLOON_SHARES_MAX || c->reservation_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	if (c->active_bytes != BALLOON_UNKNOWN && c->active_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	if (c->limit_bytes != BALLOON_UNKNOWN && c->limit_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	return c->reservation_bytes > c->limit_bytes ? -EINVAL : 0;
}

/* No limit is the widest one, and so is activity that nobody knows. */
static struct bl_claimant carry(const struct balloon_claimant *c, uint32_t tax_bp)
{
	return (struct bl_claimant){
	        .shares = c->shares,
	        .active = bl_min(c->active_bytes, BALLOON_BYTES_MAX),
	        .min = c->reservation_bytes,
	        .max = bl_min(c->limit_bytes, BALLOON_BYTES_MAX),
	        .tax_bp = tax_bp,
	};
}

int balloon_entitle(const struct balloon_claimant *claimants, size_t n, uint64_t capacity_bytes,
                    uint32_t tax_bp, uint64_t *ret_bytes)
{
	struct bl_claimant *c;
	struct bl_scratch *scratch;
	int rc = 0;

	if (!n)
		return 0;
	if (!claimants || !ret_bytes || tax_bp > 9999)
		return -EINVAL;
	if (n > BALLOON_GUESTS_MAX || capacity_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	for (size_t i = 0; i < n && !rc; i++)
		rc = check(&claimants[i]);
	if (rc)
		return rc;
	c = malloc(n * sizeof(*c));
	scratch = malloc(n * sizeof(*scratch));
	if (c && scratch) {
		for (size_t i = 0; i < n; i++)
			c[i] = carry(&claimants[i], tax_bp);
		bl_entitle(c, n, capacity_bytes, scratch, ret_bytes);
	} else {
		rc = -ENOMEM;
	}
	free(scratch);
	free(c);
	return rc;
}
