/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloonctl's command line, and its commands but for "top". What hold, admit,
 * claim, plan and others are given goes into their requests by asking.c. */
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "asking.h"
#include "client.h"
#include "planned.h"
#include "table.h"
#include "top.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* More often is more than balloond beats, less often is not live. */
#define INTERVAL_LEAST_S 0.1
#define INTERVAL_MOST_S 3600.0

struct options {
	const char *socket;
	const char *command;
	const char *guest;
	bool json;
	bool plain;
	int interval_ms;
	long count;
	struct asking asking;
};

/* Beyond characters: these have no short form. */
enum { KEY_ASKING = 256 };

/* In the order of asking.h. */
static const struct argp_option argp_options[] = {
	{ "for", KEY_ASKING + ASKING_FOR, "TIME", 0, "hold, claim, ready: for so long, 1s to 7d", 1 },
	{ "owner", KEY_ASKING + ASKING_OWNER, "NAME", 0, "hold, unhold: who holds", 1 },
	{ "reason", KEY_ASKING + ASKING_REASON, "TEXT", 0, "hold: why, for people", 1 },
	{ "mode", KEY_ASKING + ASKING_MODE, "MODE", 0, "hold: freeze (default), keep or full", 1 },
	{ "size", KEY_ASKING + ASKING_SIZE, "SIZE", 0, "admit, claim: what it is started with", 2 },
	{ "reservation", KEY_ASKING + ASKING_RESERVATION, "SIZE", 0, "admit, claim: its own for sure", 2 },
	{ "overhead", KEY_ASKING + ASKING_OVERHEAD, "SIZE", 0, "admit, claim: the hypervisor's own need", 2 },
	{ "pool", KEY_ASKING + ASKING_POOL, "POOL", 0, "admit, claim: where it will belong", 2 },
	{ "claim", KEY_ASKING + ASKING_CLAIM, "N", 0, "ready, unclaim: as claim said", 2 },
	{ "budget", KEY_ASKING + ASKING_BUDGET, "SIZE", 0, "plan: if all guests had this at most", 3 },
	{ "set", KEY_ASKING + ASKING_SET, "GUEST.KEY=VALUE", 0, "plan: if this were configured", 3 },
	{ "add", KEY_ASKING + ASKING_ADD, "NAME=SIZE", 0, "plan: if this guest were there", 3 },
	{ "gone", KEY_ASKING + ASKING_GONE, "GUEST", 0, "plan: if this guest were not there", 3 },
	{ "host-total", KEY_ASKING + ASKING_TOTAL, "SIZE", 0, "plan: if the host had this", 3 },
	{ "host-available", KEY_ASKING + ASKING_AVAILABLE, "SIZE", 0, "plan: if this were free", 3 },
	{ "socket", 's', "PATH", 0, "Where balloond listens", 0 },
	{ "json", 'j', NULL, 0, "status, plan: print balloond's JSON", 0 },
	{ "interval", 'i', "SECONDS", 0, "top: time between refreshes, default 1", 0 },
	{ "count", 'n', "N", 0, "top: leave after N refreshes", 0 },
	{ "plain", 'p', NULL, 0, "top: blocks of text, as when the output is no terminal", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Shows what balloond does, and why.\v"
	"status   a table of host and guests\n"
	"top      the same, live; q quits\n"
	"explain  why GUEST (name or UUID) has the memory it has\n"
	"policy   the configuration in force, as JSON\n"
	"hold     leave GUEST alone for a while; for root and balloond's user\n"
	"unhold   end that\n"
	"admit    is there room for another guest? nothing is changed\n"
	"claim    keep memory for GUEST, which is about to start; for root and balloond's user\n"
	"ready    does it lie free? with --for it is kept that much longer\n"
	"unclaim  give it up\n"
	"plan     targets as they are, and as they would be; nothing is changed\n\n"
	"Exit codes: 0 all was well, 1 no, or balloond does not answer or refused,"
	" 2 wrong use of options.";

static void set_interval(struct argp_state *state, const char *arg, int *ret_ms)
{
	char *end;
	double s = strtod(arg, &end);

	if (*end || end == arg || !(s >= INTERVAL_LEAST_S && s <= INTERVAL_MOST_S))
		argp_error(state, "--interval takes %g to %g seconds, not '%s'", INTERVAL_LEAST_S,
		           INTERVAL_MOST_S, arg);
	*ret_ms = (int)(s * 1000.0);
}

static void set_count(struct argp_state *state, const char *arg, long *ret)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (*end || end == arg || n < 1)
		argp_error(state, "--count takes a number from 1 on, not '%s'", arg);
	*ret = n;
}

static const struct command {
	const char *name;
	bool guest; /* takes one */
} commands[] = {
	{ "status", false }, { "top", false }, { "explain", true }, { "policy", false },
	{ "hold", true }, { "unhold", true }, { "admit", false }, { "plan", false },
	{ "claim", true }, { "ready", false }, { "unclaim", false },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; name && i < COMMANDS; i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static void take_word(struct argp_state *state, struct options *o, const char *arg)
{
	const struct command *c = find_command(o->command);

	if (!o->command)
		o->command = arg;
	else if (c && c->guest && !o->guest)
		o->guest = arg;
	else
		argp_error(state, "there is nothing to do with '%s'", arg);
}

static void check_words(struct argp_state *state, const struct options *o)
{
	const struct command *c = find_command(o->command);
	char why[ASKING_ERROR_MAX];

	if (!o->command)
		argp_error(state, "say what to do: status, top, explain, policy, hold, unhold, admit, "
		           "claim, ready, unclaim or plan");
	if (!c)
		argp_error(state, "there is no command '%s'", o->command);
	if (c && c->guest && !o->guest && !strcmp(c->name, "claim"))
		argp_error(state, "claim for which guest? The name or UUID it will have");
	if (c && c->guest && !o->guest)
		argp_error(state, "%s which guest? \"balloonctl status\" lists them", o->command);
	if (c && asking_check(&o->asking, c->name, why, sizeof(why)) < 0)
		argp_error(state, "%s", why);
}

static error_t take_asking(struct argp_state *state, struct options *o, int key, const char *arg)
{
	char why[ASKING_ERROR_MAX];

	if (key < KEY_ASKING || key >= KEY_ASKING + ASKING_OPTIONS)
		return ARGP_ERR_UNKNOWN;
	if (asking_option(&o->asking, (enum asking_option)(key - KEY_ASKING), arg, why,
	                  sizeof(why)) < 0)
		argp_error(state, "%s", why);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 's': o->socket = arg; break;
	case 'j': o->json = true; break;
	case 'p': o->plain = true; break;
	case 'i': set_interval(state, arg, &o->interval_ms); break;
	case 'n': set_count(state, arg, &o->count); break;
	case ARGP_KEY_ARG: take_word(state, o, arg); break;
	case ARGP_KEY_END: check_words(state, o); break;
	default: return take_asking(state, o, key, arg);
	}
	return 0;
}

static bool utf8_terminal(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

static int complain(const char *why)
{
	fprintf(stderr, "balloonctl: %s\n", why);
	return EXIT_FAILED;
}

static int ask(const struct options *o, const char *request, json_object **ret)
{
	char why[CLIENT_ERROR_MAX];

	return client_ask(o->socket, request, ret, why, sizeof(why)) < 0 ? complain(why) : 0;
}

static int print_json(json_object *answer, int flags)
{
	puts(json_object_to_json_string_ext(answer, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(answer);
	return EXIT_OK;
}

/* A terminal's width; a file takes names as long as they are. */
static unsigned int width(void)
{
	struct winsize w = { .ws_col = 0 };

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col >= 64)
		return w.ws_col;
	return 132;
}

static int print_status(const struct options *o)
{
	struct canvas c = { .width = width(), .utf8 = utf8_terminal() };
	json_object *answer;
	struct view v;
	int rc = ask(o, "{\"cmd\":\"status\"}", &answer);

	if (rc)
		return rc;
	if (o->json)
		return print_json(answer, JSON_C_TO_STRING_PLAIN);
	rc = view_read(answer, &v);
	json_object_put(answer);
	if (rc < 0)
		return complain("balloond's status is not understood; are both of one version?");
	table_all(&c, &v);
	if (!c.out.broken)
		fwrite(c.out.data, 1, c.out.len, stdout);
	text_free(&c.out);
	view_free(&v);
	return EXIT_OK;
}

/* Asks what the options say; the answer is the caller's to put. */
static int ask_all(struct options *o, json_object **ret)
{
	const char *request = asking_request(&o->asking, o->command, o->guest);

	return request ? ask(o, request, ret) : complain("there is not enough memory");
}

static int print_text(json_object *answer, const char *prefix)
{
	json_object *sentence = NULL;
	char clean[4096];

	json_object_object_get_ex(answer, "text", &sentence);
	printable(sentence ? json_object_get_string(sentence) : "", clean, sizeof(clean));
	printf("%s%s\n", prefix, clean);
	json_object_put(answer);
	return EXIT_OK;
}

/* explain, hold, unhold, claim, unclaim */
static int print_sentence(struct options *o)
{
	json_object *answer;
	int rc = ask_all(o, &answer);

	return rc ? rc : print_text(answer, "");
}

static int print_admission(struct options *o)
{
	json_object *answer, *admitted = NULL;
	int rc = ask_all(o, &answer);

	if (rc)
		return rc;
	if (json_object_object_get_ex(answer, "admitted", &admitted) &&
	    json_object_get_boolean(admitted))
		return print_text(answer, "yes: ");
	print_text(answer, "no: ");
	return EXIT_FAILED;
}

static int print_readiness(struct options *o)
{
	json_object *answer, *ready = NULL;
	bool yes;
	int rc = ask_all(o, &answer);

	if (rc)
		return rc;
	yes = json_object_object_get_ex(answer, "ready", &ready) && json_object_get_boolean(ready);
	print_text(answer, yes ? "yes: " : "no: ");
	return yes ? EXIT_OK : EXIT_FAILED;
}

static int print_plan(struct options *o)
{
	struct canvas c = { .width = width(), .utf8 = utf8_terminal() };
	json_object *answer;
	int rc = ask_all(o, &answer);

	if (rc)
		return rc;
	if (o->json)
		return print_json(answer, JSON_C_TO_STRING_PLAIN);
	rc = planned_table(&c, answer);
	json_object_put(answer);
	if (rc < 0)
		complain("balloond's plan is not understood; are both of one version?");
	else if (!c.out.broken)
		fwrite(c.out.data, 1, c.out.len, stdout);
	text_free(&c.out);
	return rc < 0 ? EXIT_FAILED : EXIT_OK;
}

static int print_policy(const struct options *o)
{
	json_object *answer;
	int rc = ask(o, "{\"cmd\":\"policy\"}", &answer);

	return rc ? rc : print_json(answer, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

static int run_top(const struct options *o)
{
	const char *no_color = getenv("NO_COLOR");
	struct top_options t = {
		.socket = o->socket,
		.interval_ms = o->interval_ms,
		.count = o->count,
		.plain = o->plain || !isatty(STDOUT_FILENO),
		.colour = !no_color || !*no_color,
		.utf8 = utf8_terminal(),
	};

	return top_run(&t) < 0 ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		argp_options, parse, "status|top|policy\nexplain GUEST\n"
		"hold GUEST --for TIME --owner NAME\nunhold GUEST --owner NAME\n"
		"admit --size SIZE --reservation SIZE\n"
		"claim GUEST --size SIZE --reservation SIZE --for TIME\n"
		"ready --claim N\nunclaim --claim N\nplan", doc, NULL, NULL, NULL
	};
	struct options o = { .socket = "/run/balloond/balloond.sock", .interval_ms = 1000 };
	int rc;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C"); /* "1.25G" everywhere, and --interval 0.5 */
	argp_program_version = "balloonctl " BALLOON_VERSION;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (!strcmp(o.command, "status"))
		rc = print_status(&o);
	else if (!strcmp(o.command, "top"))
		rc = run_top(&o);
	else if (!strcmp(o.command, "policy"))
		rc = print_policy(&o);
	else if (!strcmp(o.command, "admit"))
		rc = print_admission(&o);
	else if (!strcmp(o.command, "ready"))
		rc = print_readiness(&o);
	else if (!strcmp(o.command, "plan"))
		rc = print_plan(&o);
	else
		rc = print_sentence(&o);
	asking_free(&o.asking);
	return fflush(stdout) && !rc ? EXIT_FAILED : rc;
}
