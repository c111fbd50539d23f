/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one domain's numbers mean, and what it is told: by numbers, no host. */
#include "testkit.h"

#include "backends/xen/words.h"

#include <string.h>

#define UNKNOWN BALLOON_UNKNOWN
#define MIB_KIB UINT64_C(1024)

static struct bl_xen_info info_of(uint64_t tot_mib, uint64_t max_mib)
{
	return (struct bl_xen_info){ .domid = 5, .tot_kib = tot_mib * MIB_KIB,
		.max_kib = max_mib * MIB_KIB, .cpu_ns = 1, .uuid = { 1, 2, 3 } };
}

/* As xl makes a PV guest: pages as told, ceiling a mebibyte above. */
static struct bl_xen_domain guest(uint64_t mib, uint64_t max_mib)
{
	struct bl_xen_info info = info_of(mib, mib + 1);
	struct bl_xen_domain d;

	bl_xen_domain_meet(&d, &info, 0);
	d.named = true;
	memset(&d.keys, 0, sizeof(d.keys));
	d.keys.target_bytes = mib * MIB;
	d.keys.static_max_bytes = max_mib * MIB;
	d.keys.dynamic_min_bytes = d.keys.dynamic_max_bytes = UNKNOWN;
	d.keys.videoram_bytes = UNKNOWN;
	bl_xen_domain_settle(&d, 10 * SECOND);
	return d;
}

static struct balloon_sample sample(const struct bl_xen_domain *d)
{
	struct balloon_sample s;

	bl_xen_domain_sample(d, false, &s);
	return s;
}

