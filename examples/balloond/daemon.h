/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One host minded: beats, signals, clients. */
#ifndef BALLOOND_DAEMON_H
#define BALLOOND_DAEMON_H

#include <stdbool.h>

#include "config.h"

struct options {
	const char *config_path; /* NULL = none */
	const char *uri;         /* instead of the configuration's; or NULL */
	bool dry_run;
	bool once;
	bool json;
	bool check;
};

/* The exit codes of balloond.8; 78 is sysexits' EX_CONFIG. */
enum {
	EXIT_OK = 0,
	EXIT_CANNOT_RUN = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 78,
};

/* Takes the configuration over. Returns an exit code. */
int daemon_run(const struct options *o, struct config *config);
int daemon_once(const struct options *o, struct config *config);

#endif
