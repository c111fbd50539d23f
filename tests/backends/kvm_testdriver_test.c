/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The KVM backend against libvirt's own pretend host, which comes with every
 * libvirt and needs no daemon: its one guest, "test", has 8 GiB and starts
 * with 2. Its figures always carry the same time stamp, from 1989.
 */
#include "testkit.h"

#include "backends/kvm/ear.h"
#include "backends/kvm/kvm.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static const struct balloon_backend *const kvm = &balloon_backend_module;

static void *opened(const char *uri)
{
	char error[256] = "";
	void *self = NULL;

	CU_ASSERT_EQUAL_FATAL(kvm->open(uri, &self, error, sizeof(error)), 0);
	CU_ASSERT_STRING_EQUAL(error, "");
	return self;
}

/* A slow machine (or valgrind) may need several attempts: the backend gives up
 * on time, not when libvirt is ready. */
static int look(void *self, uint64_t now, struct balloon_sheet *ret_sheet)
{
	int rc = -EAGAIN;

	for (int i = 0; i < 100 && rc == -EAGAIN; i++)
		rc = kvm->observe(self, now, ret_sheet);
	return rc;
}

static struct balloon_sample see(void *self, uint64_t now)
{
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };

	CU_ASSERT_EQUAL_FATAL(look(self, now, &sheet), 0);
	CU_ASSERT_EQUAL_FATAL(sheet.guests_n, 1);
	CU_ASSERT_EQUAL(sheet.stride, sizeof(struct balloon_sample));
	/* Not this machine's memory, though it runs in this process. */
	CU_ASSERT_EQUAL(sheet.total_bytes, 3 * GIB);
	CU_ASSERT_EQUAL(sheet.available_bytes, BALLOON_UNKNOWN);
	return sheet.guests[0];
}

static int32_t tell(void *self, uint64_t key, uint64_t target_bytes)
{
	struct balloon_order o = { .key = key, .target_bytes = target_bytes, .rc = -EBUSY };

	for (int i = 0; i < 100 && (o.rc == -EBUSY || o.rc == -ETIMEDOUT); i++)
		CU_ASSERT_EQUAL(kvm->order(self, SECOND, &o, 1), 0);
	return o.rc;
}

static void the_module_says_what_it_is(void)
{
	CU_ASSERT_EQUAL(kvm->struct_size, sizeof(*kvm));
	CU_ASSERT_EQUAL(kvm->abi, BALLOON_BACKEND_ABI);
	CU_ASSERT_STRING_EQUAL(kvm->name, "kvm");
}

