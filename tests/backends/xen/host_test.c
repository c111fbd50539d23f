/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole Xen backend over a pretend host: vendor libraries of its own, found
 * and opened as the real ones are. What a real Xen does is tests/xen's to show.
 */
#include "testkit.h"

#include "backends/xen/xen.h"
#include "pretend.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB_KIB UINT64_C(1024)

static const struct balloon_backend *const xen = &balloon_backend_module;
static uint64_t now;

static void *opened(const char *uri)
{
	char error[512] = "";
	void *self = NULL;

	CU_ASSERT_EQUAL_FATAL(xen->open(uri, &self, error, sizeof(error)), 0);
	CU_ASSERT_STRING_EQUAL(error, "");
	return self;
}

/* Vendor libraries out of a directory, as on a host with its own tools. */
static void *straight(void)
{
	return opened("xenstore:" PRETEND_DIR);
}

static struct balloon_sheet fresh_sheet(void)
{
	return (struct balloon_sheet){ .struct_size = sizeof(struct balloon_sheet),
		.total_bytes = BALLOON_UNKNOWN, .available_bytes = BALLOON_UNKNOWN };
}

/* A slow machine may need several attempts: the backend gives up on time, not
 * when everybody is ready. */
static struct balloon_sheet look(void *self)
{
	struct balloon_sheet sheet = fresh_sheet();
	int rc = -EAGAIN;

	for (int i = 0; i < 100 && rc == -EAGAIN; i++) {
		sheet = fresh_sheet();
		now += SECOND;
		rc = xen->observe(self, now, &sheet);
	}
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL(sheet.stride, sizeof(struct balloon_sample));
	return sheet;
}

static const struct balloon_sample *find(const struct balloon_sheet *sheet, const char *name)
{
	for (size_t i = 0; i < sheet->guests_n; i++)
		if (strcmp(sheet->guests[i].name, name) == 0)
			return &sheet->guests[i];
	return NULL;
}

static struct balloon_sample see(void *self, const char *name)
{
	struct balloon_sheet sheet = look(self);
	const struct balloon_sample *s = find(&sheet, name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return *s;
}

static int32_t tell(void *self, uint64_t key, uint64_t target_bytes)
{
	struct balloon_order o = { .key = key, .target_bytes = target_bytes, .rc = -EPROTO };
	int rc = xen->order(self, now, &o, 1);

	return rc < 0 ? rc : o.rc;
}

static void hang(bool hangs)
{
	pretend_lock();
	pretend.hangs = hangs;
	pretend_unlock();
}

/* ------------------------------------------------------------------ seeing */

static void the_host_is_the_hypervisors(void)
{
	static const int versions[] = { 4 << 16 | 13, 4 << 16 | 16, 4 << 16 | 17, 4 << 16 | 21 };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct balloon_sheet sheet;
		void *self;

		pretend_begin();
		pretend_guest("a", 256, 512);
		pretend.version = versions[i];
		pretend.claimed_pages = 64 * 256;
		self = straight();
		sheet = look(self);
		CU_ASSERT_EQUAL(sheet.total_bytes, 4 * GIB);
		CU_ASSERT_EQUAL(sheet.available_bytes, (4096 - 512 - 256 - 64) * MIB);
		CU_ASSERT_EQUAL(sheet.swap_bytes, BALLOON_UNKNOWN);
		CU_ASSERT_EQUAL(sheet.guests_n, 2);
		xen->close(self);
	}
}

/* A layout that nobody knows is not taken for numbers. */
static void an_absurd_host_is_none(void)
{
	struct balloon_sheet sheet = fresh_sheet();
	void *self;

	pretend_begin();
	pretend.total_pages = UINT64_C(1) << 60;
	self = straight();
	CU_ASSERT_EQUAL(xen->observe(self, 0, &sheet), -EAGAIN);
	CU_ASSERT_PTR_NOT_NULL(strstr(xen->error(self), "hypervisor"));
	xen->close(self);
}

