/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A backend that lies, stumbles or breaks its contract, by script. What is
 * wrong with one guest costs that guest its sample; what is wrong with the
 * sheet costs the beat and gives a sentence; nothing costs more.
 */
#include "host.h"

/* -------------------------------------------------------- a guest that lies */

static void lose_one(uint64_t *field, struct host *h, uint64_t lie)
{
	uint64_t truth = *field, lost = report_of(h->b).lost_samples;
	struct balloon_guest_report was[GUESTS];

	CU_ASSERT_EQUAL(tick(h), 0);
	memcpy(was, h->g, sizeof(was));
	*field = lie;
	CU_ASSERT_EQUAL(tick(h), 0);
	CU_ASSERT_EQUAL(report_of(h->b).lost_samples, lost + 1);
	CU_ASSERT_EQUAL(h->g[1].lost_samples, was[1].lost_samples + 1);
	CU_ASSERT_EQUAL(h->g[1].actual_bytes, was[1].actual_bytes);
	CU_ASSERT_EQUAL(h->g[1].age_ns, SECOND);
	for (int i = 0; i < GUESTS; i++) {
		CU_ASSERT_EQUAL(h->g[i].entitlement_bytes, was[i].entitlement_bytes);
		CU_ASSERT(i == 1 || (h->g[i].lost_samples == 0 && h->g[i].age_ns == 0));
	}
	*field = truth;
	CU_ASSERT_EQUAL(tick(h), 0);
	CU_ASSERT_EQUAL(h->g[1].age_ns, 0);
}

static void absurd_samples(void)
{
	static const uint64_t lies[] = {(uint64_t)INT64_C(-17591112298496), UINT64_MAX - 1,
	                                UINT64_C(1) << 63, 16 * GIB};
	struct balloon_sample *s;
	struct host h;

	host_init(&h);
	s = &h.spy->rows[1];
	h.obey = 1;
	for (int i = 0; i < 90; i++)
		CU_ASSERT_EQUAL(tick(&h), 0); /* averages at rest */
	for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
		lose_one(&s->actual_bytes, &h, lies[k]);
		lose_one(&s->total_bytes, &h, lies[k]);
		lose_one(&s->available_bytes, &h, lies[k]);
		lose_one(&s->unused_bytes, &h, lies[k]);
		lose_one(&s->cache_bytes, &h, lies[k]);
	}
	lose_one(&s->actual_bytes, &h, 0);
	lose_one(&s->total_bytes, &h, 0);
	lose_one(&s->available_bytes, &h, s->total_bytes + 1);
	host_fini(&h);
}

/* A size that the guest cannot have shrunk to is no size: it has more. */
static void absurd_size(void)
{
	struct host h;

	host_init(&h);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(tick(&h), 0);
	h.spy->rows[0].size_bytes = 8 * MIB;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_PTR_NULL(spy_find(h.spy, 1));
	CU_ASSERT_EQUAL(h.g[0].size_bytes, 4 * GIB);
	h.spy->rows[0].size_bytes = UNKNOWN;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(h.g[0].size_bytes, 4 * GIB);
	host_fini(&h);
}

static void never_a_size(void)
{
	static const uint64_t none[] = {UNKNOWN, 0, 4095, BALLOON_BYTES_MAX};
	struct host h;

	for (size_t k = 0; k < 4; k++) {
		host_init(&h);
		h.spy->rows[0].size_bytes = none[k];
		for (int i = 0; i < 3; i++)
			CU_ASSERT_EQUAL(tick(&h), 0);
		CU_ASSERT_PTR_NULL(spy_find(h.spy, 1));
		CU_ASSERT_EQUAL(h.g[0].fixed, BALLOON_FIXED_OTHER);
		h.spy->rows[0].size_bytes = 4 * GIB; /* it has come up */
		CU_ASSERT_EQUAL(tick(&h), 0);
		CU_ASSERT_EQUAL(h.g[0].fixed, BALLOON_FIXED_NOT);
		CU_ASSERT_EQUAL(h.g[0].actual_bytes, 2 * GIB);
		host_fini(&h);
	}
}

/* A host that does not say how large it is has not given up its reserve. */
static void unknown_total_keeps_the_reserve(void)
{
	struct host h;
	uint64_t capacity;

	host_init(&h);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, NULL), 0);
	CU_ASSERT_EQUAL(tick(&h), 0);
	capacity = report_of(h.b).capacity_bytes;
	h.spy->sheet.total_bytes = UNKNOWN;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT(report_of(h.b).capacity_bytes == UNKNOWN ||
	          report_of(h.b).capacity_bytes <= capacity);
	host_fini(&h);
}

/* Nothing is known of the host: nothing is decided, and nothing said to be 0. */
static void unknown_host(void)
{
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = UNKNOWN,
	                                .reserve_bytes = UNKNOWN};
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &policy), 0);
	h.spy->sheet.total_bytes = h.spy->sheet.available_bytes = UNKNOWN;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(h.spy->orders_n, 0);
	CU_ASSERT_EQUAL(report_of(h.b).capacity_bytes, UNKNOWN);
	for (int i = 0; i < GUESTS; i++) {
		CU_ASSERT_NOT_EQUAL(h.g[i].entitlement_bytes, 0);
		CU_ASSERT_NOT_EQUAL(h.g[i].reason, BALLOON_REASON_STEADY);
	}
	host_fini(&h);
}

/* ------------------------------------------------- a sheet that is no sheet */

