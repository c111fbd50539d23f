/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An incident on the simulated host is recorded and played back, through the
 * modules by their URIs and through balloon-replay, as whoever has a host does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <balloon/replay.h>
#include <balloon/sim.h>

#include "testkit.h"

#define BEAT_NS (10 * SECOND)
#define BEGIN_NS (1000 * SECOND)

static char directory[] = "/tmp/balloon-record-XXXXXX";

/* A name in the test's own directory, not there yet. */
static void new_file(char *ret_path, size_t size)
{
	static unsigned n;

	snprintf(ret_path, size, "%s/%u.jsonl", directory, ++n);
}

struct rule {
	const char *profile;
	uint64_t budget_bytes;
};

static const struct rule plain = {"balanced", BALLOON_UNKNOWN};

static int open_with(const struct rule *rule, const struct balloon_backend *backend,
                     const char *uri, struct balloon **ret_b, char *why, size_t size)
{
	struct balloon_profile profile = {.struct_size = sizeof(profile)};
	struct balloon_policy policy = {
	        .struct_size = sizeof(policy),
	        .profile = &profile,
	        .budget_bytes = rule->budget_bytes,
	        .reserve_bytes = BALLOON_UNKNOWN,
	        .fallback = {.struct_size = sizeof(policy.fallback), .shares = BALLOON_UNKNOWN,
	                     .reservation_bytes = BALLOON_UNKNOWN, .limit_bytes = BALLOON_UNKNOWN},
	};
	struct balloon_options options = {
	        .struct_size = sizeof(options), .uri = uri, .backend = backend,
	        .policy = &policy, .error_text = why, .error_size = size,
	};

	CU_ASSERT_EQUAL_FATAL(balloon_profile(rule->profile, &profile), 0);
	*why = 0;
	return balloon_open(&options, ret_b);
}

/* ------------------------------------------------------- record, then replay */

/* What a run came to, for comparing two of them. */
struct outcome {
	struct balloon_report report;
	struct balloon_guest_report guests[16];
	int guests_n;
	uint64_t sum; /* of every beat's outcome */
};

