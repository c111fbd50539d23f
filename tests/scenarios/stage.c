/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stage.h: sets the stage, moves time and keeps the timeline. */
#include "stage.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "spectator.h"

static int bless;

void stage_set(struct stage *s, const struct set *set)
{
	struct balloon_sim_host host = {
		.struct_size = sizeof(host),
		.faults_bp = set->faults_bp,
		.total_bytes = set->host_mib * MIB,
		.own_bytes = set->own_mib * MIB,
		.capacity_bytes = (set->host_mib - set->own_mib - set->reserve_mib) * MIB,
		.seed = set->seed,
	};

	memset(s, 0, sizeof(*s));
	s->set = *set;
	s->now_ns = SECOND; /* nothing starts at 0 but counters */
	s->profile.struct_size = sizeof(s->profile);
	CU_ASSERT_EQUAL_FATAL(
		balloon_profile(set->profile ? set->profile : "balanced", &s->profile), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_sim_new(&host, &s->sim), 0);
	CU_ASSERT_EQUAL_FATAL(balloon_sim_step(s->sim, 0), 0);
	if (set->golden)
		s->timeline = open_memstream(&s->timeline_text, &s->timeline_size);
	if (s->timeline)
		fprintf(s->timeline, "%s\n", set->story);
}

static uint64_t or_unknown(uint64_t mib)
{
	return mib ? mib * MIB : BALLOON_UNKNOWN;
}