static void the_guest_is_seen(void)
{
	void *self = opened("test:///default");
	struct balloon_sample s = see(self, 0);

	CU_ASSERT_STRING_EQUAL(s.name, "test");
	CU_ASSERT_STRING_EQUAL(s.uuid, "6695eb01-f6a4-8304-79aa-97f2502e193f");
	CU_ASSERT_EQUAL(s.flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_NOT_EQUAL(s.key, 0);
	CU_ASSERT_EQUAL(s.size_bytes, 8 * GIB);
	CU_ASSERT_EQUAL(s.actual_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(s.total_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(s.available_bytes, GIB);
	CU_ASSERT_EQUAL(s.active_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s.serial, 627319920);
	CU_ASSERT_STRING_EQUAL(kvm->error(self), "");
	kvm->close(self);
}

static void an_order_is_carried_out(void)
{
	void *self = opened("kvm+test:///default");
	uint64_t key = see(self, 0).key;

	CU_ASSERT_EQUAL(tell(self, key, GIB), 0);
	CU_ASSERT_EQUAL(see(self, SECOND).actual_bytes, GIB);
	CU_ASSERT_EQUAL(tell(self, key, 4 * GIB), 0);
	CU_ASSERT_EQUAL(see(self, 2 * SECOND).actual_bytes, 4 * GIB);
	CU_ASSERT_EQUAL(see(self, 3 * SECOND).key, key);
	kvm->close(self);
}

static void orders_that_cannot_be(void)
{
	void *self = opened("test:///default");
	uint64_t key = see(self, 0).key;

	CU_ASSERT_EQUAL(tell(self, key + 1, GIB), -ESRCH);
	CU_ASSERT_EQUAL(tell(self, 0, GIB), -ESRCH);
	CU_ASSERT_EQUAL(tell(self, key, 0), -EINVAL);
	CU_ASSERT(tell(self, key, 64 * GIB) < 0); /* more than its size: libvirt refuses */
	CU_ASSERT_NOT_EQUAL(kvm->error(self)[0], '\0');
	CU_ASSERT_EQUAL(see(self, SECOND).actual_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(kvm->order(self, SECOND, NULL, 0), 0);
	kvm->close(self);
}

/* Every order has its own answer, also two to one guest: the later one stands. */
static void a_batch_is_answered_one_by_one(void)
{
	void *self = opened("test:///default");
	uint64_t key = see(self, 0).key;
	struct balloon_order o[] = {
		{ .key = key + 1, .target_bytes = GIB }, { .key = key, .target_bytes = GIB },
		{ .key = key, .target_bytes = 3 * GIB }, { .key = 5, .target_bytes = GIB },
	};

	CU_ASSERT_EQUAL(kvm->order(self, SECOND, o, 4), 0);
	CU_ASSERT_EQUAL(o[0].rc, -ESRCH);
	CU_ASSERT_EQUAL(o[1].rc, 0);
	CU_ASSERT_EQUAL(o[2].rc, 0);
	CU_ASSERT_EQUAL(o[3].rc, -ESRCH);
	CU_ASSERT_EQUAL(see(self, 2 * SECOND).actual_bytes, 3 * GIB);
	kvm->close(self);
}

static uint32_t period(void)
{
	virConnectPtr conn = virConnectOpen("test:///default");
	virDomainPtr dom = conn ? virDomainLookupByName(conn, "test") : NULL;
	char *xml = dom ? virDomainGetXMLDesc(dom, 0) : NULL;
	struct bl_kvm_traits t = { .period_s = 99999 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
	CU_ASSERT_EQUAL(bl_kvm_traits_read(xml, strlen(xml), &t), 0);
	free(xml);
	virDomainFree(dom);
	virConnectClose(conn);
	return t.period_s;
}

/* Observes until the errand sent by an earlier beat has been done. */
static void wait_for_period(void *self, uint32_t period_s)
{
	for (uint64_t i = 1; i <= 1000 && period() != period_s; i++)
		see(self, i);
}

/* A second connection keeps the pretend host, which ends with its last. */
static void the_period_is_borrowed(void)
{
	virConnectPtr keep = virConnectOpen("test:///default");
	void *self = opened("test:///default");

	CU_ASSERT_EQUAL(period(), 0);
	see(self, 0);
	wait_for_period(self, BL_KVM_PERIOD_S);
	CU_ASSERT_EQUAL(period(), BL_KVM_PERIOD_S);
	see(self, SECOND);
	kvm->close(self);
	CU_ASSERT_EQUAL(period(), 0);
	virConnectClose(keep);
}

/* Nothing new since 1989: it is nudged after 5 s, then ever more seldom, and
 * stays in sight with the same figures and key all along. */
static void stale_figures_are_nudged(void)
{
	void *self = opened("test:///default");
	struct bl_kvm *k = self;
	uint64_t key = see(self, 0).key, calls;
	unsigned nudges = 0;

	wait_for_period(self, BL_KVM_PERIOD_S);
	see(self, SECOND);
	for (uint64_t t = 2; t <= 3600; t++) {
		struct balloon_sample s;

		calls = k->calls;
		s = see(self, t * SECOND);
		nudges += k->calls > calls + 1; /* one call is the look itself */
		CU_ASSERT_EQUAL(s.serial, 627319920);
		CU_ASSERT_EQUAL(s.key, key);
	}
	/* At 5, 10, 20, 40, 80, 160 s and then every 300 s. */
	CU_ASSERT(nudges >= 12 && nudges <= 20);
	CU_ASSERT_EQUAL(period(), BL_KVM_PERIOD_S);
	kvm->close(self);
}

static virDomainPtr the_guest(virConnectPtr conn)
{
	virDomainPtr dom = conn ? virDomainLookupByName(conn, "test") : NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dom);
	return dom;
}

/* Stopped and started: another key, news on the descriptor, and orders to the
 * old life go nowhere. */
static void another_life_has_another_key(void)
{
	virConnectPtr conn = virConnectOpen("test:///default");
	virDomainPtr dom = the_guest(conn);
	void *self = opened("test:///default");
	struct pollfd news = { .fd = kvm->fd(self), .events = POLLIN };
	uint64_t key = see(self, 0).key;
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };

	CU_ASSERT_EQUAL(poll(&news, 1, 0), 0);
	CU_ASSERT_EQUAL(virDomainDestroy(dom), 0);
	CU_ASSERT_EQUAL(poll(&news, 1, 10000), 1);
	CU_ASSERT_EQUAL(tell(self, key, GIB), -ESRCH);
	CU_ASSERT_EQUAL(look(self, SECOND, &sheet), 0);
	CU_ASSERT_EQUAL(sheet.guests_n, 0);
	CU_ASSERT_EQUAL(poll(&news, 1, 0), 0);
	CU_ASSERT_EQUAL(virDomainCreate(dom), 0);
	CU_ASSERT_EQUAL(poll(&news, 1, 10000), 1);
	CU_ASSERT_NOT_EQUAL(see(self, 2 * SECOND).key, key);
	CU_ASSERT_EQUAL(tell(self, key, GIB), -ESRCH);
	kvm->close(self);
	virDomainFree(dom);
	virConnectClose(conn);
}

static void a_paused_guest_does_not_run(void)
{
	virConnectPtr conn = virConnectOpen("test:///default");
	virDomainPtr dom = the_guest(conn);
	void *self = opened("test:///default");

	CU_ASSERT_EQUAL(see(self, 0).flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(virDomainSuspend(dom), 0);
	CU_ASSERT_EQUAL(see(self, SECOND).flags, 0);
	CU_ASSERT_EQUAL(virDomainResume(dom), 0);
	CU_ASSERT_EQUAL(see(self, 2 * SECOND).flags, BALLOON_SAMPLE_RUNNING);
	kvm->close(self);
	virDomainFree(dom);
	virConnectClose(conn);
}

static void a_host_that_is_away(void)
{
	struct balloon_sheet sheet = { .struct_size = sizeof(sheet) };
	void *self = opened("qemu:///system?socket=/nonexistent/libvirt-sock");
	struct balloon_order o = { .key = 1, .target_bytes = GIB };

	for (uint64_t t = 0; t < 3; t++) {
		CU_ASSERT_EQUAL(kvm->observe(self, t * SECOND, &sheet), -EAGAIN);
		CU_ASSERT_PTR_NOT_NULL(strstr(kvm->error(self), "/nonexistent/libvirt-sock"));
		CU_ASSERT_PTR_NOT_NULL(strstr(kvm->error(self), "is libvirtd running"));
	}
	CU_ASSERT_EQUAL(kvm->order(self, 0, &o, 1), 0);
	CU_ASSERT_EQUAL(o.rc, -ESRCH);
	kvm->close(self);
}

static void addresses_that_are_none(void)
{
	char error[256] = "";
	void *self = error;

	CU_ASSERT_EQUAL(kvm->open("nonsense", &self, error, sizeof(error)), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "nonsense"));
	CU_ASSERT_EQUAL(kvm->open(NULL, &self, error, sizeof(error)), -EINVAL);
	CU_ASSERT_PTR_EQUAL(self, error);
	kvm->close(NULL);
}

static void opened_and_closed(void)
{
	for (int i = 0; i < 20; i++)
		kvm->close(opened("test:///default"));
}

int main(void)
{
	static const struct test tests[] = {
		{ "the module says what it is", the_module_says_what_it_is },
		{ "the guest is seen", the_guest_is_seen },
		{ "an order is carried out", an_order_is_carried_out },
		{ "orders that cannot be", orders_that_cannot_be },
		{ "a batch is answered one by one", a_batch_is_answered_one_by_one },
		{ "the period is borrowed", the_period_is_borrowed },
		{ "stale figures are nudged", stale_figures_are_nudged },
		{ "another life has another key", another_life_has_another_key },
		{ "a paused guest does not run", a_paused_guest_does_not_run },
		{ "a host that is away", a_host_that_is_away },
		{ "addresses that are none", addresses_that_are_none },
		{ "opened and closed", opened_and_closed },
		{ NULL, NULL },
	};

	/* The test program opens connections of its own between the backend's. */
	bl_kvm_ear_prepare();
	return run_tests("kvm_testdriver", tests);
}
