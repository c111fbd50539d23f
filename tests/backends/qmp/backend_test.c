/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The QMP backend by its contract, on peers that speak over real sockets. */
#include "host.h"

#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void a_guest_as_it_is(void)
{
	struct host h;
	struct peer p;
	const struct balloon_sample *s;
	int files = open_files();

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	CU_ASSERT_EQUAL(look_at(&h, &p), 0);
	CU_ASSERT_EQUAL_FATAL(h.sheet.guests_n, 1);
	s = row(&h, &p);
	CU_ASSERT_STRING_EQUAL(s->name, "guest");
	CU_ASSERT_STRING_EQUAL(s->uuid, "01234567-89ab-cdef-0123-456789abcdef");
	CU_ASSERT_EQUAL(s->flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(s->fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(s->size_bytes, MIB);
	CU_ASSERT_EQUAL(s->actual_bytes, MIB);
	CU_ASSERT_EQUAL(s->total_bytes, 4096);
	CU_ASSERT_EQUAL(s->available_bytes, 4096);
	CU_ASSERT_EQUAL(s->swap_in_bytes, 4096);
	CU_ASSERT_EQUAL(s->serial, 100);
	CU_ASSERT(s->resident_bytes > 0 && s->resident_bytes < GIB);
	CU_ASSERT_EQUAL(s->active_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->cold_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->shareable_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_NOT_EQUAL(s->swapped_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->means, 0);
	CU_ASSERT_EQUAL(s->traits, BALLOON_TRAIT_REPORTING | BALLOON_TRAIT_DEFLATE_ON_OOM);
	CU_ASSERT(h.sheet.available_bytes < h.sheet.total_bytes);
	CU_ASSERT_EQUAL(guest(&h, &p)->process.pid, p.pid);
	CU_ASSERT_EQUAL(bl_qmp_guest_traits(guest(&h, &p), h.now_ns), BL_QMP_TRAIT_DEFLATES);
	guest(&h, &p)->facts.reports = false;
	guest(&h, &p)->facts.deflates = false;
	CU_ASSERT_EQUAL(bl_qmp_guest_traits(guest(&h, &p), h.now_ns), BL_QMP_TRAIT_NO_REPORTING);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
	CU_ASSERT_EQUAL(open_files(), files);
}

static void nameless(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "web.2", NULL);
	p.stage->lone = true;
	host_open(&h, "");
	CU_ASSERT_EQUAL(look_at(&h, &p), 0);
	CU_ASSERT_STRING_EQUAL(row(&h, &p)->name, "web.2");
	CU_ASSERT_PTR_NULL(row(&h, &p)->uuid);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

static int order_to_swap(struct host *h, uint64_t key)
{
	struct balloon_order o = { .key = key, .means = BALLOON_MEANS_SWAP, .rc = -EPROTO };

	balloon_backend_module.order(h->q, h->now_ns, &o, 1);
	return o.rc;
}

static void targets(void)
{
	struct host h;
	struct peer p;
	uint64_t key;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	look_at(&h, &p);
	key = row(&h, &p)->key;
	CU_ASSERT_EQUAL(order_for(&h, &p, 700 * 1024), 0);
	CU_ASSERT_EQUAL(p.stage->target_bytes, 700 * 1024);
	CU_ASSERT_EQUAL(order(&h, key + 1, MIB), -ESRCH);
	CU_ASSERT_EQUAL(order_to_swap(&h, key), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(p.stage->target_bytes, 700 * 1024);
	p.stage->refuses = true;
	CU_ASSERT_EQUAL(order_for(&h, &p, MIB), -ENODEV);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_backend_module.error(h.q), "has been activated?[2J?"));
	p.stage->refuses = false;
	look_at(&h, &p);
	p.stage->manner = SILENT;
	CU_ASSERT_EQUAL(order(&h, key, MIB), -ETIMEDOUT);
	CU_ASSERT_EQUAL(order(&h, key, MIB), -EBUSY); /* not queued behind the other */
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* A guest that was killed is gone, its socket is left; one that starts is found. */
static void they_come_and_go(void)
{
	struct host h;
	struct peer a, b, c;
	uint64_t key;

	peers_begin(h.dir);
	peer_start(&a, h.dir, "a", NULL);
	peer_start(&b, h.dir, "b", NULL);
	host_open(&h, "");
	CU_ASSERT_EQUAL(look_at(&h, &a), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 2);
	key = row(&h, &a)->key;
	peer_kill(&a);
	peer_start(&c, h.dir, "c", NULL);
	CU_ASSERT_EQUAL(look(&h), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 2);
	CU_ASSERT_PTR_NULL(row(&h, &a));
	CU_ASSERT_PTR_NOT_NULL(row(&h, &c));
	CU_ASSERT_EQUAL(order(&h, key, MIB), -ESRCH);
	unlink(a.path[0]);
	peer_start(&a, h.dir, "a", NULL); /* the same path, another life */
	CU_ASSERT_EQUAL(look_at(&h, &a), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 3);
	CU_ASSERT_NOT_EQUAL(row(&h, &a)->key, key);
	host_close(&h);
	peer_kill(&a);
	peer_kill(&b);
	peer_kill(&c);
	peers_end(h.dir);
}

static void one_life_one_key(void)
{
	struct host h, other;
	struct peer p;
	uint64_t key, serial;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	look_at(&h, &p);
	key = row(&h, &p)->key;
	serial = row(&h, &p)->serial;
	host_close(&h);
	memcpy(other.dir, h.dir, sizeof(h.dir));
	host_open(&other, "");
	look_at(&other, &p);
	CU_ASSERT_EQUAL(row(&other, &p)->key, key); /* a program that comes back agrees */
	peer_event(&p, "RESET");
	look_at(&other, &p);
	CU_ASSERT_NOT_EQUAL(row(&other, &p)->key, key);
	CU_ASSERT_EQUAL(row(&other, &p)->serial, BALLOON_UNKNOWN); /* of the life before */
	CU_ASSERT_EQUAL(row(&other, &p)->available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(row(&other, &p)->actual_bytes, MIB);
	p.stage->last_update = serial + 1;
	look_at(&other, &p);
	CU_ASSERT_EQUAL(row(&other, &p)->serial, serial + 1);
	CU_ASSERT_EQUAL(row(&other, &p)->available_bytes, 4096);
	host_close(&other);
	peer_kill(&p);
	peers_end(h.dir);
}

/* The period is ours while we are here; a guest that stops answering is nudged by
 * way of another value, and not every beat. */
static void statistics_period(void)
{
	struct host h;
	struct peer p;
	int set;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	look_at(&h, &p);
	look_at(&h, &p);
	CU_ASSERT_EQUAL(p.stage->period_s, BL_QMP_PERIOD_S);
	CU_ASSERT_EQUAL(p.stage->periods_set, 1);
	for (int i = 0; i < 4; i++) {
		p.stage->last_update++;
		look_at(&h, &p);
	}
	CU_ASSERT_EQUAL(p.stage->periods_set, 1);
	h.now_ns += 60 * SECOND;
	look_at(&h, &p); /* learns again, sees nothing new */
	look_at(&h, &p);
	set = p.stage->periods_set;
	CU_ASSERT_EQUAL(set, 3);
	look_at(&h, &p);
	CU_ASSERT_EQUAL(p.stage->periods_set, set);
	CU_ASSERT_EQUAL(p.stage->period_s, BL_QMP_PERIOD_S);
	host_close(&h);
	CU_ASSERT_EQUAL(p.stage->period_s, 7);
	peer_kill(&p);
	peers_end(h.dir);
}

static int come_and_ask(const struct peer *p)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", p->path[0]);
	CU_ASSERT_EQUAL(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void wait_for_connections(const struct peer *p, int n)
{
	for (int i = 0; i < 5000 && p->stage->connections != n; i++)
		usleep(1000);
	CU_ASSERT_EQUAL(p->stage->connections, n);
}

static size_t heard(const struct host *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->q->n; i++)
		n += h->q->guests[i]->heard;
	return n;
}

/* Until so many sockets were heard in one look. */
static int look_until(struct host *h, size_t n)
{
	int rc = look(h);

	for (int i = 0; i < 100 && rc == 0 && heard(h) < n; i++)
		rc = look(h);
	return rc;
}

static void two_sockets_are_one_guest(void)
{
	struct host h;
	struct peer p;
	uint64_t key;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "a", "b");
	host_open(&h, "");
	CU_ASSERT_EQUAL(look_until(&h, 1), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 1);
	key = h.sheet.guests[0].key;
	CU_ASSERT_EQUAL(look_until(&h, 1), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 1);
	CU_ASSERT_EQUAL(h.sheet.guests[0].key, key);
	wait_for_connections(&p, 1); /* the other one is left to others */
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* One process that serves for two guests, each larger than all it maps. */
static void a_relay_is_no_guest(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "a", "b");
	p.stage->base_bytes = UINT64_C(1) << 46;
	p.stage->actual_bytes = INT64_C(1) << 46;
	host_open(&h, "");
	CU_ASSERT_EQUAL(look_until(&h, 2), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 2);
	for (size_t i = 0; i < h.sheet.guests_n; i++) {
		CU_ASSERT_EQUAL(h.sheet.guests[i].resident_bytes, BALLOON_UNKNOWN);
		CU_ASSERT_EQUAL(h.sheet.guests[i].actual_bytes, UINT64_C(1) << 46);
	}
	CU_ASSERT(bl_qmp_guest_traits(guest(&h, &p), h.now_ns) & BL_QMP_TRAIT_NO_PROCESS);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

static void a_visitor_leaves(void)
{
	struct host h;
	struct peer p;
	int lists;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "?visit");
	CU_ASSERT_EQUAL(look_at(&h, &p), 0);
	CU_ASSERT_EQUAL(row(&h, &p)->actual_bytes, MIB);
	wait_for_connections(&p, 0);
	lists = p.stage->lists;
	CU_ASSERT_EQUAL(look_at(&h, &p), 0);
	CU_ASSERT_EQUAL(row(&h, &p)->actual_bytes, MIB);
	CU_ASSERT_EQUAL(p.stage->lists, lists); /* the same process: nothing to learn */
	CU_ASSERT_EQUAL(order_for(&h, &p, 600 * 1024), 0);
	CU_ASSERT_EQUAL(p.stage->target_bytes, 600 * 1024);
	wait_for_connections(&p, 0);
	host_close(&h);
	CU_ASSERT_EQUAL(p.stage->period_s, 7);
	peer_kill(&p);
	peers_end(h.dir);
}

/* Somebody else came between the look and the order: it is not left in the socket,
 * to come true when they go. */
static void no_order_waits_in_line(void)
{
	struct host h;
	struct peer p;
	uint64_t key;
	int questions;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "?visit");
	look_at(&h, &p);
	key = row(&h, &p)->key;
	p.stage->manner = NOT_GREETING;
	questions = p.stage->questions;
	CU_ASSERT_EQUAL(order(&h, key, 600 * 1024), -EAGAIN);
	CU_ASSERT_EQUAL(p.stage->questions, questions);
	CU_ASSERT_EQUAL(p.stage->target_bytes, 0);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* The peer greets nobody, as QEMU does while it serves another client. */
static void a_busy_socket(void)
{
	struct host h;
	struct peer busy, free_one;
	int other;

	peers_begin(h.dir);
	peer_start(&busy, h.dir, "busy", NULL);
	peer_start(&free_one, h.dir, "free", NULL);
	busy.stage->manner = NOT_GREETING;
	other = come_and_ask(&busy);
	host_open(&h, "");
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(look_at(&h, &free_one), 0);
		CU_ASSERT_EQUAL(h.sheet.guests_n, 2);
		CU_ASSERT_STRING_EQUAL(row(&h, &busy)->name, "busy");
		CU_ASSERT_EQUAL(row(&h, &busy)->size_bytes, BALLOON_UNKNOWN);
		CU_ASSERT_EQUAL(row(&h, &busy)->fixed, BALLOON_FIXED_OTHER);
		CU_ASSERT_EQUAL(row(&h, &free_one)->actual_bytes, MIB);
		CU_ASSERT_EQUAL(bl_qmp_guest_traits(guest(&h, &busy), h.now_ns),
		                BL_QMP_TRAIT_BUSY);
		CU_ASSERT_PTR_NOT_NULL(strstr(balloon_backend_module.error(h.q), "guest busy ("));
	}
	CU_ASSERT_EQUAL(order(&h, row(&h, &busy)->key, MIB), -EBUSY);
	CU_ASSERT_EQUAL(busy.stage->questions, 0); /* nothing waits for it in the socket */
	close(other);
	host_close(&h);
	peer_kill(&busy);
	peer_kill(&free_one);
	peers_end(h.dir);
}

static bool readable(const struct host *h)
{
	struct pollfd p = { balloon_backend_module.fd(h->q), POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

static void news_wakes(void)
{
	struct host h;
	struct peer a, b;

	peers_begin(h.dir);
	peer_start(&a, h.dir, "a", NULL);
	host_open(&h, "");
	look_at(&h, &a);
	look_at(&h, &a);
	CU_ASSERT_FALSE(readable(&h));
	peer_event(&a, "STOP");
	a.stage->status[0] = '\0';
	CU_ASSERT_TRUE(readable(&h));
	look_at(&h, &a);
	CU_ASSERT_FALSE(readable(&h));
	CU_ASSERT_EQUAL(row(&h, &a)->flags, 0);
	peer_start(&b, h.dir, "b", NULL);
	CU_ASSERT_TRUE(readable(&h));
	look(&h);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 2);
	host_close(&h);
	peer_kill(&a);
	peer_kill(&b);
	peers_end(h.dir);
}

static void devices_are_learnt_again(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	snprintf(p.stage->device, sizeof(p.stage->device), "vfio-pci");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT); /* nobody said so */
	peer_event(&p, "DEVICE_DELETED");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_PASSTHROUGH);
	p.stage->device[0] = '\0';
	p.stage->plugged_bytes = 4096;
	look_at(&h, &p); /* something was plugged in: it is looked at … */
	look_at(&h, &p); /* … in the next beat */
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	snprintf(p.stage->device, sizeof(p.stage->device), "vfio-pci");
	h.now_ns += 60 * SECOND;
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_PASSTHROUGH); /* found without an event */
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* Is that what people are told? */
static bool says(struct host *h, const struct peer *p, uint32_t trait)
{
	const char *note = row(h, p)->note;

	return note && strcmp(note, bl_qmp_trait_sentence(trait)) == 0;
}

static void left_alone_while_it_moves(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	snprintf(p.stage->migration, sizeof(p.stage->migration), "active");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->hold, 1 + BALLOON_HOLD_FREEZE);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	CU_ASSERT(says(&h, &p, BL_QMP_TRAIT_MIGRATING));
	snprintf(p.stage->migration, sizeof(p.stage->migration), "completed");
	snprintf(p.stage->job, sizeof(p.stage->job), "snapshot-save");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->hold, 1 + BALLOON_HOLD_FREEZE);
	snprintf(p.stage->job, sizeof(p.stage->job), "backup");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->hold, 1 + BALLOON_HOLD_KEEP);
	CU_ASSERT(says(&h, &p, BL_QMP_TRAIT_BACKED_UP));
	snprintf(p.stage->job, sizeof(p.stage->job), "mirror");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->hold, 0);
	CU_ASSERT(!says(&h, &p, BL_QMP_TRAIT_BACKED_UP));
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

