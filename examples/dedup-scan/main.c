/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dedup-scan: how much memory of some processes could be shared, found out without
 * merging anything and without a trace in them.
 *
 *	dedup-scan --group lab $(pidof qemu-system-x86_64)
 *
 * Also the confined worker of a daemon: --json --every 300 prints a line for each
 * round. Exit codes: 0 found out, 1 a process could not be read (the others were),
 * 2 wrong use, 3 nothing could be read.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "show.h"

enum { FOUND = 0, SOME = 1, WRONG = 2, NONE = 3 };

/* Of scans: keys are new after so many, so that what is known of a guest's pages
 * does not grow old here; the one before is needed to tell what is stable. */
#define ROUNDS_A_KEY 12

struct wish {
	struct scan_wish scan;
	struct balloon_dedup_options dedup;
	struct target *targets;
	unsigned targets_n;
	unsigned every_s;
	unsigned rounds; /* 0 = for ever, with every_s */
	int json;
};

static const char usage_text[] =
        "usage: dedup-scan [OPTION]... [--group=NAME] [NAME=]PID... [--group=NAME PID...]\n"
        "Tells how much memory of processes could be saved if equal pages were shared.\n"
        "\n"
        "  -g, --group=NAME     the PIDs after it are of one trust group, and are compared;\n"
        "                       those before any group are each alone\n"
        "  -s, --sample=1/N     of all contents; N a power of two up to 4096 (default 1/64);\n"
        "                       1 = exact, which takes 20 bytes for each content\n"
        "  -l, --lines          read two lines of a page first (shared memory only)\n"
        "  -m, --mergeable      only memory that the kernel would merge\n"
        "  -t, --threads=N      default: one for each NUMA node, on its processors\n"
        "  -d, --duty=PERCENT   of a processor at most, for each thread\n"
        "  -b, --mib-per-s=N    at most, for each thread\n"
        "  -e, --every=SECONDS  again and again; from the second round on, how much of it\n"
        "                       keeps still is known\n"
        "  -n, --rounds=N       so many rounds\n"
        "  -j, --json           one line for each round\n"
        "  -h, --help, -V, --version\n"
        "\n"
        "A process is opened with the rights of the caller: root, or its own user with\n"
        "CAP_SYS_PTRACE. Then all but that is given up; with more than one round also\n"
        "CAP_DAC_READ_SEARCH is kept, if it was there.\n"
        "\n"
        "Exit codes: 0 found out, 1 some processes could not be read, 2 wrong use, 3 none\n"
        "could.\n";

static int wrong(const char *what, const char *word)
{
	fprintf(stderr, "dedup-scan: %s \"%s\"; see dedup-scan --help\n", what, word);
	return WRONG;
}

/* A whole number from 1 to most. */
static int take_number(const char *text, unsigned long most, unsigned *ret)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || v < 1 || v > most)
		return wrong("not a number that makes sense there:", text);
	*ret = (unsigned)v;
	return FOUND;
}

static int take_sample(const char *text, uint32_t *ret_one_in)
{
	unsigned n;

	if (strncmp(text, "1/", 2) == 0)
		text += 2;
	if (take_number(text, BALLOON_DEDUP_ONE_IN_MAX, &n) != FOUND)
		return WRONG;
	if (n & (n - 1))
		return wrong("not a power of two:", text);
	*ret_one_in = n;
	return FOUND;
}

static int take_target(char *text, const char *group, struct wish *w)
{
	char *pid = strrchr(text, '=');
	unsigned n;

	if (take_number(pid ? pid + 1 : text, 1 << 22, &n) != FOUND)
		return WRONG;
	if (pid)
		*pid = '\0';
	w->targets[w->targets_n++] = (struct target){.name = text, .group = group, .pid = (int)n};
	return FOUND;
}

static int take_option(int option, struct wish *w, const char **group)
{
	unsigned n = 0;
	int rc = FOUND;

	switch (option) {
	case 1:
		return take_target(optarg, *group, w);
	case 'g':
		*group = optarg;
		return *optarg ? FOUND : wrong("a group needs a name:", optarg);
	case 's':
		return take_sample(optarg, &w->dedup.sample_one_in);
	case 'l':
		w->dedup.flags |= BALLOON_DEDUP_LINES;
		return FOUND;
	case 'm':
		w->scan.reading |= BALLOON_DEDUP_MERGEABLE_ONLY;
		return FOUND;
	case 't':
		return take_number(optarg, 256, &w->scan.threads);
	case 'd':
		rc = take_number(optarg, 100, &n);
		w->scan.duty_bp = n * 100;
		return rc;
	case 'b':
		rc = take_number(optarg, 1 << 20, &n);
		w->scan.bytes_per_s = (uint64_t)n << 20;
		return rc;
	case 'e':
		return take_number(optarg, 1 << 20, &w->every_s);
	case 'n':
		return take_number(optarg, 1 << 30, &w->rounds);
	case 'j':
		w->json = 1;
		return FOUND;
	case 'h':
		fputs(usage_text, stdout);
		exit(FOUND);
	case 'V':
		printf("dedup-scan %s\n", balloon_version());
		exit(FOUND);
	default:
		fputs("see dedup-scan --help\n", stderr);
		return WRONG;
	}
}

