/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The live table: what everybody has, and below it why, of whoever changed
 * last. Knows balloond by its answers only.
 */
#include "top.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "table.h"
#include "term.h"

/* Sentences kept, one per guest, newest first; a screen shows what fits. */
#define WHYS 8
/* Asked for in one refresh, so that a hundred guests do not cost a hundred
 * questions. */
#define ASKED 4
/* Title, two lines of host, head of the table, the line of keys; and between
 * them one empty line before and one after the table. */
#define OTHER_LINES 7u
/* The sentences have a quarter of the screen, and what guests leave of it; on
 * a screen of fewer lines than this the guests have it all. */
#define LINES_FOR_WHYS 16u

struct why {
	char guest[256];
	char clock[16];
	char sentence[1024];
};

struct top {
	const struct top_options *o;
	struct view view;
	struct view last;
	struct why whys[WHYS];
	size_t whys_n;
	char title[256];
	char error[CLIENT_ERROR_MAX]; /* "" = balloond answers */
	size_t first;                 /* row shown first */
	struct canvas canvas;
};

/* ---- what to know */

static void read_title(struct top *t)
{
	json_object *policy, *uri = NULL, *profile = NULL, *interval = NULL;
	char why[CLIENT_ERROR_MAX];

	if (client_ask(t->o->socket, "{\"cmd\":\"policy\"}", &policy, why, sizeof(why)) < 0)
		return;
	json_object_object_get_ex(policy, "uri", &uri);
	json_object_object_get_ex(policy, "profile", &profile);
	json_object_object_get_ex(policy, "interval_ms", &interval);
	if (uri && profile && interval)
		snprintf(t->title, sizeof(t->title), "%s  %s  every %d ms",
		         json_object_get_string(uri), json_object_get_string(profile),
		         json_object_get_int(interval));
	json_object_put(policy);
}

static int read_view(struct top *t)
{
	json_object *status;
	struct view fresh;
	int rc = client_ask(t->o->socket, "{\"cmd\":\"status\"}", &status, t->error,
	                    sizeof(t->error));

	if (rc < 0)
		return rc;
	rc = view_read(status, &fresh);
	json_object_put(status);
	if (rc < 0) {
		snprintf(t->error, sizeof(t->error), "balloond's status is not understood: %s",
		         strerror(-rc));
		return rc;
	}
	view_free(&t->last);
	t->last = t->view;
	t->view = fresh;
	t->error[0] = '\0';
	return 0;
}

static int ask_why(struct top *t, const struct row *r, struct why *ret)
{
	json_object *request = json_object_new_object(), *answer, *sentence = NULL;
	char ignored[CLIENT_ERROR_MAX];
	time_t now = time(NULL);
	struct tm local;
	int rc;

	json_object_object_add(request, "cmd", json_object_new_string("explain"));
	json_object_object_add(request, "guest", json_object_new_string(r->uuid[0] ? r->uuid : r->name));
	rc = client_ask(t->o->socket, json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN),
	                &answer, ignored, sizeof(ignored));
	json_object_put(request);
	if (rc < 0)
		return rc;
	json_object_object_get_ex(answer, "text", &sentence);
	snprintf(ret->sentence, sizeof(ret->sentence), "%s",
	         sentence ? json_object_get_string(sentence) : "");
	json_object_put(answer);
	snprintf(ret->guest, sizeof(ret->guest), "%s", r->name);
	strftime(ret->clock, sizeof(ret->clock), "%H:%M:%S", localtime_r(&now, &local));
	return 0;
}

/* The newest goes to the front; an older sentence on the same guest goes. */
static void keep_why(struct top *t, const struct why *fresh)
{
	size_t i = 0;

	while (i < t->whys_n && strcmp(t->whys[i].guest, fresh->guest) != 0)
		i++;
	if (i == t->whys_n && t->whys_n < WHYS)
		t->whys_n++;
	if (i == WHYS)
		i--;
	memmove(&t->whys[1], &t->whys[0], i * sizeof(t->whys[0]));
	t->whys[0] = *fresh;
}

static bool changed(const struct top *t, const struct row *r)
{
	const struct row *old = view_find(&t->last, r);

	return !old || old->target != r->target || strcmp(old->state, r->state) != 0 ||
	       strcmp(old->reason, r->reason) != 0;
}

static void read_whys(struct top *t)
{
	int asked = 0;

	for (size_t i = 0; i < t->view.rows_n && asked < ASKED; i++) {
		struct why fresh;

		if (!changed(t, &t->view.rows[i]))
			continue;
		asked++;
		if (ask_why(t, &t->view.rows[i], &fresh) == 0)
			keep_why(t, &fresh);
	}
}

/* ---- what to show */

static void draw_title(struct top *t)
{
	struct canvas *c = &t->canvas;
	time_t now = time(NULL);
	struct tm local;
	char clock[16];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
	canvas_style(c, BOLD);
	canvas_put(c, "balloond");
	canvas_style(c, PLAIN);
	canvas_putf(c, "  %s  beat %llu", t->title, (unsigned long long)t->view.beat);
	if (c->width > c->at + 9)
		canvas_right(c, clock, c->width - c->at);
	canvas_end(c);
}

/* Returns the lines used. */
static unsigned int draw_rows(struct top *t, unsigned int room)
{
	struct columns k = table_columns(&t->canvas, &t->view, true);
	size_t n = t->view.rows_n, shown;

	t->first = n <= room ? 0 : t->first > n - room ? n - room : t->first;
	shown = n - t->first < room ? n - t->first : room;
	table_head(&t->canvas, &k);
	for (size_t i = 0; i < shown; i++)
		table_row(&t->canvas, &k, &t->view.rows[t->first + i]);
	return (unsigned int)shown;
}

