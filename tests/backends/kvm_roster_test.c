/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The KVM backend's guests over time: keys, lives, and what figures mean. The
 * clock is moved by assignment; no libvirt is asked. */
#include "testkit.h"

#include "backends/kvm/roster.h"

#include <stdio.h>
#include <string.h>

static struct bl_kvm_guest *see(struct bl_kvm_roster *r, unsigned number, int id, uint64_t now)
{
	unsigned char uuid[BL_KVM_UUID_BYTES] = { 1 };
	char name[32];

	memcpy(uuid + 8, &number, sizeof(number));
	snprintf(name, sizeof(name), "guest-%u", number);
	return bl_kvm_roster_see(r, uuid, id, name, now);
}

/* A running guest that answered at the time serial says (0 = never did). */
static struct bl_kvm_figures answer(uint64_t serial)
{
	struct bl_kvm_figures f;

	bl_kvm_figures_clear(&f);
	f.running = true;
	f.heard = true;
	f.size_bytes = 256 * MIB;
	f.actual_bytes = 256 * MIB;
	f.never_answered = serial == 0;
	f.serial = serial ? serial : BALLOON_UNKNOWN;
	if (serial)
		f.available_bytes = 100 * MIB;
	return f;
}

static void tell(struct bl_kvm_roster *r, struct bl_kvm_guest *g, struct bl_kvm_figures f,
                 uint64_t now)
{
	bl_kvm_guest_update(r, g, &f, now);
}

static struct balloon_sample sample(const struct bl_kvm_guest *g, uint64_t now)
{
	struct balloon_sample s;

	bl_kvm_guest_sample(g, now, &s);
	return s;
}

static struct bl_kvm_guest *known(struct bl_kvm_roster *r, unsigned number)
{
	struct bl_kvm_guest *g = see(r, number, 1, 0);

	g->traits_known = true;
	g->traits.device = true;
	return g;
}

static void keys_name_lives(void)
{
	struct bl_kvm_roster r = { 0 }, other = { 0 };
	struct bl_kvm_guest *g = see(&r, 1, 7, 0);
	uint64_t first = g->key, second;

	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_PTR_EQUAL(see(&r, 1, 7, 5), g);
	CU_ASSERT_EQUAL(g->key, first);
	CU_ASSERT_EQUAL(see(&other, 1, 7, 9)->key, first); /* a second observer agrees */
	bl_kvm_roster_renew(&r, g, 6);
	second = g->key;
	CU_ASSERT_NOT_EQUAL(second, first);
	CU_ASSERT_PTR_NULL(bl_kvm_roster_by_key(&r, first));
	CU_ASSERT_PTR_EQUAL(bl_kvm_roster_by_key(&r, second), g);
	see(&r, 1, 8, 7);
	CU_ASSERT(g->key != first && g->key != second);
	CU_ASSERT_PTR_EQUAL(bl_kvm_roster_by_key(&r, g->key), g);
	bl_kvm_roster_fini(&other);
	bl_kvm_roster_fini(&r);
}

/* Thousands come and every third goes: all who stay are found both ways. */
static void many_come_and_go(void)
{
	enum { N = 3000 };
	struct bl_kvm_roster r = { 0 };

	for (unsigned i = 0; i < N; i++)
		CU_ASSERT_PTR_NOT_NULL(see(&r, i, 1, 0));
	bl_kvm_roster_begin(&r);
	for (unsigned i = N; i-- > 0;)
		if (i % 3)
			see(&r, i, 1, 1);
	bl_kvm_roster_end(&r);
	CU_ASSERT_EQUAL(r.n, 2000);
	for (size_t i = 0; i < r.n; i++) {
		CU_ASSERT_PTR_EQUAL(bl_kvm_roster_by_key(&r, r.guests[i]->key), r.guests[i]);
		CU_ASSERT_PTR_EQUAL(bl_kvm_roster_by_uuid(&r, r.guests[i]->uuid), r.guests[i]);
	}
	bl_kvm_roster_begin(&r);
	bl_kvm_roster_end(&r);
	CU_ASSERT_EQUAL(r.n, 0);
	CU_ASSERT_PTR_NULL(bl_kvm_roster_by_key(&r, 1));
	bl_kvm_roster_fini(&r);
}