static uint64_t mix(uint64_t sum, uint64_t v)
{
	return (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static void look_back(struct balloon *b, int rc, struct outcome *o)
{
	o->report.struct_size = sizeof(o->report);
	CU_ASSERT_EQUAL_FATAL(balloon_report(b, &o->report), 0);
	o->guests_n = balloon_guests(b, o->guests, sizeof(o->guests[0]), 16);
	o->sum = mix(o->sum, (uint64_t)rc);
	for (const char *why = rc < 0 ? balloon_error(b) : ""; *why; why++)
		o->sum = mix(o->sum, (uint64_t)*why);
	for (int i = 0; i < o->guests_n; i++) {
		o->sum = mix(o->sum, o->guests[i].target_bytes);
		o->sum = mix(o->sum, o->guests[i].active_bytes);
		o->sum = mix(o->sum, (uint64_t)o->guests[i].order_rc);
		o->sum = mix(o->sum, o->guests[i].state);
	}
}

static struct outcome run(const char *uri, const struct rule *rule, unsigned beats)
{
	struct outcome o = {0};
	struct balloon *b;
	char why[256];

	if (open_with(rule, NULL, uri, &b, why, sizeof(why)) < 0)
		printf("\n  %s\n", why);
	CU_ASSERT_STRING_EQUAL_FATAL(why, "");
	for (unsigned i = 0; i < beats; i++)
		look_back(b, balloon_tick(b, BEGIN_NS + i * BEAT_NS, NULL), &o);
	balloon_close(b);
	return o;
}

static void *player;

static int open_player(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	int rc = balloon_replay_backend()->open(uri, ret_self, ret_error, size);

	player = rc < 0 ? NULL : *ret_self;
	return rc;
}

/* Plays file; *ret_first gets the sentence of the first beat that differs. */
static uint64_t replay(const char *file, const struct rule *rule, struct outcome *o,
                       char *ret_first, size_t size)
{
	struct balloon_backend backend = *balloon_replay_backend();
	char uri[128], why[256];
	uint64_t now, differences;
	struct balloon *b;

	*o = (struct outcome){0};
	*ret_first = 0;
	backend.open = open_player;
	snprintf(uri, sizeof(uri), "replay:%s", file);
	if (open_with(rule, &backend, uri, &b, why, sizeof(why)) < 0)
		printf("\n  %s\n", why);
	CU_ASSERT_STRING_EQUAL_FATAL(why, "");
	while (balloon_replay_next(player, &now) == 0) {
		look_back(b, balloon_tick(b, now, NULL), o);
		if (!*ret_first && balloon_replay_differences(player))
			snprintf(ret_first, size, "%s", backend.error(player));
	}
	differences = balloon_replay_differences(player);
	balloon_close(b);
	return differences;
}

static void record(const char *inner, const struct rule *rule, unsigned beats, char *ret_file,
                   size_t size, struct outcome *ret_o)
{
	char uri[512];

	new_file(ret_file, size);
	snprintf(uri, sizeof(uri), "record:%s,%s", ret_file, inner);
	*ret_o = run(uri, rule, beats);
}

static void an_incident_plays_back_as_it_was(void)
{
	static const char *const profiles[] = {"balanced", "aggressive", "conservative"};
	struct outcome bare, then, now;
	char inner[192], file[128], first[512];
	uint64_t refused = 0, lost = 0;

	for (unsigned seed = 1; seed <= cases(12); seed++) {
		struct rule rule = {profiles[seed % 3], seed % 2 ? 3 * GIB : BALLOON_UNKNOWN};

		snprintf(inner, sizeof(inner), "sim:guests=8,host=5GiB,faults=400,boot=20s,seed=%u%s",
		         seed, seed % 2 ? "" : ",swap=2GiB,compress=30%,share=10%,ceiling=1,nodes=2,"
		                               "tells=stall+misses");
		bare = run(inner, &rule, 300);
		record(inner, &rule, 300, file, sizeof(file), &then);
		CU_ASSERT_EQUAL(replay(file, &rule, &now, first, sizeof(first)), 0);
		CU_ASSERT_STRING_EQUAL(first, "");
		CU_ASSERT(then.report.orders > 0);
		/* Recording changes nothing, and playing comes to the same to the byte. */
		CU_ASSERT_EQUAL(then.sum, bare.sum);
		CU_ASSERT_EQUAL(now.sum, then.sum);
		CU_ASSERT_EQUAL(memcmp(&now.report, &then.report, sizeof(now.report)), 0);
		refused += then.report.refused;
		lost += then.report.lost_beats;
		unlink(file);
	}
	CU_ASSERT(refused > 0); /* there were incidents at all */
	CU_ASSERT(lost > 0);
}

static void another_policy_is_told_apart(void)
{
	static const struct rule tight = {"balanced", 2 * GIB};
	struct outcome then, now;
	char file[128], first[512];
	unsigned beat, was, is;

	record("sim:guests=3,host=5GiB,demand=300MiB", &tight, 60, file, sizeof(file), &then);
	CU_ASSERT(replay(file, &plain, &now, first, sizeof(first)) > 0);
	if (sscanf(first, "beat %u: sim-%*u was told %u MiB, now nothing", &beat, &was) != 2)
		CU_ASSERT_EQUAL(sscanf(first, "beat %u: sim-%*u was told %u MiB, now %u MiB", &beat,
		                       &was, &is), 3);
	CU_ASSERT(beat >= 1 && beat <= 60);
	CU_ASSERT(now.sum != then.sum);
	unlink(file);
}

/* One target in one line is changed by hand: that beat, that guest, and the
 * numbers are named, and nothing else is different. */
static void one_changed_number_is_found(void)
{
	static const struct rule tight = {"balanced", 2 * GIB};
	struct outcome then, now;
	char file[128], first[512], wanted[128], line[16384];
	unsigned look = 0, changed = 0;
	char *old, *text = NULL;
	size_t size = 0;
	FILE *f, *out;

	record("sim:guests=3,host=5GiB,demand=300MiB", &tight, 60, file, sizeof(file), &then);
	f = fopen(file, "r");
	out = open_memstream(&text, &size);
	CU_ASSERT_FATAL(f && out);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "{\"look\":%u", &look);
		old = strstr(line, "\"target_bytes\":");
		if (!old || changed) {
			fputs(line, out);
			continue;
		}
		old += strlen("\"target_bytes\":");
		changed = (unsigned)(strtoull(old, NULL, 10) / MIB);
		fprintf(out, "%.*s%llu%s", (int)(old - line), line, 77 * (unsigned long long)MIB,
		        old + strspn(old, "0123456789"));
		snprintf(wanted, sizeof(wanted), "beat %u: sim-1 was told 77 MiB, now %u MiB", look,
		         changed);
	}
	fclose(f);
	fclose(out);
	f = fopen(file, "w");
	CU_ASSERT_FATAL(changed && f);
	fputs(text, f);
	fclose(f);
	free(text);
	CU_ASSERT_EQUAL(replay(file, &tight, &now, first, sizeof(first)), 1);
	CU_ASSERT_STRING_EQUAL(first, wanted);
	unlink(file);
}

