/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * balloon-replay: plays a recording (balloon/replay.h) against this library and
 * says at which beats it decides otherwise than was decided then. So an incident
 * becomes a regression test with one command:
 *
 *	balloon-replay --config balloond.json incident.jsonl
 *
 * A recording does not hold the policy: give the one that was in force, as
 * balloond's configuration or by options. Holds, claims and changes of policy
 * while it was recorded cannot be given, and show as differences. A balloond
 * that was stopped orderly has released its guests in its last look: --released.
 *
 * Exit codes: 0 the same orders at every beat, 1 others, 2 could not play or
 * wrong use.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <balloon/replay.h>

#ifdef WITH_CONFIG
#include "config.h"
#else
struct config {
	int none;
};
#endif

enum { SAME = 0, DIFFERS = 1, CANNOT = 2 };

/* What the options say. */
struct wish {
	const char *file;
	const char *config;
	const char *profile;
	uint64_t budget_bytes;
	uint64_t reserve_bytes;
	int released;
	int quiet;
};

/* The player as the library's backend, and a hand on it for what only the
 * player knows. One recording a process. */
static void *player;

static int open_player(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	int rc = balloon_replay_backend()->open(uri, ret_self, ret_error, size);

	if (rc == 0)
		player = *ret_self;
	return rc;
}

/* ------------------------------------------------------------------ options */

static const char usage_text[] =
        "usage: balloon-replay [OPTION]... FILE\n"
        "Plays what the backend record:FILE,URI wrote, and prints a line for every beat\n"
        "at which this library orders something else than was ordered then.\n"
        "\n"
#ifdef WITH_CONFIG
        "  -c, --config=FILE    the policy that was in force, as balloond's configuration\n"
#endif
        "  -p, --profile=NAME   or by itself: balanced (default), aggressive, conservative\n"
        "  -b, --budget=SIZE    most all guests may have, as in 8GiB\n"
        "  -r, --reserve=SIZE   kept free for the host\n"
        "      --released       the last look was a release (balloond was stopped)\n"
        "  -q, --quiet          no line per beat\n"
        "  -h, --help, -V, --version\n"
        "\n"
        "Exit codes: 0 the same orders, 1 others, 2 could not play or wrong use.\n";

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "balloon-replay: %s \"%s\"; see balloon-replay --help\n", what, word);
	return CANNOT;
}

/* "8GiB": only words that mean one thing. */
static int take_size(const char *text, uint64_t *ret_bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	uint64_t v = 0;
	const char *p;

	for (p = text; *p >= '0' && *p <= '9' && v <= BALLOON_BYTES_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	for (unsigned i = 0; p != text && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(p, units[i]) != 0 || v > BALLOON_BYTES_MAX >> (10 * i))
			continue;
		*ret_bytes = v << (10 * i);
		return SAME;
	}
	return wrong("not a size with a unit, as in 512MiB:", text);
}

static int take_option(int option, struct wish *w)
{
	switch (option) {
	case 'c':
		w->config = optarg;
		return SAME;
	case 'p':
		w->profile = optarg;
		return SAME;
	case 'b':
		return take_size(optarg, &w->budget_bytes);
	case 'r':
		return take_size(optarg, &w->reserve_bytes);
	case 'R':
		w->released = 1;
		return SAME;
	case 'q':
		w->quiet = 1;
		return SAME;
	case 'h':
		fputs(usage_text, stdout);
		exit(SAME);
	case 'V':
		printf("balloon-replay %s\n", balloon_version());
		exit(SAME);
	default:
		fputs("see balloon-replay --help\n", stderr);
		return CANNOT;
	}
}

static int take_options(int argc, char **argv, struct wish *w)
{
	static const struct option options[] = {
#ifdef WITH_CONFIG
	        {"config", required_argument, NULL, 'c'},
#endif
	        {"profile", required_argument, NULL, 'p'},
	        {"budget", required_argument, NULL, 'b'},
	        {"reserve", required_argument, NULL, 'r'},
	        {"released", no_argument, NULL, 'R'},
	        {"quiet", no_argument, NULL, 'q'},
	        {"help", no_argument, NULL, 'h'},
	        {"version", no_argument, NULL, 'V'},
	        {NULL, 0, NULL, 0},
	};
	int option, rc = SAME;

	while (rc == SAME &&
	       (option = getopt_long(argc, argv, "c:p:b:r:qhV", options, NULL)) >= 0)
		rc = take_option(option, w);
	if (rc != SAME)
		return rc;
	if (optind != argc - 1)
		return wrong("one recording is needed, given was",
		             optind < argc ? argv[argc - 1] : "");
	w->file = argv[optind];
	if (w->config && w->profile)
		return wrong("the configuration has a profile, leave out", w->profile);
	return SAME;
}

/* ------------------------------------------------------------------- policy */