size_t stage_enter(struct stage *s, const struct role *role)
{
	struct balloon_sim_guest guest = {
		.struct_size = sizeof(guest),
		.fixed = role->fixed,
		.name = role->name,
		.size_bytes = role->size_mib * MIB,
		.actual_bytes = or_unknown(role->start_mib),
		.start_at_ns = role->start_s * SECOND,
		.boot_ns = role->boot_s * SECOND,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	size_t i = s->n++;

	CU_ASSERT_FATAL(i < CAST_MAX);
	s->roles[i] = *role;
	CU_ASSERT_EQUAL_FATAL(balloon_sim_add(s->sim, &guest, &s->keys[i]), 0);
	stage_demand(s, i, role->demand_mib);
	if (role->behaviour)
		stage_behave(s, i, role->behaviour);
	return i;
}

static struct balloon_allocation allocation(const struct role *role)
{
	return (struct balloon_allocation){
		.struct_size = sizeof(struct balloon_allocation),
		.shares = role->shares ? role->shares : BALLOON_UNKNOWN,
		.reservation_bytes = or_unknown(role->reservation_mib),
		.limit_bytes = or_unknown(role->limit_mib),
	};
}

void stage_open(struct stage *s)
{
	struct balloon_named_allocation named[CAST_MAX];
	struct balloon_policy policy = {
		.struct_size = sizeof(policy),
		.profile = &s->profile,
		.budget_bytes = or_unknown(s->set.budget_mib),
		.reserve_bytes = s->set.reserve_mib * MIB,
		.fallback = allocation(&(struct role){0}),
		.guests = named,
		.guests_n = s->n,
	};
	struct balloon_options options = {
		.struct_size = sizeof(options),
		.backend = spectator_of(s),
		.policy = &policy,
	};

	for (size_t i = 0; i < s->n; i++)
		named[i] = (struct balloon_named_allocation){s->roles[i].name,
		                                             allocation(&s->roles[i])};
	CU_ASSERT_EQUAL_FATAL(balloon_open(&options, &s->b), 0);
}

/* "512/512 ok share": actual and target in MiB, state and reason. */
static void write_guest(struct stage *s, size_t i, FILE *line)
{
	struct balloon_guest_report r = stage_report(s, i);

	if (!r.name) {
		fprintf(line, " | %-27s", "-");
		return;
	}
	fprintf(line, " | %5llu/%-5llu %-7s %-7.7s", (unsigned long long)(r.actual_bytes / MIB),
	        (unsigned long long)(r.target_bytes / MIB), balloon_state_name(r.state),
	        balloon_reason_name(r.reason));
}

static void write_heading(struct stage *s)
{
	fprintf(s->timeline, "%4s", "s");
	for (size_t i = 0; i < s->n; i++)
		fprintf(s->timeline, " | %-27s", s->roles[i].name);
	fprintf(s->timeline, "\n");
}

static void write_line(struct stage *s, int rc, FILE *line)
{
	if (rc < 0)
		fprintf(line, " | no observation");
	for (size_t i = 0; i < s->n && rc == 0; i++)
		write_guest(s, i, line);
	fclose(line);
}

/* A beat that is as the one before says so with a dot. */
static void write_beat(struct stage *s, int rc)
{
	char text[sizeof(s->last_line)] = "";
	FILE *line = s->timeline ? fmemopen(text, sizeof(text), "w") : NULL;

	if (!line)
		return;
	if (s->now_ns == SECOND)
		write_heading(s);
	write_line(s, rc, line);
	fprintf(s->timeline, "%4llu%s\n", (unsigned long long)(s->now_ns / SECOND),
	        strcmp(text, s->last_line) ? text : " | .");
	memcpy(s->last_line, text, sizeof(text));
}

void stage_play(struct stage *s, unsigned seconds)
{
	while (seconds--) {
		int rc = balloon_tick(s->b, s->now_ns, NULL);

		spectator_judges(s, rc);
		write_beat(s, rc);
		s->now_ns += SECOND;
	}
}

static char *read_all(FILE *file)
{
	char *text = NULL;
	size_t size = 0;
	FILE *copy = open_memstream(&text, &size);
	int c;

	while (copy && (c = getc(file)) != EOF)
		putc(c, copy);
	if (copy)
		fclose(copy);
	return text;
}

static void show_difference(const char *path, const char *is, const char *was)
{
	unsigned line = 1;

	while (*is && *is == *was) {
		line += *is == '\n';
		is++;
		was++;
	}
	while (line > 1 && is[-1] != '\n') {
		is--;
		was--;
	}
	fprintf(stderr, "%s differs in line %u:\n  was %.*s\n  is  %.*s\n", path, line,
	        (int)strcspn(was, "\n"), was, (int)strcspn(is, "\n"), is);
}

static void compare(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char *golden = file ? read_all(file) : NULL;

	if (file)
		fclose(file);
	if (!golden) {
		fprintf(stderr, "%s is not there; --bless writes it\n", path);
		CU_FAIL("no timeline");
	} else if (strcmp(golden, text)) {
		show_difference(path, text, golden);
		CU_FAIL("timeline differs");
	}
	free(golden);
}

static void write_anew(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT(fputs(text, file) >= 0);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

static void end_timeline(struct stage *s)
{
	char path[512];

	fclose(s->timeline);
	/* Lines end where their words do. */
	for (char *end; (end = strstr(s->timeline_text, " \n"));)
		memmove(end, end + 1, strlen(end));
	snprintf(path, sizeof(path), "%s/%s.txt", GOLDEN_DIR, s->set.golden);
	if (bless)
		write_anew(path, s->timeline_text);
	else
		compare(path, s->timeline_text);
	free(s->timeline_text);
}

void stage_end(struct stage *s)
{
	CU_ASSERT_EQUAL(s->violations, 0);
	CU_ASSERT_EQUAL(stage_account(s).clamped, 0);
	balloon_close(s->b);
	balloon_sim_free(s->sim);
	if (s->timeline)
		end_timeline(s);
}

/* ------------------------------------------------------------ what happens */

void stage_demand(struct stage *s, size_t i, uint64_t demand_mib)
{
	CU_ASSERT_EQUAL(balloon_sim_set_demand(s->sim, s->keys[i], demand_mib * MIB,
	                                       BALLOON_UNKNOWN),
	                0);
}

void stage_behave(struct stage *s, size_t i, const char *behaviour)
{
	struct balloon_sim_behaviour b = {.struct_size = sizeof(b)};

	CU_ASSERT_EQUAL_FATAL(
		balloon_sim_behaviour(behaviour, s->roles[i].size_mib * MIB, &b), 0);
	CU_ASSERT_EQUAL(balloon_sim_set_behaviour(s->sim, s->keys[i], &b), 0);
}

void stage_leave(struct stage *s, size_t i)
{
	CU_ASSERT_EQUAL(balloon_sim_remove(s->sim, s->keys[i]), 0);
	s->keys[i] = 0;
}

void stage_restart(struct stage *s, size_t i, uint32_t how)
{
	CU_ASSERT_EQUAL(balloon_sim_restart(s->sim, s->keys[i], how, &s->keys[i]), 0);
}

/* ---------------------------------------------------------------- what is */

struct balloon_sim_truth stage_truth(struct stage *s, size_t i)
{
	struct balloon_sim_truth t = {.struct_size = sizeof(t)};

	CU_ASSERT_EQUAL_FATAL(balloon_sim_truth(s->sim, s->keys[i], &t), 0);
	return t;
}

struct balloon_sim_host_truth stage_host(struct stage *s)
{
	struct balloon_sim_host_truth t = {.struct_size = sizeof(t)};

	CU_ASSERT_EQUAL_FATAL(balloon_sim_host_truth(s->sim, &t), 0);
	return t;
}

/* All zero, and no name, when the library does not list it. */
struct balloon_guest_report stage_report(struct stage *s, size_t i)
{
	struct balloon_guest_report all[CAST_MAX];
	int n = balloon_guests(s->b, all, sizeof(all[0]), CAST_MAX);

	for (int k = 0; k < n; k++)
		if (!strcmp(all[k].name, s->roles[i].name))
			return all[k];
	return (struct balloon_guest_report){0};
}

struct balloon_report stage_account(struct stage *s)
{
	struct balloon_report r = {.struct_size = sizeof(r)};

	CU_ASSERT_EQUAL_FATAL(balloon_report(s->b, &r), 0);
	return r;
}

uint64_t stage_actual_mib(struct stage *s, size_t i)
{
	return stage_truth(s, i).actual_bytes / MIB;
}

uint64_t stage_told_mib(struct stage *s, size_t i)
{
	uint64_t told = stage_truth(s, i).told_bytes;

	return told == BALLOON_UNKNOWN ? stage_actual_mib(s, i) : told / MIB;
}

void stage_broken(struct stage *s, const char *format, ...)
{
	va_list args;

	s->violations++;
	if (s->violations > 10)
		return; /* one broken rule breaks it each second */
	va_start(args, format);
	fprintf(stderr, "%s, %llu s: ", s->set.story, (unsigned long long)(s->now_ns / SECOND));
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
}

int stage_main(int argc, char **argv, const char *suite, const struct test *tests)
{
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--bless"))) {
		fprintf(stderr, "usage: %s [--bless]   write the golden timelines anew\n", argv[0]);
		return 2;
	}
	bless = argc == 2;
	return run_tests(suite, tests);
}