static void dom0_is_a_guest_that_stays(void)
{
	struct balloon_sample s;
	void *self;

	pretend_begin();
	self = straight();
	s = see(self, "Domain-0");
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_OTHER);
	CU_ASSERT_EQUAL(s.actual_bytes, 512 * MIB);
	CU_ASSERT_EQUAL(s.size_bytes, 512 * MIB);
	xen->close(self);
}

/* Old figures may lie in the store since their agent died: only what is
 * written from now on is news. */
static void figures_are_news_when_written(void)
{
	struct balloon_sample s;
	uint32_t id;
	uint64_t serial;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 256);
	pretend_tell(id, 220, 100);
	self = straight();
	see(self, "a");
	s = see(self, "a");
	CU_ASSERT_EQUAL(s.serial, BALLOON_UNKNOWN);
	pretend_tell(id, 220, 90);
	s = see(self, "a");
	CU_ASSERT_NOT_EQUAL(s.serial, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s.total_bytes, 220 * MIB);
	CU_ASSERT_EQUAL(s.available_bytes, 90 * MIB);
	serial = s.serial;
	CU_ASSERT_EQUAL(see(self, "a").serial, serial);
	pretend_tell(id, 220, 90); /* the same numbers, and yet news */
	CU_ASSERT_NOT_EQUAL(see(self, "a").serial, serial);
	xen->close(self);
}

static void hostile_figures_are_unknown(void)
{
	static const char *const lies[] = { "-1", "NaN", "", "1e9", "99999999999999999999", "  " };
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 256);
	self = straight();
	look(self);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		pretend_set(id, "data/meminfo_total", lies[i]);
		pretend_set(id, "data/meminfo_free", lies[i]);
		pretend_set(id, "memory/meminfo", lies[i]);
		CU_ASSERT_EQUAL(see(self, "a").available_bytes, BALLOON_UNKNOWN);
		CU_ASSERT_EQUAL(see(self, "a").total_bytes, BALLOON_UNKNOWN);
	}
	xen->close(self);
}

static void a_devices_guest_is_left_alone(void)
{
	void *self;

	pretend_begin();
	pretend_guest("a", 256, 256);
	self = straight();
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_NOT);
	pretend_set_path("/local/domain/0/backend/pci/1/0", "", 0);
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_PASSTHROUGH);
	xen->close(self);
}

static void memory_on_demand_waits(void)
{
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	pretend_find(id)->flags = PRETEND_HVM;
	pretend_find(id)->entries = 7;
	pretend_find(id)->cache = 6;
	self = straight();
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_OTHER);
	pretend_find(id)->cache = 7; /* the balloon took the rest */
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(tell(self, see(self, "a").key, 128 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(id)->pod_target, (128 + 1) * 256);
	xen->close(self);
}

/* From its first page to its last, what is there for all is the same to the page. */
static void a_domain_is_built(void)
{
	struct balloon_sheet sheet;
	struct pretend_domain *d;
	uint32_t id;
	void *self;

	pretend_begin();
	self = straight();
	look(self);
	id = pretend_begun();
	sheet = look(self);
	CU_ASSERT_EQUAL(sheet.guests_n, 1);
	pretend_set(id, "name", "new");
	sheet = look(self);
	CU_ASSERT_EQUAL(sheet.guests_n, 1);
	d = pretend_find(id);
	d->max_kib = 129 * MIB_KIB;
	for (uint64_t mib = 0; mib <= 128; mib += 32) {
		struct balloon_sample s;

		d->tot_kib = mib * MIB_KIB;
		d->claimed_kib = mib ? (128 - mib) * MIB_KIB : 0;
		sheet = look(self);
		CU_ASSERT_PTR_NOT_NULL_FATAL(find(&sheet, "new"));
		s = *find(&sheet, "new");
		CU_ASSERT_EQUAL(s.actual_bytes, 128 * MIB);
		CU_ASSERT_EQUAL(s.resident_bytes + sheet.available_bytes, (4096 - 512) * MIB);
		CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_OTHER);
	}
	pretend_set(id, "memory/target", "131072");
	d->flags = 0;
	d->cpu_ns = 1;
	CU_ASSERT_EQUAL(see(self, "new").fixed, BALLOON_FIXED_NOT);
	xen->close(self);
}

