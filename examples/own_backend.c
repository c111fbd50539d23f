/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The smallest backend of one's own: what has to be said to libballoon so that it
 * decides for a world it has never heard of. Here guests are numbers in an array;
 * in yours they are processes, containers or another hypervisor's partitions.
 *
 * Only what is known is said; the rest stays BALLOON_UNKNOWN. It must not know of
 * shares, profiles or entitlements: they are the policy's, below in main().
 */
#include <balloon/backend.h>
#include <errno.h>
#include <stdio.h>

#define MIB (UINT64_C(1) << 20)
#define SEC UINT64_C(1000000000)

enum { GUESTS = 2 };

struct world {
	uint64_t host_bytes, serial;
	const char *name[GUESTS];
	uint64_t size[GUESTS], actual[GUESTS], used[GUESTS], target[GUESTS];
	struct balloon_sample rows[GUESTS];
};

/* ---------------------------------------------------------------- backend */

/* An embedder's backend may know its world already; a module would connect to uri. */
static struct world world = {
        .host_bytes = 1024 * MIB,
        .name = {"busy", "idle"},
        .size = {512 * MIB, 512 * MIB},
        .actual = {300 * MIB, 300 * MIB},
        .used = {280 * MIB, 40 * MIB},
        .target = {300 * MIB, 300 * MIB},
};

static int own_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	(void)uri, (void)ret_error, (void)size;
	*ret_self = &world;
	return 0;
}

static void own_close(void *self)
{
	(void)self;
}

/* A row of which nothing is known yet. */
static struct balloon_sample unknown(void)
{
	const uint64_t u = BALLOON_UNKNOWN;
	struct balloon_sample s = {
	        .size_bytes = u, .actual_bytes = u, .total_bytes = u, .available_bytes = u,
	        .unused_bytes = u, .cache_bytes = u, .swap_in_bytes = u, .swap_out_bytes = u,
	        .major_faults = u, .resident_bytes = u, .active_bytes = u, .serial = u,
	        .cold_bytes = u, .compress_bp = u, .swapped_bytes = u, .refault_bytes = u,
	        .shared_bytes = u, .shareable_bytes = u, .stall_bp = u};

	return s;
}

static struct balloon_sample look(const struct world *w, size_t i)
{
	struct balloon_sample s = unknown();

	s.key = i + 1; /* another one when the guest is restarted */
	s.name = w->name[i];
	s.flags = BALLOON_SAMPLE_RUNNING;
	s.size_bytes = w->size[i];
	s.actual_bytes = w->actual[i];
	s.total_bytes = w->actual[i];
	s.available_bytes = w->actual[i] - w->used[i];
	s.serial = w->serial; /* the figures above are of this moment */
	return s;
}

static int own_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct world *w = self;
	uint64_t free = w->host_bytes;

	w->serial = now_ns;
	for (size_t i = 0; i < GUESTS; i++) {
		w->rows[i] = look(w, i);
		free -= w->actual[i];
	}
	ret_sheet->stride = sizeof(w->rows[0]);
	ret_sheet->total_bytes = w->host_bytes;
	ret_sheet->available_bytes = free;
	ret_sheet->guests = w->rows;
	ret_sheet->guests_n = GUESTS;
	return 0;
}

/* Accepted is all that is said here; what came of it, the next observe() shows. */
static int own_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct world *w = self;

	(void)now_ns;
	for (size_t i = 0; i < n; i++) {
		orders[i].rc = orders[i].key - 1 < GUESTS ? 0 : -ESRCH;
		if (!orders[i].rc)
			w->target[orders[i].key - 1] = orders[i].target_bytes;
	}
	return 0;
}

static const struct balloon_backend own = {
        .struct_size = sizeof(own),
        .abi = BALLOON_BACKEND_ABI,
        .name = "own",
        .open = own_open,
        .close = own_close,
        .observe = own_observe,
        .order = own_order,
};

/* ------------------------------------------------------------------ a use */

/* Guests follow their targets by half of the way in each second. */
static void live(struct world *w)
{
	for (size_t i = 0; i < GUESTS; i++) {
		uint64_t next = w->actual[i] / 2 + w->target[i] / 2;

		w->actual[i] = next > w->used[i] ? next : w->used[i];
	}
}

int main(void)
{
	char text[512] = "";
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = 600 * MIB,
	                                .reserve_bytes = 64 * MIB,
	                                .fallback = {.struct_size = sizeof(policy.fallback),
	                                             .shares = BALLOON_UNKNOWN,
	                                             .reservation_bytes = 64 * MIB,
	                                             .limit_bytes = BALLOON_UNKNOWN}};
	struct balloon_options o = {.struct_size = sizeof(o), .uri = "own:", .backend = &own,
	                            .policy = &policy, .error_text = text,
	                            .error_size = sizeof(text)};
	struct balloon *b;

	if (balloon_open(&o, &b) < 0)
		return fprintf(stderr, "own_backend: %s\n", text), 1;
	for (uint64_t now = SEC; now < 600 * SEC; now += SEC) {
		if (balloon_tick(b, now, NULL) < 0)
			fprintf(stderr, "own_backend: %s\n", balloon_error(b));
		live(&world);
	}
	for (size_t i = 0; i < GUESTS; i++) {
		if (balloon_explain(b, world.name[i], text, sizeof(text)) > 0)
			puts(text);
	}
	balloon_close(b);
	/* What idles has gone to who uses it. */
	return world.actual[0] > world.actual[1] ? 0 : 1;
}