static void identity_as_text(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = see(&r, 0x04030201, 1, 0);
	unsigned char uuid[BL_KVM_UUID_BYTES];

	CU_ASSERT_STRING_EQUAL(g->uuid_text, "01000000-0000-0000-0102-030400000000");
	memcpy(uuid, g->uuid, sizeof(uuid));
	bl_kvm_roster_see(&r, uuid, 1, "renamed", 0);
	CU_ASSERT_STRING_EQUAL(sample(g, 0).name, "renamed");
	bl_kvm_roster_fini(&r);
}

/* Before its XML was read it may have a device assigned: not to be moved. */
static void unread_traits_fix(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = see(&r, 1, 1, 0);

	tell(&r, g, answer(100), 0);
	CU_ASSERT_EQUAL(sample(g, 0).fixed, BALLOON_FIXED_OTHER);
	g->traits_known = true;
	CU_ASSERT_EQUAL(sample(g, 0).fixed, BALLOON_FIXED_NOT);
	g->traits.fixed = BALLOON_FIXED_PASSTHROUGH;
	CU_ASSERT_EQUAL(sample(g, 0).fixed, BALLOON_FIXED_PASSTHROUGH);
	see(&r, 1, 2, 1); /* the next process may differ */
	CU_ASSERT_EQUAL(sample(g, 1).fixed, BALLOON_FIXED_OTHER);
	bl_kvm_roster_fini(&r);
}

static void work_is_a_hold(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	struct bl_kvm_figures f = answer(100);

	CU_ASSERT(g->ask_work); /* a job may go on from before */
	CU_ASSERT_EQUAL(sample(g, 0).hold, 0);
	CU_ASSERT_PTR_NULL(sample(g, 0).note);
	g->work = BL_KVM_COPIES;
	CU_ASSERT_EQUAL(sample(g, 0).hold, 1 + BALLOON_HOLD_KEEP);
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(g, 0).note, "backed up"));
	CU_ASSERT_EQUAL(sample(g, 0).fixed, BALLOON_FIXED_NOT);
	f.state = VIR_DOMAIN_PAUSED;
	f.reason = VIR_DOMAIN_PAUSED_MIGRATION;
	tell(&r, g, f, 1);
	CU_ASSERT_EQUAL(sample(g, 1).hold, 1 + BALLOON_HOLD_FREEZE);
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(g, 1).note, "migrated"));
	see(&r, 1, 2, 2); /* the next process is not the one that was at work */
	CU_ASSERT_EQUAL(sample(g, 2).hold, 0);
	bl_kvm_roster_fini(&r);
}

static void no_driver_after_a_minute(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);

	for (uint64_t t = 0; t < 60; t++) {
		tell(&r, g, answer(0), t * SECOND);
		CU_ASSERT_EQUAL(sample(g, t * SECOND).fixed, BALLOON_FIXED_NOT);
	}
	CU_ASSERT_EQUAL(sample(g, 60 * SECOND).fixed, BALLOON_FIXED_NO_DRIVER);
	tell(&r, g, answer(5), 61 * SECOND);
	CU_ASSERT_EQUAL(sample(g, 61 * SECOND).fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(sample(g, 900 * SECOND).fixed, BALLOON_FIXED_NOT);
	bl_kvm_roster_fini(&r);
}

/* Statistics can be off by the guest's choice; a balloon that moves is alive. */
static void movement_is_an_answer(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	struct bl_kvm_figures f = answer(0);

	tell(&r, g, f, 0);
	f.actual_bytes -= MIB;
	tell(&r, g, f, 30 * SECOND);
	CU_ASSERT_EQUAL(sample(g, 300 * SECOND).fixed, BALLOON_FIXED_NOT);
	bl_kvm_roster_fini(&r);
}