#ifdef WITH_CONFIG
static int load_config(const struct wish *w, struct config *c, struct balloon_policy *ret_policy)
{
	char why[CONFIG_ERROR_MAX];

	if (config_load(w->config, c, why, sizeof(why)) < 0) {
		fprintf(stderr, "balloon-replay: %s\n", why);
		return CANNOT;
	}
	*ret_policy = config_policy(c);
	return SAME;
}

static void drop_config(struct config *c)
{
	config_free(c);
}
#else
static int load_config(const struct wish *w, struct config *c, struct balloon_policy *ret_policy)
{
	(void)c;
	(void)ret_policy;
	return wrong("built without balloond, cannot read", w->config);
}

static void drop_config(struct config *c)
{
	(void)c;
}
#endif

static int make_policy(const struct wish *w, struct balloon_profile *profile, struct config *c,
                       struct balloon_policy *ret_policy)
{
	*ret_policy = (struct balloon_policy){
	        .struct_size = sizeof(*ret_policy),
	        .profile = profile,
	        .budget_bytes = BALLOON_UNKNOWN,
	        .reserve_bytes = BALLOON_UNKNOWN,
	        .fallback = {.struct_size = sizeof(ret_policy->fallback),
	                     .shares = BALLOON_UNKNOWN,
	                     .reservation_bytes = BALLOON_UNKNOWN,
	                     .limit_bytes = BALLOON_UNKNOWN},
	};
	profile->struct_size = sizeof(*profile);
	if (balloon_profile(w->profile ? w->profile : "balanced", profile) < 0)
		return wrong("there is no profile", w->profile);
	if (w->config && load_config(w, c, ret_policy) != SAME)
		return CANNOT;
	if (w->budget_bytes != BALLOON_UNKNOWN)
		ret_policy->budget_bytes = w->budget_bytes;
	if (w->reserve_bytes != BALLOON_UNKNOWN)
		ret_policy->reserve_bytes = w->reserve_bytes;
	return SAME;
}

/* --------------------------------------------------------------------- play */

/* A recorded failure to observe is part of the play. */
static int beat(struct balloon *b, uint64_t now_ns, int is_release)
{
	int rc = is_release ? balloon_release(b, now_ns) : balloon_tick(b, now_ns, NULL);

	if (rc == -EINVAL || rc == -ENOMEM) {
		fprintf(stderr, "balloon-replay: %s\n", balloon_error(b));
		return CANNOT;
	}
	return SAME;
}

static void tell(const struct wish *w, uint64_t *told)
{
	uint64_t now = balloon_replay_differences(player);

	if (now != *told && !w->quiet)
		printf("%s\n", balloon_replay_backend()->error(player));
	*told = now;
}

static int play(const struct wish *w, struct balloon *b)
{
	uint64_t looks = balloon_replay_looks(player), played = 0, told = 0, differing = 0;
	uint64_t now_ns, before;
	int rc = SAME, next = 0;

	while (rc == SAME && (next = balloon_replay_next(player, &now_ns)) == 0) {
		before = told;
		tell(w, &told); /* of the beat before, now that it is over */
		differing += told != before;
		played++;
		rc = beat(b, now_ns, w->released && played == looks);
	}
	before = told;
	tell(w, &told);
	differing += told != before;
	if (rc != SAME)
		return rc;
	if (next == -EIO)
		return wrong(balloon_replay_backend()->error(player), w->file);
	printf("%s: %" PRIu64 " beats, %" PRIu64 " differ in %" PRIu64 " orders\n", w->file, looks,
	       differing, told);
	return told ? DIFFERS : SAME;
}

static int replay(const struct wish *w, const struct balloon_policy *policy)
{
	struct balloon_backend backend = *balloon_replay_backend();
	char uri[4096], why[512] = "";
	struct balloon_options options = {
	        .struct_size = sizeof(options),
	        .uri = uri,
	        .backend = &backend,
	        .policy = policy,
	        .error_text = why,
	        .error_size = sizeof(why),
	};
	struct balloon *b;
	int rc;

	backend.open = open_player;
	snprintf(uri, sizeof(uri), "replay:%s", w->file);
	if (balloon_open(&options, &b) < 0) {
		fprintf(stderr, "balloon-replay: %s\n", why);
		return CANNOT;
	}
	rc = play(w, b);
	balloon_close(b);
	return rc;
}

int main(int argc, char **argv)
{
	struct wish wish = {.budget_bytes = BALLOON_UNKNOWN, .reserve_bytes = BALLOON_UNKNOWN};
	struct balloon_profile profile;
	struct balloon_policy policy;
	struct config config;
	int rc = take_options(argc, argv, &wish);

	if (rc == SAME)
		rc = make_policy(&wish, &profile, &config, &policy);
	if (rc != SAME)
		return rc;
	rc = replay(&wish, &policy);
	if (wish.config)
		drop_config(&config);
	return rc;
}
