/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options made into a request. What a size or a time is is judged here, so that
 * a slip is a wrong use; all else balloond judges. Knows no argp and no socket.
 */
#ifndef BALLOONCTL_ASKING_H
#define BALLOONCTL_ASKING_H

#include <json-c/json.h>
#include <stddef.h>

#define ASKING_ERROR_MAX 512

enum asking_option {
	ASKING_FOR, ASKING_OWNER, ASKING_REASON, ASKING_MODE,
	ASKING_SIZE, ASKING_RESERVATION, ASKING_OVERHEAD, ASKING_POOL, ASKING_CLAIM,
	ASKING_BUDGET, ASKING_SET, ASKING_ADD, ASKING_GONE, ASKING_TOTAL, ASKING_AVAILABLE,
	ASKING_OPTIONS
};

/* All zero first. */
struct asking {
	json_object *request;
	unsigned int given; /* bit k = option k */
};

/* 0, or -EINVAL or -ENOMEM with a sentence. */
int asking_option(struct asking *a, enum asking_option option, const char *arg, char *error,
                  size_t size);

/* Do the options fit the command? 0, or -EINVAL with a sentence. */
int asking_check(const struct asking *a, const char *command, char *error, size_t size);

/* The request's text, valid until asking_free(); NULL if memory ran short. */
const char *asking_request(struct asking *a, const char *command, const char *guest);

void asking_free(struct asking *a);

#endif
