/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A view: what a look brought, copied, so that it can be handed over. */
#include "clerk.h"

#include <stdlib.h>
#include <string.h>

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t size_of(const struct bl_hyperv_host *h, const struct bl_hyperv_vm *vm)
{
	if (!vm->known)
		return BL_HYPERV_UNKNOWN;
	return vm->memory.dynamic ? larger(vm->memory.limit, h->rules.raise_limit) : vm->most_mib;
}

static void fill_sight(const struct bl_hyperv_host *h, const struct bl_hyperv_vm *vm,
                       struct bl_hyperv_sight *s)
{
	memcpy(s->guid, vm->now.guid, sizeof(s->guid));
	memcpy(s->name, vm->now.name, sizeof(s->name));
	s->key = vm->key;
	s->state = vm->now.state;
	s->known = vm->known;
	s->dynamic = vm->memory.dynamic;
	s->huge_pages = vm->memory.huge_pages;
	s->sgx = vm->memory.sgx;
	s->caps = vm->known ? bl_hyperv_caps(&vm->memory, vm->version, &h->rules) : 0;
	s->usage_mib = vm->now.usage_mib;
	s->demand_mib = bl_hyperv_demand(vm->now.usage_mib, vm->now.available_pct);
	s->size_mib = size_of(h, vm);
	s->uptime_ms = vm->now.uptime_ms;
	s->snag = vm->snag;
	s->floor_mib = vm->floor_mib;
	s->ceiling_mib = vm->ceiling_mib;
}

/* Guests that are off have no memory and are not there. */
struct bl_hyperv_view *bl_hyperv_view_new(const struct bl_hyperv_host *h, int rc, uint64_t serial,
                                          uint64_t began_ns)
{
	size_t n = rc < 0 ? 0 : h->n;
	struct bl_hyperv_view *v = calloc(1, sizeof(*v) + n * sizeof(v->guests[0]));

	if (!v)
		return NULL;
	v->rc = rc;
	v->serial = serial;
	v->ended_ns = bl_hyperv_clock();
	v->taken_ns = v->ended_ns - began_ns;
	v->total_mib = h->total_mib;
	v->available_mib = h->available_mib;
	v->paging = h->rules.paging;
	memcpy(v->text, rc < 0 ? h->line->error : h->note, sizeof(v->text));
	for (size_t i = 0; i < n; i++)
		if (h->vms[i].now.state != BL_HYPERV_OFF)
			fill_sight(h, &h->vms[i], &v->guests[v->n++]);
	return v;
}
