/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One host minded: beats, signals, clients, in one thread around one poll().
 * All policy is the library's, all judging of text config.c's and request.c's.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syslog.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "log.h"
#include "notify.h"
#include "outbox.h"
#include "plan.h"
#include "report.h"
#include "server.h"
#include "trim.h"

/* However often the hypervisor has news, not more beats than ten a second. */
#define EARLY_NS UINT64_C(100000000)
/* By then all that a beat does was done once. */
#define TRIM_BEAT 5

/* One beat sees the host, the next decides on what has moved since. */
#define ONCE_BEATS 2
/* A host that is away is asked so often before --once gives up. */
#define ONCE_TRIES 10
/* A sentence with all its numbers and two names. */
#define EXPLAIN_MAX 2048

struct daemon {
	const struct options *options;
	struct config config;
	struct balloon *b;
	struct server server;
	struct outbox outbox;
	struct text scratch;
	struct guests guests;
	sigset_t stop_signals;
	int signals;
	int timer;
	uint64_t last_ns; /* when the last beat began */
	uint64_t next_ns; /* when the next one is due */
	uint64_t shortfall_bytes;
	bool wanted;      /* a beat before its time, as soon as EARLY_NS is over */
	bool lost;        /* the last beat failed */
	bool ready;       /* systemd knows */
	bool stop;
};

enum { FD_SIGNALS = SERVER_POLLFDS, FD_TIMER, FD_EARLY, FD_STDOUT, FDS };

static int open_host(struct daemon *d)
{
	struct balloon_policy policy = config_policy(&d->config);
	char why[CONFIG_ERROR_MAX] = "";
	struct balloon_options options = {
		.struct_size = sizeof(options),
		.flags = d->options->dry_run ? BALLOON_OPEN_DRY_RUN : 0,
		.uri = d->options->uri ? d->options->uri : d->config.uri,
		.policy = &policy,
		.log = say_sentence,
		.error_text = why,
		.error_size = sizeof(why),
	};
	int rc = balloon_open(&options, &d->b);

	if (rc < 0)
		say(LOG_ERR, "%s cannot be minded: %s", options.uri, why[0] ? why : strerror(-rc));
	return rc;
}

static void say_hello(const struct daemon *d)
{
	say(LOG_NOTICE, "version %s minds %s with profile %s, a beat every %" PRIu64 " ms%s",
	    balloon_version(), d->options->uri ? d->options->uri : d->config.uri,
	    d->config.profile_name, d->config.profile.beat_ns / 1000000u,
	    d->options->dry_run ? "; dry run: nothing is ordered" : "");
}

/* ---- beats */

static void say_shortfall(struct daemon *d, const struct balloon_report *r)
{
	bool was = d->shortfall_bytes != 0, is = r->shortfall_bytes != 0;

	d->shortfall_bytes = r->shortfall_bytes;
	if (is && !was)
		say(LOG_WARNING, "reservations are %" PRIu64 " MiB more than there is to divide; "
		    "they stand, but lower some or move a guest away", r->shortfall_bytes >> 20);
	else if (was && !is)
		say(LOG_NOTICE, "reservations fit again");
}

static void tell_systemd(struct daemon *d, const struct balloon_report *r)
{
	char status[160];

	/* READY after the first beat, good or not: a host that is away for now
	 * is not a start that failed. The watchdog is fed by good ones only. */
	snprintf(status, sizeof(status), "%s%sSTATUS=%zu guests have %" PRIu64 " MiB%s",
	         d->ready ? "" : "READY=1\n", d->lost ? "" : "WATCHDOG=1\n", r->guests_n,
	         r->charged_bytes == BALLOON_UNKNOWN ? 0 : r->charged_bytes >> 20,
	         d->lost ? "; the host does not answer" : "");
	notify(status);
	d->ready = true;
}

static void print_beat(struct daemon *d)
{
	if (d->outbox.gone || outbox_busy(&d->outbox))
		return;
	text_clear(&d->outbox.line);
	d->outbox.sent = 0;
	report_write(d->b, &d->guests, &d->outbox.line);
	text_add(&d->outbox.line, "\n");
	outbox_push(&d->outbox);
}

static int beat(struct daemon *d)
{
	struct balloon_report r = { .struct_size = sizeof(r) };
	int rc;

	d->last_ns = now_ns();
	d->wanted = false;
	rc = balloon_tick(d->b, d->last_ns, &d->next_ns);
	if (rc < 0 && !d->lost)
		say(LOG_WARNING, "this beat was lost: %s; trying again",
		    balloon_error(d->b)[0] ? balloon_error(d->b) : strerror(-rc));
	else if (rc == 0 && d->lost)
		say(LOG_NOTICE, "the host answers again");
	d->lost = rc < 0;
	if (balloon_report(d->b, &r) < 0)
		return rc;
	if (!d->lost)
		say_shortfall(d, &r);
	if (!d->lost && r.beat == TRIM_BEAT)
		trim();
	tell_systemd(d, &r);
	return rc;
}

/* ---- a new configuration */