static void a_guest_as_xl_makes_it(void)
{
	struct bl_xen_domain d = guest(128, 256);
	struct balloon_sample s = sample(&d);

	CU_ASSERT_EQUAL(s.flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(s.size_bytes, 256 * MIB);
	CU_ASSERT_EQUAL(s.actual_bytes, 128 * MIB);
	CU_ASSERT_EQUAL(s.resident_bytes, 128 * MIB);
	CU_ASSERT_EQUAL(s.serial, UNKNOWN);
	CU_ASSERT_EQUAL(s.total_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(s.available_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(s.active_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(s.swap_in_bytes, UNKNOWN);
	CU_ASSERT_STRING_EQUAL(s.uuid, "01020300-0000-0000-0000-000000000000");
}

static void keys_name_lives(void)
{
	struct bl_xen_info info = info_of(64, 65);
	struct bl_xen_domain a, b;

	bl_xen_domain_meet(&a, &info, 0);
	bl_xen_domain_meet(&b, &info, 9 * SECOND);
	CU_ASSERT_EQUAL(a.key, b.key); /* a daemon that comes back */
	CU_ASSERT_NOT_EQUAL(a.key, 0);
	info.domid++;
	bl_xen_domain_meet(&b, &info, 0);
	CU_ASSERT_NOT_EQUAL(a.key, b.key); /* a reboot */
}

static void dynamic_max_is_the_size(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.keys.dynamic_max_bytes = 192 * MIB;
	CU_ASSERT_EQUAL(sample(&d).size_bytes, 192 * MIB);
	d.keys.dynamic_max_bytes = 512 * MIB;
	CU_ASSERT_EQUAL(sample(&d).size_bytes, 256 * MIB);
}

/* An HVM guest: 8 MiB of video memory and 2 MiB of the device model's. */
static struct bl_xen_domain machine(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.info.flags = BL_XEN_HVM;
	d.calibrated = d.slack_known = false;
	d.offset_kib = 0;
	d.slack_kib = MIB_KIB;
	d.keys.videoram_bytes = 8 * MIB;
	d.keys.target_bytes = 120 * MIB;
	d.info.tot_kib = 130 * MIB_KIB;
	d.info.max_kib = 133 * MIB_KIB;
	return d;
}

static void the_offset_is_taken_off(void)
{
	struct bl_xen_domain d = machine();
	struct bl_xen_word w;

	bl_xen_domain_settle(&d, 10 * SECOND);
	CU_ASSERT_TRUE(d.calibrated);
	CU_ASSERT_EQUAL(bl_xen_domain_target(&d), 128 * MIB);
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, 128 * MIB);
	CU_ASSERT_EQUAL(sample(&d).resident_bytes, 130 * MIB);
	w = bl_xen_word_order(&d, 100 * MIB);
	CU_ASSERT_EQUAL(w.size_kib, 100 * MIB_KIB);
	CU_ASSERT_EQUAL(w.target_kib, 92 * MIB_KIB);
	CU_ASSERT_EQUAL(w.ceiling_kib, (100 + 2 + 5) * MIB_KIB);
	CU_ASSERT_EQUAL(w.demand_pages, (92 + 5) * MIB_KIB / 4);
}

/* Once: what it does later is its balloon's doing. */
static void calibration_is_done_once(void)
{
	struct bl_xen_domain d = machine();
	struct bl_xen_info info;

	bl_xen_domain_settle(&d, 10 * SECOND);
	info = d.info;
	info.tot_kib -= 5 * MIB_KIB;
	bl_xen_domain_update(&d, &info, 20 * SECOND);
	bl_xen_domain_settle(&d, 90 * SECOND);
	CU_ASSERT_EQUAL(d.offset_kib, 2 * (int64_t)MIB_KIB);
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, 123 * MIB);
}

/* A balloon on its way, a guest that refuses, and one that does not run: what
 * is between pages and target is no offset. */
static void no_calibration_on_the_way(void)
{
	struct bl_xen_domain d = machine();
	struct bl_xen_info info;

	d.info.tot_kib = 160 * MIB_KIB;
	bl_xen_domain_settle(&d, 90 * SECOND);
	CU_ASSERT_FALSE(d.calibrated);
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, 160 * MIB);
	info = d.info;
	info.tot_kib = 135 * MIB_KIB;
	bl_xen_domain_update(&d, &info, 91 * SECOND);
	bl_xen_domain_settle(&d, 91 * SECOND);
	CU_ASSERT_FALSE(d.calibrated);
	info.tot_kib = 130 * MIB_KIB;
	info.flags |= BL_XEN_PAUSED;
	bl_xen_domain_update(&d, &info, 92 * SECOND);
	bl_xen_domain_settle(&d, 99 * SECOND);
	CU_ASSERT_FALSE(d.calibrated);
	info.flags = BL_XEN_HVM;
	bl_xen_domain_update(&d, &info, 100 * SECOND);
	bl_xen_domain_settle(&d, 101 * SECOND);
	CU_ASSERT_TRUE(d.calibrated);
}

/* A ceiling that somebody pressed says nothing of the toolstack's slack. */
static void slack_is_believed_in_bounds(void)
{
	static const struct {
		uint64_t max_mib, slack_mib;
	} table[] = { { 129, 1 }, { 131, 3 }, { 144, 16 }, { 145, 1 }, { 128, 1 }, { 90, 1 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bl_xen_domain d = guest(128, 256);

		d.slack_known = false;
		d.slack_kib = MIB_KIB;
		d.info.max_kib = table[i].max_mib * MIB_KIB;
		bl_xen_domain_settle(&d, 0);
		CU_ASSERT_EQUAL(d.slack_kib, table[i].slack_mib * MIB_KIB);
	}
}

static void what_cannot_be_moved(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.keys.feature_said = true;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_NO_DRIVER);
	d.keys.feature = true;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_NOT);
	d.keys.feature_said = false;
	d.keys.dynamic_max_bytes = 256 * MIB; /* XenServer's toolstack made it */
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_NO_DRIVER);
	d.keys.passthrough = true;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_PASSTHROUGH);
	d = guest(128, 256);
	d.on_demand = true;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
	d = guest(128, 256);
	d.foreign = true;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
	d = guest(128, 256);
	d.info.cpu_ns = 0; /* being built */
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
	d = guest(128, 256);
	d.named = false;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
	d = guest(128, 256);
	d.keys.target_bytes = UNKNOWN;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
}

/* As libxl builds it: a name, a ceiling, a claim, pages, and at last a target. At
 * no time may what it was not given yet be anybody else's, nor count twice. */
