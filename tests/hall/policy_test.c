/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * balloon_set_policy(): everything that is refused, with the sentence that
 * names the guest and the key; a refused policy changes nothing; the rules of
 * struct_size.
 */
#include "spy.h"

#define DAY (UINT64_C(86400) * SECOND)

struct host {
	struct spy *spy;
	struct balloon *b;
	struct balloon_profile profile;
	struct balloon_named_allocation named[3];
	struct balloon_policy policy;
};

static struct balloon_allocation allocation(uint64_t shares, uint64_t min, uint64_t max)
{
	return (struct balloon_allocation){.struct_size = sizeof(struct balloon_allocation),
	                                   .shares = shares,
	                                   .reservation_bytes = min,
	                                   .limit_bytes = max};
}

/* Two guests, one named in the policy, which is good as it is. */
static void host_init(struct host *h)
{
	*h = (struct host){.spy = spy_new(4), .profile = {.struct_size = sizeof(h->profile)}};
	CU_ASSERT_EQUAL(balloon_profile("balanced", &h->profile), 0);
	h->named[0] = (struct balloon_named_allocation){"db", allocation(2000, GIB, 2 * GIB)};
	h->named[1] = (struct balloon_named_allocation){"web", allocation(500, UNKNOWN, UNKNOWN)};
	h->policy = (struct balloon_policy){.struct_size = sizeof(h->policy),
	                                    .profile = &h->profile,
	                                    .budget_bytes = UNKNOWN,
	                                    .reserve_bytes = UNKNOWN,
	                                    .guests = h->named,
	                                    .guests_n = 2};
	h->spy->rows[0] = honest(1, "db", 4 * GIB, 2 * GIB, GIB);
	h->spy->rows[1] = honest(2, "web", 4 * GIB, 2 * GIB, GIB);
	h->spy->sheet.total_bytes = 16 * GIB;
	h->spy->sheet.available_bytes = 8 * GIB;
	h->spy->sheet.guests = h->spy->rows;
	h->spy->sheet.guests_n = 2;
	h->b = spy_handle(h->spy, &h->policy, 0);
}

static void host_fini(struct host *h)
{
	balloon_close(h->b);
	spy_free(h->spy);
}

/* What the policy in force makes of the guests. */
static void outcome(struct host *h, struct balloon_guest_report ret[2])
{
	static uint64_t now;

	for (int i = 0; i < 2; i++) {
		struct balloon_sample *s = &h->spy->rows[i];
		const struct balloon_order *o = spy_find(h->spy, s->key);
		uint64_t serial = s->serial + 1;

		if (o) /* it does as it is told */
			*s = honest(s->key, s->name, s->size_bytes, o->target_bytes, GIB);
		s->serial = serial;
	}
	spy_forget(h->spy);
	CU_ASSERT_EQUAL(balloon_tick(h->b, now += SECOND, NULL), 0);
	CU_ASSERT_EQUAL(balloon_guests(h->b, ret, sizeof(ret[0]), 2), 2);
}

static int has(const char *sentence, const char *word)
{
	return strstr(sentence, word) != NULL;
}

/* Refused with rc and a sentence with both words in it; nothing changed. */
static void refused(struct host *h, int rc, const char *who, const char *what)
{
	struct balloon_guest_report before[2], after[2];
	const char *sentence;

	outcome(h, before);
	CU_ASSERT_EQUAL(balloon_set_policy(h->b, &h->policy), rc);
	sentence = balloon_error(h->b);
	if (!has(sentence, who) || !has(sentence, what))
		printf("\n  \"%s\" does not name %s and %s", sentence, who, what);
	CU_ASSERT(has(sentence, who) && has(sentence, what));
	outcome(h, after);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(before[i].shares, after[i].shares);
		CU_ASSERT_EQUAL(before[i].reservation_bytes, after[i].reservation_bytes);
		CU_ASSERT_EQUAL(before[i].limit_bytes, after[i].limit_bytes);
		CU_ASSERT_EQUAL(before[i].entitlement_bytes, after[i].entitlement_bytes);
	}
}

static void refuse_allocation(struct balloon_allocation a, int rc, const char *what)
{
	struct host h;

	host_init(&h);
	h.named[1].allocation = a;
	refused(&h, rc, "web", what);
	h.named[1].allocation = allocation(500, UNKNOWN, UNKNOWN);
	h.policy.fallback = a;
	refused(&h, rc, "defaults", what);
	host_fini(&h);
}