/* Opens a recording written by hand. */
static void *play_text(const char *text, char *ret_file, size_t size)
{
	char uri[160], why[256];
	void *self = NULL;
	FILE *f;

	new_file(ret_file, size);
	f = fopen(ret_file, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs("{\"recording\":\"libballoon\",\"version\":1,\"library\":\"0.1\",\"uri\":\"x:\"}\n", f);
	fputs(text, f);
	fclose(f);
	snprintf(uri, sizeof(uri), "replay:%s", ret_file);
	CU_ASSERT_EQUAL_FATAL(balloon_replay_backend()->open(uri, &self, why, sizeof(why)), 0);
	return self;
}

static void answers_are_those_given_then(void)
{
	static const char text[] =
	        "{\"look\":1,\"now_ns\":11,\"guests_n\":2,\"guests\":[{\"row\":0,\"key\":7,\"name\":\"a\"},"
	        "{\"row\":1,\"key\":8,\"name\":\"b\\u001b\"}]}\n"
	        "{\"orders\":[{\"key\":7,\"target_bytes\":1048576,\"rc\":-1},"
	        "{\"key\":7,\"target_bytes\":2097152}]}\n"
	        "{\"look\":2,\"now_ns\":22,\"rc\":-11,\"error\":\"away\"}\n"
	        "{\"look\":3,\"now_ns\":33,\"guests_n\":2,\"guests\":[]}\n"
	        "{\"orders\":[{\"key\":8,\"target_bytes\":5}],\"rc\":-5}\n"
	        "{\"orders\":[{\"key\":7,\"target_bytes\":4096}]}\n"
	        "{\"look\":4,\"now_ns\":44,\"absurd\":1}\n";
	const struct balloon_backend *be = balloon_replay_backend();
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};
	struct balloon_order orders[] = {{.key = 7, .target_bytes = MIB},
	                                 {.key = 7, .target_bytes = 2 * MIB},
	                                 {.key = 9, .target_bytes = 3 * MIB, .rc = -1},
	                                 {.key = 7, .target_bytes = MIB}};
	struct balloon_order late = {.key = 8, .target_bytes = 6};
	char file[128];
	void *self = play_text(text, file, sizeof(file));
	uint64_t now = 0;

	CU_ASSERT_EQUAL(balloon_replay_looks(self), 4);
	CU_ASSERT_STRING_EQUAL(balloon_replay_uri(self), "x:");
	CU_ASSERT_STRING_EQUAL(balloon_replay_library(self), "0.1");
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), 0);
	CU_ASSERT_EQUAL(now, 11);
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(be->order(self, 0, orders, 4), 0);
	CU_ASSERT_EQUAL(orders[0].rc, -1);
	CU_ASSERT_EQUAL(orders[1].rc, 0);
	CU_ASSERT_EQUAL(orders[2].rc, 0);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 2); /* a third time to 7 is one too many */
	CU_ASSERT_STRING_EQUAL(be->error(self), "beat 1: the guest with key 9 was told nothing, "
	                                        "now 3 MiB; and so with 1 more");

	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), 0);
	CU_ASSERT_EQUAL(now, 22);
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), -EAGAIN);
	CU_ASSERT_STRING_EQUAL(be->error(self), "away");

	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(be->order(self, 0, &late, 1), -EIO);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 3);
	CU_ASSERT_STRING_EQUAL(be->error(self), "beat 3: b? was told 5 bytes, now 6 bytes");
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), 0); /* settles what was not given again */
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), 0); /* but once */
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 4);
	CU_ASSERT_STRING_EQUAL(be->error(self),
	                       "beat 3: b? was told 5 bytes, now 6 bytes; and so with 1 more");

	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT(sheet.guests_n && !sheet.guests); /* which no caller takes */
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), -ENODATA);
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), -EAGAIN);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 4);
	be->close(self);
	unlink(file);
}

