/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client may ask; see request.h. */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scan.h"

/* The two keys there are, and a few to be told that they are unknown. */
#define REQUEST_KEYS 8

struct parts {
	char command[16];
	struct request request;
	const char *wrong;
	int guest_given;
};

static void take(void *arg, int depth, struct scan_piece key, char kind, struct scan_piece value)
{
	struct parts *p = arg;
	char name[16];

	if (p->wrong)
		return;
	if (depth != 1 || kind != '"')
		p->wrong = "a request has only \"cmd\" and \"guest\", and both are strings";
	else if (scan_unescape(key, name, sizeof(name)) < 0)
		p->wrong = "a request has no such key; there are \"cmd\" and \"guest\"";
	else if (!strcmp(name, "cmd"))
		(void)scan_unescape(value, p->command, sizeof(p->command));
	else if (strcmp(name, "guest") != 0)
		p->wrong = "a request has no such key; there are \"cmd\" and \"guest\"";
	else if (scan_unescape(value, p->request.guest, sizeof(p->request.guest)) <= 0)
		p->wrong = "the guest's name is empty or too long";
	else
		p->guest_given = 1;
}

static const char *judge(struct parts *p)
{
	static const char *const commands[] = { "status", "policy", "explain" };
	size_t i = 0;

	if (p->wrong)
		return p->wrong;
	while (i < 3 && strcmp(p->command, commands[i]) != 0)
		i++;
	if (i == 3)
		return "the request needs \"cmd\": \"status\", \"policy\" or \"explain\"";
	p->request.command = (enum request_command)i;
	if (p->guest_given != (p->request.command == REQUEST_EXPLAIN))
		return p->guest_given ? "only \"explain\" takes a \"guest\""
		                      : "\"explain\" needs a \"guest\", its name or UUID";
	return NULL;
}

int request_parse(const char *line, size_t len, struct request *ret, char *error, size_t size)
{
	struct scan_key keys[REQUEST_KEYS];
	struct parts parts = { .guest_given = 0 };
	struct scan scan = {
		.text = line, .len = len, .keys = keys, .keys_max = REQUEST_KEYS,
		.member = take, .arg = &parts,
	};
	const char *wrong = scan_json(&scan) < 0 ? scan.error : judge(&parts);

	if (wrong) {
		snprintf(error, size, "%s", wrong);
		return -EINVAL;
	}
	*ret = parts.request;
	return 0;
}
