/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hypervisor does to a guest holds it: by the backend's word alone, for as
 * long as it says so, and people are told. */
#include <errno.h>
#include <string.h>

#include "../hall/spy.h"

#define MIB (UINT64_C(1) << 20)
#define SECOND UINT64_C(1000000000)
#define KEEP (1 + BALLOON_HOLD_KEEP)
#define FREEZE (1 + BALLOON_HOLD_FREEZE)

/* An idle guest with much, and a busy one that wants it. */
struct house {
	struct spy *spy;
	struct balloon *b;
	uint64_t now;
};

static void obeyed(struct spy *s)
{
	for (size_t k = 0; k < s->orders_n; k++) {
		struct balloon_sample *r = &s->rows[s->orders[k].key - 1];
		uint64_t used = r->total_bytes - r->available_bytes;

		r->actual_bytes = r->total_bytes = r->resident_bytes = s->orders[k].target_bytes;
		r->available_bytes = r->total_bytes > used ? r->total_bytes - used : 0;
		r->unused_bytes = r->available_bytes;
	}
	spy_forget(s);
	for (size_t i = 0; i < s->sheet.guests_n; i++)
		s->rows[i].serial++;
	s->sheet.available_bytes = s->sheet.total_bytes - s->rows[0].actual_bytes -
	                           s->rows[1].actual_bytes;
}

static void beats(struct house *h, unsigned n)
{
	while (n--) {
		obeyed(h->spy);
		CU_ASSERT_EQUAL(balloon_tick(h->b, h->now, NULL), 0);
		h->now += SECOND;
	}
}

static void open_house(struct house *h, uint64_t busy)
{
	*h = (struct house){.spy = spy_new(2), .now = SECOND};
	h->spy->rows[0] = honest(1, "idle", 2048 * MIB, 2048 * MIB, 300 * MIB);
	h->spy->rows[1] = honest(2, "busy", 2048 * MIB, 1024 * MIB, busy);
	h->spy->sheet.guests = h->spy->rows;
	h->spy->sheet.guests_n = 2;
	h->spy->sheet.total_bytes = 3584 * MIB;
	h->b = spy_handle(h->spy, NULL, 0);
}

static void close_house(struct house *h)
{
	balloon_close(h->b);
	spy_free(h->spy);
}

static struct balloon_guest_report seen(struct house *h, size_t i)
{
	struct balloon_guest_report g[2];

	CU_ASSERT_EQUAL_FATAL(balloon_guests(h->b, g, sizeof(g[0]), 2), 2);
	return g[i];
}