static void bad_allocations(void)
{
	refuse_allocation(allocation(BALLOON_SHARES_MAX + 1, UNKNOWN, UNKNOWN), -ERANGE, "shares");
	refuse_allocation(allocation(1, BALLOON_BYTES_MAX + 1, UNKNOWN), -ERANGE, "reservation");
	refuse_allocation(allocation(1, 0, BALLOON_BYTES_MAX + 1), -ERANGE, "limit");
	refuse_allocation(allocation(1, GIB + 1, GIB), -EINVAL, "reservation");
}

/* A limit of nothing is a field that was forgotten, not a wish: a guest told to
 * have 0 bytes is a dead guest. */
static void no_limit_of_nothing(void)
{
	refuse_allocation(allocation(500, UNKNOWN, 0), -EINVAL, "limit");
	refuse_allocation(allocation(500, 0, 0), -EINVAL, "limit");
}

static void bad_guests(void)
{
	struct host h;

	host_init(&h);
	h.named[1].guest = NULL;
	refused(&h, -EINVAL, "policy", "without a name");
	h.named[1].guest = "";
	refused(&h, -EINVAL, "policy", "without a name");
	h.named[1].guest = "db";
	refused(&h, -EINVAL, "db", "twice");
	h.named[1].guest = "web";
	h.policy.guests = NULL;
	refused(&h, -EINVAL, "policy", "guests");
	h.policy.guests = h.named;
	h.policy.guests_n = BALLOON_GUESTS_MAX + 1;
	refused(&h, -EINVAL, "policy", "guests");
	host_fini(&h);
}

static void bad_host_numbers(void)
{
	struct host h;

	host_init(&h);
	h.policy.budget_bytes = BALLOON_BYTES_MAX + 1;
	refused(&h, -ERANGE, "policy", "budget");
	h.policy.budget_bytes = UNKNOWN;
	h.policy.reserve_bytes = BALLOON_BYTES_MAX + 1;
	refused(&h, -ERANGE, "policy", "reserve");
	host_fini(&h);
}

static void refuse_rate(struct host *h, uint32_t *rate, uint32_t value, int rc, const char *name)
{
	uint32_t was = *rate;

	*rate = value;
	refused(h, rc, "profile", name);
	*rate = was;
}

static void bad_rates(void)
{
	struct host h;

	host_init(&h);
	refuse_rate(&h, &h.profile.tax_bp, 10000, -ERANGE, "tax");
	refuse_rate(&h, &h.profile.headroom_bp, 100001, -ERANGE, "headroom");
	refuse_rate(&h, &h.profile.balloon_max_bp, 10001, -ERANGE, "balloon_max");
	refuse_rate(&h, &h.profile.pool_bp, UINT32_MAX, -ERANGE, "pool");
	refuse_rate(&h, &h.profile.deadband_bp, 5001, -ERANGE, "deadband");
	refuse_rate(&h, &h.profile.shrink_step_bp, 10001, -ERANGE, "shrink_step");
	refuse_rate(&h, &h.profile.shrink_step_bp, 0, -EINVAL, "shrink_step");
	refuse_rate(&h, &h.profile.pressed_bp, 5001, -ERANGE, "pressed");
	host_fini(&h);
}

static void refuse_time(struct host *h, uint64_t *time, uint64_t value, int rc)
{
	uint64_t was = *time;

	*time = value;
	refused(h, rc, "profile", "");
	*time = was;
}

static void bad_times(void)
{
	struct host h;

	host_init(&h);
	refuse_time(&h, &h.profile.beat_ns, 0, -ERANGE);
	refuse_time(&h, &h.profile.beat_ns, DAY + 1, -ERANGE);
	refuse_time(&h, &h.profile.fast_ns, 0, -EINVAL);
	refuse_time(&h, &h.profile.slow_ns, 0, -EINVAL);
	refuse_time(&h, &h.profile.slow_ns, UNKNOWN, -ERANGE);
	refuse_time(&h, &h.profile.stale_ns, h.profile.beat_ns - 1, -EINVAL);
	refuse_time(&h, &h.profile.stuck_ns, h.profile.beat_ns - 1, -EINVAL);
	refuse_time(&h, &h.profile.settle_ns, UNKNOWN, -ERANGE);
	refuse_time(&h, &h.profile.boot_ns, DAY + 1, -ERANGE);
	host_fini(&h);
}