static void one_being_built_has_what_it_was_promised(void)
{
	struct bl_xen_info info = { .domid = 7, .flags = BL_XEN_PAUSED };
	struct bl_xen_domain d;

	bl_xen_domain_meet(&d, &info, 0);
	d.keys = (struct bl_xen_keys){ UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, 0, 0 };
	CU_ASSERT_FALSE(bl_xen_domain_counts(&d));
	d.named = true;
	CU_ASSERT_FALSE(bl_xen_domain_counts(&d));
	d.keys.static_max_bytes = 256 * MIB;
	d.info.max_kib = 129 * MIB_KIB;
	CU_ASSERT_TRUE(bl_xen_domain_counts(&d));
	for (uint64_t mib = 0; mib <= 128; mib++) {
		d.info.tot_kib = mib * MIB_KIB;
		d.info.claimed_kib = (128 - mib) * MIB_KIB;
		CU_ASSERT_EQUAL(sample(&d).actual_bytes, 128 * MIB);
		CU_ASSERT_EQUAL(sample(&d).resident_bytes, 128 * MIB);
		CU_ASSERT_EQUAL(sample(&d).size_bytes, 256 * MIB);
		CU_ASSERT_EQUAL(sample(&d).fixed, BALLOON_FIXED_OTHER);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sample(&d).note);
		CU_ASSERT_PTR_NOT_NULL(strstr(sample(&d).note, "being built"));
		d.info.claimed_kib = 0; /* by a toolstack that claims nothing */
		CU_ASSERT_EQUAL(sample(&d).actual_bytes, 128 * MIB);
		CU_ASSERT_EQUAL(sample(&d).resident_bytes, mib * MIB);
	}
	d.keys.target_bytes = 128 * MIB;
	d.info.max_kib = 300 * MIB_KIB;
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, 128 * MIB);
	d.info.cpu_ns = 1;
	d.info.flags = 0;
	d.info.tot_kib = 100 * MIB_KIB; /* from now on it has what it has */
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, 100 * MIB);
	CU_ASSERT_EQUAL(sample(&d).fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_PTR_NULL(sample(&d).note);
}

/* One that runs without a name counts: its pages are there to be seen. */
static void who_runs_counts(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.named = false;
	d.keys.target_bytes = UNKNOWN;
	CU_ASSERT_TRUE(bl_xen_domain_counts(&d));
	d.info.domid = 0;
	d.info.cpu_ns = 0;
	CU_ASSERT_TRUE(bl_xen_domain_counts(&d));
}

/* Whoever is left alone can be told why. */
static void reasons_are_told(void)
{
	struct bl_xen_domain d = guest(128, 256);
	struct balloon_sample s;

	CU_ASSERT_PTR_NULL(sample(&d).note);
	bl_xen_domain_sample(&d, true, &s);
	CU_ASSERT_EQUAL(s.fixed, BALLOON_FIXED_OTHER);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.note, "only observed"));
	d.on_demand = true;
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(&d).note, "on demand"));
	d.on_demand = false;
	d.foreign = true;
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(&d).note, "libvirt"));
	d.named = false;
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(&d).note, "no name"));
	d.info.domid = 0;
	CU_ASSERT_PTR_NOT_NULL(strstr(sample(&d).note, "host's own"));
	d = guest(128, 256);
	d.keys.passthrough = true; /* its kind says it */
	CU_ASSERT_PTR_NULL(sample(&d).note);
}

static void dom0_has_a_hard_floor(void)
{
	struct bl_xen_domain d = guest(512, 512);

	d.info.domid = 0;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
	d.keys.dynamic_min_bytes = 384 * MIB;
	d.keys.dynamic_max_bytes = 512 * MIB;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(bl_xen_word_order(&d, 100 * MIB).target_kib, 384 * MIB_KIB);
	d.keys.dynamic_min_bytes = 512 * MIB;
	CU_ASSERT_EQUAL(bl_xen_domain_fixed(&d), BALLOON_FIXED_OTHER);
}

static void who_does_not_run(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.info.flags = BL_XEN_PAUSED;
	CU_ASSERT_EQUAL(sample(&d).flags, 0);
	d.info.flags = BL_XEN_SHUTDOWN;
	CU_ASSERT_EQUAL(sample(&d).flags, 0);
	d.info.flags = 1u << 5 | 1u << 4; /* running, blocked */
	CU_ASSERT_EQUAL(sample(&d).flags, BALLOON_SAMPLE_RUNNING);
}

static void figures_by_agent(void)
{
	struct bl_xen_domain d = guest(128, 256);

	d.told.total_bytes = 100 * MIB;
	d.told.free_bytes = 30 * MIB;
	CU_ASSERT_EQUAL(sample(&d).available_bytes, 30 * MIB);
	CU_ASSERT_EQUAL(sample(&d).unused_bytes, 30 * MIB);
	d.told.available_bytes = 40 * MIB;
	CU_ASSERT_EQUAL(sample(&d).available_bytes, 40 * MIB);
	bl_xen_told_clear(&d.told);
	d.told.used_bytes = 28 * MIB;
	CU_ASSERT_EQUAL(sample(&d).available_bytes, 100 * MIB);
	d.told.used_bytes = 999 * GIB;
	CU_ASSERT_EQUAL(sample(&d).available_bytes, 0);
}

