/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The backend, by its contract, on hvsim: seeing, leading, jobs, refusals, and
 * the sentence for everything that can be wrong with a host. Waits have a bound
 * only so that a hang is a failure; nothing is measured.
 */
#include "hvkit.h"

#include "../../../lib/backends/hyperv/hyperv.h"
#include "testkit.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define HOST "\"memory\": 65536, \"seed\": 3"
#define VMS "\"vms\": [{\"name\": \"web\", \"maximum\": 8192, \"demand\": 1000, \"assigned\": 1200}," \
	"{\"name\": \"fix\", \"dynamic\": false, \"startup\": 2048}," \
	"{\"name\": \"off\", \"state\": 3}, {\"name\": \"paused\", \"state\": 32768}," \
	"{\"name\": \"mute\", \"driver\": false}, {\"name\": \"huge\", \"huge_pages\": true}]"

static const struct balloon_backend *const be = &balloon_backend_module;
static struct hvkit kit;

struct session {
	void *self;
	struct balloon_sheet sheet;
};

static char why[700];

static int __attribute__((format(printf, 2, 3)))
open_at(struct session *s, const char *format, ...)
{
	char uri[600];
	va_list args;

	va_start(args, format);
	vsnprintf(uri, sizeof(uri), format, args);
	va_end(args);
	s->self = NULL;
	return be->open(uri, &s->self, why, sizeof(why));
}

static void open_plain(struct session *s, int host, const char *more)
{
	CU_ASSERT_EQUAL_FATAL(open_at(s, "hyperv+http://127.0.0.1:%d/?credentials=%s%s",
	                              kit.http[host], hvkit_credentials(&kit, "good", HVKIT_USER, HVKIT_PASSWORD),
	                              more), 0);
}

static int look(struct session *s)
{
	s->sheet = (struct balloon_sheet){.struct_size = sizeof(s->sheet),
	                                  .total_bytes = BALLOON_UNKNOWN,
	                                  .available_bytes = BALLOON_UNKNOWN,
	                                  .swap_bytes = BALLOON_UNKNOWN};
	return be->observe(s->self, 0, &s->sheet);
}

static bool sees(void *arg)
{
	return look(arg) == 0;
}

static void beat(struct session *s)
{
	CU_ASSERT_FATAL(hvkit_until(sees, s));
}

static const struct balloon_sample *guest(const struct session *s, const char *name)
{
	for (size_t i = 0; i < s->sheet.guests_n; i++)
		if (strcmp(s->sheet.guests[i].name, name) == 0)
			return &s->sheet.guests[i];
	return NULL;
}

static int order(struct session *s, const char *name, uint64_t mib)
{
	struct balloon_order o = {.key = guest(s, name)->key, .target_bytes = mib * MIB, .rc = 77};
	int rc = be->order(s->self, 0, &o, 1);

	return rc < 0 ? rc : o.rc;
}

/* Lets the host's time go on for some seconds, with a beat in each. */
static void play(struct session *s, int host, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		hvkit_ask(&kit, "{\"host\": %d, \"do\": \"step\"}", host);
		beat(s);
	}
}

/* What the host itself says of a guest. */
static double truth(int host, const char *name, const char *key)
{
	hvkit_ask(&kit, "{\"host\": %d, \"do\": \"state\"}", host);
	return hvkit_number(&kit, name, key);
}

struct hope {
	struct session *s;
	int host;
	const char *name, *key;
	double value;
	double within;
};

static bool comes_true(void *arg)
{
	const struct hope *h = arg;
	double gap;

	play(h->s, h->host, 1);
	gap = truth(h->host, h->name, h->key) - h->value;
	return gap <= h->within && -gap <= h->within;
}

static bool becomes(struct session *s, int host, const char *name, const char *key, double value,
                    double within)
{
	struct hope h = {s, host, name, key, value, within};

	return hvkit_until(comes_true, &h);
}

static void mischief(int host, const char *name)
{
	if (name)
		hvkit_ask(&kit, "{\"host\": %d, \"do\": \"mischief\", \"name\": \"%s\"}", host,
		          name);
	else
		hvkit_ask(&kit, "{\"host\": %d, \"do\": \"mischief\", \"name\": null}", host);
}

/* -------------------------------------------------------------- seeing */

