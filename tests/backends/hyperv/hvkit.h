/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests and the bench share: hvsim as a child, and a handle on it. */
#ifndef HVKIT_H
#define HVKIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define HVKIT_USER "HV\\balloon"
#define HVKIT_PASSWORD "Pa55-w0rd-of-hvsim"
#define HVKIT_HOSTS 4

struct hvkit {
	pid_t pid;
	FILE *in, *out;
	char dir[64];
	char line[1 << 22];     /* its last answer */
	int http[HVKIT_HOSTS], https[HVKIT_HOSTS];
};

/* Starts hvsim with these hosts (the JSON list's inside), over TLS too if asked
 * to. false: it is not to be had here, and why was printed: skip. */
bool hvkit_start(struct hvkit *k, const char *hosts, bool tls);
void hvkit_stop(struct hvkit *k);

/* Commands hvsim, by a line as printf() makes it; the answer is in k->line. */
const char *hvkit_ask(struct hvkit *k, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The number after "key": in what of the last answer comes after the guest's name
 * or GUID (NULL: from its start); fails the program if it is not there. */
double hvkit_number(struct hvkit *k, const char *guest, const char *key);

/* A credentials file of this name with these two; returns its path, static. */
const char *hvkit_credentials(struct hvkit *k, const char *name, const char *user,
                              const char *password);

/* Tries what() until it is true, for a minute: a bound so that a hang fails. */
bool hvkit_until(bool (*what)(void *arg), void *arg);
void hvkit_nap(void);

#endif
