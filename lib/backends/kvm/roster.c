/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is there: guests by UUID and by key. Growing allocates, a steady beat
 * does not. Must not talk to libvirt.
 */
#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The finalizer of MurmurHash3's 64-bit variant in public use: every input
 * bit moves every output bit, which FNV's multiply alone does not do. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ (x >> 33);
}

static uint64_t hash_uuid(const unsigned char *uuid)
{
	uint64_t half[2];

	memcpy(half, uuid, sizeof(half));
	return mix(mix(half[0]) + half[1]);
}

/* The first life has generation 0, so that a program that comes back, or a
 * second observer, gives the same life the same key. */
static uint64_t key_of(const struct bl_kvm_guest *g)
{
	uint64_t key = mix(hash_uuid(g->uuid) + mix((uint32_t)g->id) + mix(~g->generation));

	return key ? key : 1;
}

static void insert(uint32_t *table, size_t slots, uint64_t hash, size_t index)
{
	size_t i = hash & (slots - 1);

	while (table[i])
		i = (i + 1) & (slots - 1);
	table[i] = (uint32_t)index + 1;
}

/* Whole tables, once per change: removal from open addressing is where bugs
 * live, and this is 16 bytes a guest. */
static void reindex(struct bl_kvm_roster *r)
{
	if (!r->slots)
		return;
	memset(r->by_uuid, 0, r->slots * sizeof(*r->by_uuid));
	memset(r->by_key, 0, r->slots * sizeof(*r->by_key));
	for (size_t i = 0; i < r->n; i++) {
		insert(r->by_uuid, r->slots, hash_uuid(r->guests[i]->uuid), i);
		insert(r->by_key, r->slots, mix(r->guests[i]->key), i);
	}
}

struct bl_kvm_guest *bl_kvm_roster_by_uuid(const struct bl_kvm_roster *r,
                                           const unsigned char *uuid)
{
	if (!r->slots)
		return NULL;
	for (size_t i = hash_uuid(uuid);; i++) {
		uint32_t at = r->by_uuid[i & (r->slots - 1)];

		if (!at)
			return NULL;
		if (memcmp(r->guests[at - 1]->uuid, uuid, BL_KVM_UUID_BYTES) == 0)
			return r->guests[at - 1];
	}
}

struct bl_kvm_guest *bl_kvm_roster_by_key(const struct bl_kvm_roster *r, uint64_t key)
{
	if (!r->slots)
		return NULL;
	for (size_t i = mix(key);; i++) {
		uint32_t at = r->by_key[i & (r->slots - 1)];

		if (!at)
			return NULL;
		if (r->guests[at - 1]->key == key)
			return r->guests[at - 1];
	}
}

static bool grow_tables(struct bl_kvm_roster *r, size_t slots)
{
	uint32_t *by_uuid = calloc(slots, sizeof(*by_uuid));
	uint32_t *by_key = calloc(slots, sizeof(*by_key));

	if (!by_uuid || !by_key) {
		free(by_uuid);
		free(by_key);
		return false;
	}
	free(r->by_uuid);
	free(r->by_key);
	r->by_uuid = by_uuid;
	r->by_key = by_key;
	r->slots = slots;
	reindex(r);
	return true;
}

static bool grow(struct bl_kvm_roster *r)
{
	size_t cap = r->cap ? r->cap * 2 : 16; /* 16: most small hosts, at once */
	struct bl_kvm_guest **guests;

	if (r->n < r->cap)
		return true;
	if (cap > BALLOON_GUESTS_MAX)
		return false;
	guests = realloc(r->guests, cap * sizeof(*guests));
	if (!guests)
		return false;
	r->guests = guests;
	if (!grow_tables(r, cap * 2))
		return false;
	r->cap = cap;
	return true;
}

static void rename_to(struct bl_kvm_guest *g, const char *name)
{
	char *copy;

	if (g->name && strcmp(g->name, name) == 0)
		return;
	copy = strdup(name);
	if (!copy)
		return; /* the old name is better than none */
	free(g->name);
	g->name = copy;
}