static void good_ones(void)
{
	struct balloon_guest_report g[2];
	struct host h;

	host_init(&h);
	outcome(&h, g);
	CU_ASSERT_EQUAL(g[0].shares, 2000);
	CU_ASSERT_EQUAL(g[0].reservation_bytes, 4 * GIB - 4 * GIB / 10000 * 6500 -
	                                                4 * GIB % 10000 * 6500 / 10000);
	CU_ASSERT_EQUAL(g[0].limit_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(g[1].shares, 500);
	CU_ASSERT_EQUAL(g[1].limit_bytes, 4 * GIB);
	h.policy.guests_n = 1; /* web falls back, and the fallback to what is built in */
	h.policy.fallback = allocation(UNKNOWN, UNKNOWN, 3 * GIB);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &h.policy), 0);
	outcome(&h, g);
	CU_ASSERT_EQUAL(g[1].shares, 1000);
	CU_ASSERT_EQUAL(g[1].limit_bytes, 3 * GIB);
	CU_ASSERT_EQUAL(g[0].limit_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, NULL), 0);
	outcome(&h, g);
	CU_ASSERT_EQUAL(g[0].shares, 1000);
	host_fini(&h);
}

/* A guest may be named by its UUID; strings are copied. */
static void by_uuid(void)
{
	char uuid[] = "6e7f0000-0000-4000-8000-000000000001";
	struct balloon_guest_report g[2];
	struct host h;

	host_init(&h);
	h.spy->rows[1].uuid = uuid;
	h.named[1].guest = uuid;
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &h.policy), 0);
	memset(uuid, 'x', 4);
	h.spy->rows[1].uuid = "6e7f0000-0000-4000-8000-000000000001";
	outcome(&h, g);
	CU_ASSERT_EQUAL(g[1].shares, 500);
	host_fini(&h);
}

/* ------------------------------------------------------------- struct_size */

/* A struct of a program built against a later library. */
struct later {
	union {
		struct balloon_policy policy;
		struct balloon_profile profile;
		struct balloon_options options;
		struct balloon_report report;
		unsigned char bytes[256];
	} is;
	uint64_t tail[4];
};

static void later_policy(void)
{
	struct later l = {0};
	struct host h;

	host_init(&h);
	l.is.policy = h.policy;
	l.is.policy.struct_size = sizeof(l);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &l.is.policy), 0);
	l.tail[3] = 1;
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &l.is.policy), -E2BIG);
	CU_ASSERT(has(balloon_error(h.b), "policy"));
	l.tail[3] = 0;
	l.is.policy.struct_size = 0;
	CU_ASSERT(balloon_set_policy(h.b, &l.is.policy) < 0);
	CU_ASSERT(has(balloon_error(h.b), "struct_size"));
	l.is.policy.struct_size = 3;
	CU_ASSERT(balloon_set_policy(h.b, &l.is.policy) < 0);
	host_fini(&h);
}

static void later_profile(void)
{
	struct later l = {0};
	struct host h;

	host_init(&h);
	l.is.profile = h.profile;
	l.is.profile.struct_size = sizeof(l);
	h.policy.profile = &l.is.profile;
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &h.policy), 0);
	l.tail[0] = 1;
	refused(&h, -E2BIG, "policy", "profile");
	l.is.profile.struct_size = 0;
	CU_ASSERT(balloon_set_policy(h.b, &h.policy) < 0);
	CU_ASSERT(has(balloon_error(h.b), "profile"));
	host_fini(&h);
}

/* What a struct is too short to say is not said to be 0: there was never a
 * library whose policy ended before its budget. */
static void too_short(void)
{
	struct balloon_guest_report before[2], after[2];
	struct host h;
	uint32_t sizes[] = {4, 8, 16, (uint32_t)offsetof(struct balloon_policy, budget_bytes)};

	host_init(&h);
	outcome(&h, before);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		h.policy.struct_size = sizes[k];
		CU_ASSERT(balloon_set_policy(h.b, &h.policy) < 0);
	}
	h.policy.struct_size = sizeof(h.policy);
	for (size_t k = 0; k < 3; k++) {
		h.named[1].allocation.struct_size = sizes[k];
		CU_ASSERT(balloon_set_policy(h.b, &h.policy) < 0);
	}
	outcome(&h, after);
	CU_ASSERT_EQUAL(before[0].entitlement_bytes, after[0].entitlement_bytes);
	CU_ASSERT_EQUAL(before[1].limit_bytes, after[1].limit_bytes);
	host_fini(&h);
}

