/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is not there. Every allocation of a call fails once, alone and
 * with all that follow; the call says -ENOMEM and changes nothing, nothing is
 * leaked, and the next call works. Linked with --wrap for the allocators: see
 * CMakeLists.txt here.
 */
#include "spy.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *s);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

static struct {
	int armed;
	int persistent;    /* all from the one on, or that one alone */
	unsigned long at;  /* which one fails; 0 = none */
	unsigned long seen;
	unsigned long refused;
	long live;         /* allocations less frees while armed */
} heap;

static int refuse(void)
{
	if (!heap.armed)
		return 0;
	heap.seen++;
	if (heap.at && (heap.seen == heap.at || (heap.persistent && heap.seen > heap.at))) {
		heap.refused++;
		return 1;
	}
	heap.live++;
	return 0;
}

void *__wrap_malloc(size_t size)
{
	return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *s)
{
	return refuse() ? NULL : __real_strdup(s);
}

void __wrap_free(void *p)
{
	heap.live -= heap.armed && p;
	__real_free(p);
}

/* ------------------------------------------------------------------ a stage */

#define GUESTS 3

struct stage {
	struct spy *spy;
	struct balloon *b;
	struct balloon_named_allocation named[2];
	struct balloon_policy policy;
	char uri[40];
	struct balloon_options options;
	char error[128];
	uint64_t now;
};

static struct balloon_allocation shares(uint64_t n)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = n,
	                                   .reservation_bytes = UNKNOWN,
	                                   .limit_bytes = UNKNOWN};
}

static void stage_init(struct stage *t)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};

	*t = (struct stage){.spy = spy_new(16), .now = SECOND};
	for (size_t i = 0; i < 5; i++)
		t->spy->rows[i] = honest(i + 1, names[i], 4 * GIB, 2 * GIB, GIB);
	t->spy->sheet.total_bytes = 32 * GIB;
	t->spy->sheet.available_bytes = 8 * GIB;
	t->spy->sheet.guests = t->spy->rows;
	t->spy->sheet.guests_n = GUESTS;
	t->named[0] = (struct balloon_named_allocation){.guest = "a", .allocation = shares(7)};
	t->named[1] = (struct balloon_named_allocation){.guest = "b", .allocation = shares(9)};
	t->policy = (struct balloon_policy){.struct_size = sizeof(t->policy),
	                                    .budget_bytes = UNKNOWN,
	                                    .reserve_bytes = UNKNOWN,
	                                    .guests = t->named,
	                                    .guests_n = 2};
	snprintf(t->uri, sizeof(t->uri), "spy:%p", (void *)t->spy);
	t->options = (struct balloon_options){.struct_size = sizeof(t->options),
	                                      .uri = t->uri,
	                                      .backend = &spy_backend,
	                                      .policy = &t->policy,
	                                      .error_text = t->error,
	                                      .error_size = sizeof(t->error)};
}

static void stage_open(struct stage *t)
{
	CU_ASSERT_EQUAL_FATAL(balloon_open(&t->options, &t->b), 0);
	CU_ASSERT_EQUAL(balloon_tick(t->b, t->now, NULL), 0);
	spy_forget(t->spy);
}

static void stage_fini(struct stage *t)
{
	balloon_close(t->b);
	spy_free(t->spy);
}

static uint64_t shares_of(struct stage *t, size_t i)
{
	struct balloon_guest_report g[GUESTS];

	CU_ASSERT_EQUAL(balloon_guests(t->b, g, sizeof(g[0]), GUESTS), GUESTS);
	return g[i].shares;
}

/* Runs act with its k-th allocation refused, for each k it has, in both ways.
 * act returns what the call under test did; judge looks at what is left. */
static void each_failure(int (*act)(struct stage *t), void (*judge)(struct stage *t, int rc),
                         int opened)
{
	unsigned long points = 1;

	for (unsigned long k = 0; k <= 2 * points; k++) {
		struct stage t;
		int rc;

		stage_init(&t);
		if (opened)
			stage_open(&t);
		heap = (typeof(heap)){.armed = 1, .persistent = k % 2 != 0, .at = (k + 1) / 2};
		rc = act(&t);
		heap.armed = 0;
		if (!k) {
			points = heap.seen;
			CU_ASSERT(points > 0);
			CU_ASSERT_EQUAL(rc, 0);
		}
		CU_ASSERT_EQUAL(rc == -ENOMEM, heap.refused > 0);
		judge(&t, rc);
		stage_fini(&t);
	}
}

/* -------------------------------------------------------------- the calls */

