/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A QEMU that was taken over by its guest may say anything. Whatever it says, it
 * loses its own sample, the other guest is seen and served as if it were not
 * there, and it is taken back when it behaves.
 */
#include "host.h"

#include <unistd.h>


struct pair {
	struct host h;
	struct peer good, bad;
};

static void begin(struct pair *t)
{
	memset(t, 0, sizeof(*t));
	peers_begin(t->h.dir);
	peer_start(&t->good, t->h.dir, "good", NULL);
	peer_start(&t->bad, t->h.dir, "bad", NULL);
	host_open(&t->h, "");
}

static void end(struct pair *t)
{
	host_close(&t->h);
	peer_kill(&t->good);
	peer_kill(&t->bad);
	peers_end(t->h.dir);
}

/* Heard in this look, or at the latest in the next ones: a busy machine may make
 * it late, the other one may not. */
static void good_is_well(struct pair *t)
{
	const struct balloon_sample *s;

	s = row(&t->h, &t->good);
	if (!s || s->actual_bytes == BALLOON_UNKNOWN)
		look_at(&t->h, &t->good);
	s = row(&t->h, &t->good);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(s->actual_bytes, MIB);
	CU_ASSERT_EQUAL(s->available_bytes, 4096);
	CU_ASSERT_EQUAL(order_for(&t->h, &t->good, 512 * 1024), 0);
}

static void bad_is_unknown(struct pair *t)
{
	const struct balloon_sample *s = row(&t->h, &t->bad);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s); /* it is still there, and so is its memory */
	CU_ASSERT_EQUAL(s->actual_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(s->available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT(guest(&t->h, &t->bad)->wire.in_cap <= BL_QMP_LINE_MAX);
	CU_ASSERT(order(&t->h, s->key, MIB) < 0);
}

/* Until the pauses after a break-off are over, without waiting for them. */
static void forgive(struct pair *t)
{
	guest(&t->h, &t->bad)->retry_ns = 0;
}

/* One that lost what it was asked has to start again; all others need not. */
static void comes_back(struct pair *t)
{
	bool lost = t->bad.stage->manner == SILENT;

	t->bad.stage->manner = HONEST;
	if (lost) {
		peer_kill(&t->bad);
		unlink(t->bad.path[0]);
		peer_start(&t->bad, t->h.dir, "bad", NULL);
	}
	for (int i = 0; i < 1000 && row(&t->h, &t->bad)->actual_bytes != MIB; i++) {
		forgive(t);
		look(&t->h);
		usleep(5000);
	}
	CU_ASSERT_EQUAL(row(&t->h, &t->bad)->actual_bytes, MIB);
	CU_ASSERT_EQUAL(row(&t->h, &t->bad)->fixed, BALLOON_FIXED_NOT);
}

/* Turns bad when it is known already, and then from its first word on. */
static void misbehave(enum manner manner)
{
	struct pair t;

	begin(&t);
	CU_ASSERT_EQUAL(look_at(&t.h, &t.bad), 0);
	CU_ASSERT_EQUAL(row(&t.h, &t.bad)->actual_bytes, MIB);
	t.bad.stage->manner = (int)manner;
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(look(&t.h), 0);
		CU_ASSERT_EQUAL(row(&t.h, &t.bad)->size_bytes, MIB);
		CU_ASSERT_EQUAL(row(&t.h, &t.bad)->flags, BALLOON_SAMPLE_RUNNING);
		bad_is_unknown(&t);
		good_is_well(&t);
		forgive(&t);
	}
	end(&t);
	begin(&t);
	t.bad.stage->manner = (int)manner;
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(look(&t.h), 0);
		bad_is_unknown(&t);
		good_is_well(&t);
		forgive(&t);
	}
	comes_back(&t);
	end(&t);
}

static void silent(void) { misbehave(SILENT); }
static void garbled(void) { misbehave(GARBLED); }
static void endless(void) { misbehave(ENDLESS); }
static void cut_off(void) { misbehave(CUT_OFF); }
static void stranger(void) { misbehave(STRANGER); }
static void flooding(void) { misbehave(FLOODING); }
static void deep(void) { misbehave(DEEP); }
static void greeting_twice(void) { misbehave(GREETING_TWICE); }

static void other_tongue(void)
{
	struct pair t;

	memset(&t, 0, sizeof(t));
	peers_begin(t.h.dir);
	peer_start(&t.good, t.h.dir, "good", NULL);
	peer_start(&t.bad, t.h.dir, "bad", NULL);
	t.bad.stage->manner = OTHER_TONGUE;
	host_open(&t.h, "");
	CU_ASSERT_EQUAL(look(&t.h), 0);
	good_is_well(&t);
	bad_is_unknown(&t);
	CU_ASSERT_EQUAL(t.bad.stage->questions, 0);
	CU_ASSERT_EQUAL(guest(&t.h, &t.bad)->phase, BL_QMP_DOWN); /* and is let be */
	end(&t);
}

