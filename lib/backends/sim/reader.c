/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the lines of a trace file: names, sizes, and what each guest used when.
 * Must not know of hosts and guests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

/* Of a line: 100,000 guests with eight digits each. */
#define LINE_SIZE (UINT64_C(1) << 20)

/* What is before a comma or the end of the line, cut off; NULL = no more. */
static char *field(char **line)
{
	char *word = *line, *end;

	if (!word)
		return NULL;
	end = word + strcspn(word, ",\r\n");
	*line = *end == ',' ? end + 1 : NULL;
	*end = '\0';
	return word;
}

/* "409.6": an amount in MiB, as bytes to a thousandth; no float in this room. */
static int mebibytes(const char *word, uint64_t *ret_bytes)
{
	uint64_t thousandths = 0, digits = 0;
	int point = 0;

	for (; *word; word++) {
		if (*word == '.' && !point++)
			continue;
		if (*word < '0' || *word > '9' || thousandths > BALLOON_BYTES_MAX >> 10)
			return -EPROTO;
		digits += point ? 1 : 0;
		if (digits <= 3)
			thousandths = thousandths * 10 + (uint64_t)(*word - '0');
	}
	for (; digits < 3; digits++)
		thousandths *= 10;
	if (thousandths / 1000 > BALLOON_BYTES_MAX >> 20)
		return -EPROTO;
	*ret_bytes = (thousandths << 20) / 1000;
	return 0;
}

static int number(const char *word, uint64_t *ret_number)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(word, &end, 10);
	return end == word || *end || *word < '0' || *word > '9' || errno ? -EPROTO : 0;
}

static int each_line(struct reading *r, const char *path,
                     int (*take)(struct reading *r, char *line))
{
	void *lines = bl_sim_lines_open(path);
	char *line = malloc(LINE_SIZE);
	int rc = lines && line ? 1 : lines ? -ENOMEM : -ENOENT;

	for (r->line = 1; rc > 0; r->line++) {
		rc = bl_sim_line(lines, line, LINE_SIZE);
		if (rc > 0)
			rc = take(r, line);
		if (rc < 0)
			break;
	}
	free(line);
	if (lines)
		bl_sim_lines_close(lines);
	return rc;
}

static size_t count(const char *line)
{
	size_t n = 0;

	for (; *line; line++)
		n += *line == ',';
	return n;
}

/* 0 = that was all that was asked. */
static int take_names(struct reading *r, char *line)
{
	char *word;

	r->columns = calloc(count(line) + 1, sizeof(*r->columns));
	if (!r->columns)
		return -ENOMEM;
	if (strcmp(field(&line), "unix_s"))
		return -EPROTO;
	while ((word = field(&line))) {
		struct column *c = &r->columns[r->n];

		if (!*word)
			return -EPROTO;
		c->name = strdup(word);
		if (!c->name)
			return -ENOMEM;
		r->n++;
	}
	return 0;
}

int bl_sim_read_names(struct reading *r, const char *path)
{
	int rc = each_line(r, path, take_names);

	return rc < 0 ? rc : r->n ? 0 : -EPROTO;
}

static int take_size(struct reading *r, char *line)
{
	char *name = field(&line), *size = field(&line);
	uint64_t bytes;

	if (r->line == 1)
		return 1; /* the names of the columns */
	if (!size || line || mebibytes(size, &bytes) < 0 || bytes > BALLOON_BYTES_MAX / 2)
		return -EPROTO;
	for (size_t k = 0; k < r->n; k++)
		if (!strcmp(r->columns[k].name, name))
			r->columns[k].size = bytes;
	return 1;
}

int bl_sim_read_sizes(struct reading *r, const char *path)
{
	return each_line(r, path, take_size);
}

static int add_point(struct column *c, uint64_t at_ms, uint64_t bytes)
{
	if (c->n && c->points[c->n - 1].at_ns / MS_NS >= at_ms)
		return 0; /* closer than the host's clock tells apart */
	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		struct balloon_sim_point *points = realloc(c->points, room * sizeof(*points));

		if (!points)
			return -ENOMEM;
		c->points = points;
		c->room = room;
	}
	c->points[c->n++] = (struct balloon_sim_point){ at_ms * MS_NS, bytes };
	return 0;
}

/* A moment of one guest; ms of the file's time. The first after what is skipped
 * begins half-way from the one before. */
static int moment(const struct reading *r, struct column *c, uint64_t ms, uint64_t bytes)
{
	uint64_t skip = r->file->skip_s * 1000, speed = r->file->speed ? r->file->speed : 1;
	int rc = 0;

	if (ms >= skip && c->known && c->last_ms < skip && !c->n)
		rc = add_point(c, 0, bl_sim_between(c->last_bytes, bytes, skip - c->last_ms,
		                                    ms - c->last_ms));
	if (ms >= skip && rc == 0)
		rc = add_point(c, (ms - skip) / speed, bytes);
	c->known = true;
	c->last_ms = ms;
	c->last_bytes = bytes;
	return rc;
}

static int take_moments(struct reading *r, char *line)
{
	uint64_t second, bytes;
	int rc;

	if (r->line == 1)
		return 1;
	if (number(field(&line), &second) < 0 || (r->line > 2 && second <= r->last_s))
		return -EPROTO;
	if (r->line == 2)
		r->first_s = second;
	r->last_s = second;
	if (second - r->first_s > UINT32_MAX)
		return -EPROTO; /* no trace of a century: keeps milliseconds in range */
	for (size_t k = 0; k < r->n; k++) {
		const char *word = field(&line);

		if (!word || (*word && mebibytes(word, &bytes) < 0))
			return -EPROTO;
		if (!*word || !r->columns[k].chosen)
			continue;
		rc = moment(r, &r->columns[k], (second - r->first_s) * 1000, bytes);
		if (rc < 0)
			return rc;
	}
	return line ? -EPROTO : 1;
}

int bl_sim_read_points(struct reading *r, const char *path)
{
	return each_line(r, path, take_moments);
}

void bl_sim_unread(struct reading *r)
{
	for (size_t k = 0; k < r->n; k++) {
		free(r->columns[k].name);
		free(r->columns[k].points);
	}
	free(r->columns);
}
