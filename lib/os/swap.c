/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way out of memory as it is now: devices, zswap, zram put together. */
#include "swap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "file.h"
#include "meminfo.h"
#include "text.h"

/* At most 29 devices (MAX_SWAPFILES) in lines of some 120 bytes and long paths. */
#define SWAPS_BYTES 16384

/* Devices are numbered from 0 as they are added; more than these are not looked for. */
#define ZRAM_MAX 16

/* Less than this stored says nothing about what is to come. */
#define MEASURED_BYTES (UINT64_C(1) << 20)

/* Until measured: LZ4 leaves 45 % of a guest's compressible pages, 56 % of all. */
#define UNMEASURED_BP 5000

#define ZSWAP "/sys/module/zswap/parameters/"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

static uint64_t share(uint64_t whole, uint64_t part, uint64_t of)
{
	__extension__ unsigned __int128 product = (unsigned __int128)whole * part / of;

	return product < UINT64_MAX ? (uint64_t)product : UINT64_MAX;
}

static int read_swaps(struct bl_swaps *ret_swaps)
{
	char text[SWAPS_BYTES];
	ssize_t n = bl_file_read(AT_FDCWD, "/proc/swaps", text, sizeof(text));

	if (n == -ENOENT) { /* a kernel without swap */
		*ret_swaps = (struct bl_swaps){ 0 };
		return 0;
	}
	return n < 0 ? (int)n : bl_swaps_parse(text, (size_t)n, ret_swaps);
}

static bool zswap_enabled(void)
{
	char text[8];
	ssize_t n = bl_file_read(AT_FDCWD, ZSWAP "enabled", text, sizeof(text));

	return n > 0 && text[0] == 'Y';
}

/* zswap keeps what it has when it is turned off, so its pool counts always; what
 * it can take is only there while it is on and a device stands behind it. */
static void add_zswap(uint64_t total_bytes, struct bl_swap_state *s)
{
	struct bl_meminfo info;
	uint64_t percent;
	int fd = bl_meminfo_open();

	if (fd >= 0 && bl_meminfo_read(fd, &info) == 0 && info.zswap_pool_bytes != UINT64_MAX &&
	    info.zswap_stored_bytes != UINT64_MAX) {
		s->pool_bytes = info.zswap_pool_bytes;
		s->stored_bytes = info.zswap_stored_bytes;
	}
	if (fd >= 0)
		close(fd);
	if (!s->zswap_enabled || bl_file_u64(AT_FDCWD, ZSWAP "max_pool_percent", &percent) < 0)
		return;
	s->pool_limit_bytes = percent <= 100 ? share(total_bytes, percent, 100) : total_bytes;
}

static bool read_zram(unsigned i, struct bl_zram *ret_zram)
{
	char path[64], text[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/block/zram%u/mm_stat", i);
	n = bl_file_read(AT_FDCWD, path, text, sizeof(text));
	return n > 0 && bl_zram_parse(text, (size_t)n, ret_zram) == 0;
}

/* All zram devices with anything in them; ret_room: what is left of their limits. */
static void add_zram(struct bl_swap_state *s, uint64_t *ret_room)
{
	struct bl_zram z;

	*ret_room = 0;
	for (unsigned i = 0; i < ZRAM_MAX; i++) {
		if (!read_zram(i, &z))
			continue;
		s->pool_bytes = plus(s->pool_bytes, z.used_bytes);
		s->stored_bytes = plus(s->stored_bytes, z.stored_bytes);
		if (!z.limit_bytes)
			*ret_room = UINT64_MAX;
		else if (z.limit_bytes > z.used_bytes)
			*ret_room = plus(*ret_room, z.limit_bytes - z.used_bytes);
	}
}

static void measure(struct bl_swap_state *s)
{
	if (s->stored_bytes < MEASURED_BYTES)
		return;
	s->compress_bp = (uint32_t)least(share(s->pool_bytes, 10000, s->stored_bytes), 10000);
}

/* Pages that a pool with so much room will hold. */
static uint64_t held(const struct bl_swap_state *s, uint64_t room)
{
	uint64_t bp = s->compress_bp == UINT32_MAX ? UNMEASURED_BP : s->compress_bp;

	return room == UINT64_MAX ? room : share(room, 10000, bp ? bp : 1);
}

static uint64_t room_of_zswap(const struct bl_swap_state *s, uint64_t zswap_pool_bytes)
{
	if (!s->zswap_enabled || s->pool_limit_bytes <= zswap_pool_bytes)
		return 0;
	return least(held(s, s->pool_limit_bytes - zswap_pool_bytes), s->disk_room_bytes);
}

int bl_swap_read(uint64_t total_bytes, struct bl_swap_state *ret_state)
{
	struct bl_swap_state s = { .compress_bp = UINT32_MAX, .pool_limit_bytes = UINT64_MAX };
	uint64_t zram_room = 0, zswap_pool;
	int rc = read_swaps(&s.swaps);

	if (rc < 0)
		return rc;
	s.zswap_enabled = zswap_enabled();
	s.zram = s.swaps.zram_bytes > 0;
	s.disk_room_bytes = s.swaps.free_bytes - s.swaps.zram_free_bytes;
	add_zswap(total_bytes, &s);
	zswap_pool = s.pool_bytes;
	if (s.zram)
		add_zram(&s, &zram_room);
	measure(&s);
	s.compress_room_bytes = plus(room_of_zswap(&s, zswap_pool),
	                             least(held(&s, zram_room), s.swaps.zram_free_bytes));
	*ret_state = s;
	return 0;
}
