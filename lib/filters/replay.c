/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays a recording back: balloon/replay.h has what it promises. Reads ahead to
 * the next look, so that all orders of a beat are known before the first is
 * compared. Must not know any policy.
 */
#include <balloon/replay.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reel.h"
#include "replay.h"
#include "tape.h"

#define SCHEME "replay:"
#define SENTENCE_SIZE 512
#define MIB (UINT64_C(1) << 20)

struct replay {
	struct bl_reel reel;
	struct bl_tape tape;
	const char *next;     /* the next look's line, or NULL */
	size_t next_n;
	uint64_t next_ns;
	uint64_t looks;       /* in the whole recording */
	int broken;           /* the file changed, or memory ran short: sentence says so */
	uint64_t cut_line;    /* its last line if that was cut short; 0 = it was not */
	uint64_t differences;
	uint64_t in_beat;     /* of them, in the present one */
	char sentence[SENTENCE_SIZE];
	char first[SENTENCE_SIZE]; /* the beat's first difference */
};

/* ----------------------------------------------------------------- reading */

static int say(struct replay *r, int rc, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static int say(struct replay *r, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->sentence, sizeof(r->sentence), format, args);
	va_end(args);
	return rc;
}

static int say_line(struct replay *r, int rc, const char *why)
{
	char plain[SENTENCE_SIZE / 2];

	bl_printable(why, plain, sizeof(plain));
	return say(r, rc, "line %llu of the recording, %s", (unsigned long long)r->reel.line,
	           plain);
}

/* 1 and a line, 0 at the end, or -errno with a sentence. */
static int read_line(struct replay *r, const char **ret_line, size_t *ret_n)
{
	int rc = bl_reel_line(&r->reel, ret_line, ret_n);

	if (rc >= 0)
		return rc;
	return say(r, rc, "line %llu of the recording cannot be read: %s",
	           (unsigned long long)r->reel.line + 1,
	           rc == -EFBIG ? "it is too long for any recording" : strerror(-rc));
}

static int take_line(struct replay *r, const char *line, size_t n)
{
	char why[SENTENCE_SIZE / 2];
	int rc = bl_tape_line(&r->tape, line, n, why, sizeof(why));

	return rc < 0 ? say_line(r, rc, why) : rc;
}