static int take_options(int argc, char **argv, struct wish *w)
{
	static const struct option options[] = {
	        {"group", required_argument, NULL, 'g'},     {"sample", required_argument, NULL, 's'},
	        {"lines", no_argument, NULL, 'l'},           {"mergeable", no_argument, NULL, 'm'},
	        {"threads", required_argument, NULL, 't'},   {"duty", required_argument, NULL, 'd'},
	        {"mib-per-s", required_argument, NULL, 'b'}, {"every", required_argument, NULL, 'e'},
	        {"rounds", required_argument, NULL, 'n'},    {"json", no_argument, NULL, 'j'},
	        {"help", no_argument, NULL, 'h'},            {"version", no_argument, NULL, 'V'},
	        {NULL, 0, NULL, 0},
	};
	const char *group = NULL;
	int option, rc = FOUND;

	while (rc == FOUND &&
	       (option = getopt_long(argc, argv, "-g:s:lmt:d:b:e:n:jhV", options, NULL)) >= 0)
		rc = take_option(option, w, &group);
	for (; rc == FOUND && optind < argc; optind++) /* after "--" */
		rc = take_target(argv[optind], group, w);
	if (rc == FOUND && w->targets_n == 0)
		rc = wrong("which process? Given was", argc > 1 ? argv[argc - 1] : "");
	if (rc == FOUND && w->dedup.sample_one_in == 1 && w->dedup.flags)
		rc = wrong("exact mode reads all of a page, leave out", "--lines");
	return rc;
}

/* Once, after everything was opened for the first time. */
static int give_up_rights(const struct wish *w)
{
	static int done;
	const char *what;
	int rc;

	if (done++)
		return 0;
	rc = confine(w->every_s > 0 || w->rounds > 1, &what);
	if (rc)
		fprintf(stderr, "dedup-scan: %s failed: %s; nothing was read\n", what,
		        strerror(-rc));
	return rc;
}

/* Says what could not be read. */
static int verdict(const struct wish *w)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < w->targets_n; i++) {
		const struct target *t = &w->targets[i];

		if (!t->rc)
			continue;
		bad++;
		fprintf(stderr, "dedup-scan: %s (process %d): %s%s\n", t->name, t->pid,
		        strerror(-t->rc), t->rc == -EACCES || t->rc == -EPERM
		                ? "; run as its user or as root, with CAP_SYS_PTRACE" : "");
	}
	return !bad ? FOUND : bad < w->targets_n ? SOME : NONE;
}

static int one_round(const struct wish *w, struct balloon_dedup *d)
{
	struct scan *s;
	uint64_t cpu_ns;
	int rc;

	for (unsigned i = 0; i < w->targets_n; i++)
		w->targets[i].rc = 0;
	rc = scan_open(d, &w->scan, w->targets, w->targets_n, &s);
	rc = rc ? rc : give_up_rights(w);
	rc = rc ? rc : scan_run(s, &cpu_ns);
	if (rc) {
		fprintf(stderr, "dedup-scan: could not scan: %s\n", strerror(-rc));
		return NONE;
	}
	rc = verdict(w);
	if (w->json)
		show_json(d, w->targets, w->targets_n, cpu_ns);
	else if (rc != NONE)
		show_table(d, w->targets, w->targets_n, cpu_ns);
	return rc;
}

static int all_rounds(const struct wish *w, struct balloon_dedup *d)
{
	int rc = one_round(w, d);

	for (unsigned round = 1; rc != NONE && (!w->rounds || round < w->rounds); round++) {
		if (!w->every_s && !w->rounds)
			break;
		sleep(w->every_s);
		if (balloon_dedup_again(d, round % ROUNDS_A_KEY == 0) < 0)
			return NONE;
		rc = one_round(w, d);
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct wish w = {.dedup = {.struct_size = sizeof(w.dedup)}};
	struct balloon_dedup *d = NULL;
	int rc;

	w.targets = calloc((size_t)argc, sizeof(*w.targets));
	rc = w.targets ? take_options(argc, argv, &w) : NONE;
	w.scan.progress = !w.json && isatty(STDERR_FILENO);
	if (rc == FOUND && balloon_dedup_open(&w.dedup, &d) < 0)
		rc = NONE;
	for (unsigned i = 0; rc == FOUND && i < w.targets_n; i++) {
		struct target *t = &w.targets[i];

		if (balloon_dedup_guest(d, t->name, t->group, &t->guest) < 0)
			rc = wrong("too many processes at", t->name);
	}
	rc = rc == FOUND ? all_rounds(&w, d) : rc;
	balloon_dedup_close(d);
	free(w.targets);
	return rc;
}
