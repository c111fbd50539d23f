/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between lib/os/press.h and the contract; see hands.h. */
#include "hands.h"

#include "../../os/press.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Of settings that were turned, so that they can be put back after a kill -9. */
#define JOURNAL "/run/libballoon.knobs"

static const struct {
	uint32_t means;
	unsigned way;
} ways[] = {
	{ BALLOON_MEANS_SHARE, BL_PRESS_SHARE },
	{ BALLOON_MEANS_COMPRESS, BL_PRESS_COMPRESS },
	{ BALLOON_MEANS_SWAP, BL_PRESS_SWAP },
	{ BALLOON_MEANS_CEILING, BL_PRESS_CEILING },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct bl_press *bl_hands_new(void)
{
	struct bl_press *press;

	return bl_press_new(JOURNAL, &press) < 0 ? NULL : press;
}

static void blank(struct balloon_sample *s)
{
	s->means = 0;
	s->cold_bytes = BALLOON_UNKNOWN;
	s->compress_bp = BALLOON_UNKNOWN;
	s->refault_bytes = BALLOON_UNKNOWN;
	s->shared_bytes = BALLOON_UNKNOWN;
	s->shareable_bytes = BALLOON_UNKNOWN;
	s->stall_bp = BALLOON_UNKNOWN;
}

/* A guest that gives no figures is judged by what the host sees. One that does
 * knows better: pages it has not touched for a while may be all it has of a file
 * it needs, and only it can tell. */
static void stand_in(struct balloon_sample *s, const struct bl_press_figures *f)
{
	if (s->available_bytes != BALLOON_UNKNOWN || f->active_bytes == UINT64_MAX)
		return;
	s->active_bytes = f->active_bytes;
	s->serial = f->looks;
}

void bl_hands_sample(struct bl_press *press, int pid, struct balloon_sample *s)
{
	struct bl_press_figures f;

	blank(s);
	if (!press || pid <= 0 || s->size_bytes == BALLOON_UNKNOWN ||
	    bl_press_see(press, s->key, pid, s->size_bytes, &f) < 0)
		return;
	for (size_t i = 0; i < WAYS; i++)
		s->means |= f.ways & ways[i].way ? 1u << ways[i].means : 0;
	/* A hypervisor's own memory is not the guest's. */
	if (f.resident_bytes != UINT64_MAX)
		s->resident_bytes = f.resident_bytes;
	s->cold_bytes = f.cold_bytes;
	s->compress_bp = f.compress_bp;
	if (f.swapped_bytes != UINT64_MAX)
		s->swapped_bytes = f.swapped_bytes;
	s->refault_bytes = f.refault_bytes;
	s->shared_bytes = f.shared_bytes;
	s->stall_bp = f.stall_bp;
	stand_in(s, &f);
}

void bl_hands_sheet(struct bl_press *press, struct balloon_sheet *sheet)
{
	struct bl_press_host host;

	if (!press)
		return;
	bl_press_sweep(press);
	bl_press_host(press, &host);
	sheet->swap_bytes = host.swap_bytes;
	sheet->swap_free_bytes = host.swap_free_bytes;
	sheet->compress_free_bytes = host.compress_free_bytes;
	sheet->stall_bp = host.stall_bp;
}

int bl_hands_fd(struct bl_press *press, int other)
{
	int pressure = press ? bl_press_fd(press) : -ENOTSUP, fd;
	struct epoll_event readable = { .events = EPOLLIN };

	if (pressure < 0)
		return -ENOTSUP;
	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd >= 0 && epoll_ctl(fd, EPOLL_CTL_ADD, other, &readable) == 0 &&
	    epoll_ctl(fd, EPOLL_CTL_ADD, pressure, &readable) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -ENOTSUP;
}

int bl_hands_order(struct bl_press *press, const struct balloon_order *o)
{
	for (size_t i = 0; press && i < WAYS; i++) {
		if (ways[i].means == o->means &&
		    bl_press_level(press, o->key, ways[i].way, o->target_bytes) == 0)
			return 0;
	}
	return -EOPNOTSUPP; /* or its process is not known */
}
