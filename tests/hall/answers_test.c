/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a backend answers to orders: a refusal, perhaps, nonsense, nothing at
 * all; and a dry run, which does not ask.
 */
#include "host.h"

/* Answers of the script, by key; and what a backend may do to its orders. */
static int32_t script[GUESTS + 1];
static int vandal;

static int scripted(struct spy *s, struct balloon_order *orders, size_t n)
{
	(void)s;
	for (size_t k = 0; k < n; k++) {
		orders[k].rc = script[orders[k].key];
		if (vandal) {
			orders[k].means = UINT32_MAX;
			orders[k].target_bytes = 1;
		}
	}
	return 0;
}

/* Two shrink (a, c), two grow (b, d). */
static void give_and_take(struct host *h, int32_t answer)
{
	host_init(h);
	h->spy->sheet.available_bytes = GIB / 2; /* room to grow at once, not for all */
	for (int i = 0; i <= GUESTS; i++)
		script[i] = answer;
	h->spy->answer = scripted;
	CU_ASSERT_EQUAL(tick(h), 0);
	CU_ASSERT_FATAL(spy_find(h->spy, 1) && spy_find(h->spy, 2));
	CU_ASSERT(spy_find(h->spy, 1)->target_bytes < 2 * GIB);
	CU_ASSERT(spy_find(h->spy, 2)->target_bytes > 2 * GIB);
}

static uint64_t told(const struct host *h, int i)
{
	return h->g[i].target_bytes;
}

static void refusals(void)
{
	struct host h;

	give_and_take(&h, -EPERM);
	CU_ASSERT(told(&h, 0) == 2 * GIB && told(&h, 1) == 2 * GIB);
	CU_ASSERT_EQUAL(h.g[0].order_rc, -EPERM);
	CU_ASSERT_EQUAL(report_of(h.b).refused, h.spy->orders_n);
	script[1] = script[3] = 0;
	CU_ASSERT_EQUAL(tick(&h), 0); /* partly */
	CU_ASSERT_EQUAL(told(&h, 0), spy_find(h.spy, 1)->target_bytes);
	CU_ASSERT_EQUAL(told(&h, 1), 2 * GIB);
	CU_ASSERT_EQUAL(h.g[0].order_rc, 0);
	host_fini(&h);
}

/* Perhaps it heard: growth is charged, and what was to be given back too. */
static void ambiguity(void)
{
	static const int32_t answers[] = {-ETIMEDOUT, -EINPROGRESS, 1, INT32_MAX};
	struct host h;

	for (size_t k = 0; k < 4; k++) {
		give_and_take(&h, answers[k]);
		CU_ASSERT_EQUAL(told(&h, 0), 2 * GIB);
		CU_ASSERT_EQUAL(told(&h, 1), spy_find(h.spy, 2)->target_bytes);
		CU_ASSERT(h.g[1].order_rc < 0);
		CU_ASSERT_EQUAL(tick(&h), 0);
		CU_ASSERT(report_of(h.b).charged_bytes >= told(&h, 1) + 3 * 2 * GIB);
		host_fini(&h);
	}
}

static void garbage_answers(void)
{
	struct host h;

	give_and_take(&h, INT32_MIN);
	CU_ASSERT(told(&h, 0) == 2 * GIB && told(&h, 1) == 2 * GIB);
	h.spy->answer = NULL; /* each says yes, the whole says no */
	h.spy->order_rc = -EAGAIN;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT(told(&h, 0) == 2 * GIB && told(&h, 1) == 2 * GIB);
	h.spy->order_rc = -ETIMEDOUT;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT(told(&h, 0) == 2 * GIB && told(&h, 1) > 2 * GIB);
	host_fini(&h);
}

/* A backend that says nothing at all has not consented. */
static int silent(struct spy *s, struct balloon_order *orders, size_t n)
{
	(void)s;
	(void)orders;
	(void)n;
	return 0;
}

static void no_answer(void)
{
	struct host h;

	host_init(&h);
	h.spy->answer = silent;
	h.spy->sheet.available_bytes = GIB / 2;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(told(&h, 0), 2 * GIB);
	CU_ASSERT(h.g[0].order_rc < 0);
	host_fini(&h);
}

/* Orders are the library's; what a backend scribbles on them is its own affair. */
static void scribbler(void)
{
	struct host h;

	vandal = 1;
	give_and_take(&h, 0);
	vandal = 0;
	CU_ASSERT_EQUAL(told(&h, 0), spy_find(h.spy, 1)->target_bytes);
	CU_ASSERT_EQUAL(told(&h, 1), spy_find(h.spy, 2)->target_bytes);
	host_fini(&h);
}

static void dry_run(void)
{
	struct spy *s = spy_new(2);
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = 2 * GIB,
	                                .reserve_bytes = 0};
	struct balloon *b = spy_handle(s, &policy, BALLOON_OPEN_DRY_RUN);
	struct balloon_guest_report g = {0};

	s->rows[0] = honest(1, "a", 4 * GIB, 4 * GIB, GIB);
	s->sheet.total_bytes = 8 * GIB;
	s->sheet.available_bytes = 4 * GIB;
	s->sheet.guests = s->rows;
	s->sheet.guests_n = 1;
	CU_ASSERT_EQUAL(balloon_tick(b, SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_guests(b, &g, sizeof(g), 1), 1);
	CU_ASSERT_EQUAL(s->orders_n, 0);
	CU_ASSERT(report_of(b).dry_run && !report_of(b).orders);
	CU_ASSERT_EQUAL(g.target_bytes, 3 * GIB - GIB / 4 + GIB / 4);
	CU_ASSERT_EQUAL(balloon_release(b, 2 * SECOND), 0);
	CU_ASSERT_EQUAL(s->orders_n, 0);
	balloon_close(b);
	spy_free(s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"refusals", refusals},
	        {"perhaps it heard", ambiguity},
	        {"garbage answers", garbage_answers},
	        {"no answer", no_answer},
	        {"a scribbling backend", scribbler},
	        {"dry run", dry_run},
	        {NULL, NULL},
	};

	return run_chosen("answers", tests, argc, argv);
}