static int act_open(struct stage *t)
{
	return balloon_open(&t->options, &t->b);
}

static void judge_open(struct stage *t, int rc)
{
	if (rc == 0)
		return;
	CU_ASSERT_PTR_NULL(t->b);
	CU_ASSERT_EQUAL(heap.live, 0);
	CU_ASSERT_EQUAL(t->spy->closes, 0);
	CU_ASSERT_EQUAL(balloon_open(&t->options, &t->b), 0);
}

static void open_fails(void)
{
	each_failure(act_open, judge_open, 0);
}

static int act_policy(struct stage *t)
{
	t->named[0].allocation.shares = 70;
	t->named[1].allocation.shares = 90;
	return balloon_set_policy(t->b, &t->policy);
}

/* A policy in place of another as large leaves as much behind as was there. */
static void judge_policy(struct stage *t, int rc)
{
	CU_ASSERT_EQUAL(heap.live, 0);
	if (rc < 0)
		CU_ASSERT(*balloon_error(t->b) != 0);
	CU_ASSERT_EQUAL(balloon_tick(t->b, 2 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(shares_of(t, 0), rc ? 7 : 70);
	CU_ASSERT_EQUAL(shares_of(t, 1), rc ? 9 : 90);
	CU_ASSERT_EQUAL(balloon_set_policy(t->b, &t->policy), 0);
}

static void set_policy_fails(void)
{
	each_failure(act_policy, judge_policy, 1);
}

/* Two have gone and two have come. */
static int act_tick(struct stage *t)
{
	uint64_t next = 0;
	int rc;

	t->spy->sheet.guests = t->spy->rows + 2;
	rc = balloon_tick(t->b, 2 * SECOND, &next);
	CU_ASSERT_EQUAL(next, 3 * SECOND); /* on failure too */
	return rc;
}

static void judge_tick(struct stage *t, int rc)
{
	struct balloon_guest_report g[GUESTS];

	CU_ASSERT_EQUAL(balloon_guests(t->b, g, sizeof(g[0]), GUESTS), GUESTS);
	CU_ASSERT_EQUAL(g[0].key, rc ? 1 : 3);
	if (rc < 0) {
		CU_ASSERT_EQUAL(t->spy->orders_n, 0);
		CU_ASSERT_EQUAL(heap.live, 0);
		CU_ASSERT(*balloon_error(t->b) != 0);
	}
	CU_ASSERT_EQUAL(balloon_tick(t->b, 3 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_guests(t->b, g, sizeof(g[0]), GUESTS), GUESTS);
	CU_ASSERT(g[0].key == 3 && g[1].key == 4 && g[2].key == 5);
	CU_ASSERT_STRING_EQUAL(g[0].name, "c");
	CU_ASSERT_STRING_EQUAL(g[2].name, "e");
}

static void tick_fails(void)
{
	each_failure(act_tick, judge_tick, 1);
}

/* A beat in which nobody comes or goes needs no memory at all. */
static void quiet_beats_need_none(void)
{
	struct stage t;

	stage_init(&t);
	stage_open(&t);
	heap = (typeof(heap)){.armed = 1, .persistent = 1, .at = 1};
	for (uint64_t k = 2; k < 50; k++)
		CU_ASSERT_EQUAL(balloon_tick(t.b, k * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_release(t.b, 50 * SECOND), 0);
	heap.armed = 0;
	CU_ASSERT_EQUAL(heap.seen, 0);
	stage_fini(&t);
}

static uint64_t granted[2];

static int act_entitle(struct stage *t)
{
	struct balloon_claimant c[2] = {{1, 0, 0, GIB}, {3, GIB, 0, GIB}};

	(void)t;
	granted[0] = granted[1] = 77;
	return balloon_entitle(c, 2, GIB, 0, granted);
}

static void judge_entitle(struct stage *t, int rc)
{
	(void)t;
	CU_ASSERT_EQUAL(granted[0], rc ? 77 : GIB / 4);
	CU_ASSERT_EQUAL(granted[1], rc ? 77 : GIB / 4 * 3);
	CU_ASSERT_EQUAL(heap.live, 0);
}

static void entitle_fails(void)
{
	each_failure(act_entitle, judge_entitle, 1);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"open", open_fails},
	        {"set_policy", set_policy_fails},
	        {"tick with other guests", tick_fails},
	        {"quiet beats need none", quiet_beats_need_none},
	        {"entitle", entitle_fails},
	        {NULL, NULL},
	};

	return run_chosen("alloc", tests, argc, argv);
}