/* The beat is lost, with a sentence; the next one is as if nothing had been. */
static void lost_beat(struct host *h, int rc, const char *word)
{
	uint64_t lost = report_of(h->b).lost_beats, beat = report_of(h->b).beat;

	CU_ASSERT_EQUAL(tick(h), rc);
	CU_ASSERT(says(h, word));
	CU_ASSERT_EQUAL(h->spy->orders_n, 0);
	CU_ASSERT_EQUAL(report_of(h->b).lost_beats, lost + 1);
	CU_ASSERT_EQUAL(report_of(h->b).beat, beat);
	CU_ASSERT_EQUAL(balloon_guests(h->b, NULL, 0, 0), GUESTS);
}

static void broken_sheets(void)
{
	struct balloon_sheet good;
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(tick(&h), 0);
	good = h.spy->sheet;
	h.spy->sheet.stride = sizeof(struct balloon_sample) - 8;
	lost_beat(&h, -EPROTO, "spy");
	h.spy->sheet.stride = 0;
	lost_beat(&h, -EPROTO, "spy");
	h.spy->sheet = good;
	h.spy->sheet.guests = NULL;
	lost_beat(&h, -EPROTO, "spy");
	h.spy->sheet = good;
	h.spy->sheet.guests_n = BALLOON_GUESTS_MAX + 1;
	lost_beat(&h, -EPROTO, "spy");
	h.spy->sheet.guests_n = SIZE_MAX;
	lost_beat(&h, -EPROTO, "spy");
	h.spy->sheet = good;
	h.spy->rows[2].key = 0;
	lost_beat(&h, -EPROTO, "without a key");
	h.spy->rows[2].key = 2;
	lost_beat(&h, -EPROTO, "twice");
	h.spy->rows[2].key = 3;
	CU_ASSERT_EQUAL(tick(&h), 0);
	host_fini(&h);
}

/* Rows that do not lie on a boundary cannot be read as structs. */
static void crooked_stride(void)
{
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(tick(&h), 0);
	h.spy->sheet.stride = sizeof(struct balloon_sample) + 1;
	lost_beat(&h, -EPROTO, "spy");
	host_fini(&h);
}

static void failing_observe(void)
{
	static const int answers[] = {-EAGAIN, -EIO, -EPERM, 1, INT32_MAX, INT32_MIN};
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(tick(&h), 0);
	for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++) {
		h.spy->observe_rc = answers[k];
		h.spy->why = NULL;
		lost_beat(&h, -EAGAIN, "could not be observed");
		h.spy->why = "the cable is out";
		lost_beat(&h, -EAGAIN, "the cable is out");
	}
	h.spy->observe_rc = -ENOMEM;
	lost_beat(&h, -ENOMEM, "");
	h.spy->observe_rc = 0;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(report_of(h.b).beat, 2);
	host_fini(&h);
}

/* A program that is newer than the library: rows are longer. */
static void longer_rows(void)
{
	struct {
		struct balloon_sample s;
		uint64_t more[3];
	} rows[GUESTS];
	struct host h;

	host_init(&h);
	for (size_t i = 0; i < GUESTS; i++) {
		memset(&rows[i], 0x5a, sizeof(rows[i]));
		rows[i].s = h.spy->rows[i];
	}
	h.spy->sheet.guests = &rows[0].s;
	h.spy->sheet.stride = sizeof(rows[0]);
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_STRING_EQUAL(h.g[3].name, "d");
	CU_ASSERT_EQUAL(h.g[3].actual_bytes, 2 * GIB);
	host_fini(&h);
}

static unsigned heard;
static char sentence[256];

static void hear(void *arg, int level, const char *text)
{
	(void)arg;
	(void)level;
	heard++;
	snprintf(sentence, sizeof(sentence), "%s", text);
}

/* What a backend has to tell beside a good sheet reaches whoever listens, once. */
static void a_backend_has_a_word(void)
{
	struct spy *s = spy_new(1);
	char uri[40];
	struct balloon_options o = {.struct_size = sizeof(o), .uri = uri, .backend = &spy_backend,
	                            .log = hear};
	struct balloon *b;

	snprintf(uri, sizeof(uri), "spy:%p", (void *)s);
	CU_ASSERT_EQUAL_FATAL(balloon_open(&o, &b), 0);
	heard = 0;
	CU_ASSERT_EQUAL(balloon_tick(b, 1 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(heard, 0);
	s->why = "somebody else does";
	CU_ASSERT_EQUAL(balloon_tick(b, 2 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, 3 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(heard, 1);
	CU_ASSERT_STRING_EQUAL(sentence, "somebody else does");
	s->why = "nobody else does";
	CU_ASSERT_EQUAL(balloon_tick(b, 4 * SECOND, NULL), 0);
	CU_ASSERT_EQUAL(heard, 2);
	balloon_close(b);
	spy_free(s);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"absurd samples cost a sample", absurd_samples},
	        {"an absurd size", absurd_size},
	        {"never a size", never_a_size},
	        {"an unknown total keeps the reserve", unknown_total_keeps_the_reserve},
	        {"an unknown host", unknown_host},
	        {"broken sheets", broken_sheets},
	        {"a crooked stride", crooked_stride},
	        {"observe fails", failing_observe},
	        {"longer rows", longer_rows},
	        {"a backend has a word", a_backend_has_a_word},
	        {NULL, NULL},
	};

	return run_chosen("guard", tests, argc, argv);
}