static void sees_what_is_there(void)
{
	const struct balloon_sample *g;
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(s.sheet.guests_n, 5); /* one is off */
	CU_ASSERT_EQUAL(s.sheet.total_bytes, 64 * GIB);
	CU_ASSERT_PTR_NULL(guest(&s, "off"));
	g = guest(&s, "web");
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(g->actual_bytes, 1200 * MIB);
	CU_ASSERT_EQUAL(g->size_bytes, 8192 * MIB);
	CU_ASSERT(g->available_bytes >= 190 * MIB && g->available_bytes <= 210 * MIB);
	CU_ASSERT_EQUAL(g->flags, BALLOON_SAMPLE_RUNNING);
	CU_ASSERT_EQUAL(g->fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(g->active_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(guest(&s, "paused")->flags, 0);
	CU_ASSERT_EQUAL(guest(&s, "mute")->fixed, BALLOON_FIXED_NO_DRIVER);
	CU_ASSERT_EQUAL(guest(&s, "mute")->available_bytes, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(guest(&s, "mute")->serial, BALLOON_UNKNOWN);
	CU_ASSERT_EQUAL(guest(&s, "huge")->fixed, BALLOON_FIXED_HUGEPAGES);
	CU_ASSERT_EQUAL(guest(&s, "fix")->fixed, BALLOON_FIXED_NOT);
	CU_ASSERT_EQUAL(guest(&s, "fix")->serial, BALLOON_UNKNOWN);
	be->close(s.self);
	open_plain(&s, 1, ""); /* 2012 R2: static memory stays as it is */
	beat(&s);
	CU_ASSERT_EQUAL(guest(&s, "fix")->fixed, BALLOON_FIXED_OTHER);
	be->close(s.self);
}

/* Another prefix is the same name. */
static void reads_by_namespace(void)
{
	struct session s;

	mischief(0, "prefixes");
	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(s.sheet.guests_n, 5);
	CU_ASSERT_EQUAL(guest(&s, "web")->fixed, BALLOON_FIXED_NOT);
	mischief(0, NULL);
	be->close(s.self);
}

/* All ways in: sealed NTLM on http, NTLM and Basic on https. */
static void comes_in_every_way(void)
{
	struct session s;

	open_plain(&s, 2, ""); /* takes nothing that is not sealed */
	beat(&s);
	CU_ASSERT_EQUAL(s.sheet.guests_n, 5);
	be->close(s.self);
	for (int basic = 0; basic < 2; basic++) {
		CU_ASSERT_EQUAL(open_at(&s, "hyperv://localhost:%d/?ca=%s/ca.pem&credentials=%s%s",
		                        kit.https[0], kit.dir,
		                        hvkit_credentials(&kit, "good", HVKIT_USER, HVKIT_PASSWORD),
		                        basic ? "&auth=basic" : ""), 0);
		beat(&s);
		CU_ASSERT_EQUAL(s.sheet.guests_n, 5);
		be->close(s.self);
	}
}

static void another_life_is_another_key(void)
{
	struct session s;
	uint64_t key;

	open_plain(&s, 0, "");
	beat(&s);
	key = guest(&s, "web")->key;
	play(&s, 0, 2);
	CU_ASSERT_EQUAL(guest(&s, "web")->key, key);
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"web\", \"uptime_s\": 0}");
	play(&s, 0, 2);
	CU_ASSERT_NOT_EQUAL(guest(&s, "web")->key, key);
	be->close(s.self);
}

static bool has_brief(void *arg)
{
	play(arg, 0, 1);
	return guest(arg, "brief") != NULL;
}

static bool lost_brief(void *arg)
{
	return !has_brief(arg);
}

static void a_guest_that_vanishes_is_gone(void)
{
	struct session s;

	open_plain(&s, 0, "");
	hvkit_ask(&kit, "{\"do\": \"add\", \"name\": \"brief\"}");
	CU_ASSERT_FATAL(hvkit_until(has_brief, &s));
	hvkit_ask(&kit, "{\"do\": \"remove\", \"guest\": \"brief\"}");
	CU_ASSERT_EQUAL(order(&s, "brief", 1500), 0);
	CU_ASSERT(hvkit_until(lost_brief, &s));
	be->close(s.self);
}

/* -------------------------------------------------------------- leading */

static void leads_a_dynamic_guest(void)
{
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(order(&s, "web", 3000), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 3000, 20));
	CU_ASSERT_EQUAL(truth(0, "web", "minimum"), 512);
	CU_ASSERT_EQUAL(truth(0, "web", "maximum"), 8192);
	CU_ASSERT_EQUAL(order(&s, "web", 1500), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 1500, 20));
	/* A target is a level: it stands when demand moves. */
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"web\", \"demand\": 1300}");
	CU_ASSERT(becomes(&s, 0, "web", "buffer", 15, 2));
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 1500, 40));
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"web\", \"demand\": 1000}");
	be->close(s.self);
}

