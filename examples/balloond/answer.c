/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What balloond answers to requests about one guest; see answer.h. */
#include "answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syslog.h>
#include <unistd.h>

#include "log.h"
#include "report.h"

/* A sentence with all its numbers and two names. */
#define SENTENCE_MAX 2048

static void say_text(const char *sentence, struct text *reply)
{
	text_add(reply, "{\"text\":");
	text_json_string(reply, sentence, SIZE_MAX);
	text_add(reply, "}");
}

static void say_failure(struct balloon *b, int rc, struct text *reply)
{
	report_error(balloon_error(b)[0] ? balloon_error(b) : strerror(-rc), reply);
}

void answer_explain(struct balloon *b, const struct request *r, struct text *reply)
{
	char sentence[SENTENCE_MAX];
	int rc = balloon_explain(b, r->guest, sentence, sizeof(sentence));

	if (rc < 0)
		report_error(rc == -ENOENT ? "there is no such guest; \"status\" lists them"
		                           : strerror(-rc), reply);
	else
		say_text(sentence, reply);
}

static void say_admission(bool admitted, uint64_t short_bytes, const char *sentence,
                          struct text *reply)
{
	text_printf(reply, "{\"admitted\":%s,\"short_bytes\":", admitted ? "true" : "false");
	text_json_number(reply, short_bytes);
	text_add(reply, ",\"text\":");
	text_json_string(reply, sentence, SIZE_MAX);
	text_add(reply, "}");
}

void answer_admit(struct balloon *b, const struct request *r, struct text *reply)
{
	struct balloon_request request = {
		.struct_size = sizeof(request),
		.pool = r->pool[0] ? r->pool : NULL,
		.reservation_bytes = r->reservation_bytes,
		.overhead_bytes = r->overhead_bytes,
		.size_bytes = r->size_bytes,
	};
	char sentence[SENTENCE_MAX];
	uint64_t short_bytes = 0;
	int rc = balloon_admit(b, &request, &short_bytes);

	if (rc < 0 && rc != -ENOSPC) {
		say_failure(b, rc, reply);
		return;
	}
	snprintf(sentence, sizeof(sentence), "there is room for a reservation of %" PRIu64 " MiB and "
	         "an overhead of %" PRIu64 " MiB; nothing was changed",
	         r->reservation_bytes >> 20, r->overhead_bytes >> 20);
	say_admission(rc == 0, short_bytes, rc == 0 ? sentence : balloon_error(b), reply);
}

/* A guest may be held before it is there; whoever mistyped its name should see. */
static const char *not_there(struct balloon *b, const char *guest)
{
	char nothing[1];

	return balloon_explain(b, guest, nothing, sizeof(nothing)) == -ENOENT
	       ? "; there is no such guest yet" : "";
}

static bool hold_guest(struct balloon *b, const struct request *r, uint64_t now, struct text *reply)
{
	static const char *const modes[] = {
		[BALLOON_HOLD_FREEZE] = "frozen", [BALLOON_HOLD_KEEP] = "not shrunk",
		[BALLOON_HOLD_FULL] = "led to all it may have",
	};
	struct balloon_hold hold = {
		.struct_size = sizeof(hold),
		.mode = r->mode,
		.owner = r->owner,
		.reason = r->reason[0] ? r->reason : NULL,
		.until_ns = now + r->for_ns,
	};
	char sentence[SENTENCE_MAX];
	int rc = balloon_hold(b, r->guest, &hold);

	if (rc < 0) {
		say_failure(b, rc, reply);
		return false;
	}
	snprintf(sentence, sizeof(sentence), "%s is held by %s for %" PRIu64 " s, %s%s%s%s", r->guest,
	         r->owner, r->for_ns / 1000000000u, modes[r->mode], r->reason[0] ? ": " : "",
	         r->reason, not_there(b, r->guest));
	say(LOG_NOTICE, "%s", sentence);
	say_text(sentence, reply);
	return true;
}

static bool unhold_guest(struct balloon *b, const struct request *r, struct text *reply)
{
	char sentence[SENTENCE_MAX];
	int rc = balloon_unhold(b, r->guest, r->owner);

	if (rc < 0) {
		say_failure(b, rc, reply);
		return false;
	}
	snprintf(sentence, sizeof(sentence), "%s no longer holds %s", r->owner, r->guest);
	say(LOG_NOTICE, "%s", sentence);
	say_text(sentence, reply);
	return true;
}

bool answer_order(struct balloon *b, const struct request *r, uid_t uid, uint64_t now,
                  struct text *reply)
{
	/* The socket's mode lets a group look; to interfere is for root and ourselves. */
	if (uid != 0 && uid != geteuid()) {
		report_error("only root, and the user balloond runs as, may hold guests", reply);
		return false;
	}
	return r->command == REQUEST_HOLD ? hold_guest(b, r, now, reply) : unhold_guest(b, r, reply);
}