static bool rings(void *self)
{
	struct pollfd p = { .fd = xen->fd(self), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void domains_that_come_and_go_ring(void)
{
	struct balloon_sheet sheet;
	uint32_t id;
	void *self;

	pretend_begin();
	self = straight();
	look(self);
	look(self); /* the ringing of the connecting itself */
	CU_ASSERT_FALSE(rings(self));
	id = pretend_guest("a", 256, 256);
	CU_ASSERT_TRUE(rings(self));
	sheet = look(self);
	CU_ASSERT_PTR_NOT_NULL(find(&sheet, "a"));
	CU_ASSERT_FALSE(rings(self));
	pretend_end(id);
	CU_ASSERT_TRUE(rings(self));
	sheet = look(self);
	CU_ASSERT_PTR_NULL(find(&sheet, "a"));
	xen->close(self);
}

static void watches_do_not_pile_up(void)
{
	unsigned before;
	void *self;

	pretend_begin();
	self = straight();
	look(self);
	before = pretend.watches;
	for (int i = 0; i < 20; i++) {
		uint32_t id = pretend_guest("a", 64, 64);

		look(self);
		CU_ASSERT(pretend.watches > before);
		pretend_end(id);
		look(self);
		CU_ASSERT_EQUAL(pretend.watches, before);
	}
	xen->close(self);
	CU_ASSERT_EQUAL(pretend.watches, 0);
	CU_ASSERT_EQUAL(pretend.handles, 0);
}

static void a_renamed_domain_has_its_new_name(void)
{
	uint32_t id;
	uint64_t key;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 64, 64);
	self = straight();
	key = see(self, "a").key;
	pretend_set(id, "name", "b\x1b[31m");
	CU_ASSERT_EQUAL(see(self, "b?[31m").key, key);
	xen->close(self);
}

/* ----------------------------------------------------------------- telling */

static void an_order_moves_target_and_ceiling(void)
{
	uint32_t id;
	uint64_t key;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	key = see(self, "a").key;
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 128 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 129 * MIB_KIB);
	pretend_follow(id);
	CU_ASSERT_EQUAL(see(self, "a").actual_bytes, 128 * MIB);
	CU_ASSERT_EQUAL(tell(self, key, 400 * MIB), 0);
	pretend_follow(id);
	CU_ASSERT_EQUAL(see(self, "a").actual_bytes, 400 * MIB);
	CU_ASSERT_EQUAL(see(self, "a").key, key);
	xen->close(self);
}

static void orders_that_cannot_be(void)
{
	uint32_t id;
	uint64_t key;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	CU_ASSERT_EQUAL(tell(self, 1, GIB), -EAGAIN); /* before anything was seen */
	key = see(self, "a").key;
	CU_ASSERT_EQUAL(tell(self, key + 1, GIB), -ESRCH);
	CU_ASSERT_EQUAL(xen->order(self, now, NULL, 0), 0);
	pretend_end(id);
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), -ESRCH); /* it went in mid-beat */
	CU_ASSERT_PTR_NOT_NULL(strstr(xen->error(self), "gone"));
	xen->close(self);
}

/* Another domain of the same number is another life. */
static void a_later_life_is_not_told(void)
{
	uint32_t id;
	uint64_t key;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	key = see(self, "a").key;
	pretend_find(id)->uuid[3] ^= 1;
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), -ESRCH);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 256 * MIB_KIB);
	CU_ASSERT_NOT_EQUAL(see(self, "a").key, key);
	xen->close(self);
}