/* What belongs to one run of the guest's kernel, not to the process. */
static void start_life(struct bl_kvm_guest *g, uint64_t now_ns)
{
	g->since_ns = now_ns;
	g->driver_alive = false;
	g->serial_ns = now_ns;
	g->key = key_of(g);
}

/* What belongs to one life of the hypervisor process. */
static void start_process(struct bl_kvm_guest *g, int id, uint64_t now_ns)
{
	g->id = id;
	g->generation = 0;
	g->traits_known = false;
	g->work = BL_KVM_AT_REST;
	g->ask_work = true;
	g->work_out = false;
	g->work_ns = 0;
	g->pid = 0;
	g->pid_ns = 0;
	g->call = 0; /* if one is out, it is about the old process */
	g->ask_ns = 0;
	g->ask_pause_ns = 0;
	g->period_owned = false;
	g->serial = BALLOON_UNKNOWN;
	g->serial_void = BALLOON_UNKNOWN;
	bl_kvm_figures_clear(&g->figures);
	start_life(g, now_ns);
}

static void uuid_print(const unsigned char *uuid, char *ret_text)
{
	char *p = ret_text;

	for (int i = 0; i < BL_KVM_UUID_BYTES; i++) {
		bool dash = i == 4 || i == 6 || i == 8 || i == 10;

		p += snprintf(p, 4, dash ? "-%02x" : "%02x", uuid[i]);
	}
}

static struct bl_kvm_guest *add(struct bl_kvm_roster *r, const unsigned char *uuid, int id,
                                const char *name, uint64_t now_ns)
{
	struct bl_kvm_guest *g;

	if (!grow(r))
		return NULL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->name = strdup(name);
	if (!g->name) {
		free(g);
		return NULL;
	}
	memcpy(g->uuid, uuid, sizeof(g->uuid));
	uuid_print(uuid, g->uuid_text);
	start_process(g, id, now_ns);
	insert(r->by_uuid, r->slots, hash_uuid(uuid), r->n);
	insert(r->by_key, r->slots, mix(g->key), r->n);
	r->guests[r->n++] = g;
	return g;
}

struct bl_kvm_guest *bl_kvm_roster_see(struct bl_kvm_roster *r, const unsigned char *uuid,
                                       int id, const char *name, uint64_t now_ns)
{
	struct bl_kvm_guest *g = bl_kvm_roster_by_uuid(r, uuid);

	if (!g)
		g = add(r, uuid, id, name, now_ns);
	if (!g)
		return NULL;
	if (g->id != id) {
		start_process(g, id, now_ns);
		reindex(r);
	}
	rename_to(g, name);
	g->seen = true;
	return g;
}

void bl_kvm_roster_renew(struct bl_kvm_roster *r, struct bl_kvm_guest *g, uint64_t now_ns)
{
	g->generation = ++r->generation;
	g->serial_void = g->serial;
	start_life(g, now_ns);
	reindex(r);
}

void bl_kvm_roster_begin(struct bl_kvm_roster *r)
{
	for (size_t i = 0; i < r->n; i++)
		r->guests[i]->seen = false;
}

static void drop(struct bl_kvm_guest *g)
{
	free(g->name);
	free(g);
}

void bl_kvm_roster_end(struct bl_kvm_roster *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (r->guests[i]->seen)
			r->guests[kept++] = r->guests[i];
		else
			drop(r->guests[i]);
	}
	if (kept == r->n)
		return;
	r->n = kept;
	reindex(r);
}

void bl_kvm_roster_fini(struct bl_kvm_roster *r)
{
	for (size_t i = 0; i < r->n; i++)
		drop(r->guests[i]);
	free(r->guests);
	free(r->by_uuid);
	free(r->by_key);
	memset(r, 0, sizeof(*r));
}
