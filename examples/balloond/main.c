/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* balloond's command line. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syslog.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"

enum { KEY_CONFIG = 'c', KEY_DRY_RUN = 'n', KEY_URI = 'u', KEY_ONCE = 256, KEY_JSON, KEY_CHECK, KEY_LOG };

static const struct argp_option argp_options[] = {
	{ "config", KEY_CONFIG, "FILE", 0, "Read the configuration from FILE", 0 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "Decide and report, order nothing", 0 },
	{ "once", KEY_ONCE, NULL, 0, "Two beats, print the outcome, leave", 0 },
	{ "json", KEY_JSON, NULL, 0, "Print a JSON object, one line per beat", 0 },
	{ "check", KEY_CHECK, NULL, 0, "Judge the configuration and leave", 0 },
	{ "uri", KEY_URI, "URI", 0, "Mind this host, whatever the configuration says", 0 },
	{ "log-level", KEY_LOG, "LEVEL", 0, "err, warning, notice, info (default) or debug", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char doc[] =
	"Divides one host's memory among its virtual machines, beat by beat."
	"\vWithout --config all defaults hold; see balloond(8)."
	" Exit codes: 0 all was well, 1 could not run, 2 wrong use of options,"
	" 78 the configuration is wrong.";

static void set_log(struct argp_state *state, const char *name)
{
	int level = say_level(name);

	if (level < 0)
		argp_error(state, "there is no log level '%s'", name);
	say_up_to(level);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_CONFIG: o->config_path = arg; break;
	case KEY_URI: o->uri = arg; break;
	case KEY_DRY_RUN: o->dry_run = true; break;
	case KEY_ONCE: o->once = true; break;
	case KEY_JSON: o->json = true; break;
	case KEY_CHECK: o->check = true; break;
	case KEY_LOG: set_log(state, arg); break;
	case ARGP_KEY_ARG: argp_error(state, "there is nothing to do with '%s'", arg); break;
	case ARGP_KEY_END:
		if (o->check && !o->config_path)
			argp_error(state, "--check needs --config FILE");
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "balloond %s\n", balloon_version());
}

static int load(const struct options *o, struct config *ret)
{
	char why[CONFIG_ERROR_MAX] = "there is not enough memory to start";
	int rc = o->config_path ? config_load(o->config_path, ret, why, sizeof(why))
	                        : config_defaults(ret);

	if (!rc) {
		rc = config_check(ret, why, sizeof(why));
		if (rc)
			config_free(ret);
	}
	if (rc)
		say(LOG_ERR, "%s", why);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { argp_options, parse, NULL, doc, NULL, NULL, NULL };
	struct options options = { .config_path = NULL };
	struct config config;

	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signal(SIGPIPE, SIG_IGN); /* readers come and go */
	if (load(&options, &config) < 0)
		return EXIT_CONFIG;
	if (options.check) {
		printf("%s is well: profile %s, %zu guests named\n", options.config_path,
		       config.profile_name, config.guests_n);
		config_free(&config);
		return EXIT_OK;
	}
	return options.once ? daemon_once(&options, &config) : daemon_run(&options, &config);
}