static void keep_old(const char *why)
{
	say(LOG_ERR, "the configuration was not taken, the old one stays in force: %s", why);
}

static void swap_config(struct daemon *d, struct config *fresh)
{
	char *uri = fresh->uri, *socket = fresh->socket;

	if (strcmp(fresh->socket, d->config.socket) != 0 ||
	    (!d->options->uri && strcmp(fresh->uri, d->config.uri) != 0))
		say(LOG_WARNING, "a new \"uri\" or \"socket\" needs a restart; the rest was taken");
	/* What is in effect, for "policy" and for the way out. */
	fresh->uri = d->config.uri;
	fresh->socket = d->config.socket;
	d->config.uri = uri;
	d->config.socket = socket;
	config_free(&d->config);
	d->config = *fresh;
}

/* Everything is judged before anything is touched. */
static void reload(struct daemon *d)
{
	char why[CONFIG_ERROR_MAX];
	struct balloon_policy policy;
	struct config fresh;

	if (!d->options->config_path) {
		say(LOG_WARNING, "there is no configuration file to read again");
		return;
	}
	if (config_load(d->options->config_path, &fresh, why, sizeof(why)) < 0) {
		keep_old(why);
		return;
	}
	policy = config_policy(&fresh);
	if (config_check(&fresh, why, sizeof(why)) < 0) {
		keep_old(why);
		config_free(&fresh);
		return;
	}
	if (balloon_set_policy(d->b, &policy) < 0) {
		keep_old(balloon_error(d->b));
		config_free(&fresh);
		return;
	}
	swap_config(d, &fresh);
	d->wanted = true;
	say(LOG_NOTICE, "the new configuration is in force, profile %s, %zu guests named",
	    d->config.profile_name, d->config.guests_n);
}

static void reload_told(struct daemon *d)
{
	char message[64];
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld",
	         (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	notify(message);
	reload(d);
	notify("READY=1");
}

/* ---- answers */

static void answer(void *arg, const struct request *r, uid_t uid, struct text *reply)
{
	struct daemon *d = arg;

	switch (r->command) {
	case REQUEST_STATUS: report_write(d->b, &d->guests, reply); break;
	case REQUEST_POLICY: config_write(&d->config, reply); break;
	case REQUEST_EXPLAIN: answer_explain(d->b, r, reply); break;
	case REQUEST_ADMIT: answer_admit(d->b, r, reply); break;
	case REQUEST_PLAN: plan_write(d->b, &d->config, r->line, r->line_len, reply); break;
	case REQUEST_HOLD:
	case REQUEST_UNHOLD:
	case REQUEST_CLAIM:
	case REQUEST_READY:
	case REQUEST_UNCLAIM:
		d->wanted = answer_order(d->b, r, uid, now_ns(), reply) || d->wanted;
		break;
	}
}

/* ---- the loop */

static void set_timer(struct daemon *d)
{
	uint64_t at = d->next_ns, clients = server_deadline(&d->server);
	struct itimerspec t = { { 0, 0 }, { 0, 0 } };

	if (d->wanted && d->last_ns + EARLY_NS < at)
		at = d->last_ns + EARLY_NS;
	if (clients < at)
		at = clients;
	at += !at; /* 0 would disarm it */
	t.it_value.tv_sec = (time_t)(at / 1000000000u);
	t.it_value.tv_nsec = (long)(at % 1000000000u);
	(void)timerfd_settime(d->timer, TFD_TIMER_ABSTIME, &t, NULL);
}

static void take_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			reload_told(d);
			continue;
		}
		/* The next one ends us at once, wherever we are. */
		sigprocmask(SIG_UNBLOCK, &d->stop_signals, NULL);
		d->stop = true;
		return;
	}
}

static void fill_fds(struct daemon *d, struct pollfd *fds)
{
	int early = d->wanted ? -1 : balloon_fd(d->b);

	server_poll(&d->server, fds);
	fds[FD_SIGNALS] = (struct pollfd){ d->signals, POLLIN, 0 };
	fds[FD_TIMER] = (struct pollfd){ d->timer, POLLIN, 0 };
	fds[FD_EARLY] = (struct pollfd){ early, POLLIN, 0 };
	fds[FD_STDOUT] = (struct pollfd){ outbox_busy(&d->outbox) ? STDOUT_FILENO : -1, POLLOUT, 0 };
}

static void loop_once(struct daemon *d)
{
	struct pollfd fds[FDS];
	uint64_t expired;

	set_timer(d);
	fill_fds(d, fds);
	if (poll(fds, FDS, -1) < 0)
		return; /* EINTR */
	if (fds[FD_TIMER].revents)
		(void)!read(d->timer, &expired, sizeof(expired));
	if (fds[FD_SIGNALS].revents)
		take_signals(d);
	if (d->stop)
		return;
	d->wanted = d->wanted || fds[FD_EARLY].revents;
	if (now_ns() >= d->next_ns || (d->wanted && now_ns() >= d->last_ns + EARLY_NS)) {
		int rc = beat(d);

		if (d->options->json && rc == 0)
			print_beat(d);
	}
	if (fds[FD_STDOUT].revents)
		outbox_push(&d->outbox);
	server_run(&d->server, fds, now_ns());
}