/* How many bytes of s fit on a line of width columns: up to a space, if any. */
static size_t fitting(const struct canvas *c, const char *s, unsigned int width)
{
	size_t best = 0, n = 0;
	char head[1024];

	while (s[n]) {
		size_t len = utf8_len(s + n, strlen(s + n));

		len = len ? len : 1;
		if (n + len >= sizeof(head))
			break;
		memcpy(head, s, n + len);
		head[n + len] = '\0';
		if (canvas_measure(c, head) > width)
			return best ? best : n + !n;
		n += len;
		if (s[n] == ' ' || !s[n])
			best = n;
	}
	return n;
}

/* Returns the lines used, at most room. */
static unsigned int draw_why(struct canvas *c, const struct why *w, unsigned int room)
{
	const char *s = w->sentence;
	unsigned int line = 0;

	for (; *s && line < room; line++) {
		char piece[1024];
		size_t n;

		canvas_style(c, DIM);
		canvas_left(c, line ? "" : w->clock, 9);
		canvas_style(c, PLAIN);
		n = fitting(c, s, c->width - c->at);
		snprintf(piece, sizeof(piece), "%.*s", (int)n, s);
		canvas_put(c, piece);
		canvas_end(c);
		s += n;
		s += *s == ' ';
	}
	return line;
}

static void draw_keys(struct top *t, unsigned int room)
{
	struct canvas *c = &t->canvas;

	canvas_style(c, t->error[0] ? RED : DIM);
	if (t->error[0])
		canvas_putf(c, "trying again: %s", t->error);
	else
		canvas_put(c, "q quit   j k scroll");
	if (t->view.rows_n > room && !t->error[0])
		canvas_putf(c, "   guests from number %zu of %zu", t->first + 1, t->view.rows_n);
	canvas_style(c, PLAIN);
	text_add(&c->out, "\033[K"); /* no line end: the last line must not scroll */
	c->at = 0;
}

static void draw(struct top *t)
{
	struct canvas *c = &t->canvas;
	unsigned int lines, used, room;

	term_size(&c->width, &lines);
	text_clear(&c->out);
	c->at = 0;
	text_add(&c->out, "\033[H");
	room = lines < LINES_FOR_WHYS ? lines : lines - lines / 4;
	room = room > OTHER_LINES ? room - OTHER_LINES : 1;
	draw_title(t);
	table_host(c, &t->view);
	canvas_end(c);
	used = OTHER_LINES - 1 + draw_rows(t, room);
	canvas_end(c);
	for (size_t i = 0; i < t->whys_n && used + 1 < lines; i++)
		used += draw_why(c, &t->whys[i], lines - 1 - used);
	for (; used + 1 < lines; used++)
		canvas_end(c);
	draw_keys(t, room);
	text_add(&c->out, "\033[J");
	if (!c->out.broken)
		term_write(c->out.data, c->out.len);
}

/* ---- the loop */

static long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for the next refresh, and does what keys say. False: leave. */
static bool idle(struct top *t, struct term *term, long until)
{
	for (;;) {
		long left = until - ms_now();

		if (left <= 0)
			return true;
		switch (term_wait(term, (int)left)) {
		case TERM_QUIT: return false;
		case TERM_UP: t->first -= t->first > 0; draw(t); break;
		case TERM_DOWN: t->first++; draw(t); break;
		case TERM_REDRAW: draw(t); break;
		case TERM_NOTHING: break;
		}
	}
}

/* When balloond is restarted, its screen goes on. */
static int run_screen(struct top *t)
{
	struct term term;
	int rc = term_open(&term);

	if (rc < 0)
		return rc;
	for (long i = 0; !t->o->count || i < t->o->count; i++) {
		if (i == 0 || read_view(t) == 0) {
			read_title(t); /* a new configuration may have another profile */
			read_whys(t);
		}
		draw(t);
		if (!idle(t, &term, ms_now() + t->o->interval_ms))
			break;
	}
	term_close(&term);
	return 0;
}

static int run_plain(struct top *t)
{
	for (long i = 0;; i++) {
		text_clear(&t->canvas.out);
		table_all(&t->canvas, &t->view);
		text_add(&t->canvas.out, "\n");
		if (t->canvas.out.broken ||
		    fwrite(t->canvas.out.data, 1, t->canvas.out.len, stdout) != t->canvas.out.len ||
		    fflush(stdout))
			return 0; /* nobody reads any more */
		if (t->o->count && i + 1 >= t->o->count)
			return 0;
		usleep((useconds_t)t->o->interval_ms * 1000);
		if (read_view(t) < 0)
			return -1;
	}
}

int top_run(const struct top_options *o)
{
	static struct top t; /* its sentences are too many for a stack frame */
	int rc;

	t.o = o;
	t.canvas = (struct canvas){ .width = 132, .escapes = !o->plain,
	                            .colour = o->colour, .utf8 = o->utf8 };
	rc = read_view(&t);
	if (!rc)
		rc = o->plain ? run_plain(&t) : run_screen(&t);
	if (rc)
		fprintf(stderr, "balloonctl: %s\n", t.error);
	view_free(&t.view);
	view_free(&t.last);
	text_free(&t.canvas.out);
	return rc;
}