static void dynamic_min_is_a_floor(void)
{
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	pretend_set(id, "memory/dynamic-min", "204800");
	pretend_set(id, "memory/dynamic-max", "262144");
	pretend_set(id, "control/feature-balloon", "1");
	self = straight();
	CU_ASSERT_EQUAL(see(self, "a").size_bytes, 256 * MIB);
	CU_ASSERT_EQUAL(tell(self, see(self, "a").key, 64 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 200 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 201 * MIB_KIB);
	xen->close(self);
}

/* Paused below its target: what it does not have may go to another, so it must
 * not wake up and take it. Let go at the end. */
static void the_sleeping_are_pressed_and_let_go(void)
{
	uint32_t sleeper;
	void *self;

	pretend_begin();
	sleeper = pretend_guest("sleeper", 256, 512);
	pretend_set(sleeper, "memory/target", "524288");
	pretend_find(sleeper)->max_kib = 513 * MIB_KIB;
	pretend_find(sleeper)->flags = PRETEND_PAUSED;
	pretend_guest("a", 256, 512);
	self = straight();
	look(self);
	CU_ASSERT_EQUAL(pretend.ceilings, 0); /* a look changes nothing */
	CU_ASSERT_EQUAL(tell(self, see(self, "a").key, 512 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(sleeper)->max_kib, 257 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend_kib(sleeper, "memory/target"), 512 * MIB_KIB);
	xen->close(self);
	CU_ASSERT_EQUAL(pretend_find(sleeper)->max_kib, 513 * MIB_KIB);
}

static int32_t tell_by(void *self, uint32_t means, uint64_t key, uint64_t target_bytes)
{
	struct balloon_order o = { .key = key, .target_bytes = target_bytes, .means = means };
	int rc = xen->order(self, now, &o, 1);

	return rc < 0 ? rc : o.rc;
}

/* A ceiling by itself binds what targets bring with them, until it is lifted. */
static void a_ceiling_is_a_level(void)
{
	struct balloon_sample s;
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	s = see(self, "a");
	CU_ASSERT_EQUAL(s.means, 1u << BALLOON_MEANS_CEILING);
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_CEILING, s.key, 200 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 201 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 256 * MIB_KIB);
	CU_ASSERT_EQUAL(tell(self, s.key, 240 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 201 * MIB_KIB);
	s = see(self, "a");
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_CEILING, s.key, BALLOON_UNKNOWN), 0);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 241 * MIB_KIB);
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_CEILING, s.key, 100 * MIB), 0);
	xen->close(self);
	CU_ASSERT_EQUAL(pretend_find(id)->max_kib, 241 * MIB_KIB);
}

/* The ladder ends there, and says so. */
static void xen_has_no_other_means(void)
{
	struct balloon_sheet sheet;
	uint64_t key;
	void *self;

	pretend_begin();
	pretend_guest("a", 256, 512);
	self = straight();
	sheet = look(self);
	CU_ASSERT_EQUAL(sheet.swap_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(sheet.swap_free_bytes, 0);
	CU_ASSERT_EQUAL(sheet.compress_free_bytes, 0);
	CU_ASSERT_EQUAL(find(&sheet, "Domain-0")->means, 0);
	key = see(self, "a").key;
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_SHARE, key, MIB), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_COMPRESS, key, MIB), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(tell_by(self, BALLOON_MEANS_SWAP, key, MIB), -EOPNOTSUPP);
	xen->close(self);
}

/* --------------------------------------------------------------- other hands */

static void squeezed_is_not_fought(void)
{
	struct balloon_sample s;
	uint32_t id, sleeper;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	sleeper = pretend_guest("sleeper", 256, 512);
	pretend_set(sleeper, "memory/target", "524288");
	pretend_find(sleeper)->max_kib = 513 * MIB_KIB;
	pretend_find(sleeper)->flags = PRETEND_PAUSED;
	self = straight();
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_NOT);
	look(self);
	pretend_set_path("/squeezed", "", 0);
	CU_ASSERT_TRUE(rings(self));
	s = see(self, "a");
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_OTHER);
	CU_ASSERT_EQUAL(s.actual_bytes, 256 * MIB); /* still observed */
	CU_ASSERT_PTR_NOT_NULL(strstr(xen->error(self), "squeezed"));
	CU_ASSERT_EQUAL(tell(self, s.key, 128 * MIB), -EPERM);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 256 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend.ceilings, 0);
	pretend_set_path("/squeezed", NULL, 0);
	CU_ASSERT_EQUAL(see(self, "a").fixed, BALLOON_FIXED_NOT);
	xen->close(self);
}