/* What a hypervisor is at work on comes back as it was said, and goes as it went. */
static void holds_and_notes_are_played(void)
{
	static const char text[] =
	        "{\"look\":1,\"now_ns\":1,\"guests_n\":1,\"guests\":[{\"row\":0,\"key\":7,"
	        "\"name\":\"a\",\"note\":\"is being \\\"copied\\\"\",\"hold\":2}]}\n"
	        "{\"look\":2,\"now_ns\":2,\"guests_n\":1,\"guests\":[]}\n"
	        "{\"look\":3,\"now_ns\":3,\"guests_n\":1,\"guests\":[{\"row\":0,\"note\":null,"
	        "\"hold\":0}]}\n";
	const struct balloon_backend *be = balloon_replay_backend();
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};
	char file[128];
	void *self = play_text(text, file, sizeof(file));

	for (int look = 1; look <= 2; look++) {
		CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
		CU_ASSERT_EQUAL(sheet.guests[0].hold, 1 + BALLOON_HOLD_KEEP);
		CU_ASSERT_PTR_NOT_NULL_FATAL(sheet.guests[0].note);
		CU_ASSERT_STRING_EQUAL(sheet.guests[0].note, "is being \"copied\"");
	}
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(sheet.guests[0].hold, 0);
	CU_ASSERT_PTR_NULL(sheet.guests[0].note);
	be->close(self);
	unlink(file);
}

static void means_are_told_apart(void)
{
	static const char text[] =
	        "{\"look\":1,\"now_ns\":1,\"guests_n\":1,\"guests\":[{\"row\":0,\"key\":7,"
	        "\"name\":\"a\",\"means\":8}]}\n"
	        "{\"orders\":[{\"key\":7,\"means\":3,\"target_bytes\":1048576,\"rc\":-1},"
	        "{\"key\":7,\"target_bytes\":2097152}]}\n"
	        "{\"look\":2,\"now_ns\":2,\"guests_n\":1,\"guests\":[]}\n"
	        "{\"orders\":[{\"key\":7,\"means\":4,\"target_bytes\":18446744073709551615}]}\n"
	        "{\"look\":3,\"now_ns\":3,\"guests_n\":1,\"guests\":[]}\n"
	        "{\"orders\":[{\"key\":7,\"means\":3,\"target_bytes\":18446744073709551615}]}\n";
	const struct balloon_backend *be = balloon_replay_backend();
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};
	struct balloon_order orders[] = {
	        {.key = 7, .target_bytes = 2 * MIB},
	        {.key = 7, .target_bytes = MIB, .means = BALLOON_MEANS_SWAP}};
	char file[128];
	void *self = play_text(text, file, sizeof(file));
	uint64_t now;

	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(sheet.guests[0].means, 1u << BALLOON_MEANS_SWAP);
	CU_ASSERT_EQUAL(be->order(self, 0, orders, 2), 0);
	CU_ASSERT_EQUAL(orders[0].rc, 0);
	CU_ASSERT_EQUAL(orders[1].rc, -1);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 0);
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(be->order(self, 0, orders + 1, 1), 0);
	CU_ASSERT_STRING_EQUAL(be->error(self), "beat 2: a was told nothing by swap, now 1 MiB");
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), 0);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 2);
	CU_ASSERT_EQUAL(be->observe(self, 0, &sheet), 0);
	CU_ASSERT_EQUAL(balloon_replay_next(self, &now), -ENODATA);
	CU_ASSERT_EQUAL(balloon_replay_differences(self), 2); /* let go at the end */
	be->close(self);
	unlink(file);
}

/* -------------------------------------------------------------- what is told */

