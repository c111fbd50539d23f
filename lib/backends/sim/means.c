/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host does to a guest's memory behind its back: cold pages out to a
 * compressed pool or to swap and back when they are wanted, equal pages kept
 * once, ceilings. Must not know what the guest does inside, nor who is asking.
 */
#include <errno.h>

#include "world.h"

/* Compressing and storing 4 KiB at a time, one thread: lz4's own figure is near. */
#define ZIP_BYTES_S (UINT64_C(512) << 20)
/* And taking it out again. */
#define UNZIP_BYTES_S (UINT64_C(1) << 30)
/* KSM as Linux starts it: 100 pages each 20 ms. */
#define SHARE_BYTES_S (UINT64_C(20) << 20)

__extension__ typedef unsigned __int128 wide; /* bytes times bytes */

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* part of v, as whole is to it */
static uint64_t share(uint64_t v, uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((wide)v * part / whole) : 0;
}

/* In bp; v <= 2^52. */
static uint64_t bp(uint64_t v, uint32_t rate)
{
	return share(v, rate, 10000);
}

uint64_t bl_sim_hot(const struct hot *h)
{
	return min(h->used, h->base + h->hot_part);
}

/* Of what is out, what programs want: what they do not use went first. */
static uint64_t wanted_out(const struct hot *h)
{
	return less(h->out, less(h->resident + h->out, h->used));
}

/* And of that the hot, which went last. */
static uint64_t hot_out(const struct hot *h)
{
	return less(wanted_out(h), h->used - bl_sim_hot(h));
}

uint64_t bl_sim_cold(const struct hot *h)
{
	return less(h->resident, bl_sim_hot(h) - hot_out(h));
}

/* Memory the compressed pages take up. */
uint64_t bl_sim_pool(const struct balloon_sim *sim)
{
	return bp(sim->zipped, sim->compress_bp);
}

static bool can(const struct balloon_sim *sim, uint32_t means)
{
	switch (means) {
	case BALLOON_MEANS_SHARE:
		return sim->share_bp;
	case BALLOON_MEANS_COMPRESS:
		return sim->pool_max;
	case BALLOON_MEANS_SWAP:
		return sim->swap_max;
	case BALLOON_MEANS_CEILING:
		return sim->features & BALLOON_SIM_CEILINGS;
	default:
		return false;
	}
}

/* Locked, assigned or huge pages stay where they are; only the want of
 * a balloon is no matter here. */
uint32_t bl_sim_means(const struct balloon_sim *sim, uint32_t i)
{
	uint32_t bits = 0, fixed = sim->row[i].fixed;

	if (fixed >= BALLOON_FIXED_PASSTHROUGH)
		return 0;
	for (uint32_t means = 0; means < BALLOON_MEANS_N; means++)
		bits |= can(sim, means) ? 1u << means : 0;
	return bits;
}

void bl_sim_unpressed(struct press *p)
{
	*p = (struct press){ .refault = p->refault, .orders = p->orders };
	p->told[BALLOON_MEANS_COMPRESS] = BALLOON_UNKNOWN;
	p->told[BALLOON_MEANS_SWAP] = BALLOON_UNKNOWN;
	p->told[BALLOON_MEANS_CEILING] = BALLOON_UNKNOWN;
}

/* What the balloon took is gone wherever it was, in and out alike. */
void bl_sim_trim(struct hot *h)
{
	uint64_t touched = h->resident + h->out, over = less(touched, h->actual);
	uint64_t out = share(over, h->out, touched), zipped = share(out, h->zipped, h->out);

	if (!over)
		return;
	h->zipped -= zipped;
	h->out -= out;
	h->resident -= over - out;
	h->zipped = min(h->zipped, h->out);
}

/*
 * What is wanted comes back, hot pages each second and cold ones each hundred
 * seconds, from pool and swap in proportion and as fast as these are:
 *
 *	rate = hot + cold / 100
 */
static void come_back(struct balloon_sim *sim, struct hot *h, struct press *p, uint64_t ms)
{
	uint64_t hot = hot_out(h), wanted = wanted_out(h);
	uint64_t rate = hot + (wanted - hot) / 100;
	uint64_t unzip = min(share(rate, h->zipped, h->out), UNZIP_BYTES_S);
	uint64_t read = min(rate - share(rate, h->zipped, h->out), DISK_BYTES_S);
	uint64_t zipped = min(unzip * ms / 1000, h->zipped);
	uint64_t swapped = min(read * ms / 1000, h->out - h->zipped);

	zipped = min(zipped, wanted);
	swapped = min(swapped, wanted - zipped);
	h->zipped -= zipped;
	h->out -= zipped + swapped;
	h->resident += zipped + swapped;
	p->refault += zipped + swapped;
	sim->refault += zipped + swapped;
	h->stall_bp = (uint32_t)min(10000, unzip * 10000 / UNZIP_BYTES_S +
	                                           read * 10000 / DISK_BYTES_S);
}