/* ------------------------------------------------------------------ hanging */

static void a_hung_store_costs_beats_only(void)
{
	struct balloon_sheet sheet = fresh_sheet();
	uint64_t key;
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	key = see(self, "a").key;
	hang(true);
	CU_ASSERT_EQUAL(xen->observe(self, ++now, &sheet), -EAGAIN);
	CU_ASSERT_PTR_NOT_NULL(strstr(xen->error(self), "does not answer"));
	pretend_guest("b", 64, 64);
	CU_ASSERT_TRUE(rings(self));
	CU_ASSERT_EQUAL(xen->observe(self, ++now, &sheet), -EAGAIN);
	CU_ASSERT_FALSE(rings(self)); /* or its caller would try without a pause */
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), -EAGAIN);
	hang(false);
	CU_ASSERT_EQUAL(see(self, "a").key, key);
	CU_ASSERT_EQUAL(tell(self, see(self, "a").key, 128 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 128 * MIB_KIB);
	xen->close(self);
}

static void an_order_that_hangs_may_come_to_pass(void)
{
	uint64_t key;
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	key = see(self, "a").key;
	hang(true);
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), -ETIMEDOUT);
	hang(false);
	look(self);
	for (int i = 0; i < 1000 && pretend_kib(id, "memory/target") != 128 * MIB_KIB; i++)
		usleep(10000);
	CU_ASSERT_EQUAL(pretend_kib(id, "memory/target"), 128 * MIB_KIB);
	xen->close(self);
}

/* Closing does not wait for ever either; what hangs ends when it is let go. */
static void a_hung_backend_closes(void)
{
	struct balloon_sheet sheet = fresh_sheet();
	bool ended = false;
	void *self;

	pretend_begin();
	self = straight();
	look(self);
	hang(true);
	CU_ASSERT_EQUAL(xen->observe(self, ++now, &sheet), -EAGAIN);
	xen->close(self);
	hang(false);
	for (int i = 0; i < 1000 && !ended; i++) {
		usleep(10000);
		pretend_lock();
		ended = pretend.handles == 0;
		pretend_unlock();
	}
	CU_ASSERT_TRUE(ended);
}

static void a_store_that_went_away_is_found_again(void)
{
	struct balloon_sheet sheet = fresh_sheet();
	uint64_t key;
	uint32_t id;
	void *self;

	pretend_begin();
	id = pretend_guest("a", 256, 512);
	self = straight();
	key = see(self, "a").key;
	pretend_tell(id, 220, 90);
	CU_ASSERT_EQUAL(see(self, "a").available_bytes, 90 * MIB);
	pretend_lock();
	pretend.away = true;
	pretend_unlock();
	CU_ASSERT_EQUAL(xen->observe(self, ++now, &sheet), -EAGAIN);
	CU_ASSERT_NOT_EQUAL(xen->error(self)[0], '\0');
	CU_ASSERT_EQUAL(xen->observe(self, ++now, &sheet), -EAGAIN);
	pretend_lock();
	pretend.away = false;
	pretend_unlock();
	CU_ASSERT_EQUAL(see(self, "a").key, key);
	pretend_tell(id, 220, 80);
	CU_ASSERT_EQUAL(see(self, "a").available_bytes, 80 * MIB);
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), 0);
	xen->close(self);
}

/* ----------------------------------------------------------------- libvirt */

/* Until libvirt's list came in, and without it, nobody is known to libvirt. */
static struct balloon_sample see_native(void *self, const char *name)
{
	struct balloon_sample s = see(self, name);

	for (int i = 0; i < 1000 && s.fixed; i++) {
		usleep(1000);
		s = see(self, name);
	}
	return s;
}