static const struct balloon_backend *module_of(const char *name)
{
	char path[512];
	void *module;

	snprintf(path, sizeof(path), "%s/backend-%s.so", getenv("BALLOON_BACKEND_DIR"), name);
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		printf("\n  %s\n", dlerror());
	CU_ASSERT_PTR_NOT_NULL_FATAL(module);
	return dlsym(module, "balloon_backend_module");
}

static void every_name_comes_back(void)
{
	static const char *const names[] = {"say \"cheese\"", "two\nlines\t\x01\x1b[0m\x7f",
	                                    "caf\xc3\xa9 \xf0\x9f\x8e\x88", "\xff\xfe", "a\\u0041,{}"};
	char path[512], file[128], uri[256], why[256];
	const struct balloon_backend *recorder = module_of("record");
	const struct balloon_backend *replayer = balloon_replay_backend();
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)}, again = sheet;
	struct balloon_sim_host host = {.struct_size = sizeof(host), .total_bytes = 8 * GIB,
	                                .capacity_bytes = BALLOON_UNKNOWN, .seed = 1};
	struct balloon_sim *sim;
	void *module, *self;

	/* The very copy of the simulated host that the filter will load. */
	snprintf(path, sizeof(path), "%s/backend-sim.so", getenv("BALLOON_BACKEND_DIR"));
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(module);
	__typeof__(&balloon_sim_new) new = (__typeof__(new))dlsym(module, "balloon_sim_new");
	__typeof__(&balloon_sim_add) add = (__typeof__(add))dlsym(module, "balloon_sim_add");
	__typeof__(&balloon_sim_uri) uri_of = (__typeof__(uri_of))dlsym(module, "balloon_sim_uri");
	__typeof__(&balloon_sim_free) drop = (__typeof__(drop))dlsym(module, "balloon_sim_free");

	CU_ASSERT_EQUAL_FATAL(new(&host, &sim), 0);
	for (unsigned i = 0; i < 5; i++) {
		struct balloon_sim_guest g = {.struct_size = sizeof(g), .name = names[i],
		                              .size_bytes = GIB, .actual_bytes = BALLOON_UNKNOWN};

		CU_ASSERT_EQUAL_FATAL(add(sim, &g, NULL), 0);
	}
	new_file(file, sizeof(file));
	snprintf(uri, sizeof(uri), "record:%s,%s", file, uri_of(sim));
	CU_ASSERT_EQUAL_FATAL(recorder->open(uri, &self, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL_FATAL(recorder->observe(self, SECOND, &sheet), 0);
	CU_ASSERT_EQUAL_FATAL(sheet.guests_n, 5);
	CU_ASSERT_STRING_EQUAL(sheet.guests[1].name, names[1]); /* passed on as it is */
	recorder->close(self);
	drop(sim);

	snprintf(uri, sizeof(uri), "replay:%s", file);
	CU_ASSERT_EQUAL_FATAL(replayer->open(uri, &self, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL_FATAL(replayer->observe(self, 0, &again), 0);
	CU_ASSERT_EQUAL_FATAL(again.guests_n, 5);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_STRING_EQUAL(again.guests[i].name, names[i]);
	replayer->close(self);
	unlink(file);
}

static void the_end_is_said(void)
{
	char file[128], uri[160], why[256];
	struct outcome then;
	struct balloon *b;
	FILE *f;

	record("sim:", &plain, 2, file, sizeof(file), &then);
	snprintf(uri, sizeof(uri), "replay:%s", file);
	for (unsigned cut = 0; cut < 2; cut++) {
		/* Through the module, as a daemon would. */
		CU_ASSERT_EQUAL_FATAL(open_with(&plain, NULL, uri, &b, why, sizeof(why)), 0);
		CU_ASSERT_EQUAL(balloon_tick(b, BEGIN_NS, NULL), 0);
		CU_ASSERT_EQUAL(balloon_tick(b, BEGIN_NS + BEAT_NS, NULL), 0);
		for (unsigned i = 2; i < 4; i++) {
			CU_ASSERT_EQUAL(balloon_tick(b, BEGIN_NS + i * BEAT_NS, NULL), -EAGAIN);
			CU_ASSERT_PTR_NOT_NULL(strstr(balloon_error(b), "the recording ends here"));
			CU_ASSERT_EQUAL(!strstr(balloon_error(b), "is cut short"), !cut);
		}
		balloon_close(b);
		f = fopen(file, "a");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fputs("{\"look\":3,\"now_", f); /* the writer was killed */
		fclose(f);
	}
	unlink(file);
}

/* ------------------------------------------------------------------ the file */

static void the_file_is_new_and_private(void)
{
	char file[128], uri[256], why[256], link[320];
	struct balloon *b, *second;
	unsigned open_files = 0;
	struct stat st;

	new_file(file, sizeof(file));
	snprintf(uri, sizeof(uri), "record:%s,sim:", file);
	umask(0);
	CU_ASSERT_EQUAL_FATAL(open_with(&plain, NULL, uri, &b, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL_FATAL(stat(file, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	for (int fd = 3; fd < 64; fd++) {
		char proc[32];
		ssize_t n;

		snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
		n = readlink(proc, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = 0;
		if (strcmp(link, file) != 0)
			continue;
		open_files++;
		CU_ASSERT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	CU_ASSERT_EQUAL(open_files, 1);
	CU_ASSERT_EQUAL(open_with(&plain, NULL, uri, &second, why, sizeof(why)), -EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, file));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "exists already"));
	balloon_close(b);
	unlink(file);
	CU_ASSERT_EQUAL_FATAL(symlink("/tmp/balloon-nowhere", file), 0);
	CU_ASSERT_EQUAL(open_with(&plain, NULL, uri, &b, why, sizeof(why)), -EEXIST);
	unlink(file);
}

static void wrong_uris_are_named(void)
{
	static const char *const wrong[][2] = {
		{ "record:", "write record:FILE,URI" },
		{ "record:/tmp/x", "write record:FILE,URI" },
		{ "record:/tmp/x,", "write record:FILE,URI" },
		{ "record:,sim:", "write record:FILE,URI" },
		{ "record:/no/such/directory/x,sim:", "/no/such/directory/x" },
		{ "record:/tmp/balloon-never-made,sim:guests=x", "guests=x" },
		{ "record:/tmp/balloon-never-made,nonsense", "no host URI" },
		{ "record:/tmp/balloon-never-made,nothing:", "backend-nothing.so" },
		{ "replay:", "write replay:FILE" },
		{ "replay:/no/such/file", "No such file" },
		{ "replay:/tmp", "Is a directory" },
		{ "replay:/dev/null", "no regular file" },
	};
	struct balloon *b;
	char why[512];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT(open_with(&plain, NULL, wrong[i][0], &b, why, sizeof(why)) < 0);
		if (!strstr(why, wrong[i][1]))
			printf("\n  %s: \"%s\"\n", wrong[i][0], why);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, wrong[i][1]));
	}
	CU_ASSERT(access("/tmp/balloon-never-made", F_OK) < 0);
}

static void broken_files_are_refused_with_their_line(void)
{
	static const char head[] = "{\"recording\":\"libballoon\",\"version\":1}\n";
	static const struct {
		const char *text;
		const char *line;
		const char *why;
	} broken[] = {
		{ "", "", "no header" },
		{ "half a line", "", "no header" },
		{ "\n", "line 1 ", "'{'" },
		{ "{\"recording\":\"libballoon\",\"version\":9}\n", "line 1 ", "version 9" },
		{ "{\"look\":1,\"now_ns\":0,\"guests_n\":0,\"guests\":[]}\n", "line 1 ", "header" },
		{ "{\"recording\":\"libballoon\",\"version\":1}\n"
		  "{\"look\":1,\"now_ns\":0,\"guests_n\":0,\"guests\":[]}\n"
		  "{\"look\":3,\"now_ns\":0,\"guests_n\":0,\"guests\":[]}\n", "line 3 ", "missing" },
	};
	char file[128], uri[160], why[512];
	struct balloon *b;
	FILE *f;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		new_file(file, sizeof(file));
		snprintf(uri, sizeof(uri), "replay:%s", file);
		f = fopen(file, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fputs(broken[i].text, f);
		fclose(f);
		CU_ASSERT_EQUAL(open_with(&plain, NULL, uri, &b, why, sizeof(why)), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, file));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, broken[i].line));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, broken[i].why));
		unlink(file);
	}
	/* A header alone is the recording of nothing. */
	f = fopen(file, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(head, f);
	fclose(f);
	CU_ASSERT_EQUAL_FATAL(open_with(&plain, NULL, uri, &b, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL(balloon_tick(b, 1, NULL), -EAGAIN);
	balloon_close(b);
	unlink(file);
}

/* A file that may not grow stands for a full disk: with SIGXFSZ as it is by
 * default, it would even end the process. */
static void a_full_disk_ends_the_recording_and_no_beat(void)
{
	const struct balloon_backend *recorder = module_of("record");
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};
	struct rlimit before, small;
	char file[128], uri[160], why[512] = "", again[512];
	struct outcome o;
	unsigned beat = 0;
	void *self;

	new_file(file, sizeof(file));
	snprintf(uri, sizeof(uri), "record:%s,sim:", file);
	CU_ASSERT_EQUAL_FATAL(recorder->open(uri, &self, why, sizeof(why)), 0);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){8192, before.rlim_max};
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
	why[0] = 0;
	while (!why[0]) { /* the first beats cannot know yet */
		CU_ASSERT_EQUAL_FATAL(recorder->observe(self, ++beat * SECOND, &sheet), 0);
		snprintf(why, sizeof(why), "%s", recorder->error(self));
		sched_yield();
	}
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, file));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, strerror(EFBIG)));
	snprintf(again, sizeof(again), "%s", recorder->error(self));
	CU_ASSERT_STRING_EQUAL(again, ""); /* once is enough */
	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(recorder->observe(self, ++beat * SECOND, &sheet), 0);
	recorder->close(self);
	/* What reached the disk can be played. */
	(void)replay(file, &plain, &o, why, sizeof(why));
	CU_ASSERT(o.report.beat > 0);
	unlink(file);
}

