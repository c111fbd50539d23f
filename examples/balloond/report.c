/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's report as one line of JSON; see report.h. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Guests are called what somebody called them; this much tells them apart. */
#define NAME_SHOWN 255

int guests_read(struct guests *g, struct balloon *b)
{
	int n = balloon_guests(b, g->rows, sizeof(*g->rows), g->rows_max);
	struct balloon_guest_report *rows;

	if (n < 0)
		return n;
	if ((size_t)n > g->rows_max) {
		rows = realloc(g->rows, (size_t)n * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		g->rows = rows;
		g->rows_max = (size_t)n;
		n = balloon_guests(b, g->rows, sizeof(*g->rows), g->rows_max);
		if (n < 0)
			return n;
	}
	g->n = (size_t)n;
	return 0;
}

void guests_free(struct guests *g)
{
	free(g->rows);
	*g = (struct guests){ 0 };
}

static void number(struct text *out, const char *key, uint64_t value)
{
	text_printf(out, ",\"%s\":", key);
	text_json_number(out, value);
}

static void seconds(struct text *out, const char *key, uint64_t ns)
{
	text_printf(out, ",\"%s\":", key);
	text_json_seconds(out, ns);
}

static void word(struct text *out, const char *key, const char *value)
{
	text_printf(out, ",\"%s\":", key);
	text_json_string(out, value, NAME_SHOWN);
}

static void write_host(const struct balloon_report *r, struct text *out)
{
	text_add(out, ",\"host\":{\"total_bytes\":");
	text_json_number(out, r->total_bytes);
	number(out, "available_bytes", r->available_bytes);
	number(out, "reserve_bytes", r->reserve_bytes);
	number(out, "capacity_bytes", r->capacity_bytes);
	number(out, "charged_bytes", r->charged_bytes);
	number(out, "shortfall_bytes", r->shortfall_bytes);
	number(out, "orders", r->orders);
	number(out, "refused", r->refused);
	number(out, "moved_bytes", r->moved_bytes);
	number(out, "lost_samples", r->lost_samples);
	number(out, "lost_beats", r->lost_beats);
	number(out, "clamped", r->clamped);
	number(out, "spare_bytes", r->spare_bytes);
	number(out, "claimed_bytes", r->claimed_bytes);
	number(out, "held_bytes", r->held_bytes);
	number(out, "reserved_bytes", r->reserved_bytes);
	word(out, "host_state", balloon_host_state_name(r->host_state));
	text_add(out, "}");
}

static void write_guest(const struct balloon_guest_report *g, struct text *out)
{
	text_add(out, "{\"name\":");
	text_json_string(out, g->name, NAME_SHOWN);
	word(out, "uuid", g->uuid);
	number(out, "size_bytes", g->size_bytes);
	number(out, "actual_bytes", g->actual_bytes);
	number(out, "target_bytes", g->target_bytes);
	number(out, "entitlement_bytes", g->entitlement_bytes);
	number(out, "active_bytes", g->active_bytes);
	number(out, "need_bytes", g->need_bytes);
	number(out, "shares", g->shares);
	number(out, "reservation_bytes", g->reservation_bytes);
	number(out, "limit_bytes", g->limit_bytes);
	seconds(out, "age_s", g->age_ns);
	seconds(out, "lag_s", g->lag_ns);
	word(out, "state", balloon_state_name(g->state));
	word(out, "reason", balloon_reason_name(g->reason));
	word(out, "fixed", balloon_fixed_name(g->fixed));
	text_printf(out, ",\"order_rc\":%d", (int)g->order_rc);
	number(out, "orders", g->orders);
	number(out, "lost_samples", g->lost_samples);
	number(out, "resident_bytes", g->resident_bytes);
	number(out, "kept_bytes", g->kept_bytes);
	word(out, "means", balloon_means_name(g->means));
	text_add(out, ",\"note\":");
	text_json_string(out, g->note, SIZE_MAX);
	text_add(out, "}");
}

/* The ladder: what each means offers and gave. */
static void write_means(struct balloon *b, struct text *out)
{
	struct balloon_rung rungs[BALLOON_MEANS_N] = { 0 };

	balloon_ladder(b, NULL, rungs, sizeof(rungs[0]), BALLOON_MEANS_N);
	text_add(out, ",\"means\":[");
	for (size_t m = 0; m < BALLOON_MEANS_N; m++) {
		const struct balloon_rung *r = &rungs[m];

		text_add(out, m ? ",{\"name\":" : "{\"name\":");
		text_json_string(out, balloon_means_name(r->means), NAME_SHOWN);
		number(out, "price", r->price);
		number(out, "offered_bytes", r->offered_bytes);
		number(out, "ordered_bytes", r->ordered_bytes);
		number(out, "applied_bytes", r->applied_bytes);
		number(out, "refused_bytes", r->refused_bytes);
		seconds(out, "expected_s", r->expected_ns);
		seconds(out, "deadline_s", r->deadline_ns);
		text_add(out, "}");
	}
	text_add(out, "]");
}

void report_error(const char *sentence, struct text *out)
{
	text_clear(out);
	text_add(out, "{\"error\":");
	text_json_string(out, sentence, SIZE_MAX);
	text_add(out, "}");
}

void report_write(struct balloon *b, struct guests *g, struct text *out)
{
	struct balloon_report r = { .struct_size = sizeof(r) };
	int rc = balloon_report(b, &r);

	if (!rc)
		rc = guests_read(g, b);
	if (rc) {
		report_error(strerror(-rc), out);
		return;
	}
	text_add(out, "{\"beat\":");
	text_json_number(out, r.beat);
	seconds(out, "time_s", r.now_ns);
	text_printf(out, ",\"dry_run\":%s", r.dry_run ? "true" : "false");
	write_host(&r, out);
	text_add(out, ",\"guests\":[");
	for (size_t i = 0; i < g->n; i++) {
		text_add(out, i ? "," : "");
		write_guest(&g->rows[i], out);
	}
	text_add(out, "]");
	write_means(b, out);
	text_add(out, "}");
}
