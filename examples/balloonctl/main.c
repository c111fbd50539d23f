/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloonctl's command line, and its commands but for "top". */
#include <argp.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client.h"
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
};

static const struct argp_option argp_options[] = {
	{ "socket", 's', "PATH", 0, "Where balloond listens", 0 },
	{ "json", 'j', NULL, 0, "status: print balloond's JSON", 0 },
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
	"policy   the configuration in force, as JSON\n\n"
	"Exit codes: 0 all was well, 1 balloond does not answer or knows no such guest,"
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

static void take_word(struct argp_state *state, struct options *o, const char *arg)
{
	if (!o->command)
		o->command = arg;
	else if (!strcmp(o->command, "explain") && !o->guest)
		o->guest = arg;
	else
		argp_error(state, "there is nothing to do with '%s'", arg);
}

static void check_words(struct argp_state *state, const struct options *o)
{
	static const char *const known[] = { "status", "top", "explain", "policy" };
	size_t i = 0;

	if (!o->command)
		argp_error(state, "say what to do: status, top, explain or policy");
	while (i < 4 && strcmp(known[i], o->command) != 0)
		i++;
	if (i == 4)
		argp_error(state, "there is no command '%s'", o->command);
	if (!strcmp(o->command, "explain") && !o->guest)
		argp_error(state, "explain which guest? \"balloonctl status\" lists them");
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
	default: return ARGP_ERR_UNKNOWN;
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

static int print_why(const struct options *o)
{
	struct text request = { 0 };
	json_object *answer, *sentence = NULL;
	char clean[4096];
	int rc;

	text_add(&request, "{\"cmd\":\"explain\",\"guest\":");
	text_json_string(&request, o->guest, SIZE_MAX);
	text_add(&request, "}");
	rc = request.broken ? complain("there is not enough memory")
	                    : ask(o, request.data, &answer);
	text_free(&request);
	if (rc)
		return rc;
	json_object_object_get_ex(answer, "text", &sentence);
	printable(sentence ? json_object_get_string(sentence) : "", clean, sizeof(clean));
	puts(clean);
	json_object_put(answer);
	return EXIT_OK;
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
		argp_options, parse, "status|top|policy\nexplain GUEST", doc, NULL, NULL, NULL
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
	else if (!strcmp(o.command, "explain"))
		rc = print_why(&o);
	else
		rc = print_policy(&o);
	return fflush(stdout) && !rc ? EXIT_FAILED : rc;
}