/* ---- beginning and end */

/* The one who hands out memory must not be the first to be killed for it. */
static void protect(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, "-900", 4);

	if (n < 0)
		say(LOG_DEBUG, "oom_score_adj stays as it is: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Before the host is opened: threads of a backend inherit the mask. */
static int open_handles(struct daemon *d)
{
	sigset_t all;

	sigemptyset(&d->stop_signals);
	sigaddset(&d->stop_signals, SIGTERM);
	sigaddset(&d->stop_signals, SIGINT);
	all = d->stop_signals;
	sigaddset(&all, SIGHUP);
	sigprocmask(SIG_BLOCK, &all, NULL);
	d->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	d->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return d->signals < 0 || d->timer < 0 ? -errno : 0;
}

static int start(struct daemon *d)
{
	char why[CONFIG_ERROR_MAX];
	uint64_t watchdog = notify_watchdog_ns();
	int rc = open_handles(d);

	if (rc < 0) {
		say(LOG_ERR, "no signalfd or timerfd: %s", strerror(-rc));
		return rc;
	}
	rc = socket_claim(d->config.socket, &d->server.claim, why, sizeof(why));
	if (rc < 0) {
		say(LOG_ERR, "%s", why);
		return rc;
	}
	if (watchdog && watchdog < 2 * d->config.profile.beat_ns)
		say(LOG_WARNING, "the unit's WatchdogSec is less than two beats: it will bite");
	protect();
	return open_host(d);
}

static void finish(struct daemon *d)
{
	notify("STOPPING=1");
	if (d->config.keep_on_stop || d->options->dry_run)
		say(LOG_NOTICE, "stopped; guests keep their sizes");
	else if (balloon_release(d->b, now_ns()) < 0)
		say(LOG_WARNING, "stopped, but guests were not let go: %s", balloon_error(d->b));
	else
		say(LOG_NOTICE, "stopped; guests were let go");
}

static void clean_up(struct daemon *d)
{
	balloon_close(d->b);
	server_close(&d->server, d->config.socket);
	if (d->signals >= 0)
		close(d->signals);
	if (d->timer >= 0)
		close(d->timer);
	text_free(&d->outbox.line);
	text_free(&d->scratch);
	guests_free(&d->guests);
	config_free(&d->config);
}

int daemon_run(const struct options *o, struct config *config)
{
	/* Static: with its clients' lines it is too large for a stack frame. */
	static struct daemon d;
	int rc;

	d.options = o;
	d.config = *config;
	d.signals = d.timer = -1;
	server_init(&d.server);
	d.server.answer = answer;
	d.server.arg = &d;
	rc = start(&d);
	if (!rc) {
		say_hello(&d);
		while (!d.stop)
			loop_once(&d);
		finish(&d);
	}
	clean_up(&d);
	return rc ? EXIT_CANNOT_RUN : EXIT_OK;
}

/* ---- once */

static void sleep_until(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int beats(struct daemon *d)
{
	int good = 0;

	for (int i = 0; i < ONCE_TRIES && good < ONCE_BEATS; i++) {
		if (i)
			sleep_until(d->next_ns);
		good += beat(d) == 0;
	}
	return good == ONCE_BEATS ? 0 : -EAGAIN;
}

static void print_sentences(struct daemon *d)
{
	char sentence[EXPLAIN_MAX], clean[EXPLAIN_MAX];

	if (guests_read(&d->guests, d->b) < 0)
		return;
	if (!d->guests.n)
		puts("There is no guest.");
	for (size_t i = 0; i < d->guests.n; i++) {
		char uuid[64], *name;

		/* Names go with the next call on the handle. */
		name = strdup(d->guests.rows[i].name);
		snprintf(uuid, sizeof(uuid), "%s", d->guests.rows[i].uuid);
		if (name && balloon_explain(d->b, uuid[0] ? uuid : name, sentence,
		                            sizeof(sentence)) >= 0) {
			printable(sentence, clean, sizeof(clean));
			puts(clean);
		}
		free(name);
		if (guests_read(&d->guests, d->b) < 0)
			return;
	}
}

static void print_once(struct daemon *d)
{
	if (!d->options->json) {
		print_sentences(d);
		return;
	}
	report_write(d->b, &d->guests, &d->scratch);
	text_add(&d->scratch, "\n");
	if (!d->scratch.broken)
		fwrite(d->scratch.data, 1, d->scratch.len, stdout);
}

int daemon_once(const struct options *o, struct config *config)
{
	static struct daemon d;
	int rc;

	d.options = o;
	d.config = *config;
	d.signals = d.timer = -1;
	server_init(&d.server);
	rc = open_host(&d);
	if (!rc) {
		rc = beats(&d);
		if (!rc)
			print_once(&d);
	}
	if (fflush(stdout) || d.scratch.broken)
		rc = -EIO;
	clean_up(&d);
	return rc ? EXIT_CANNOT_RUN : EXIT_OK;
}
