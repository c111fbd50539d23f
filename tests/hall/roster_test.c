/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guests that come, go, change places, names and lives. */
#include "host.h"

static void shuffle(struct host *h)
{
	struct balloon_sample t = h->spy->rows[0];

	memmove(&h->spy->rows[0], &h->spy->rows[1], (GUESTS - 1) * sizeof(t));
	h->spy->rows[GUESTS - 1] = t;
}

static void other_places(void)
{
	struct balloon_guest_report was[GUESTS];
	struct host h;

	host_init(&h);
	h.obey = 1;
	for (int i = 0; i < 90; i++)
		CU_ASSERT_EQUAL(tick(&h), 0);
	memcpy(was, h.g, sizeof(was));
	shuffle(&h);
	CU_ASSERT_EQUAL(tick(&h), 0);
	for (int i = 0; i < GUESTS; i++) {
		const struct balloon_guest_report *old = &was[(i + 1) % GUESTS];

		CU_ASSERT_STRING_EQUAL(h.g[i].name, h.spy->rows[i].name);
		CU_ASSERT_EQUAL(h.g[i].key, old->key);
		CU_ASSERT_EQUAL(h.g[i].entitlement_bytes, old->entitlement_bytes);
		CU_ASSERT_EQUAL(h.g[i].orders, old->orders + !!spy_find(h.spy, old->key));
	}
	host_fini(&h);
}

static void come_and_go(void)
{
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(tick(&h), 0);
	shuffle(&h); /* b c d a */
	h.spy->sheet.guests_n = 3;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(report_of(h.b).guests_n, 3);
	CU_ASSERT_EQUAL(balloon_explain(h.b, "a", NULL, 0), -ENOENT);
	CU_ASSERT(says(&h, "\"a\""));
	h.spy->rows[3] = honest(77, "a", 2 * GIB, GIB, GIB / 2); /* another life */
	h.spy->sheet.guests_n = 4;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(h.g[3].key, 77);
	CU_ASSERT_EQUAL(h.g[3].size_bytes, 2 * GIB);
	CU_ASSERT_EQUAL(h.g[3].actual_bytes, GIB);
	h.spy->sheet.guests_n = 0;
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(report_of(h.b).guests_n, 0);
	CU_ASSERT_EQUAL(report_of(h.b).charged_bytes, 0);
	host_fini(&h);
}

/* The policy goes by the name a guest has now. */
static void another_name(void)
{
	struct balloon_named_allocation named = {
	        .guest = "zoe",
	        .allocation = {.struct_size = sizeof(named.allocation),
	                       .shares = 7,
	                       .reservation_bytes = UNKNOWN,
	                       .limit_bytes = UNKNOWN}};
	struct balloon_policy policy = {.struct_size = sizeof(policy),
	                                .budget_bytes = 10 * GIB,
	                                .reserve_bytes = 0,
	                                .guests = &named,
	                                .guests_n = 1};
	struct host h;

	host_init(&h);
	CU_ASSERT_EQUAL(balloon_set_policy(h.b, &policy), 0);
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_EQUAL(h.g[0].shares, 1000);
	h.spy->rows[0].name = "zoe";
	for (int i = 0; i < 8; i++) /* names are looked at in turn */
		CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_STRING_EQUAL(h.g[0].name, "zoe");
	CU_ASSERT_EQUAL(h.g[0].shares, 7);
	host_fini(&h);
}

static void no_names(void)
{
	struct host h;

	host_init(&h);
	h.spy->rows[0].name = NULL;
	h.spy->rows[1].name = "";
	h.spy->rows[1].uuid = "";
	CU_ASSERT_EQUAL(tick(&h), 0);
	CU_ASSERT_STRING_EQUAL(h.g[0].name, "");
	CU_ASSERT_STRING_EQUAL(h.g[1].uuid, "");
	CU_ASSERT_EQUAL(balloon_explain(h.b, NULL, NULL, 0), -ENOENT);
	host_fini(&h);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
	        {"other places", other_places},
	        {"come and go", come_and_go},
	        {"another name", another_name},
	        {"no names", no_names},
	        {NULL, NULL},
	};

	return run_chosen("roster", tests, argc, argv);
}
