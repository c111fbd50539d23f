/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests of a trace file: finds it, chooses among those in it, adds them. Must
 * not know how the file is written.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reader.h"
#include "structs.h"

#define DEMANDS "-active-mib.csv"
#define SIZES "-provisioned-mib.csv"
#define PATTERN_SIZE 4096u

struct complaint {
	char *text;
	size_t size;
};

static int complain(const struct complaint *why, int rc, const char *path, const char *what)
{
	if (why->text && why->size)
		snprintf(why->text, why->size, "sim: trace \"%s\": %s", path, what);
	return rc;
}

static int complain_of(const struct complaint *why, int rc, const char *path, uint64_t line)
{
	if (rc == -ENOENT)
		return complain(why, rc, path, "there is no such file, or it may not be read");
	if (rc == -ENOMEM)
		return complain(why, rc, path, "out of memory");
	if (why->text && why->size)
		snprintf(why->text, why->size, "sim: trace \"%s\", line %llu: cannot be read; see "
		         "balloon_sim_add_traces() for the format",
		         path, (unsigned long long)line);
	return rc;
}

/* The first of a pattern, by name. */
static int first(const char *pattern, char *ret_path)
{
	glob_t g;
	int r = glob(pattern, 0, NULL, &g), rc = -ENOENT;

	if (r == 0 && strlen(g.gl_pathv[0]) < PATTERN_SIZE) {
		memcpy(ret_path, g.gl_pathv[0], strlen(g.gl_pathv[0]) + 1);
		rc = 0;
	}
	if (r != GLOB_NOMATCH)
		globfree(&g);
	return r == GLOB_NOSPACE ? -ENOMEM : rc;
}

/* Both files: the demands where path leads, the sizes beside them. */
static int find(const char *path, char *ret_demands, char *ret_sizes)
{
	struct stat st;
	char *tail;
	int rc;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		char pattern[PATTERN_SIZE];

		if (snprintf(pattern, sizeof(pattern), "%s/*" DEMANDS "*", path) >=
		    (int)sizeof(pattern))
			return -ENOENT;
		rc = first(pattern, ret_demands);
	} else {
		rc = first(path, ret_demands);
	}
	tail = rc < 0 ? NULL : strstr(ret_demands, DEMANDS);
	if (rc == 0 && !tail)
		rc = -ENOENT;
	if (rc == 0)
		snprintf(ret_sizes, PATTERN_SIZE + sizeof(SIZES), "%.*s" SIZES,
		         (int)(tail - ret_demands), ret_demands);
	return rc;
}

/* A seeded choice that keeps the file's order: each is taken with the chance
 * that as many as are still wanted come out of those still to come. */
static void choose(const struct balloon_sim *sim, struct reading *r)
{
	uint64_t wanted = r->file->guests_max < r->n ? r->file->guests_max : r->n;

	for (size_t k = 0; k < r->n; k++) {
		r->columns[k].chosen = bl_sim_chance(sim->seed, ~(uint64_t)k, 0) % (r->n - k) < wanted;
		wanted -= r->columns[k].chosen;
	}
}

static int read_both(struct balloon_sim *sim, struct reading *r, const struct complaint *why)
{
	char demands[PATTERN_SIZE], sizes[PATTERN_SIZE + sizeof(SIZES)];
	int rc = find(r->file->path, demands, sizes);

	if (rc < 0)
		return complain_of(why, rc, r->file->path, 0);
	rc = bl_sim_read_names(r, demands);
	if (rc < 0)
		return complain_of(why, rc, demands, r->line);
	rc = bl_sim_read_sizes(r, sizes);
	if (rc < 0)
		return complain_of(why, rc, sizes, r->line);
	choose(sim, r);
	rc = bl_sim_read_points(r, demands);
	if (rc < 0)
		return complain_of(why, rc, demands, r->line);
	for (size_t k = 0; k < r->n; k++)
		if (r->columns[k].chosen && r->columns[k].size < UINT64_C(1) << 20)
			return complain(why, -EPROTO, sizes, "not every guest has a size of 1 MiB");
	return 0;
}

/* In proportion to size, where not all can have all. */
static uint64_t start_with(const struct balloon_sim *sim, const struct reading *r,
                           const struct column *c)
{
	uint64_t sum = 0, bp = r->file->actual_bp;

	if (bp)
		return c->size / 10000 * bp;
	for (size_t k = 0; k < r->n; k++)
		sum += r->columns[k].chosen ? r->columns[k].size : 0;
	return sum <= sim->capacity ? c->size : bl_sim_between(0, c->size, sim->capacity, sum);
}

static int add_one(struct balloon_sim *sim, const struct reading *r, const struct column *c)
{
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = c->name,
		.size_bytes = c->size,
		.actual_bytes = start_with(sim, r, c),
		.swap_bytes = BALLOON_UNKNOWN,
	};
	uint64_t key;
	int rc = balloon_sim_add(sim, &g, &key);

	if (rc < 0)
		return rc;
	return c->n ? balloon_sim_set_trace(sim, key, c->points, c->n) : 0;
}

static int add_all(struct balloon_sim *sim, const struct reading *r)
{
	size_t before = sim->n;
	int rc = 0;

	for (size_t k = 0; k < r->n && rc == 0; k++)
		if (r->columns[k].chosen)
			rc = add_one(sim, r, &r->columns[k]);
	while (rc < 0 && sim->n > before)
		bl_sim_remove_index(sim, (uint32_t)sim->n - 1);
	return rc;
}

int balloon_sim_add_traces(struct balloon_sim *sim, const struct balloon_sim_trace_file *file,
                           size_t *ret_n, char *ret_error, size_t size)
{
	const struct complaint why = { ret_error, size };
	struct balloon_sim_trace_file f;
	struct reading r = { .file = &f };
	size_t before = sim->n;
	int rc = bl_sim_take(file, &f, sizeof(f));

	if (rc < 0)
		return rc;
	if (!f.path || f.actual_bp > 10000 || f.skip_s > UINT32_MAX)
		return complain(&why, -EINVAL, f.path ? f.path : "", "no path, or numbers beyond reason");
	rc = read_both(sim, &r, &why);
	if (rc == 0) {
		rc = add_all(sim, &r);
		if (rc < 0)
			complain(&why, rc, f.path, strerror(-rc));
	}
	bl_sim_unread(&r);
	if (rc == 0 && ret_n)
		*ret_n = sim->n - before;
	return rc;
}
