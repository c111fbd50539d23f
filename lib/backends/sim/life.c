/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests come, begin again and go: slots, keys, names. Must not know how they
 * move or what they say.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "structs.h"
#include "world.h"

/* The first block of arrays: few hosts have more, none has none. */
#define ROOM_FIRST 16u

static int grow_one(void *array, size_t room, size_t bytes)
{
	void *old, *grown;

	memcpy(&old, array, sizeof(old));
	grown = realloc(old, room * bytes);
	if (!grown)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	return 0;
}

/* Rows may be in someone's hands: moved by copy, the old ones buried. */
static int grow_rows(struct balloon_sim *sim, size_t room)
{
	struct balloon_sample *rows = bl_sim_block(room * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	if (sim->n)
		memcpy(rows, sim->row, sim->n * sizeof(*rows));
	bl_sim_bury(sim, sim->row);
	sim->row = rows;
	return 0;
}

static int make_room(struct balloon_sim *sim)
{
	size_t room = sim->room ? sim->room * 2 : ROOM_FIRST;

	if (sim->n < sim->room)
		return 0;
	if (grow_one(&sim->beat, room, sizeof(*sim->beat)) < 0 ||
	    grow_one(&sim->hot, room, sizeof(*sim->hot)) < 0 ||
	    grow_one(&sim->cold, room, sizeof(*sim->cold)) < 0 ||
	    grow_one(&sim->press, room, sizeof(*sim->press)) < 0 ||
	    grow_one(&sim->slot_index, room, sizeof(*sim->slot_index)) < 0 ||
	    grow_one(&sim->slot_generation, room, sizeof(*sim->slot_generation)) < 0 ||
	    grow_one(&sim->free_slots, room, sizeof(*sim->free_slots)) < 0 ||
	    grow_rows(sim, room) < 0)
		return -ENOMEM;
	sim->room = room;
	return 0;
}

static uint64_t new_key(struct balloon_sim *sim, uint32_t i)
{
	uint32_t slot;

	if (sim->free_n) {
		slot = sim->free_slots[--sim->free_n];
	} else {
		slot = (uint32_t)sim->slots++;
		sim->slot_generation[slot] = 0;
	}
	sim->slot_index[slot] = i;
	return (uint64_t)++sim->slot_generation[slot] << SLOT_BITS | slot;
}

static int check_guest(const struct balloon_sim *sim, const struct balloon_sim_guest *g)
{
	if (!g->name || !*g->name || g->size_bytes < UINT64_C(1) << 20)
		return -EINVAL;
	if (g->actual_bytes != BALLOON_UNKNOWN && g->actual_bytes > g->size_bytes)
		return -EINVAL;
	if (g->size_bytes > BALLOON_BYTES_MAX)
		return -ERANGE;
	return sim->n >= BALLOON_GUESTS_MAX ? -E2BIG : 0;
}

/* Name and a UUID of its own, in one block. */
static int name_guest(struct balloon_sim *sim, struct cold *c, const char *name)
{
	size_t length = strlen(name) + 1, uuid = sizeof("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx");
	uint64_t chance = bl_sim_chance(sim->seed, c->uid, 0);

	c->names = bl_sim_block(length + uuid);
	if (!c->names)
		return -ENOMEM;
	memcpy(c->names, name, length);
	snprintf(c->names + length, uuid, "%08x-%04x-4%03x-8%03x-%012llx",
	         (unsigned)(chance >> 32), (unsigned)(chance >> 16 & 0xffff),
	         (unsigned)(chance >> 4 & 0xfff), (unsigned)(sim->seed & 0xfff),
	         (unsigned long long)c->uid & 0xffffffffffff);
	c->uuid = c->names + length;
	return 0;
}

/* 64 MiB + 2 % of size, as the trace world has it; never above size. */
static uint64_t kernel_needs(uint64_t size)
{
	uint64_t base = (UINT64_C(64) << 20) + size / 50;

	return base < size ? base : size;
}

static void fill_hot(struct hot *h, const struct balloon_sim_guest *g)
{
	memset(h, 0, sizeof(*h));
	h->size = g->size_bytes;
	h->base = kernel_needs(h->size);
	h->actual = g->actual_bytes == BALLOON_UNKNOWN ? h->size : g->actual_bytes;
	h->target = h->actual;
	h->swap_max = g->swap_bytes == BALLOON_UNKNOWN ? h->size : g->swap_bytes;
}

static int fill_cold(struct balloon_sim *sim, struct cold *c, const struct balloon_sim_guest *g)
{
	memset(c, 0, sizeof(*c));
	c->uid = ++sim->uids;
	if (name_guest(sim, c, g->name) < 0)
		return -ENOMEM;
	if (sim->faults_bp && !(c->fault = calloc(1, sizeof(*c->fault)))) {
		bl_sim_unblock(c->names);
		return -ENOMEM;
	}
	c->start_ms = g->start_at_ns / MS_NS;
	c->boot_ms = g->boot_ns / MS_NS;
	c->boot_actual = BALLOON_UNKNOWN;
	c->told = BALLOON_UNKNOWN;
	c->own.struct_size = sizeof(c->own);
	return balloon_sim_behaviour("obey", g->size_bytes, &c->own);
}

static void fill_row(struct balloon_sample *row, const struct cold *c, const struct hot *h)
{
	memset(row, 0, sizeof(*row));
	row->name = c->names;
	row->uuid = c->uuid;
	row->size_bytes = h->size;
	row->active_bytes = BALLOON_UNKNOWN; /* this host does not sample pages */
	row->cold_bytes = BALLOON_UNKNOWN; /* from here on: see extras.c */
	row->compress_bp = BALLOON_UNKNOWN;
	row->swapped_bytes = BALLOON_UNKNOWN;
	row->refault_bytes = BALLOON_UNKNOWN;
	row->shared_bytes = BALLOON_UNKNOWN;
	row->shareable_bytes = BALLOON_UNKNOWN;
	bl_sim_no_figures(row);
}

int balloon_sim_add(struct balloon_sim *sim, const struct balloon_sim_guest *guest,
                    uint64_t *ret_key)
{
	struct balloon_sim_guest g;
	uint32_t i = (uint32_t)sim->n;
	int rc = bl_sim_take(guest, &g, sizeof(g));

	if (rc < 0 || (rc = check_guest(sim, &g)) < 0 || (rc = make_room(sim)) < 0)
		return rc;
	fill_hot(&sim->hot[i], &g);
	if (fill_cold(sim, &sim->cold[i], &g) < 0)
		return -ENOMEM;
	fill_row(&sim->row[i], &sim->cold[i], &sim->hot[i]);
	sim->press[i] = (struct press){ .orders = 0 };
	bl_sim_unpressed(&sim->press[i]);
	sim->row[i].fixed = g.fixed;
	sim->row[i].key = new_key(sim, i);
	sim->n++;
	sim->absent_n++;
	sim->beat[i] = (struct beat){ .flags = ABSENT };
	if (sim->cold[i].start_ms <= sim->ms)
		bl_sim_begin(sim, i, sim->ms);
	if (ret_key)
		*ret_key = sim->row[i].key;
	return 0;
}

/* A life begins at at_ms: from power-on to the driver's first word. */
static void boot(struct balloon_sim *sim, uint32_t i, uint64_t at_ms)
{
	struct hot *h = &sim->hot[i];
	struct cold *c = &sim->cold[i];
	uint64_t up = c->boot_ms < NEVER - at_ms ? at_ms + c->boot_ms : NEVER;

	c->boot_until_ms = up;
	c->lives++;
	c->late_ms = NEVER;
	h->move_ms = up;
	h->carry = 0;
	h->killed = h->swapped = h->swap_in = h->swap_out = h->faults = h->cache = 0;
	bl_sim_no_figures(&sim->row[i]);
	bl_sim_classify(sim, i);
	sim->beat[i].figures_ms = up;
	if (sim->beat[i].flags & MOVING)
		h->demand = bl_sim_demand(sim, i, at_ms);
	bl_sim_use(sim, i, 0, 0);
	sim->row[i].flags = BALLOON_SAMPLE_RUNNING;
	sim->row[i].actual_bytes = c->boot_actual == BALLOON_UNKNOWN ? h->actual : c->boot_actual;
	sim->row[i].resident_bytes = h->resident;
	bl_sim_count(sim, i);
	bl_sim_news(sim);
}

void bl_sim_begin(struct balloon_sim *sim, uint32_t i, uint64_t at_ms)
{
	sim->beat[i].flags &= ~(uint32_t)ABSENT;
	sim->absent_n--;
	sim->cold[i].actual_min = sim->hot[i].actual;
	sim->cold[i].last_told = sim->hot[i].target;
	sim->cold[i].behaviour_ms = at_ms;
	boot(sim, i, at_ms);
	if (sim->cold[i].boot_ms == 0 && !(sim->beat[i].flags & ODD)) {
		bl_sim_figures(sim, &sim->hot[i], &sim->row[i]);
		sim->row[i].serial = bl_sim_figures_due(&sim->beat[i], at_ms) + 1;
	}
	bl_sim_record(sim);
}

/* Its process is new (restart) or the old one (reset: what it touched stays). */
void bl_sim_restart_index(struct balloon_sim *sim, uint32_t i, uint32_t how)
{
	struct hot *h = &sim->hot[i];
	struct cold *c = &sim->cold[i];
	uint64_t slot = sim->row[i].key & SLOT_MASK;

	bl_sim_uncount(sim, i);
	sim->row[i].key = (uint64_t)++sim->slot_generation[slot] << SLOT_BITS | slot;
	c->boot_actual = how == BALLOON_SIM_RESET ? h->actual : BALLOON_UNKNOWN;
	h->actual = h->size;
	if (how == BALLOON_SIM_RESTART) {
		h->target = h->size;
		h->resident = h->out = h->zipped = h->shared = 0;
		bl_sim_unpressed(&sim->press[i]);
		c->last_told = h->size;
	}
	boot(sim, i, sim->ms);
	bl_sim_record(sim);
}

static void close_gap(struct balloon_sim *sim, uint32_t i)
{
	size_t after = sim->n - i - 1;

	memmove(&sim->beat[i], &sim->beat[i + 1], after * sizeof(*sim->beat));
	memmove(&sim->hot[i], &sim->hot[i + 1], after * sizeof(*sim->hot));
	memmove(&sim->row[i], &sim->row[i + 1], after * sizeof(*sim->row));
	memmove(&sim->cold[i], &sim->cold[i + 1], after * sizeof(*sim->cold));
	memmove(&sim->press[i], &sim->press[i + 1], after * sizeof(*sim->press));
	sim->n--;
	for (size_t j = i; j < sim->n; j++)
		sim->slot_index[sim->row[j].key & SLOT_MASK] = (uint32_t)j;
}

void bl_sim_remove_index(struct balloon_sim *sim, uint32_t i)
{
	uint64_t slot = sim->row[i].key & SLOT_MASK;

	if (sim->beat[i].flags & ABSENT)
		sim->absent_n--;
	else
		bl_sim_uncount(sim, i);
	bl_sim_bury(sim, sim->cold[i].names);
	free(sim->cold[i].points);
	free(sim->cold[i].fault);
	sim->slot_index[slot] = NO_INDEX;
	sim->free_slots[sim->free_n++] = (uint32_t)slot;
	close_gap(sim, i);
	bl_sim_news(sim);
}
