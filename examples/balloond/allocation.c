/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one guest, or all others, are allowed; see allocation.h. */
#include "allocation.h"

#include "pools.h"

#define ALLOCATION(field) offsetof(struct balloon_allocation, field)

static const struct field allocation_fields[] = {
	FIELD("shares", SHARES, ALLOCATION(shares), 0, BALLOON_SHARES_MAX),
	FIELD("reservation", BYTES, ALLOCATION(reservation_bytes), 0, BALLOON_BYTES_MAX),
	FIELD("limit", BYTES, ALLOCATION(limit_bytes), MIB, BALLOON_BYTES_MAX),
	{ .name = "pool", .kind = NAME, .at = ALLOCATION(pool) },
	{ .name = "tax_pct", .kind = PCT, .at = ALLOCATION(tax_bp), .max = 9999,
	  .flags_at = ALLOCATION(flags), .flag = BALLOON_ALLOCATION_TAX },
	FIELD_END,
};

const struct balloon_allocation allocation_unknown = {
	.struct_size = sizeof(struct balloon_allocation),
	.shares = BALLOON_UNKNOWN,
	.reservation_bytes = BALLOON_UNKNOWN,
	.limit_bytes = BALLOON_UNKNOWN,
};

/* Until here the pool's name is the JSON's; from here on it is the pool's own. */
int allocation_take(struct parser *p, json_object *v, const struct config *c,
                    struct balloon_allocation *a)
{
	int rc = fields_take(p, allocation_fields, v, a);

	return rc || !a->pool ? rc : pools_resolve(p, "pool", c, &a->pool);
}

int allocation_check(struct parser *p, const struct balloon_allocation *a,
                     const struct balloon_allocation *fallback)
{
	uint64_t low = a->reservation_bytes, high = a->limit_bytes;

	if (low == BALLOON_UNKNOWN)
		low = fallback->reservation_bytes;
	if (high == BALLOON_UNKNOWN)
		high = fallback->limit_bytes;
	return bounds_check(p, low, high);
}

void allocation_write(const struct balloon_allocation *a, struct text *out)
{
	fields_write(allocation_fields, a, out);
}