static void later_options(void)
{
	struct spy *s = spy_new(1);
	char uri[40], error[128] = "";
	struct balloon *b = (void *)s;
	struct later l = {0};

	snprintf(uri, sizeof(uri), "spy:%p", (void *)s);
	l.is.options = (struct balloon_options){.struct_size = sizeof(l),
	                                        .uri = uri,
	                                        .backend = &spy_backend,
	                                        .error_text = error,
	                                        .error_size = sizeof(error)};
	CU_ASSERT_EQUAL_FATAL(balloon_open(&l.is.options, &b), 0);
	balloon_close(b);
	b = (void *)s;
	l.tail[1] = 1;
	CU_ASSERT_EQUAL(balloon_open(&l.is.options, &b), -E2BIG);
	l.tail[1] = 0;
	l.is.options.struct_size = 0;
	CU_ASSERT_EQUAL(balloon_open(&l.is.options, &b), -EINVAL);
	CU_ASSERT_PTR_EQUAL(b, s); /* left alone on failure */
	l.is.options.struct_size = sizeof(l.is.options);
	l.is.options.flags = 1u << 31;
	CU_ASSERT_EQUAL(balloon_open(&l.is.options, &b), -EINVAL);
	CU_ASSERT(has(error, "flags"));
	CU_ASSERT_EQUAL(s->closes, 1);
	spy_free(s);
}

/* Outputs: as much as the caller has room for, and not a byte more. */
static void outputs(void)
{
	struct balloon_guest_report g[2];
	unsigned char room[600];
	struct later l = {0};
	struct host h;

	host_init(&h);
	outcome(&h, g);
	l.is.report.struct_size = 16;
	memset(&l.is.bytes[16], 0xa5, 100);
	CU_ASSERT_EQUAL(balloon_report(h.b, &l.is.report), 0);
	CU_ASSERT(l.is.report.struct_size == 16 && l.is.bytes[16] == 0xa5);
	CU_ASSERT_EQUAL(l.is.report.beat, 1);
	l.is.report.struct_size = 3;
	CU_ASSERT_EQUAL(balloon_report(h.b, &l.is.report), -EINVAL);
	memset(room, 0xa5, sizeof(room));
	CU_ASSERT_EQUAL(balloon_guests(h.b, (void *)room, 256, 2), 2);
	CU_ASSERT(room[0] == 1 && room[256] == 2 && room[512] == 0xa5);
	memset(room, 0xa5, sizeof(room));
	CU_ASSERT_EQUAL(balloon_guests(h.b, (void *)room, 8, 1), 2);
	CU_ASSERT(room[0] == 1 && room[8] == 0xa5);
	CU_ASSERT_EQUAL(balloon_guests(h.b, NULL, 0, 0), 2);
	CU_ASSERT_EQUAL(balloon_guests(h.b, NULL, sizeof(g[0]), 1), -EINVAL);
	host_fini(&h);
}

static void profiles(void)
{
	static const char *const names[] = {"balanced", "aggressive", "conservative"};
	struct balloon_profile p = {.struct_size = sizeof(p)}, q = p;

	for (size_t k = 0; k < 3; k++) {
		CU_ASSERT_EQUAL(balloon_profile(names[k], &p), 0);
		CU_ASSERT_EQUAL(p.struct_size, sizeof(p));
		CU_ASSERT(memcmp(&p, &q, sizeof(p)) != 0);
		q = p;
	}
	CU_ASSERT_EQUAL(balloon_profile("Balanced", &p), -ENOENT);
	CU_ASSERT_EQUAL(balloon_profile(NULL, &p), -EINVAL);
	CU_ASSERT_EQUAL(balloon_profile("balanced", NULL), -EINVAL);
	CU_ASSERT(memcmp(&p, &q, sizeof(p)) == 0);
	q.struct_size = 8;
	CU_ASSERT_EQUAL(balloon_profile("balanced", &q), 0);
	CU_ASSERT(q.struct_size == 8 && q.boot_ns == p.boot_ns);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"good policies", good_ones},
	        {"by uuid", by_uuid},
	        {"bad allocations", bad_allocations},
	        {"no limit of nothing", no_limit_of_nothing},
	        {"bad guests", bad_guests},
	        {"bad host numbers", bad_host_numbers},
	        {"bad rates", bad_rates},
	        {"bad times", bad_times},
	        {"a later policy", later_policy},
	        {"a later profile", later_profile},
	        {"a struct too short", too_short},
	        {"later options", later_options},
	        {"outputs", outputs},
	        {"profiles", profiles},
	        {NULL, NULL},
	};

	return run_chosen("policy", tests, argc, argv);
}