static void the_wake_up_passes_through(void)
{
	const struct balloon_backend *recorder = module_of("record");
	struct balloon_sheet sheet = {.struct_size = sizeof(sheet)};
	char file[128], uri[256], why[256];
	struct pollfd p = {.events = POLLIN};
	void *self;

	/* A guest that dies when ordered is news. */
	new_file(file, sizeof(file));
	snprintf(uri, sizeof(uri), "record:%s,sim:guests=1,behaviour=dies", file);
	CU_ASSERT_EQUAL_FATAL(recorder->open(uri, &self, why, sizeof(why)), 0);
	p.fd = recorder->fd(self);
	CU_ASSERT_FATAL(p.fd >= 0);
	CU_ASSERT_EQUAL(recorder->observe(self, SECOND, &sheet), 0);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 0);
	struct balloon_order order = {.key = sheet.guests[0].key, .target_bytes = 512 * MIB};
	CU_ASSERT_EQUAL(recorder->order(self, SECOND, &order, 1), 0);
	CU_ASSERT_EQUAL(poll(&p, 1, 0), 1);
	recorder->close(self);
	unlink(file);
}

/* --------------------------------------------------------------- the program */

/* Its exit code; the last of what it printed goes to ret_last. */
static int program(const char *arguments, const char *file, char *ret_last, int size)
{
	char command[1024], line[512];
	FILE *f;
	int rc;

	snprintf(command, sizeof(command), "%s %s %s 2>&1", BALLOON_REPLAY, arguments, file);
	f = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	*ret_last = 0;
	while (fgets(line, sizeof(line), f))
		snprintf(ret_last, (size_t)size, "%s", line);
	rc = pclose(f);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void the_program_has_a_verdict(void)
{
	static const struct rule tight = {"aggressive", 2 * GIB};
	char file[128], last[512];
	struct outcome then;

	record("sim:guests=3,host=5GiB,demand=300MiB,faults=300", &tight, 60, file, sizeof(file),
	       &then);
	CU_ASSERT_EQUAL(program("--profile aggressive --budget 2GiB", file, last, 512), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "60 beats, 0 differ in 0 orders"));
	CU_ASSERT_EQUAL(program("--profile aggressive", file, last, 512), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "60 beats, "));
	CU_ASSERT_EQUAL(program("--budget 2", file, last, 512), 2);
	CU_ASSERT_EQUAL(program("--profile kind", file, last, 512), 2);
	CU_ASSERT_EQUAL(program("", "", last, 512), 2);
	CU_ASSERT_EQUAL(program("", "/no/such/file", last, 512), 2);
	unlink(file);
}