static void libvirt_is_told_of_its_own(void)
{
	struct balloon_sample s;
	uint32_t own, foreign;
	void *self;

	pretend_begin();
	own = pretend_guest("own", 256, 512);
	foreign = pretend_guest("foreign", 256, 512);
	pretend_find(own)->native = true;
	self = opened("xen:///system");
	s = see_native(self, "own");
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(see(self, "foreign").fixed, BALLOON_FIXED_OTHER);
	CU_ASSERT_EQUAL(tell(self, s.key, 128 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(own)->virt_kib, 128 * MIB_KIB);
	CU_ASSERT_EQUAL(pretend.ceilings, 0); /* libvirt's to set */
	CU_ASSERT_EQUAL(tell(self, see(self, "foreign").key, 128 * MIB), -ESRCH);
	CU_ASSERT_EQUAL(pretend_kib(foreign, "memory/target"), 256 * MIB_KIB);
	xen->close(self);
	CU_ASSERT_EQUAL(pretend.handles, 0);
}

/* The same UUID with another number: rebooted since it was seen. */
static void libvirt_has_a_later_life(void)
{
	uint32_t own, later;
	uint64_t key;
	void *self;

	pretend_begin();
	own = pretend_guest("own", 256, 512);
	pretend_find(own)->native = true;
	self = opened("xen:///system");
	key = see_native(self, "own").key;
	pretend_end(own);
	later = pretend_guest("own", 256, 512);
	pretend_find(later)->native = true;
	memcpy(pretend_find(later)->uuid, pretend_find(own)->uuid, 16);
	CU_ASSERT_EQUAL(tell(self, key, 128 * MIB), -ESRCH);
	CU_ASSERT_EQUAL(pretend_find(later)->virt_kib, 0);
	xen->close(self);
}

/* libvirt holds a call about one guest for as long as its lock is taken. */
static void one_hung_call_costs_one_guest(void)
{
	struct balloon_order o[2] = { { .target_bytes = 128 * MIB },
	                              { .target_bytes = 128 * MIB } };
	uint32_t hung, well;
	void *self;

	pretend_begin();
	hung = pretend_guest("hung", 256, 512);
	well = pretend_guest("well", 256, 512);
	pretend_find(hung)->native = pretend_find(well)->native = true;
	pretend_find(hung)->virt_hangs = true;
	self = opened("xen:///system");
	o[0].key = see_native(self, "hung").key;
	o[1].key = see_native(self, "well").key;
	CU_ASSERT_EQUAL(xen->order(self, now, o, 2), 0);
	CU_ASSERT_EQUAL(o[0].rc, -ETIMEDOUT);
	CU_ASSERT_EQUAL(o[1].rc, 0);
	CU_ASSERT_EQUAL(tell(self, see(self, "well").key, 100 * MIB), 0);
	CU_ASSERT_EQUAL(pretend_find(well)->virt_kib, 100 * MIB_KIB);
	pretend_lock();
	pretend_find(hung)->virt_hangs = false;
	pretend_unlock();
	xen->close(self);
}

static void libvirt_has_many(void)
{
	char name[16];
	void *self;

	pretend_begin();
	for (uint32_t i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		pretend_guest(name, 64, 64);
		pretend_find(i)->native = true;
	}
	self = opened("xen:///system");
	see_native(self, "g1");
	for (uint32_t i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		CU_ASSERT_EQUAL(see(self, name).fixed, BALLOON_FIXED_NOT);
	}
	xen->close(self);
}

static void without_libvirtd_hosts_are_seen(void)
{
	struct balloon_sheet sheet;
	uint32_t own;
	void *self;

	pretend_begin();
	own = pretend_guest("own", 256, 512);
	pretend_find(own)->native = true;
	pretend.virt_away = true;
	self = opened("xen:///system");
	sheet = look(self);
	CU_ASSERT_PTR_NOT_NULL_FATAL(find(&sheet, "own"));
	CU_ASSERT_EQUAL(find(&sheet, "own")->fixed, BALLOON_FIXED_OTHER);
	CU_ASSERT_EQUAL(tell(self, find(&sheet, "own")->key, 128 * MIB), -EAGAIN);
	CU_ASSERT_PTR_NOT_NULL(strstr(xen->error(self), "libvirt"));
	xen->close(self);
}

/* ----------------------------------------------------------------- the door */

static void the_module_says_what_it_is(void)
{
	CU_ASSERT_EQUAL(xen->struct_size, sizeof(*xen));
	CU_ASSERT_EQUAL(xen->abi, BALLOON_BACKEND_ABI);
	CU_ASSERT_STRING_EQUAL(xen->name, "xen");
	xen->close(NULL);
}

static void addresses_that_are_none(void)
{
	static const char *const uris[] = { "xen:", "xen://host/system", "xen+ssh://h/system",
		"xenstore", "xenstore:here", "", "qemu:///system" };
	char error[512];
	void *self = &error;

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		error[0] = '\0';
		CU_ASSERT_EQUAL(xen->open(uris[i], &self, error, sizeof(error)), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(error, "no Xen host"));
		CU_ASSERT_PTR_EQUAL(self, &error);
	}
	CU_ASSERT_EQUAL(xen->open(NULL, &self, NULL, 0), -EINVAL);
}

