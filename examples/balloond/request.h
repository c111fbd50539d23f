/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client may ask, one line of JSON each:
 *
 *	{"cmd":"status"}  {"cmd":"policy"}  {"cmd":"explain","guest":"NAME or UUID"}
 *
 * Pure: bytes in, struct out, no allocation; the client is not trusted.
 */
#ifndef BALLOOND_REQUEST_H
#define BALLOOND_REQUEST_H

#include <stddef.h>

/* A name of 255 characters, each written as \uXXXX, fits into a request. */
#define REQUEST_GUEST_MAX 256
#define REQUEST_MAX 4096

enum request_command {
	REQUEST_STATUS,
	REQUEST_POLICY,
	REQUEST_EXPLAIN,
};

struct request {
	enum request_command command;
	char guest[REQUEST_GUEST_MAX]; /* of explain; "" else */
};

/* Judges one line (without its newline). 0, or -EINVAL with a sentence. */
int request_parse(const char *line, size_t len, struct request *ret, char *error, size_t size);

#endif