static void a_release_can_be_played(void)
{
	static const struct rule tight = {"balanced", 2 * GIB};
	char file[128], uri[256], why[256], last[512];
	struct balloon *b;

	new_file(file, sizeof(file));
	snprintf(uri, sizeof(uri), "record:%s,sim:guests=3,host=5GiB,demand=300MiB", file);
	CU_ASSERT_EQUAL_FATAL(open_with(&tight, NULL, uri, &b, why, sizeof(why)), 0);
	for (unsigned i = 0; i < 60; i++)
		CU_ASSERT_EQUAL(balloon_tick(b, BEGIN_NS + i * BEAT_NS, NULL), 0);
	CU_ASSERT_EQUAL(balloon_release(b, BEGIN_NS + 60 * BEAT_NS), 0);
	balloon_close(b);
	CU_ASSERT_EQUAL(program("--budget 2GiB --released", file, last, 512), 0);
	CU_ASSERT_EQUAL(program("--budget 2GiB", file, last, 512), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "61 beats, 1 differ"));
	unlink(file);
}

#ifdef WITH_CONFIG
/* The policy as its owner has it, guests by name and all. */
static void a_configuration_can_be_given(void)
{
	static const char text[] = "{\"budget\":\"2GiB\",\"guests\":{\"sim-2\":{\"limit\":\"400MiB\"}}}";
	static const struct rule tight = {"balanced", 2 * GIB};
	char file[128], config[128], arguments[160], last[512];
	struct outcome then;
	FILE *f;

	record("sim:guests=3,host=5GiB,demand=300MiB", &tight, 60, file, sizeof(file), &then);
	new_file(config, sizeof(config));
	umask(022); /* a configuration that everybody may write is refused */
	for (unsigned named = 0; named < 2; named++) {
		f = fopen(config, "w");
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		fputs(named ? text : "{\"budget\":\"2GiB\"}", f);
		fclose(f);
		snprintf(arguments, sizeof(arguments), "--config %s", config);
		CU_ASSERT_EQUAL(program(arguments, file, last, 512), named ? 1 : 0);
	}
	CU_ASSERT_EQUAL(program("--config /no/such/file", file, last, 512), 2);
	unlink(config);
	unlink(file);
}
#endif