static void what_cannot_be_moved(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	p.stage->no_balloon = true;
	host_open(&h, "");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NO_DEVICE);
	CU_ASSERT_EQUAL(row(&h, &p)->actual_bytes, MIB);
	host_close(&h);
	p.stage->no_balloon = false;
	p.stage->last_update = 0;
	host_open(&h, "");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT); /* it may be booting */
	for (int i = 0; i < 62; i++)
		look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NO_DRIVER);
	CU_ASSERT(bl_qmp_guest_traits(guest(&h, &p), h.now_ns) & BL_QMP_TRAIT_NO_STATS);
	CU_ASSERT(row(&h, &p)->traits & BALLOON_TRAIT_NO_FIGURES);
	p.stage->last_update = 1;
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_FALSE(bl_qmp_guest_traits(guest(&h, &p), h.now_ns) & BL_QMP_TRAIT_NO_STATS);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* Time in which it could not answer does not count against its driver. */
static void a_paused_guest_has_time(void)
{
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	p.stage->last_update = 0;
	snprintf(p.stage->status, sizeof(p.stage->status), "paused");
	host_open(&h, "");
	for (int i = 0; i < 70; i++)
		look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->flags, 0);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	snprintf(p.stage->status, sizeof(p.stage->status), "running");
	look_at(&h, &p);
	CU_ASSERT_EQUAL(row(&h, &p)->flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(row(&h, &p)->fixed, BALLOON_FIXED_NOT);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

/* What the host's kernel counts goes before what a QEMU says of itself. */
static void as_the_kernel_counts(void)
{
	static const struct {
		uint64_t locked, pinned, huge;
		uint32_t fixed;
	} table[] = {
		{ 0, 0, 0, BALLOON_FIXED_NOT },
		{ MIB / 4, MIB / 4, 0, BALLOON_FIXED_NOT }, /* some buffers */
		{ MIB, 0, 0, BALLOON_FIXED_LOCKED },
		{ 0, MIB, 0, BALLOON_FIXED_PASSTHROUGH },
		{ MIB, MIB, MIB, BALLOON_FIXED_PASSTHROUGH },
		{ 0, 0, 4096, BALLOON_FIXED_HUGEPAGES },
		{ BALLOON_UNKNOWN, BALLOON_UNKNOWN, BALLOON_UNKNOWN, BALLOON_FIXED_NOT },
	};
	struct host h;
	struct peer p;

	peers_begin(h.dir);
	peer_start(&p, h.dir, "db", NULL);
	host_open(&h, "");
	look_at(&h, &p);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bl_qmp_memory *m = &guest(&h, &p)->memory;
		struct balloon_sample s;

		m->locked_bytes = table[i].locked;
		m->pinned_bytes = table[i].pinned;
		m->huge_bytes = table[i].huge;
		m->resident_bytes = 8192;
		bl_qmp_guest_sample(guest(&h, &p), h.now_ns, &s);
		CU_ASSERT_EQUAL(s.fixed, table[i].fixed);
		CU_ASSERT_EQUAL(s.resident_bytes,
		                8192 + (table[i].huge == BALLOON_UNKNOWN ? 0 : table[i].huge));
	}
	guest(&h, &p)->rivalled = true;
	CU_ASSERT(bl_qmp_guest_traits(guest(&h, &p), h.now_ns) & BL_QMP_TRAIT_RIVAL);
	host_close(&h);
	peer_kill(&p);
	peers_end(h.dir);
}