/* It does not queue what it is asked, and is not waited for again and again. */
static void a_hung_one_is_asked_once(void)
{
	struct pair t;
	int asked;

	begin(&t);
	look_at(&t.h, &t.bad);
	t.bad.stage->manner = SILENT;
	look(&t.h);
	asked = t.bad.stage->questions;
	CU_ASSERT_TRUE(guest(&t.h, &t.bad)->slow);
	for (int i = 0; i < 5; i++) {
		look(&t.h);
		CU_ASSERT_EQUAL(t.h.q->awaited[false], 0);
		CU_ASSERT_EQUAL(t.h.q->awaited[true], 0);
		CU_ASSERT_TRUE(guest(&t.h, &t.bad)->slow);
	}
	CU_ASSERT_EQUAL(t.bad.stage->questions, asked);
	end(&t);
}

/* Too late for one call is in time for the next, and is not asked for again. */
static void a_late_answer_is_of_use(void)
{
	struct pair t;
	int asked, due;

	begin(&t);
	look_at(&t.h, &t.bad);
	t.bad.stage->actual_bytes = 640 * 1024;
	t.bad.stage->delay_ms = 1500; /* longer than any call may wait */
	asked = t.bad.stage->questions;
	look(&t.h);
	due = asked + (int)guest(&t.h, &t.bad)->asked_n;
	bad_is_unknown(&t);
	good_is_well(&t);
	t.bad.stage->delay_ms = 0;
	for (int i = 0; i < 5000 && t.bad.stage->questions < due; i++)
		usleep(1000);
	for (int i = 0; i < 100 && !guest(&t.h, &t.bad)->heard; i++)
		look(&t.h);
	CU_ASSERT_EQUAL(row(&t.h, &t.bad)->actual_bytes, 640 * 1024);
	CU_ASSERT_EQUAL(guest(&t.h, &t.bad)->round, BL_QMP_NO_ROUND);
	usleep(20000);
	CU_ASSERT_EQUAL(t.bad.stage->questions, due);
	end(&t);
}

/* The flood is not drunk to its end, and wakes nobody. */
static void a_flood_is_bounded(void)
{
	struct pair t;

	begin(&t);
	look_at(&t.h, &t.bad);
	t.bad.stage->manner = FLOODING;
	look(&t.h);
	CU_ASSERT_TRUE(guest(&t.h, &t.bad)->muted);
	CU_ASSERT(guest(&t.h, &t.bad)->wire.in_cap <= BL_QMP_LINE_MAX);
	t.bad.stage->manner = HONEST;
	for (int i = 0; i < 1000 && row(&t.h, &t.bad)->actual_bytes != MIB; i++) {
		look(&t.h);
		usleep(5000);
	}
	CU_ASSERT_EQUAL(row(&t.h, &t.bad)->actual_bytes, MIB); /* what was asked is answered */
	end(&t);
}

static void numbers(void)
{
	static const struct { const char *said; uint64_t heard; } table[] = {
		{ "4096", 4096 },
		{ "0", 0 },
		{ "18446744073709551615", BALLOON_UNKNOWN }, /* QEMU's "not given" */
		{ "18446744073709551614", UINT64_MAX - 1 },
		{ "-1", BALLOON_UNKNOWN },
		{ "\"4096\"", BALLOON_UNKNOWN },
		{ "4096.0", BALLOON_UNKNOWN },
		{ "null", BALLOON_UNKNOWN },
		{ "{}", BALLOON_UNKNOWN },
		{ "true", BALLOON_UNKNOWN },
	};
	struct pair t;

	begin(&t);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(t.bad.stage->figure, sizeof(t.bad.stage->figure), "%s", table[i].said);
		CU_ASSERT_EQUAL(look_at(&t.h, &t.bad), 0);
		CU_ASSERT_EQUAL(row(&t.h, &t.bad)->available_bytes, table[i].heard);
		good_is_well(&t);
	}
	end(&t);
}

/* What a guest's one write to its balloon's registers makes QEMU say: it is handed
 * on as something that cannot be true, and never as something small. */
static void impossible_numbers(void)
{
	static const char *const said[] = { "-17591112298496", "18446744073709551616",
	                                    "99999999999999999999999999", "-9223372036854775808",
	                                    "1e400", "9223372036854775807" };
	struct pair t;

	begin(&t);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		snprintf(t.bad.stage->figure, sizeof(t.bad.stage->figure), "%s", said[i]);
		CU_ASSERT_EQUAL(look_at(&t.h, &t.bad), 0);
		CU_ASSERT(row(&t.h, &t.bad)->available_bytes > BALLOON_BYTES_MAX);
	}
	t.bad.stage->actual_bytes = -17591112298496;
	CU_ASSERT_EQUAL(look_at(&t.h, &t.bad), 0);
	CU_ASSERT(row(&t.h, &t.bad)->actual_bytes > BALLOON_BYTES_MAX);
	good_is_well(&t);
	end(&t);
}

int main(void)
{
	static const struct test tests[] = {
		{ "silent", silent },
		{ "garbled", garbled },
		{ "a line without end", endless },
		{ "cut off", cut_off },
		{ "numbers nobody asked under", stranger },
		{ "a flood of events", flooding },
		{ "deeply nested", deep },
		{ "greeting twice", greeting_twice },
		{ "another protocol", other_tongue },
		{ "a hung one is asked once", a_hung_one_is_asked_once },
		{ "a late answer is of use", a_late_answer_is_of_use },
		{ "a flood is bounded", a_flood_is_bounded },
		{ "numbers", numbers },
		{ "impossible numbers", impossible_numbers },
		{ NULL, NULL },
	};

	return run_tests("qmp: hostile peers", tests);
}
