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

static struct balloon_request request_of(const struct request *r)
{
	return (struct balloon_request){
		.struct_size = sizeof(struct balloon_request),
		.pool = r->pool[0] ? r->pool : NULL,
		.reservation_bytes = r->reservation_bytes,
		.overhead_bytes = r->overhead_bytes,
		.size_bytes = r->size_bytes,
	};
}

void answer_admit(struct balloon *b, const struct request *r, struct text *reply)
{
	struct balloon_request request = request_of(r);
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

/* ------------------------------------------------------------------ claims */

/* Does what it keeps lie free? The sentence is what comes before, and that. */
static void say_ready(struct balloon *b, uint64_t claim, const char *before, struct text *reply)
{
	char sentence[SENTENCE_MAX];
	uint64_t missing = 0;
	int rc = balloon_claim_ready(b, claim, &missing);

	if (rc < 0 && rc != -EAGAIN) {
		say_failure(b, rc, reply);
		return;
	}
	snprintf(sentence, sizeof(sentence), "%s%s", before, rc == 0 ? "all of it lies free: start the guest"
	                                                             : balloon_error(b));
	text_printf(reply, "{\"claim\":%" PRIu64 ",\"ready\":%s,\"missing_bytes\":", claim,
	            rc == 0 ? "true" : "false");
	text_json_number(reply, rc == 0 ? 0 : missing);
	text_add(reply, ",\"text\":");
	text_json_string(reply, sentence, SIZE_MAX);
	text_add(reply, "}");
}

static bool claim_memory(struct balloon *b, const struct request *r, uint64_t now,
                         struct text *reply)
{
	struct balloon_request request = request_of(r);
	char sentence[SENTENCE_MAX / 2];
	uint64_t claim;
	int rc = balloon_claim(b, &request, r->guest, now + r->for_ns, &claim);

	if (rc < 0) {
		say_failure(b, rc, reply);
		return false;
	}
	snprintf(sentence, sizeof(sentence), "claim %" PRIu64 " keeps up to %" PRIu64 " MiB for %s, for "
	         "%" PRIu64 " s; ", claim, (r->size_bytes + r->overhead_bytes) >> 20, r->guest,
	         r->for_ns / 1000000000u);
	say(LOG_NOTICE, "%s", sentence);
	say_ready(b, claim, sentence, reply);
	return true;
}

static bool renew_claim(struct balloon *b, const struct request *r, uint64_t now, struct text *reply)
{
	int rc = r->for_ns ? balloon_claim_renew(b, r->claim, now + r->for_ns) : 0;

	if (rc < 0)
		say_failure(b, rc, reply);
	else
		say_ready(b, r->claim, "", reply);
	return false;
}

static bool release_claim(struct balloon *b, const struct request *r, struct text *reply)
{
	char sentence[SENTENCE_MAX];
	int rc = balloon_claim_release(b, r->claim);

	if (rc < 0) {
		say_failure(b, rc, reply);
		return false;
	}
	snprintf(sentence, sizeof(sentence), "claim %" PRIu64 " is given up", r->claim);
	say(LOG_NOTICE, "%s", sentence);
	say_text(sentence, reply);
	return true;
}

bool answer_order(struct balloon *b, const struct request *r, uid_t uid, uint64_t now,
                  struct text *reply)
{
	bool looks = r->command == REQUEST_READY && !r->for_ns;

	/* The socket's mode lets a group look; to interfere is for root and ourselves. */
	if (uid != 0 && uid != geteuid() && !looks) {
		report_error("only root, and the user balloond runs as, may hold guests or claim "
		             "memory", reply);
		return false;
	}
	switch (r->command) {
	case REQUEST_HOLD: return hold_guest(b, r, now, reply);
	case REQUEST_UNHOLD: return unhold_guest(b, r, reply);
	case REQUEST_CLAIM: return claim_memory(b, r, now, reply);
	case REQUEST_READY: return renew_claim(b, r, now, reply);
	default: return release_claim(b, r, reply);
	}
}
