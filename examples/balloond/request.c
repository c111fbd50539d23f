/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client may ask; see request.h. */
#include "request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <balloon/balloon.h>

#include "duration.h"
#include "scan.h"
#include "size.h"

/* The most that are open at a time: a plan's, of as many guests as a line has
 * room to say something of. */
#define REQUEST_KEYS 128
/* "4503599627370496 B" and shorter; a mode; a time. */
#define WORD_MAX 32

struct parts {
	struct request request;
	char command[16];
	char mode[WORD_MAX], span[WORD_MAX];
	char size[WORD_MAX], reservation[WORD_MAX], overhead[WORD_MAX], claim[WORD_MAX];
	unsigned int given; /* bit k = keys[k] */
	bool unknown;       /* a key that none of them is */
	bool other;         /* a value that is no string */
	const char *long_one;
};

enum { GUEST, OWNER, REASON, MODE, SPAN, SIZE, RESERVATION, OVERHEAD, POOL, CLAIM, CMD, KEYS };
#define BIT(key) (1u << (key))
#define PART(field) offsetof(struct parts, field), sizeof(((struct parts *)0)->field)

static const struct key {
	const char *name;
	size_t at, size;
} keys[KEYS] = {
	[GUEST] = { "guest", PART(request.guest) },
	[OWNER] = { "owner", PART(request.owner) },
	[REASON] = { "reason", PART(request.reason) },
	[MODE] = { "mode", PART(mode) },
	[SPAN] = { "for", PART(span) },
	[SIZE] = { "size", PART(size) },
	[RESERVATION] = { "reservation", PART(reservation) },
	[OVERHEAD] = { "overhead", PART(overhead) },
	[POOL] = { "pool", PART(request.pool) },
	[CLAIM] = { "claim", PART(claim) },
	[CMD] = { "cmd", PART(command) },
};

static const struct command {
	const char *name;
	unsigned int needs, may;
} commands[] = {
	[REQUEST_STATUS] = { "status", 0, 0 },
	[REQUEST_POLICY] = { "policy", 0, 0 },
	[REQUEST_EXPLAIN] = { "explain", BIT(GUEST), 0 },
	[REQUEST_HOLD] = { "hold", BIT(GUEST) | BIT(OWNER) | BIT(SPAN), BIT(MODE) | BIT(REASON) },
	[REQUEST_UNHOLD] = { "unhold", BIT(GUEST) | BIT(OWNER), 0 },
	[REQUEST_ADMIT] = { "admit", BIT(SIZE) | BIT(RESERVATION), BIT(OVERHEAD) | BIT(POOL) },
	[REQUEST_PLAN] = { "plan", 0, 0 },
	[REQUEST_CLAIM] = { "claim", BIT(GUEST) | BIT(SIZE) | BIT(RESERVATION) | BIT(SPAN),
	                    BIT(OVERHEAD) | BIT(POOL) },
	[REQUEST_READY] = { "ready", BIT(CLAIM), BIT(SPAN) },
	[REQUEST_UNCLAIM] = { "unclaim", BIT(CLAIM), 0 },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Members of an object inside come before the object that has them: only at the
 * end it is known whether they may be there. */
static void take(void *arg, int depth, struct scan_piece key, char kind, struct scan_piece value)
{
	struct parts *p = arg;
	char name[16];
	size_t k = 0;

	if (depth != 1 || kind != '"') {
		p->other = true;
		return;
	}
	if (scan_unescape(key, name, sizeof(name)) < 0)
		name[0] = '\0';
	while (k < KEYS && strcmp(keys[k].name, name) != 0)
		k++;
	if (k == KEYS)
		p->unknown = true;
	else if (scan_unescape(value, (char *)p + keys[k].at, keys[k].size) <= 0)
		p->long_one = keys[k].name;
	else
		p->given |= BIT(k);
}

static int wrong(char *error, size_t size, const char *sentence)
{
	snprintf(error, size, "%s", sentence);
	return -EINVAL;
}

/* Which of the keys that the command needs is missing, or which it has too much. */
static int judge_keys(const struct parts *p, const struct command *c, char *error, size_t size)
{
	unsigned int given = p->given & ~BIT(CMD);

	if (p->other)
		return wrong(error, size, "a request has strings, and only a plan has more");
	if (p->long_one) {
		snprintf(error, size, "\"%s\" is empty or too long", p->long_one);
		return -EINVAL;
	}
	for (unsigned int k = 0; k < CMD; k++) {
		const char *verb = c->needs & ~given & BIT(k) ? "needs"
		                 : given & ~(c->needs | c->may) & BIT(k) ? "takes no" : NULL;

		if (!verb)
			continue;
		snprintf(error, size, "\"%s\" %s \"%s\"", c->name, verb, keys[k].name);
		return -EINVAL;
	}
	return p->unknown ? wrong(error, size, "a request has no such key; balloond(8) has the list") : 0;
}

static int judge_mode(struct parts *p, char *error, size_t size)
{
	static const char *const modes[] = {
		[BALLOON_HOLD_FREEZE] = "freeze", [BALLOON_HOLD_KEEP] = "keep",
		[BALLOON_HOLD_FULL] = "full",
	};

	if (!p->mode[0])
		return 0; /* freeze */
	for (uint32_t i = 0; i < 3; i++) {
		p->request.mode = i;
		if (!strcmp(modes[i], p->mode))
			return 0;
	}
	return wrong(error, size, "\"mode\" should be \"freeze\", \"keep\" or \"full\"");
}

typedef int reader(const char *text, uint64_t *ret, char *error, size_t size);

static int judge_number(const char *key, const char *text, reader *read, uint64_t *ret,
                        char *error, size_t size)
{
	char why[160];

	if (!*text || read(text, ret, why, sizeof(why)) == 0)
		return 0;
	snprintf(error, size, "%s: \"%s\" %s", key, text, why);
	return -EINVAL;
}

/* A claim's number, as it was told: digits. */
static int claim_parse(const char *text, uint64_t *ret, char *error, size_t size)
{
	uint64_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || n > UINT64_MAX / 10 - 1)
			return wrong(error, size, "is no claim's number");
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret = n;
	return 0;
}

