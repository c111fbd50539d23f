/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C half of the bench "python": beats on handles that Python opened, so that
 * both do the same in the same world and take turns; and a world of guests in C,
 * against the same world in Python.
 */
#include <balloon/backend.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define MIB (UINT64_C(1) << 20)
#define EXPORT __attribute__((visibility("default")))

EXPORT uint64_t bench_beats(struct balloon *b, uint64_t now, unsigned beats, size_t n);
EXPORT const struct balloon_backend *bench_world(size_t n);

/* Beats, and after each what a minder reads: the report, and all targets. */
uint64_t bench_beats(struct balloon *b, uint64_t now, unsigned beats, size_t n)
{
	struct balloon_guest_report *rows = calloc(n, sizeof(*rows));
	struct balloon_report r = {.struct_size = sizeof(r)};
	uint64_t sum = 0;

	for (unsigned k = 0; rows && k < beats; k++, now += SECOND) {
		int found = 0;

		if (balloon_tick(b, now, NULL) == 0 && balloon_report(b, &r) == 0)
			found = balloon_guests(b, rows, sizeof(*rows), n);
		for (int i = 0; i < found; i++)
			sum += rows[i].target_bytes;
	}
	free(rows);
	return sum;
}

/* ------------------------------------------------------------- the C world */

static struct world {
	struct balloon_sample *rows;
	size_t n;
	uint64_t total;
} world;

static int world_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri;
	(void)ret_error;
	(void)size;
	*ret_self = &world;
	return 0;
}

static void world_close(void *self)
{
	(void)self;
}

static int world_observe(void *self, uint64_t now, struct balloon_sheet *ret)
{
	struct world *w = self;
	uint64_t used = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct balloon_sample *s = &w->rows[i];
		uint64_t wants = (256 + (i * 37 + now / SECOND * 5) % 512) * MIB;

		s->total_bytes = s->actual_bytes;
		s->available_bytes = s->actual_bytes > wants ? s->actual_bytes - wants : 0;
		s->serial = now;
		used += s->actual_bytes;
	}
	ret->total_bytes = w->total;
	ret->available_bytes = w->total - used;
	ret->guests = w->rows;
	ret->guests_n = w->n;
	return 0;
}

static int world_order(void *self, uint64_t now, struct balloon_order *orders, size_t n)
{
	struct world *w = self;

	(void)now;
	for (size_t k = 0; k < n; k++) {
		w->rows[orders[k].key - 1].actual_bytes = orders[k].target_bytes;
		orders[k].rc = 0;
	}
	return 0;
}

/* The world of python.py's Crowd: n guests of 1 GiB that want more and less. */
const struct balloon_backend *bench_world(size_t n)
{
	static const struct balloon_backend backend = {
	        .struct_size = sizeof(backend), .abi = BALLOON_BACKEND_ABI, .name = "crowd",
	        .open = world_open,             .close = world_close,       .observe = world_observe,
	        .order = world_order,
	};

	free(world.rows);
	world = (struct world){calloc(n, sizeof(*world.rows)), n, 2 * n * 1024 * MIB};
	for (size_t i = 0; world.rows && i < n; i++) {
		memset(&world.rows[i], 0xff, sizeof(world.rows[i]));
		world.rows[i].key = i + 1;
		world.rows[i].name = "one";
		world.rows[i].uuid = NULL;
		world.rows[i].flags = BALLOON_SAMPLE_RUNNING;
		world.rows[i].fixed = 0;
		world.rows[i].size_bytes = world.rows[i].actual_bytes = 1024 * MIB;
		world.rows[i].node_bytes = NULL;
	}
	return world.rows ? &backend : NULL;
}
