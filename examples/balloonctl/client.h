/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to balloond, one answer. Knows nothing of what they mean. */
#ifndef BALLOONCTL_CLIENT_H
#define BALLOONCTL_CLIENT_H

#include <json-c/json.h>
#include <stddef.h>

#define CLIENT_ERROR_MAX 512

/* 0 and the answer, the caller's to put; or a negative errno with a sentence:
 * also where the answer is balloond's "error". */
int client_ask(const char *socket_path, const char *request, json_object **ret, char *error,
               size_t size);

#endif