static int judge_values(struct parts *p, char *error, size_t size)
{
	struct request *r = &p->request;
	int rc = judge_mode(p, error, size);

	if (!rc)
		rc = judge_number("for", p->span, duration_parse, &r->for_ns, error, size);
	if (!rc)
		rc = judge_number("size", p->size, size_parse, &r->size_bytes, error, size);
	if (!rc)
		rc = judge_number("reservation", p->reservation, size_parse, &r->reservation_bytes,
		                  error, size);
	if (!rc)
		rc = judge_number("overhead", p->overhead, size_parse, &r->overhead_bytes, error, size);
	if (!rc)
		rc = judge_number("claim", p->claim, claim_parse, &r->claim, error, size);
	return rc;
}

static int judge(struct parts *p, char *error, size_t size)
{
	size_t i = 0;
	int rc;

	while (i < COMMANDS && strcmp(p->command, commands[i].name) != 0)
		i++;
	if (i == COMMANDS)
		return wrong(error, size, "the request needs \"cmd\": \"status\", \"policy\", "
		             "\"explain\", \"hold\", \"unhold\", \"admit\", \"plan\", \"claim\", "
		             "\"ready\" or \"unclaim\"");
	p->request.command = (enum request_command)i;
	if (i == REQUEST_PLAN)
		return 0; /* the rest is for who reads it whole */
	rc = judge_keys(p, &commands[i], error, size);
	return rc ? rc : judge_values(p, error, size);
}

int request_parse(const char *line, size_t len, struct request *ret, char *error, size_t size)
{
	struct scan_key open_keys[REQUEST_KEYS];
	struct parts parts = { .given = 0 };
	struct scan scan = {
		.text = line, .len = len, .keys = open_keys, .keys_max = REQUEST_KEYS,
		.member = take, .arg = &parts,
	};
	int rc = scan_json(&scan) < 0 ? wrong(error, size, scan.error) : judge(&parts, error, size);

	if (rc)
		return rc;
	*ret = parts.request;
	if (ret->command == REQUEST_PLAN) {
		ret->line = line;
		ret->line_len = len;
	}
	return 0;
}
