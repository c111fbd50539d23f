/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hvsim as a child of a C program, commanded by lines. */
#include "hvkit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* gss-ntlmssp 1.2.0 leaves OpenSSL objects behind with every handshake, as
 * LSan sees it (6 KiB each); nothing of ours is in libcrypto. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:gssntlmssp.so\nleak:libcrypto.so\n";
}

static void die(const char *what, const char *of)
{
	fprintf(stderr, "hvkit: %s: %.300s\n", what, of);
	exit(1);
}

static bool has_python(void)
{
	if (system("/usr/bin/python3 -c 'import gssapi' 2>/dev/null") == 0 &&
	    access("/etc/gss/mech.d/mech.ntlmssp.conf", R_OK) == 0)
		return true;
	printf("SKIP: hvsim needs Debian's python3, python3-gssapi and gss-ntlmssp\n");
	return false;
}

static void __attribute__((format(printf, 4, 5)))
write_file(const struct hvkit *k, const char *name, mode_t mode, const char *format, ...)
{
	char path[160];
	va_list args;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	f = fopen(path, "w");
	if (!f)
		die("cannot write", path);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
	chmod(path, mode);
}

/* A CA, and a certificate for localhost by it: the fixture's in Python knows how. */
static void certify(const struct hvkit *k)
{
	char command[512];

	snprintf(command, sizeof(command),
	         "/usr/bin/python3 -B -c 'import sys; sys.path.insert(0, \"%s\"); from fixture import certificates; certificates(\"%s\")'", HVKIT_HERE, k->dir);
	if (system(command) != 0)
		die("no certificate", command);
}

static void spawn(struct hvkit *k)
{
	int to[2], from[2];
	char path[96];

	snprintf(path, sizeof(path), "%s/hvsim.json", k->dir);
	if (pipe(to) < 0 || pipe(from) < 0)
		die("pipe", path);
	k->pid = fork();
	if (k->pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execl("/usr/bin/python3", "python3", "-B", HVKIT_HERE "/hvsim/hvsim", path,
		      (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	k->in = fdopen(to[1], "w");
	k->out = fdopen(from[0], "r");
}

static const char *answer(struct hvkit *k)
{
	if (!fgets(k->line, sizeof(k->line), k->out))
		die("hvsim does not answer", k->dir);
	return k->line;
}

bool hvkit_start(struct hvkit *k, const char *hosts, bool tls)
{
	const char *at;

	if (!has_python())
		return false;
	memset(k, 0, sizeof(*k));
	snprintf(k->dir, sizeof(k->dir), "/tmp/hvsim-kit-XXXXXX");
	if (!mkdtemp(k->dir))
		die("mkdtemp", k->dir);
	if (tls)
		certify(k);
	write_file(k, "hvsim.json", 0600, "{\"accounts\": {\"HV\\\\balloon\": \"%s\", "
	           "\"HV\\\\nobody\": \"n0-p0wer\"}, \"powerless\": [\"nobody\"], %s%s%s"
	           "\"hosts\": [%s]}", HVKIT_PASSWORD, tls ? "\"certificate\": \"" : "",
	           tls ? k->dir : "", tls ? "/both.pem\", " : "", hosts);
	spawn(k);
	at = answer(k);
	for (int i = 0; i < HVKIT_HOSTS && (at = strstr(at, "\"http\": ")); i++, at++) {
		k->http[i] = atoi(at + 8);
		k->https[i] = atoi(strstr(at, "\"https\": ") + 9);
	}
	return true;
}

void hvkit_stop(struct hvkit *k)
{
	char command[96];

	fclose(k->in);
	fclose(k->out);
	waitpid(k->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", k->dir);
	if (system(command) != 0)
		die("cannot remove", k->dir);
}

const char *hvkit_ask(struct hvkit *k, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(k->in, format, args);
	va_end(args);
	fputc('\n', k->in);
	fflush(k->in);
	return answer(k);
}

double hvkit_number(struct hvkit *k, const char *guest, const char *key)
{
	char name[96];
	const char *at = k->line;

	snprintf(name, sizeof(name), ": \"%s\"", guest ? guest : "");
	if (guest)
		at = strstr(at, name);
	snprintf(name, sizeof(name), "\"%s\": ", key);
	at = at ? strstr(at, name) : NULL;
	if (!at)
		die(key, k->line);
	return atof(at + strlen(name));
}

const char *hvkit_credentials(struct hvkit *k, const char *name, const char *user,
                              const char *password)
{
	static char path[160];

	write_file(k, name, 0600, "# who libballoon is\nuser = %s\npassword = %s\n", user,
	           password);
	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	return path;
}

void hvkit_nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

bool hvkit_until(bool (*what)(void *arg), void *arg)
{
	time_t end = time(NULL) + 60;

	while (!what(arg)) {
		if (time(NULL) > end)
			return false;
		hvkit_nap();
	}
	return true;
}
