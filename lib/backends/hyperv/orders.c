/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling guests their targets: word is left with the clerk, and what comes of
 * it is seen in later beats. Must not judge targets, nor wait.
 *
 * What an order's rc says:
 *	0            the guest is led there, as far as Hyper-V's levers reach
 *	-ESRCH       no such guest (any more), or another life of it
 *	-EOPNOTSUPP  it has no lever: static on an old host, huge pages, SGX
 *	-ENODATA     its demand is not known, so no buffer leads to a target; not now
 *	-EBUSY       Smart Paging is in use, and nobody is shrunk until that ends
 *	-EAGAIN      the host is away
 *	-ERANGE      no memory size
 */
#include "hyperv.h"

#include <errno.h>
#include <stdlib.h>

/* 4 EiB: no sum with it overflows. */
#define TARGET_MIB_MAX (UINT64_C(1) << 42)

static const struct bl_hyperv_sight *find(const struct bl_hyperv_view *v, uint64_t key)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->guests[i].key == key)
			return &v->guests[i];
	return NULL;
}

static int32_t check(const struct bl_hyperv_view *v, const struct balloon_order *o)
{
	const struct bl_hyperv_sight *s = find(v, o->key);
	uint64_t target = o->target_bytes >> 20;

	if (!s)
		return -ESRCH;
	if (!target || target > TARGET_MIB_MAX)
		return -ERANGE;
	if (!s->caps || s->state == BL_HYPERV_CRITICAL)
		return -EOPNOTSUPP;
	if (s->dynamic && s->demand_mib == BL_HYPERV_UNKNOWN)
		return -ENODATA;
	if (!(s->caps & BL_HYPERV_CAN_SHRINK) && target < s->usage_mib)
		return -EBUSY;
	return 0;
}

int bl_hyperv_order(struct bl_hyperv *b, struct balloon_order *orders, size_t n)
{
	struct bl_hyperv_word *words;
	size_t told = 0;
	int rc = 0;

	if (!b->view || b->view->rc < 0)
		return -EAGAIN;
	if (!n)
		return 0;
	words = calloc(n, sizeof(*words));
	if (!words)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		orders[i].rc = check(b->view, &orders[i]);
		if (orders[i].rc == 0)
			words[told++] = (struct bl_hyperv_word){orders[i].key,
			                                        orders[i].target_bytes >> 20};
	}
	if (told)
		rc = bl_hyperv_clerk_tell(b->clerk, words, told);
	free(words);
	return rc;
}