/* Takes lines up to the next look, which is left for observe(). */
static int read_ahead(struct replay *r)
{
	char why[SENTENCE_SIZE / 2];
	const char *line;
	size_t n;
	int rc;

	r->next = NULL;
	while ((rc = read_line(r, &line, &n)) > 0) {
		rc = bl_tape_peek(line, n, &r->next_ns, why, sizeof(why));
		if (rc < 0)
			return say_line(r, rc, why);
		if (rc == BL_LINE_LOOK && r->tape.began) {
			r->next = line;
			r->next_n = n;
			return 0;
		}
		rc = take_line(r, line, n);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* Every line once, so that what is played later is known to be whole. */
static int check(struct replay *r)
{
	const char *line;
	size_t n;
	int rc;

	while ((rc = read_line(r, &line, &n)) > 0) {
		rc = take_line(r, line, n);
		if (rc < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	if (!r->tape.began)
		return say(r, -EINVAL, "it has no header; is it a recording of libballoon?");
	r->looks = r->tape.looks;
	r->cut_line = r->reel.cut ? r->reel.line + 1 : 0;
	bl_tape_clear(&r->tape);
	rc = bl_reel_rewind(&r->reel);
	return rc < 0 ? say(r, rc, "it cannot be read again: %s", strerror(-rc)) : 0;
}

/* ------------------------------------------------------------- differences */

static void amount(const uint64_t *bytes, int exact, char ret_text[32])
{
	if (!bytes)
		snprintf(ret_text, 32, "nothing");
	else if (*bytes == BALLOON_UNKNOWN)
		snprintf(ret_text, 32, "to be let go");
	else if (exact)
		snprintf(ret_text, 32, "%llu bytes", (unsigned long long)*bytes);
	else
		snprintf(ret_text, 32, "%llu MiB", (unsigned long long)(*bytes / MIB));
}

/* Which means, unless it is the balloon. */
static const char *by(uint32_t means)
{
	static const char *const words[BALLOON_MEANS_N] = {
	        [BALLOON_MEANS_BALLOON] = "",           [BALLOON_MEANS_SHARE] = " for sharing",
	        [BALLOON_MEANS_COMPRESS] = " by compression", [BALLOON_MEANS_SWAP] = " by swap",
	        [BALLOON_MEANS_CEILING] = " as a ceiling",
	};

	return means < BALLOON_MEANS_N ? words[means] : " by other means";
}

static const char *name_of(struct replay *r, uint64_t key, char *ret_name, size_t size)
{
	snprintf(ret_name, size, "the guest with key %llu", (unsigned long long)key);
	for (size_t i = 0; i < r->tape.rows.n; i++) {
		const struct balloon_sample *s = &r->tape.rows.samples[i];

		if (s->key == key && s->name && *s->name)
			bl_printable(s->name, ret_name, size);
	}
	return ret_name;
}

static void put_sentence(struct replay *r)
{
	char more[64] = "";

	if (r->in_beat > 1)
		snprintf(more, sizeof(more), "; and so with %llu more",
		         (unsigned long long)r->in_beat - 1);
	say(r, 0, "beat %llu: %.300s%s", (unsigned long long)r->tape.looks, r->first, more);
}

/* NULL: was told, or is told, nothing. */
static void differ(struct replay *r, uint64_t key, uint32_t means, const uint64_t *was,
                   const uint64_t *is)
{
	int exact = was && is && *was / MIB == *is / MIB;
	char was_text[32], is_text[32], name[256];

	r->differences++;
	if (r->in_beat++ == 0) {
		amount(was, exact, was_text);
		amount(is, exact, is_text);
		snprintf(r->first, sizeof(r->first), "%s was told %s%s, now %s",
		         name_of(r, key, name, sizeof(name)), was_text, by(means), is_text);
	}
	put_sentence(r);
}

/* What was ordered then and is not now, once the beat is over. Who was let go
 * after the last look was so by its end, which for us comes after the verdict. */
static void settle(struct replay *r)
{
	for (size_t k = 0; k < r->tape.told_n; k++) {
		struct bl_told *told = &r->tape.told[k];

		if (!told->met && (r->next || told->target_bytes != BALLOON_UNKNOWN))
			differ(r, told->key, told->means, &told->target_bytes, NULL);
		told->met = 1;
	}
}

/* Orders of a beat mostly come as they came then, so the search begins where
 * the last one ended. */
static struct bl_told *find_told(struct replay *r, const struct balloon_order *o, size_t *at)
{
	for (size_t k = 0; k < r->tape.told_n; k++) {
		struct bl_told *told = &r->tape.told[(*at + k) % r->tape.told_n];

		if (told->key != o->key || told->means != o->means || told->met)
			continue;
		*at = (*at + k + 1) % r->tape.told_n;
		return told;
	}
	return NULL;
}

/* ------------------------------------------------------------ the contract */

static void release(struct replay *r)
{
	bl_tape_clear(&r->tape);
	bl_reel_close(&r->reel);
	free(r);
}

static int prepare(struct replay *r, const char *path, char *ret_error, size_t size)
{
	int rc = check(r);

	if (rc == 0)
		rc = read_ahead(r);
	if (rc < 0)
		snprintf(ret_error, size, "replay: \"%s\": %s", path, r->sentence);
	return rc;
}

int bl_replay_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	const char *path = uri && !strncmp(uri, SCHEME, strlen(SCHEME)) ? uri + strlen(SCHEME) : "";
	struct replay *r;
	int rc;

	if (!*path) {
		snprintf(ret_error, size, "\"%s\" names no recording; write replay:FILE",
		         uri ? uri : "");
		return -EINVAL;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	rc = bl_reel_open(path, &r->reel);
	if (rc < 0) {
		snprintf(ret_error, size, "replay: \"%s\" cannot be read: %s; give a file that "
		                          "record: has written", path,
		         rc == -ESPIPE ? "it is no regular file" : strerror(-rc));
		free(r);
		return rc;
	}
	rc = prepare(r, path, ret_error, size);
	if (rc < 0) {
		release(r);
		return rc;
	}
	*ret_self = r;
	return 0;
}

void bl_replay_close(void *self)
{
	release(self);
}

static int say_end(struct replay *r)
{
	if (!r->cut_line)
		return say(r, -EAGAIN, "the recording ends here");
	return say(r, -EAGAIN, "the recording ends here; its last line, %llu, is cut short",
	           (unsigned long long)r->cut_line);
}

/* As it was, and for an absurd sheet one that is refused as that was. */
static int show(struct replay *r, struct balloon_sheet *ret_sheet)
{
	if (r->tape.rc)
		return say(r, r->tape.rc, "%s", r->tape.why.n ? r->tape.why.data : "");
	ret_sheet->stride = sizeof(struct balloon_sample);
	for (size_t k = 0; k < BL_HOST_NUMBERS; k++)
		*bl_host_number(ret_sheet, k) = *bl_host_number(&r->tape.sheet, k);
	ret_sheet->nodes = r->tape.sheet.nodes;
	ret_sheet->nodes_n = r->tape.sheet.nodes_n;
	ret_sheet->guests = r->tape.absurd ? NULL : r->tape.rows.samples;
	ret_sheet->guests_n = r->tape.absurd ? 1 : r->tape.rows.n;
	return 0;
}

int bl_replay_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct replay *r = self;
	int rc;

	(void)now_ns;
	settle(r);
	r->in_beat = 0;
	if (!r->next)
		return r->broken ? -EAGAIN : say_end(r);
	rc = take_line(r, r->next, r->next_n);
	if (rc >= 0)
		rc = read_ahead(r);
	if (rc >= 0)
		return show(r, ret_sheet);
	r->next = NULL; /* half a line was taken: nothing after it can be trusted */
	r->broken = 1;
	return -EAGAIN;
}

int bl_replay_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct replay *r = self;
	size_t at = 0;
	int rc = 0;

	(void)now_ns;
	for (size_t k = 0; k < n; k++) {
		struct bl_told *told = find_told(r, &orders[k], &at);

		orders[k].rc = told ? told->rc : 0;
		if (!told || told->target_bytes != orders[k].target_bytes)
			differ(r, orders[k].key, orders[k].means, told ? &told->target_bytes : NULL,
			       &orders[k].target_bytes);
		if (told) {
			told->met = 1;
			rc = told->batch_rc;
		}
	}
	return rc;
}

const char *bl_replay_error(void *self)
{
	struct replay *r = self;

	return r->sentence;
}

const struct balloon_backend *balloon_replay_backend(void)
{
	static const struct balloon_backend backend = BL_REPLAY_BACKEND;

	return &backend;
}

/* ------------------------------------------------------ what is known of it */

int balloon_replay_next(void *self, uint64_t *ret_now_ns)
{
	struct replay *r = self;

	settle(r);
	if (!r->next)
		return r->broken ? -EIO : -ENODATA;
	*ret_now_ns = r->next_ns;
	return 0;
}

uint64_t balloon_replay_looks(void *self)
{
	return ((struct replay *)self)->looks;
}

uint64_t balloon_replay_differences(void *self)
{
	return ((struct replay *)self)->differences;
}

const char *balloon_replay_uri(void *self)
{
	const struct replay *r = self;

	return r->tape.uri.n ? r->tape.uri.data : "";
}

const char *balloon_replay_library(void *self)
{
	const struct replay *r = self;

	return r->tape.library.n ? r->tape.library.data : "";
}