static void leads_a_static_guest(void)
{
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(order(&s, "fix", 1601), 0);
	CU_ASSERT(becomes(&s, 0, "fix", "assigned", 1600, 1));
	CU_ASSERT_EQUAL(guest(&s, "fix")->size_bytes, 2048 * MIB);
	CU_ASSERT_EQUAL(order(&s, "fix", 2048), 0);
	CU_ASSERT(becomes(&s, 0, "fix", "assigned", 2048, 1));
	be->close(s.self);
}

static void what_cannot_be_led_says_so(void)
{
	struct balloon_order o = {.key = 123456, .target_bytes = GIB};
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(order(&s, "huge", 900), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(order(&s, "mute", 900), -ENODATA);
	CU_ASSERT_EQUAL(order(&s, "web", 0), -ERANGE);
	CU_ASSERT_EQUAL(be->order(s.self, 0, &o, 1), 0);
	CU_ASSERT_EQUAL(o.rc, -ESRCH);
	be->close(s.self);
}

static bool says(struct session *s, const char *part)
{
	return strstr(be->error(s->self), part) != NULL;
}

static void the_effective_floor_is_reported(void)
{
	const struct bl_hyperv_sight *g = NULL;
	const struct bl_hyperv *b;
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	CU_ASSERT_EQUAL(order(&s, "web", 700), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 1050, 15));
	b = s.self;
	for (size_t i = 0; i < b->view->n; i++)
		if (strcmp(b->view->guests[i].name, "web") == 0)
			g = &b->view->guests[i];
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT(g->floor_mib >= 1035 && g->floor_mib <= 1065);
	CU_ASSERT_EQUAL(g->snag, BL_HYPERV_AT_DEMAND);
	CU_ASSERT(says(&s, "guest web is told 700 MiB and goes to 10"));
	CU_ASSERT_EQUAL(g->caps, BL_HYPERV_CAN_BOUNDS | BL_HYPERV_CAN_SHRINK |
	                BL_HYPERV_CAN_GROW);
	be->close(s.self);
}

static bool pages(void *arg)
{
	play(arg, 0, 1);
	return order(arg, "fix", 1024) == -EBUSY;
}

static void smart_paging_stops_reclaim(void)
{
	struct session s;

	open_plain(&s, 0, "");
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"mute\", \"swap_in_use\": true}");
	beat(&s);
	CU_ASSERT(hvkit_until(pages, &s));
	CU_ASSERT_EQUAL(order(&s, "web", 2000), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 2000, 20));
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"mute\", \"swap_in_use\": false}");
	be->close(s.self);
}

/* ------------------------------------------------------- jobs, refusals */

static bool speaks(void *arg)
{
	struct session *s = arg;

	play(s, 0, 1);
	return strstr(be->error(s->self), "refused") != NULL;
}

static void jobs_are_polled(void)
{
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	hvkit_ask(&kit, "{\"do\": \"host\", \"job_seconds\": 3}");
	CU_ASSERT_EQUAL(order(&s, "web", 2500), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 2500, 20));
	hvkit_ask(&kit, "{\"do\": \"host\", \"fails\": \"warn\"}");
	CU_ASSERT_EQUAL(order(&s, "web", 2200), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 2200, 20));
	CU_ASSERT_FALSE(says(&s, "refused"));
	hvkit_ask(&kit, "{\"do\": \"host\", \"fails\": \"job\"}");
	CU_ASSERT_EQUAL(order(&s, "web", 1500), 0);
	CU_ASSERT(hvkit_until(speaks, &s));
	CU_ASSERT(says(&s, "refused while the virtual machine was running"));
	hvkit_ask(&kit, "{\"do\": \"host\", \"fails\": 32775, \"job_seconds\": 0}");
	CU_ASSERT_EQUAL(order(&s, "web", 1400), 0);
	CU_ASSERT(hvkit_until(speaks, &s));
	hvkit_ask(&kit, "{\"do\": \"host\", \"fails\": null}");
	/* Another wish is another try, at once. */
	CU_ASSERT_EQUAL(order(&s, "web", 1800), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 1800, 20));
	be->close(s.self);
}