static void libraries_that_are_missing(void)
{
	char error[512] = "";
	void *self;

	CU_ASSERT_EQUAL(xen->open("xenstore:/nowhere", &self, error, sizeof(error)), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "libxenstore with xs_open()"));
}

int main(void)
{
	static const struct test tests[] = {
		{ "the host is the hypervisor's", the_host_is_the_hypervisors },
		{ "an absurd host is none", an_absurd_host_is_none },
		{ "dom0 is a guest that stays", dom0_is_a_guest_that_stays },
		{ "figures are news when written", figures_are_news_when_written },
		{ "hostile figures are unknown", hostile_figures_are_unknown },
		{ "a device's guest is left alone", a_devices_guest_is_left_alone },
		{ "memory on demand waits", memory_on_demand_waits },
		{ "a domain is built", a_domain_is_built },
		{ "domains that come and go ring", domains_that_come_and_go_ring },
		{ "watches do not pile up", watches_do_not_pile_up },
		{ "a renamed domain has its new name", a_renamed_domain_has_its_new_name },
		{ "an order moves target and ceiling", an_order_moves_target_and_ceiling },
		{ "orders that cannot be", orders_that_cannot_be },
		{ "a later life is not told", a_later_life_is_not_told },
		{ "dynamic-min is a floor", dynamic_min_is_a_floor },
		{ "the sleeping are pressed and let go", the_sleeping_are_pressed_and_let_go },
		{ "a ceiling is a level", a_ceiling_is_a_level },
		{ "Xen has no other means", xen_has_no_other_means },
		{ "squeezed is not fought", squeezed_is_not_fought },
		{ "a hung store costs beats only", a_hung_store_costs_beats_only },
		{ "an order that hangs may come to pass", an_order_that_hangs_may_come_to_pass },
		{ "a hung backend closes", a_hung_backend_closes },
		{ "a store that went away is found again", a_store_that_went_away_is_found_again },
		{ "libvirt is told of its own", libvirt_is_told_of_its_own },
		{ "libvirt has a later life", libvirt_has_a_later_life },
		{ "one hung call costs one guest", one_hung_call_costs_one_guest },
		{ "libvirt has many", libvirt_has_many },
		{ "without libvirtd hosts are seen", without_libvirtd_hosts_are_seen },
		{ "the module says what it is", the_module_says_what_it_is },
		{ "addresses that are none", addresses_that_are_none },
		{ "libraries that are missing", libraries_that_are_missing },
		{ NULL, NULL },
	};

	if (access("/sys/hypervisor/version/major", F_OK) == 0) {
		puts("SKIP: this is a real Xen, and its own libraries would be found");
		return 77;
	}
	return run_tests("xen_host", tests);
}