int main(void)
{
	static const struct test tests[] = {
	        {"an incident plays back as it was", an_incident_plays_back_as_it_was},
	        {"another policy is told apart", another_policy_is_told_apart},
	        {"one changed number is found", one_changed_number_is_found},
	        {"answers are those given then", answers_are_those_given_then},
	        {"means are told apart", means_are_told_apart},
	        {"holds and notes are played", holds_and_notes_are_played},
	        {"every name comes back", every_name_comes_back},
	        {"the end is said", the_end_is_said},
	        {"the file is new and private", the_file_is_new_and_private},
	        {"wrong URIs are named", wrong_uris_are_named},
	        {"broken files are refused with their line", broken_files_are_refused_with_their_line},
	        {"a full disk ends the recording and no beat",
	         a_full_disk_ends_the_recording_and_no_beat},
	        {"the wake-up passes through", the_wake_up_passes_through},
	        {"the program has a verdict", the_program_has_a_verdict},
	        {"a release can be played", a_release_can_be_played},
#ifdef WITH_CONFIG
	        {"a configuration can be given", a_configuration_can_be_given},
#endif
	        {NULL, NULL},
	};
	int rc;

	if (!getenv("BALLOON_BACKEND_DIR")) {
		printf("skip: BALLOON_BACKEND_DIR does not say where the modules were built\n");
		return 77;
	}
	if (!mkdtemp(directory)) {
		perror(directory);
		return 1;
	}
	rc = run_tests("filters.record", tests);
	if (rmdir(directory) < 0) {
		perror(directory); /* a test left something behind */
		rc = 1;
	}
	return rc;
}