static void nobody_there(void)
{
	struct host h;
	struct peer dead;

	peers_begin(h.dir);
	peer_start(&dead, h.dir, "dead", NULL); /* leaves its socket behind */
	peer_kill(&dead);
	host_open(&h, "");
	CU_ASSERT_EQUAL(look(&h), 0);
	CU_ASSERT_EQUAL(h.sheet.guests_n, 0);
	host_close(&h);
	host_open(&h, "/not/there");
	CU_ASSERT_EQUAL(look(&h), -EAGAIN);
	CU_ASSERT_PTR_NOT_NULL(strstr(balloon_backend_module.error(h.q), "right directory"));
	host_close(&h);
	peers_end(h.dir);
}

int main(void)
{
	static const struct test tests[] = {
		{ "a guest as it is", a_guest_as_it_is },
		{ "a guest without a name is called as its socket", nameless },
		{ "targets", targets },
		{ "they come and go", they_come_and_go },
		{ "one life, one key", one_life_one_key },
		{ "the statistics period", statistics_period },
		{ "two sockets are one guest", two_sockets_are_one_guest },
		{ "a relay is no guest", a_relay_is_no_guest },
		{ "a visitor leaves", a_visitor_leaves },
		{ "no order waits in line", no_order_waits_in_line },
		{ "a busy socket costs its guest alone", a_busy_socket },
		{ "news wakes", news_wakes },
		{ "devices are learnt again", devices_are_learnt_again },
		{ "left alone while it moves", left_alone_while_it_moves },
		{ "what cannot be moved", what_cannot_be_moved },
		{ "a paused guest has time", a_paused_guest_has_time },
		{ "as the kernel counts", as_the_kernel_counts },
		{ "nobody there", nobody_there },
		{ NULL, NULL },
	};

	return run_tests("qmp: the backend", tests);
}
