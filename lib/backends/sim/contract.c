/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend contract (backend.h) spoken by a simulated host. Must not know
 * how guests behave.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "world.h"

const struct balloon_backend balloon_backend_module = {
	.struct_size = sizeof(struct balloon_backend),
	.abi = BALLOON_BACKEND_ABI,
	.name = "sim",
	.open = bl_sim_open_uri,
	.close = bl_sim_close,
	.observe = bl_sim_observe,
	.order = bl_sim_order,
	.fd = bl_sim_fd,
	.error = bl_sim_error,
};

int bl_sim_open_uri(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	struct balloon_sim *sim;
	int rc = bl_sim_from_uri(uri, &sim, ret_error, size);

	if (rc < 0)
		return rc;
	*ret_self = sim;
	return 0;
}

/* A host made by a program outlives who looks at it, but what pressed its guests
 * by force goes with him. */
void bl_sim_close(void *self)
{
	struct balloon_sim *sim = self;

	if (sim)
		bl_sim_lift(sim);
	if (sim && sim->owned)
		bl_sim_destroy(sim);
}

static bool away(const struct balloon_sim *sim)
{
	return sim->ms < sim->away_ms;
}

static void drain(struct balloon_sim *sim)
{
	eventfd_t news;

	if (sim->event_fd >= 0)
		(void)eventfd_read(sim->event_fd, &news);
}

/* Rows without the guests that have not started yet. */
static int show_present(struct balloon_sim *sim)
{
	size_t n = 0;

	if (sim->shown_room < sim->room) {
		struct balloon_sample *shown = calloc(sim->room, sizeof(*shown));

		if (!shown)
			return -ENOMEM;
		free(sim->shown);
		sim->shown = shown;
		sim->shown_room = sim->room;
	}
	for (size_t i = 0; i < sim->n; i++)
		if (!(sim->beat[i].flags & ABSENT))
			sim->shown[n++] = sim->row[i];
	return 0;
}

/* A host that has no such thing does not speak of it. */
static void show_means(const struct balloon_sim *sim, struct balloon_sheet *ret_sheet)
{
	uint64_t on_disk = sim->out - sim->zipped, pool = bl_sim_pool(sim);

	if (sim->nodes_n > 1) {
		ret_sheet->nodes = sim->nodes;
		ret_sheet->nodes_n = sim->nodes_n;
	}
	if (!sim->means)
		return;
	ret_sheet->swap_bytes = sim->swap_max;
	ret_sheet->swap_free_bytes = sim->swap_max - on_disk;
	ret_sheet->compress_free_bytes = sim->pool_max > pool ? sim->pool_max - pool : 0;
	ret_sheet->stall_bp = sim->stall_bp < 10000 ? sim->stall_bp : 10000;
}

int bl_sim_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct balloon_sim *sim = self;

	bl_sim_forget_graves(sim);
	drain(sim);
	/* A clock that went back shows the same moment again. */
	(void)balloon_sim_step(sim, now_ns);
	if (away(sim) || bl_sim_extras(sim) < 0 || (sim->absent_n && show_present(sim) < 0))
		return -EAGAIN;
	ret_sheet->stride = sizeof(struct balloon_sample);
	ret_sheet->total_bytes = sim->total;
	ret_sheet->available_bytes = bl_sim_available(sim);
	ret_sheet->guests = sim->absent_n ? sim->shown : sim->row;
	ret_sheet->guests_n = sim->n - sim->absent_n;
	show_means(sim, ret_sheet);
	return 0;
}

/* Time stands still while orders are given. */
int bl_sim_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct balloon_sim *sim = self;

	(void)now_ns;
	if (away(sim))
		return -EAGAIN;
	for (size_t k = 0; k < n; k++)
		orders[k].rc = orders[k].means == BALLOON_MEANS_BALLOON
		                       ? bl_sim_tell(sim, orders[k].key, orders[k].target_bytes)
		                       : bl_sim_tell_means(sim, orders[k].key, orders[k].means,
		                                           orders[k].target_bytes);
	return 0;
}

int bl_sim_fd(void *self)
{
	struct balloon_sim *sim = self;

	if (sim->event_fd < 0)
		sim->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return sim->event_fd < 0 ? -errno : sim->event_fd;
}

const char *bl_sim_error(void *self)
{
	return away(self) ? "the simulated host is away; wait until it is back" : "";
}