/* The guest itself is not in the host's sums while it is stepped. */
static uint64_t swap_room(const struct balloon_sim *sim, const struct hot *h)
{
	return less(sim->swap_max, sim->out - sim->zipped + h->out - h->zipped);
}

/* In pages before compression. */
static uint64_t pool_room(const struct balloon_sim *sim, const struct hot *h)
{
	uint64_t room = less(sim->pool_max, bp(sim->zipped + h->zipped, sim->compress_bp));

	return sim->compress_bp ? share(room, 10000, sim->compress_bp) : BALLOON_BYTES_MAX;
}

static void go_out(struct hot *h, uint64_t bytes, bool zip)
{
	h->resident -= bytes;
	h->out += bytes;
	h->zipped += zip ? bytes : 0;
}

/* Cold pages above the level, as fast as that goes and while there is room. */
static void press_cold(struct balloon_sim *sim, struct hot *h, const struct press *p, uint64_t ms)
{
	uint64_t over = less(h->resident, p->told[BALLOON_MEANS_COMPRESS]);

	over = min(min(over, bl_sim_cold(h)), ZIP_BYTES_S * ms / 1000);
	go_out(h, min(over, pool_room(sim, h)), true);
	over = less(h->resident, p->told[BALLOON_MEANS_SWAP]);
	over = min(min(over, bl_sim_cold(h)), DISK_BYTES_S * ms / 1000);
	go_out(h, min(over, swap_room(sim, h)), false);
}

/* No growth above the ceiling but in exchange for what goes to swap, and down
 * to it as fast as swap takes it, cold or not. Where nothing more goes out, the
 * guest stands still before the page it would have touched. */
static void press_down(struct balloon_sim *sim, struct hot *h, const struct press *p, uint64_t ms)
{
	uint64_t ceiling = p->told[BALLOON_MEANS_CEILING], most = max(ceiling, p->had);
	uint64_t over = less(h->resident, ceiling);

	if (!over)
		return;
	over = min(over, less(h->resident, most) + DISK_BYTES_S * ms / 1000);
	go_out(h, min(over, swap_room(sim, h)), false);
	if (h->resident > most) {
		h->resident = most;
		h->stall_bp = 10000;
	}
}

/* What is saved follows what is offered; it is given up only with the pages. */
static void press_equal(const struct balloon_sim *sim, struct hot *h, const struct press *p,
                        uint64_t ms)
{
	uint64_t goal = bp(min(p->told[BALLOON_MEANS_SHARE], h->resident), sim->share_bp);

	h->shared += min(less(goal, h->shared), SHARE_BYTES_S * ms / 1000);
	h->shared = min(h->shared, bp(h->resident, sim->share_bp));
}

static bool told_anything(const struct press *p)
{
	return p->told[BALLOON_MEANS_SHARE] || p->told[BALLOON_MEANS_COMPRESS] != BALLOON_UNKNOWN ||
	       p->told[BALLOON_MEANS_SWAP] != BALLOON_UNKNOWN ||
	       p->told[BALLOON_MEANS_CEILING] != BALLOON_UNKNOWN;
}

void bl_sim_press(struct balloon_sim *sim, uint32_t i, uint64_t ms)
{
	struct hot *h = &sim->hot[i];
	struct press *p = &sim->press[i];

	if (!sim->means)
		return;
	come_back(sim, h, p, ms);
	press_cold(sim, h, p, ms);
	press_down(sim, h, p, ms);
	press_equal(sim, h, p, ms);
	p->had = h->resident;
	h->busy = h->out || h->shared || told_anything(p);
}

static int answer(const struct balloon_sim *sim, uint32_t i, uint32_t means)
{
	if (bl_sim_now(&sim->cold[i])->flags & BALLOON_SIM_HUNG)
		return -ETIMEDOUT;
	return means < BALLOON_MEANS_N && bl_sim_means(sim, i) & 1u << means ? 0 : -ENOTSUP;
}

int bl_sim_tell_means(struct balloon_sim *sim, uint64_t key, uint32_t means, uint64_t level)
{
	uint32_t i = bl_sim_find(sim, key);
	int rc;

	if (i == NO_INDEX || sim->beat[i].flags & ABSENT)
		return -ESRCH;
	sim->press[i].orders++;
	sim->means_orders++;
	rc = answer(sim, i, means);
	if (rc < 0) {
		sim->cold[i].refused++;
		sim->refused++;
		return rc;
	}
	sim->press[i].told[means] = level;
	sim->press[i].had = sim->hot[i].resident;
	sim->beat[i].flags &= ~(uint32_t)AT_REST;
	return 0;
}

void bl_sim_lift(struct balloon_sim *sim)
{
	for (size_t i = 0; sim->means && i < sim->n; i++) {
		uint64_t shared = sim->press[i].told[BALLOON_MEANS_SHARE];

		bl_sim_unpressed(&sim->press[i]);
		sim->press[i].told[BALLOON_MEANS_SHARE] = shared;
	}
}