/* Time in which it could not answer is not held against it. */
static void paused_time_does_not_count(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	struct bl_kvm_figures paused = answer(0);

	paused.running = false;
	tell(&r, g, answer(0), 0);
	tell(&r, g, paused, 50 * SECOND);
	tell(&r, g, answer(0), 70 * SECOND);
	CU_ASSERT_EQUAL(sample(g, 70 * SECOND).fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(sample(g, 110 * SECOND).fixed, BALLOON_FIXED_NO_DRIVER);
	bl_kvm_roster_fini(&r);
}

/* Xen under libvirt says nothing of last answers: that is not "never". */
static void silence_is_not_never(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	struct bl_kvm_figures f = answer(0);

	f.never_answered = false;
	tell(&r, g, f, 0);
	CU_ASSERT_EQUAL(sample(g, 900 * SECOND).fixed, BALLOON_FIXED_NOT);
	bl_kvm_roster_fini(&r);
}

static void a_hung_guest_keeps_its_identity(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	uint64_t key = g->key;
	struct bl_kvm_figures nothing;
	struct balloon_sample s;

	bl_kvm_figures_clear(&nothing);
	tell(&r, g, answer(100), 0);
	tell(&r, g, nothing, SECOND);
	s = sample(g, SECOND);
	CU_ASSERT_EQUAL(s.key, key);
	CU_ASSERT_STRING_EQUAL(s.name, "guest-1");
	CU_ASSERT_EQUAL(s.size_bytes, 256 * MIB);
	CU_ASSERT_EQUAL(s.actual_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s.available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s.serial, 100); /* nothing new was said */
	CU_ASSERT_EQUAL(s.flags, 0);
	CU_ASSERT_EQUAL(g->silent_n, 1);
	tell(&r, g, answer(101), 2 * SECOND);
	CU_ASSERT_EQUAL(g->silent_n, 0);
	CU_ASSERT_EQUAL(g->key, key);
	bl_kvm_roster_fini(&r);
}

/* QEMU keeps the last answer over a reset; it is the old kernel's. */
static void figures_from_before_a_reset(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);

	tell(&r, g, answer(100), 0);
	CU_ASSERT_EQUAL(sample(g, 0).available_bytes, 100 * MIB);
	bl_kvm_roster_renew(&r, g, SECOND);
	tell(&r, g, answer(100), SECOND);
	CU_ASSERT_EQUAL(sample(g, SECOND).available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(sample(g, SECOND).serial, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(sample(g, SECOND).actual_bytes, 256 * MIB);
	tell(&r, g, answer(101), 2 * SECOND);
	CU_ASSERT_EQUAL(sample(g, 2 * SECOND).available_bytes, 100 * MIB);
	bl_kvm_roster_fini(&r);
}

/* Same UUID, same id after libvirtd forgot how far it had counted, but the
 * process has never been answered: it is another one. */
static void an_id_used_again(void)
{
	struct bl_kvm_roster r = { 0 };
	struct bl_kvm_guest *g = known(&r, 1);
	uint64_t key = g->key;

	g->period_owned = true;
	tell(&r, g, answer(100), 0);
	tell(&r, g, answer(0), SECOND);
	CU_ASSERT_NOT_EQUAL(g->key, key);
	CU_ASSERT_FALSE(g->traits_known);
	CU_ASSERT_FALSE(g->period_owned);
	CU_ASSERT_EQUAL(sample(g, SECOND).serial, BALLOON_UNKNOWN);
	key = g->key;
	tell(&r, g, answer(0), 2 * SECOND);
	CU_ASSERT_EQUAL(g->key, key);
	bl_kvm_roster_fini(&r);
}

int main(void)
{
	static const struct test tests[] = {
		{ "keys name lives", keys_name_lives },
		{ "many come and go", many_come_and_go },
		{ "identity as text", identity_as_text },
		{ "unread traits fix", unread_traits_fix },
		{ "work is a hold", work_is_a_hold },
		{ "no driver after a minute", no_driver_after_a_minute },
		{ "movement is an answer", movement_is_an_answer },
		{ "paused time does not count", paused_time_does_not_count },
		{ "silence is not never", silence_is_not_never },
		{ "a hung guest keeps its identity", a_hung_guest_keeps_its_identity },
		{ "figures from before a reset", figures_from_before_a_reset },
		{ "an id used again", an_id_used_again },
		{ NULL, NULL },
	};

	return run_tests("kvm_roster", tests);
}