static unsigned long requests(int host)
{
	hvkit_ask(&kit, "{\"host\": %d, \"do\": \"counts\"}", host);
	return (unsigned long)hvkit_number(&kit, NULL, "posts");
}

/* A steady beat asks twice, everything counted; and whose settings somebody else
 * changes is soon seen. */
static void a_steady_beat_asks_twice(void)
{
	struct session s;
	unsigned long before;

	open_plain(&s, 1, "");
	play(&s, 1, 30);
	before = requests(1);
	play(&s, 1, 20);
	CU_ASSERT(requests(1) - before <= 2 * 20);
	hvkit_ask(&kit, "{\"host\": 1, \"do\": \"set\", \"guest\": \"web\", \"maximum\": 6000}");
	play(&s, 1, 7);
	CU_ASSERT_EQUAL(guest(&s, "web")->size_bytes, 6000 * MIB);
	be->close(s.self);
}

/* Only what is to change is sent. */
static void others_changes_are_not_undone(void)
{
	struct session s;

	open_plain(&s, 0, "");
	beat(&s);
	hvkit_ask(&kit, "{\"do\": \"set\", \"guest\": \"web\", \"maximum\": 9000}");
	CU_ASSERT_EQUAL(order(&s, "web", 2600), 0);
	CU_ASSERT(becomes(&s, 0, "web", "assigned", 2600, 20));
	CU_ASSERT_EQUAL(truth(0, "web", "maximum"), 9000);
	be->close(s.self);
}

/* A host that reboots drops its connections: the beats go on by themselves. */
static void a_dropped_connection_is_made_again(void)
{
	struct session s;

	open_plain(&s, 2, "");
	beat(&s);
	hvkit_ask(&kit, "{\"host\": 2, \"do\": \"drop\"}");
	beat(&s);
	CU_ASSERT_EQUAL(s.sheet.guests_n, 5);
	be->close(s.self);
}

/* ---------------------------------------------------------------- errors */

static void refused_with(const char *option, const char *credentials, const char *part)
{
	struct session s;

	CU_ASSERT_EQUAL_FATAL(open_at(&s, "hyperv://localhost:%d/?%s&credentials=%s",
	                              kit.https[0], option, credentials), 0);
	CU_ASSERT_EQUAL(look(&s), -EAGAIN);
	if (!says(&s, part)) {
		printf("\"%s\" does not say \"%s\"\n", be->error(s.self), part);
		CU_FAIL("another sentence");
	}
	CU_ASSERT_PTR_NULL(strstr(be->error(s.self), "w0rd"));
	be->close(s.self);
}

static void everything_wrong_has_its_sentence(void)
{
	char trusting[200];
	struct session s;

	snprintf(trusting, sizeof(trusting), "ca=%s/ca.pem", kit.dir);
	refused_with(trusting, hvkit_credentials(&kit, "bad", HVKIT_USER, "w0rd-wrong"),
	             "check user and password in /tmp/hvsim-kit-");
	refused_with(trusting, hvkit_credentials(&kit, "weak", "HV\\nobody", "n0-p0wer"),
	             "Hyper-V Administrators");
	refused_with(trusting, "/nowhere/at/all", "name another with credentials=FILE");
	refused_with("auth=negotiate",
	             hvkit_credentials(&kit, "good", HVKIT_USER, HVKIT_PASSWORD),
	             "its certificate is not trusted");
	hvkit_ask(&kit, "{\"do\": \"mischief\", \"name\": \"no-role\"}");
	refused_with(trusting, hvkit_credentials(&kit, "good", HVKIT_USER, HVKIT_PASSWORD),
	             "is the Hyper-V role installed?");
	mischief(0, NULL);
	CU_ASSERT_EQUAL(open_at(&s, "hyperv+http://h/?auth=basic"), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "use https, or add insecure=yes"));
	CU_ASSERT_EQUAL(open_at(&s, "hyperv://h/?colour=red"), -EINVAL);
	CU_ASSERT_EQUAL(open_at(&s, "hyperv://u:p@h/"), -EINVAL);
	CU_ASSERT_PTR_NULL(strstr(why, "u:p"));
	CU_ASSERT_EQUAL(open_at(&s, "hyperv://h/path"), -EINVAL);
	CU_ASSERT_EQUAL(open_at(&s, "hyperv://h/?raise-limit=8GB"), -EINVAL);
	CU_ASSERT_EQUAL(open_at(&s, "hyperv:///"), -EINVAL);
}