/* Never an order that takes the ceiling below what the target needs. */
static void ceilings_follow_targets(void)
{
	struct bl_xen_domain d = guest(128, 256);

	for (uint64_t mib = 8; mib <= 256; mib++) {
		struct bl_xen_word w = bl_xen_word_order(&d, mib * MIB);

		CU_ASSERT_EQUAL(w.target_kib, mib * MIB_KIB);
		CU_ASSERT_EQUAL(w.ceiling_kib, (mib + 1) * MIB_KIB);
		CU_ASSERT_EQUAL(w.demand_pages, 0);
	}
}

/* Told 256 MiB by somebody, has 128 and does not move: what lies between may be
 * given away, so it must not be able to take it. */
static void the_inactive_are_pressed(void)
{
	struct bl_xen_domain d = guest(128, 256);
	struct bl_xen_word w;

	d.keys.target_bytes = 256 * MIB;
	d.info.max_kib = 257 * MIB_KIB;
	d.still_ns = 10 * SECOND;
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 14 * SECOND, &w));
	CU_ASSERT_TRUE(bl_xen_word_press(&d, 15 * SECOND, &w));
	CU_ASSERT_EQUAL(w.ceiling_kib, 129 * MIB_KIB);
	CU_ASSERT_EQUAL(w.target_kib, 0);
	CU_ASSERT_EQUAL(bl_xen_word_lift(&d).ceiling_kib, 257 * MIB_KIB);
	d.info.flags = BL_XEN_PAUSED;
	CU_ASSERT_TRUE(bl_xen_word_press(&d, 10 * SECOND, &w));
	d.pressed = true;
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 10 * SECOND, &w));
}

static void others_are_not_pressed(void)
{
	struct bl_xen_domain d = guest(128, 256);
	struct bl_xen_word w;

	CU_ASSERT_FALSE(bl_xen_word_press(&d, 90 * SECOND, &w)); /* where it was told to be */
	d.keys.target_bytes = 256 * MIB;
	d.info.max_kib = 257 * MIB_KIB;
	d.ordered = true; /* what we promised is kept for it */
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 90 * SECOND, &w));
	d.ordered = false;
	d.info.domid = 0;
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 90 * SECOND, &w));
	d.info.domid = 5;
	d.info.cpu_ns = 0;
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 90 * SECOND, &w));
}

static void absurd_keys_do_no_harm(void)
{
	struct bl_xen_domain d = guest(128, 256);
	struct bl_xen_word w;

	d.keys.target_bytes = BALLOON_BYTES_MAX;
	d.keys.videoram_bytes = BALLOON_BYTES_MAX;
	d.keys.static_max_bytes = 0;
	d.calibrated = false;
	bl_xen_domain_settle(&d, 90 * SECOND);
	CU_ASSERT_FALSE(d.calibrated);
	CU_ASSERT_EQUAL(sample(&d).size_bytes, 128 * MIB);
	w = bl_xen_word_order(&d, 64 * MIB);
	CU_ASSERT_EQUAL(w.size_kib, 0); /* nothing sensible could be said */
	CU_ASSERT_EQUAL(w.ceiling_kib, 0);
	d.info.tot_kib = UNKNOWN;
	CU_ASSERT_EQUAL(sample(&d).actual_bytes, UNKNOWN);
	CU_ASSERT_EQUAL(sample(&d).resident_bytes, UNKNOWN);
	CU_ASSERT_FALSE(bl_xen_word_press(&d, 90 * SECOND, &w));
}

int main(void)
{
	static const struct test tests[] = {
		{ "a guest as xl makes it", a_guest_as_xl_makes_it },
		{ "keys name lives", keys_name_lives },
		{ "dynamic-max is the size", dynamic_max_is_the_size },
		{ "the offset is taken off", the_offset_is_taken_off },
		{ "calibration is done once", calibration_is_done_once },
		{ "no calibration on the way", no_calibration_on_the_way },
		{ "slack is believed in bounds", slack_is_believed_in_bounds },
		{ "what cannot be moved", what_cannot_be_moved },
		{ "one being built has what it was promised",
		  one_being_built_has_what_it_was_promised },
		{ "who runs counts", who_runs_counts },
		{ "reasons are told", reasons_are_told },
		{ "dom0 has a hard floor", dom0_has_a_hard_floor },
		{ "who does not run", who_does_not_run },
		{ "figures by agent", figures_by_agent },
		{ "ceilings follow targets", ceilings_follow_targets },
		{ "the inactive are pressed", the_inactive_are_pressed },
		{ "others are not pressed", others_are_not_pressed },
		{ "absurd keys do no harm", absurd_keys_do_no_harm },
		{ NULL, NULL },
	};

	return run_tests("xen_domain", tests);
}