static void explained(struct house *h, const char *words)
{
	char text[2048];

	CU_ASSERT(balloon_explain(h->b, "idle", text, sizeof(text)) > 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
	if (!strstr(text, words))
		printf("\n  no \"%s\" in: %s\n", words, text);
}

/* The busy guest gets what the idle one has, but not while that is held. */
static void a_job_holds_while_it_lasts(void)
{
	struct balloon_why w = {.struct_size = sizeof(w)};
	struct house h;

	open_house(&h, 1000 * MIB);
	h.spy->rows[0].hold = KEEP;
	h.spy->rows[0].note = "is being backed up; it is not shrunk until that is over";
	beats(&h, 120);
	CU_ASSERT_EQUAL(h.spy->rows[0].actual_bytes, 2048 * MIB);
	CU_ASSERT_EQUAL(seen(&h, 0).reason, BALLOON_REASON_HOLD);
	CU_ASSERT_STRING_EQUAL(seen(&h, 0).note, h.spy->rows[0].note);
	CU_ASSERT_STRING_EQUAL(seen(&h, 1).note, "");
	CU_ASSERT(report_of(h.b).held_bytes > 0);
	explained(&h, "backend spy");
	explained(&h, "It is being backed up; it is not shrunk until that is over.");
	CU_ASSERT_EQUAL(balloon_why(h.b, "idle", &w), 0);
	CU_ASSERT(w.clamps & BALLOON_CLAMP_HOLD);

	h.spy->rows[0].hold = 0;
	h.spy->rows[0].note = NULL;
	beats(&h, 120);
	CU_ASSERT(h.spy->rows[0].actual_bytes < 1800 * MIB);
	CU_ASSERT_EQUAL(report_of(h.b).held_bytes, 0);
	CU_ASSERT_STRING_EQUAL(seen(&h, 0).note, "");
	close_house(&h);
}

/* Of the backend's hold and an owner's the stronger is in force, whichever it is. */
static void the_strongest_of_all_holds_wins(void)
{
	struct balloon_hold hold = {.struct_size = sizeof(hold), .owner = "script"};
	struct house h;

	open_house(&h, 1000 * MIB);
	beats(&h, 1);
	hold.mode = BALLOON_HOLD_FREEZE;
	hold.until_ns = h.now + 1000 * SECOND;
	CU_ASSERT_EQUAL(balloon_hold(h.b, "idle", &hold), 0);
	h.spy->rows[0].hold = KEEP;
	beats(&h, 30);
	explained(&h, "(script");
	hold.mode = BALLOON_HOLD_KEEP;
	CU_ASSERT_EQUAL(balloon_hold(h.b, "idle", &hold), 0);
	h.spy->rows[0].hold = FREEZE;
	beats(&h, 1);
	explained(&h, "(backend spy");
	CU_ASSERT_EQUAL(balloon_unhold(h.b, "idle", "backend spy"), -ENOENT);
	close_house(&h);
}

/* A frozen guest does not grow either, nor is it told what it was told before. */
static void a_frozen_guest_is_told_nothing(void)
{
	struct house h;
	unsigned orders = 0;

	open_house(&h, 1000 * MIB);
	for (size_t i = 0; i < 2; i++)
		h.spy->rows[i].hold = FREEZE;
	for (unsigned n = 0; n < 60; n++) {
		beats(&h, 1);
		orders += (unsigned)h.spy->orders_n;
	}
	CU_ASSERT_EQUAL(orders, 0);
	close_house(&h);
}

/* A kind of hold that no library knows yet is taken for the strongest. */
static void a_hold_of_tomorrow_freezes(void)
{
	struct house h;

	open_house(&h, 1000 * MIB);
	h.spy->rows[0].hold = UINT32_MAX;
	h.spy->rows[1].hold = 0x100; /* none, to who looks at a byte of it */
	beats(&h, 60);
	CU_ASSERT_EQUAL(h.spy->rows[0].actual_bytes, 2048 * MIB);
	CU_ASSERT_EQUAL(h.spy->rows[1].actual_bytes, 1024 * MIB);
	close_house(&h);
}

/* A backend may say what it likes, and take back its words after the call. */
static void notes_are_kept_and_cut(void)
{
	char said[1000];
	struct house h;

	open_house(&h, 300 * MIB);
	memset(said, 'x', sizeof(said) - 1);
	said[sizeof(said) - 1] = 0;
	h.spy->rows[0].note = said;
	beats(&h, 1);
	memset(said, 'y', sizeof(said) - 1);
	CU_ASSERT(strlen(seen(&h, 0).note) < sizeof(said) / 2);
	CU_ASSERT_EQUAL(seen(&h, 0).note[0], 'x');
	beats(&h, 1);
	CU_ASSERT_EQUAL(seen(&h, 0).note[0], 'y');
	h.spy->rows[0].note = "";
	beats(&h, 1);
	CU_ASSERT_STRING_EQUAL(seen(&h, 0).note, "");
	close_house(&h);
}

/* Where a hold goes, so do its views. */
static void what_if_sees_holds(void)
{
	struct balloon_guest_report g[2];
	struct balloon *view;
	struct house h;

	open_house(&h, 1000 * MIB);
	h.spy->rows[0].hold = KEEP;
	h.spy->rows[0].note = "is being backed up";
	beats(&h, 3);
	CU_ASSERT_EQUAL_FATAL(balloon_what_if(h.b, &view), 0);
	CU_ASSERT_EQUAL(balloon_tick(view, h.now, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_guests(view, g, sizeof(g[0]), 2), 2);
	CU_ASSERT_EQUAL(g[0].reason, BALLOON_REASON_HOLD);
	CU_ASSERT_EQUAL(g[0].target_bytes, 2048 * MIB);
	CU_ASSERT_STRING_EQUAL(g[0].note, "is being backed up");
	balloon_close(view);
	close_house(&h);
}

int main(void)
{
	static const struct test tests[] = {
	        {"a job holds while it lasts", a_job_holds_while_it_lasts},
	        {"the strongest of all holds wins", the_strongest_of_all_holds_wins},
	        {"a frozen guest is told nothing", a_frozen_guest_is_told_nothing},
	        {"a hold of tomorrow freezes", a_hold_of_tomorrow_freezes},
	        {"notes are kept and cut", notes_are_kept_and_cut},
	        {"what if sees holds", what_if_sees_holds},
	        {NULL, NULL},
	};

	return run_tests("jobs", tests);
}