/* Whatever a host does, calls come back, the numbers of a beat that counts are
 * those of the host, and when it behaves again, so do we. */
static void mischief_is_survived(void)
{
	static const char *const kinds[] = {
		"truncated", "garbage", "wrong-namespace", "deep", "entities", "wrong-relates",
		"not-numbers", "negative", "empty", "html", "redirect", "auth-loop", "cut", "half",
		"bad-seal", "huge", "drip", "hang", "slow", "timed-out", "fault-bare", "fault-wmi",
		"fault-400", "lost-context", "endless",
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct session s;

		open_plain(&s, 3, "");
		beat(&s);
		hvkit_ask(&kit, "{\"host\": 3, \"do\": \"add\", \"name\": \"more\"}");
		mischief(3, kinds[i]);
		hvkit_ask(&kit, "{\"host\": 3, \"do\": \"drop\"}");
		for (int beats = 0; beats < 30; beats++) {
			hvkit_nap();
			if (look(&s) < 0)
				continue;
			for (size_t k = 0; k < s.sheet.guests_n; k++)
				CU_ASSERT(s.sheet.guests[k].actual_bytes == BALLOON_UNKNOWN ||
				          s.sheet.guests[k].actual_bytes <= 64 * GIB);
		}
		mischief(3, NULL);
		hvkit_ask(&kit, "{\"host\": 3, \"do\": \"remove\", \"guest\": \"more\"}");
		be->close(s.self);
	}
}

static bool sees_five(void *arg)
{
	struct session *s = arg;

	return look(s) == 0 && s->sheet.guests_n == 5;
}

static void a_host_that_comes_back_is_seen_again(void)
{
	struct session s;

	open_plain(&s, 3, "");
	beat(&s);
	mischief(3, "garbage");
	CU_ASSERT_EQUAL(look(&s), -EAGAIN);
	CU_ASSERT(says(&s, "not WS-Management"));
	mischief(3, NULL);
	CU_ASSERT(hvkit_until(sees_five, &s));
	be->close(s.self);
}

int main(void)
{
	static const struct test tests[] = {
		{"sees what is there", sees_what_is_there},
		{"reads by namespace", reads_by_namespace},
		{"comes in every way", comes_in_every_way},
		{"another life is another key", another_life_is_another_key},
		{"a guest that vanishes is gone", a_guest_that_vanishes_is_gone},
		{"leads a dynamic guest", leads_a_dynamic_guest},
		{"leads a static guest", leads_a_static_guest},
		{"what cannot be led says so", what_cannot_be_led_says_so},
		{"the effective floor is reported", the_effective_floor_is_reported},
		{"Smart Paging stops reclaim", smart_paging_stops_reclaim},
		{"jobs are polled", jobs_are_polled},
		{"a steady beat asks twice", a_steady_beat_asks_twice},
		{"others' changes are not undone", others_changes_are_not_undone},
		{"a dropped connection is made again", a_dropped_connection_is_made_again},
		{"everything wrong has its sentence", everything_wrong_has_its_sentence},
		{"mischief is survived", mischief_is_survived},
		{"a host that comes back is seen again", a_host_that_comes_back_is_seen_again},
		{NULL, NULL},
	};
	int rc;

	if (!hvkit_start(&kit, "{\"name\": \"HV1\", \"os\": \"2016\", " HOST ", " VMS "},"
	                 "{\"name\": \"HV2\", \"os\": \"2012r2\", " HOST ", " VMS "},"
	                 "{\"name\": \"HV3\", \"os\": \"2022\", \"unencrypted\": false, " HOST ", " VMS
	                 "}, {\"name\": \"HV4\", \"os\": \"2016\", " HOST ", " VMS "}", true))
		return 77;
	rc = run_tests("hyperv host", tests);
	hvkit_stop(&kit);
	return rc;
}
