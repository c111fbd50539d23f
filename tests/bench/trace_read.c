/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a trace: STEM-active-mib.csv.gz (unix_s, then a column for each VM; no
 * number = no sample) and STEM-provisioned-mib.csv (vm,provisioned_mib), in the
 * same order of VMs or any other. Knows nothing of what it is read for.
 */
#include "trace.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WIDEST (1 << 20) /* a line; 500 VMs take 8 KiB */
#define ROWS 100000      /* a year of five minutes */

static int complain(const char *what, int rc)
{
	fprintf(stderr, "bench trace: %s\n", what);
	return rc;
}

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

/* "STEM" of the first STEM-active-mib.csv.gz in dir, by name. */
static int find_stem(const char *dir, char *ret, size_t size)
{
	static const char tail[] = "-active-mib.csv.gz";
	DIR *d = opendir(dir);
	int rc = -ENOENT;

	if (!d)
		return -ENOENT;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		size_t n = strlen(e->d_name), m = sizeof(tail) - 1;
		char stem[256];

		if (n <= m || n >= sizeof(stem) || strcmp(e->d_name + n - m, tail) != 0)
			continue;
		snprintf(stem, sizeof(stem), "%.*s", (int)(n - m), e->d_name);
		if (rc == 0 && strcmp(stem, ret) > 0)
			continue;
		snprintf(ret, size, "%s", stem);
		rc = 0;
	}
	closedir(d);
	return rc;
}

/* The names in the first line, after unix_s; the line is cut up. */
static char **columns(char *line, size_t *ret_n)
{
	char **names = need(calloc(strlen(line) / 2 + 1, sizeof(*names))), *save = NULL;
	size_t n = 0;

	(void)strtok_r(line, ",\r\n", &save);
	for (char *s = strtok_r(NULL, ",\r\n", &save); s; s = strtok_r(NULL, ",\r\n", &save))
		names[n++] = s;
	*ret_n = n;
	return names;
}

static int read_sizes(const char *path, char **names, struct trace *t)
{
	char line[256];
	FILE *f = fopen(path, "re");
	size_t found = 0;

	if (!f)
		return complain("the file of sizes is missing", -EINVAL);
	while (fgets(line, sizeof(line), f)) {
		char *comma = strchr(line, ',');

		if (!comma)
			continue;
		*comma = 0;
		for (size_t i = 0; i < t->guests; i++) {
			if (strcmp(names[i], line) != 0)
				continue;
			t->size[i] = strtod(comma + 1, NULL);
			found += t->size[i] > 0;
		}
	}
	fclose(f);
	return found == t->guests ? 0 : complain("not every VM has a size", -EINVAL);
}

static int read_rows(gzFile f, char *line, struct trace *t)
{
	while (gzgets(f, line, WIDEST)) {
		char *s = line, *end;

		if (t->rows == ROWS)
			return complain("more rows than expected", -EINVAL);
		t->time[t->rows] = strtoll(s, &end, 10);
		for (size_t i = 0; i < t->guests; i++) {
			if (*end != ',')
				return complain("a row that is too short", -EINVAL);
			s = end + 1;
			t->active[i * ROWS + t->rows] = strtof(s, &end);
			if (end == s)
				t->active[i * ROWS + t->rows] = NAN;
		}
		t->rows++;
	}
	return t->rows > 1 ? 0 : complain("no rows", -EINVAL);
}

/* Between two samples of a guest by the clock; level before the first and
 * after the last. */
static void fill(const struct trace *t, float *v)
{
	size_t last = t->rows;

	for (size_t r = 0; r < t->rows; r++) {
		if (isnan(v[r]))
			continue;
		for (size_t k = last == t->rows ? 0 : last + 1; k < r; k++) {
			double part = last == t->rows ? 1
			                              : (double)(t->time[k] - t->time[last]) /
			                                        (double)(t->time[r] - t->time[last]);

			v[k] = (float)(last == t->rows ? (double)v[r]
			                               : (double)v[last] * (1 - part) + (double)v[r] * part);
		}
		last = r;
	}
	for (size_t k = last == t->rows ? 0 : last + 1; k < t->rows; k++)
		v[k] = last == t->rows ? 0 : v[last];
}

static void pack(struct trace *t)
{
	for (size_t i = 0; i < t->guests; i++) {
		memmove(&t->active[i * t->rows], &t->active[i * ROWS], t->rows * sizeof(*t->active));
		fill(t, &t->active[i * t->rows]);
	}
}

static int read_both(gzFile f, const char *sizes, struct trace *t)
{
	char *line = need(malloc(WIDEST)), *head = need(malloc(WIDEST)), **names;
	int rc = -EINVAL;

	if (!gzgets(f, head, WIDEST)) {
		complain("the trace is empty", rc);
	} else {
		names = columns(head, &t->guests);
		t->size = need(calloc(t->guests + 1, sizeof(*t->size)));
		t->time = need(calloc(ROWS, sizeof(*t->time)));
		t->active = need(malloc((t->guests + 1) * ROWS * sizeof(*t->active)));
		rc = read_sizes(sizes, names, t);
		rc = rc ? rc : read_rows(f, line, t);
		free(names);
	}
	free(head);
	free(line);
	if (rc == 0)
		pack(t);
	return rc;
}

int trace_read(const char *dir, struct trace *ret)
{
	char stem[256], path[1024];
	struct trace t = {0};
	int rc = find_stem(dir, stem, sizeof(stem));
	gzFile f;

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/%s-active-mib.csv.gz", dir, stem);
	f = gzopen(path, "re");
	if (!f)
		return complain("the trace cannot be opened", -EINVAL);
	snprintf(path, sizeof(path), "%s/%s-provisioned-mib.csv", dir, stem);
	rc = read_both(f, path, &t);
	gzclose(f);
	if (rc < 0)
		trace_free(&t);
	else
		*ret = t;
	return rc;
}

void trace_free(struct trace *t)
{
	free(t->size);
	free(t->time);
	free(t->active);
}
