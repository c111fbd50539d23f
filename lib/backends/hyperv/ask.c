/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Question and answer: a letter is sent, the reply read, and a fault turned
 * into a sentence that says what to do. Must not know what is asked.
 */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* 1024 guests with 50 checkpoints each, which is what Hyper-V allows, come to
 * about 50000 settings, in replies of 150 or more; one by one they would take
 * longer than anybody waits. A server that has not ended then does not mean to. */
#define PULLS_MAX 2048
#define QUERY_NS UINT64_C(30000000000)

/* The server asks for patience with this fault; it is given a few times. */
#define TIMED_OUT_MAX 3

uint64_t bl_hyperv_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static bool is_named(const struct bl_hyperv_fault *f, const char *name)
{
	return strcmp(f->name, name) == 0;
}

static const char *advice(const struct bl_hyperv_fault *f, int *ret_rc)
{
	*ret_rc = -EIO;
	if (f->code == BL_HYPERV_FAULT_DENIED || f->code == BL_HYPERV_FAULT_DENIED_HRESULT ||
	    f->code == BL_HYPERV_FAULT_DENIED_WMI || is_named(f, "AccessDenied")) {
		*ret_rc = -EACCES;
		return "our user may not see or steer its guests; add it to the groups \"Hyper-V "
		       "Administrators\" and \"Remote Management Users\" there";
	}
	if (f->code == BL_HYPERV_FAULT_TIMED_OUT || is_named(f, "TimedOut")) {
		*ret_rc = -ETIMEDOUT;
		return "it is too busy to answer; it is asked again";
	}
	if (f->code == BL_HYPERV_FAULT_NO_CLASS) {
		*ret_rc = -EOPNOTSUPP;
		return "it has no such class; is the Hyper-V role installed?";
	}
	if (f->code == BL_HYPERV_FAULT_TOO_LONG || is_named(f, "EncodingLimit"))
		return "it has more guests than fit into one answer; raise MaxEnvelopeSizekb there "
		       "(winrm set winrm/config @{MaxEnvelopeSizekb=\"8192\"})";
	return "it answers with a fault; look into its event log (Windows Remote Management)";
}

static int explain(struct bl_hyperv_host *h, const struct bl_hyperv_fault *f)
{
	int rc;
	const char *what = advice(f, &rc);

	snprintf(h->line->error, sizeof(h->line->error),
	         "Hyper-V host %.100s: %s (%s 0x%08x: %.250s)", h->line->address.host, what, f->name[0] ? f->name : "fault", f->code,
	         f->text[0] ? f->text : "no reason given");
	return rc;
}

static int not_a_reply(struct bl_hyperv_host *h)
{
	snprintf(h->line->error, sizeof(h->line->error), "Hyper-V host %.100s: what it answers is "
	         "not WS-Management, or not to our question; check the address, and for proxies "
	         "on the way", h->line->address.host);
	return -EPROTO;
}

/* Identify has no message id, and so no relation. */
static bool relates(const struct bl_hyperv_letter *letter, const struct bl_hyperv_reply *reply)
{
	return !letter->id[0] || strcmp(letter->id, reply->relates_to) == 0;
}

static int read_answer(struct bl_hyperv_host *h, const struct bl_hyperv_letter *letter,
                       const char *body, size_t n, struct bl_hyperv_reply *ret_reply)
{
	struct bl_hyperv_reply reply;
	int rc = bl_hyperv_reply_read(body, n, &reply);

	if (rc < 0)
		return not_a_reply(h);
	if (reply.is_fault)
		rc = explain(h, &reply.fault);
	else if (!relates(letter, &reply))
		rc = not_a_reply(h);
	if (rc < 0)
		bl_hyperv_reply_free(&reply);
	else
		*ret_reply = reply;
	return rc;
}

int bl_hyperv_ask(struct bl_hyperv_host *h, struct bl_hyperv_letter *letter,
                  struct bl_hyperv_reply *ret_reply)
{
	const char *body;
	size_t n;
	int rc = bl_hyperv_line_send(h->line, letter->text, letter->n, &body, &n);

	if (rc == 0)
		rc = read_answer(h, letter, body, n, ret_reply);
	bl_hyperv_letter_free(letter);
	return rc;
}

struct walk {
	const char *space;
	bl_hyperv_take take;
	void *arg;
	char context[BL_HYPERV_CONTEXT_MAX]; /* "" = at the end */
};

static int take_items(struct bl_hyperv_host *h, struct bl_hyperv_reply *reply, struct walk *w)
{
	int rc = bl_hyperv_items(reply, w->take, w->arg, w->context);

	bl_hyperv_reply_free(reply);
	return rc == -EBADMSG ? not_a_reply(h) : rc;
}

static int pull(struct bl_hyperv_host *h, struct walk *w)
{
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	int rc = bl_hyperv_write_pull(h->line->address.url, w->space, w->context, &letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	return rc < 0 ? rc : take_items(h, &reply, w);
}

static int endless(struct bl_hyperv_host *h)
{
	snprintf(h->line->error, sizeof(h->line->error), "Hyper-V host %.100s: its list does not "
	         "end; restart WinRM there", h->line->address.host);
	return -EPROTO;
}

int bl_hyperv_query(struct bl_hyperv_host *h, const char *space, const char *wql,
                    bl_hyperv_take take, void *arg)
{
	struct walk w = {.space = space, .take = take, .arg = arg};
	uint64_t until_ns = bl_hyperv_clock() + QUERY_NS;
	struct bl_hyperv_letter letter;
	struct bl_hyperv_reply reply;
	unsigned pulls = 0, waits = 0;
	int rc = bl_hyperv_write_enumerate(h->line->address.url, space, wql, &letter);

	if (rc == 0)
		rc = bl_hyperv_ask(h, &letter, &reply);
	if (rc == 0)
		rc = take_items(h, &reply, &w);
	while (rc == 0 && w.context[0]) {
		if (++pulls > PULLS_MAX || bl_hyperv_clock() > until_ns)
			return endless(h);
		rc = pull(h, &w);
		if (rc == -ETIMEDOUT && w.context[0] && ++waits < TIMED_OUT_MAX)
			rc = 0;
	}
	return rc;
}
