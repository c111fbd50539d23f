/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client may ask, one line of JSON each; balloond.8 has the list.
 *
 * Pure: bytes in, struct out, no allocation; the client is not trusted.
 */
#ifndef BALLOOND_REQUEST_H
#define BALLOOND_REQUEST_H

#include <stddef.h>
#include <stdint.h>

/* A name of 255 characters, each written as \uXXXX, fits into a request. */
#define REQUEST_GUEST_MAX 256
#define REQUEST_OWNER_MAX 64   /* a program's name */
#define REQUEST_REASON_MAX 160 /* a line for people */
#define REQUEST_MAX 4096

enum request_command {
	REQUEST_STATUS,
	REQUEST_POLICY,
	REQUEST_EXPLAIN,
	REQUEST_HOLD,
	REQUEST_UNHOLD,
	REQUEST_ADMIT,
	REQUEST_PLAN,
	REQUEST_CLAIM,
	REQUEST_READY,
	REQUEST_UNCLAIM,
};

/* What a command does not take is "" or 0. */
struct request {
	enum request_command command;
	uint32_t mode;                   /* enum balloon_hold_mode */
	char guest[REQUEST_GUEST_MAX];
	char owner[REQUEST_OWNER_MAX];
	char reason[REQUEST_REASON_MAX];
	char pool[REQUEST_GUEST_MAX];    /* "" = the root */
	uint64_t for_ns;
	uint64_t claim;                  /* its number */
	uint64_t size_bytes;
	uint64_t reservation_bytes;
	uint64_t overhead_bytes;
	const char *line;                /* of a plan, which plan.c reads; the caller's */
	size_t line_len;
};

/* Judges one line (without its newline). 0, or -EINVAL with a sentence. */
int request_parse(const char *line, size_t len, struct request *ret, char *error, size_t size);

#endif
