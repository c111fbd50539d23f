/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-record: "record:FILE,URI" is URI's backend, and a recording of all
 * it said and was told in FILE (write.h has its form, balloon/replay.h how to
 * play it). FILE has no comma in its name and does not exist yet.
 *
 * Everything passes through unchanged. A recording that cannot go on ends, and
 * error() says so once; the host is minded as before. Must not know any policy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ink.h"
#include "inner.h"
#include "write.h"

#define SCHEME "record:"
#define SENTENCE_SIZE 512
/* A disk that takes longer than this for the last megabytes is hung. */
#define CLOSE_S 3u

struct record {
	struct bl_inner inner;
	struct bl_ink *ink; /* NULL: the recording has ended */
	struct bl_rows rows;
	struct bl_text line;
	uint64_t looks;
	char notice[SENTENCE_SIZE];   /* why it ended, until error() was asked */
	char sentence[2 * SENTENCE_SIZE];
	char path[];
};

extern BALLOON_API const struct balloon_backend balloon_backend_module;

/* ---------------------------------------------------------------- the file */

static void end(struct record *r, int rc)
{
	const char *why = rc == -ENOBUFS ? "the disk is too slow" : strerror(-rc);

	snprintf(r->notice, sizeof(r->notice),
	         "the recording \"%s\" ends at look %llu: %s; the host is still minded, "
	         "restart with another file to record on",
	         r->path, (unsigned long long)r->looks, why);
	bl_ink_close(r->ink, 0); /* within a beat: nothing is waited for */
	r->ink = NULL;
	bl_text_free(&r->line);
	bl_rows_free(&r->rows);
}

/* rc: could the line be made? */
static void commit(struct record *r, int rc)
{
	if (rc == 0)
		rc = r->line.broken ? -ENOMEM : bl_ink_write(r->ink, &r->line);
	if (rc < 0)
		end(r, rc);
}

static void write_header(struct record *r, const char *uri)
{
	time_t now = time(NULL);
	char started[32] = "";
	struct tm utc;

	if (gmtime_r(&now, &utc))
		strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	bl_write_header(&r->line, uri, BALLOON_VERSION, started);
	commit(r, 0);
}

/* A recording names guests and says how they fare: nobody else's business.
 * O_EXCL: an incident is never written over, nor through a link. */
static int open_file(struct record *r, char *ret_error, size_t size)
{
	int fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	int rc = fd < 0 ? -errno : 0;

	if (rc == 0)
		rc = bl_ink_new(fd, &r->ink);
	if (rc < 0 && fd >= 0)
		close(fd);
	if (rc == -EEXIST)
		snprintf(ret_error, size, "record: \"%s\" exists already; give a new name, a "
		                          "recording is never written over", r->path);
	else if (rc < 0)
		snprintf(ret_error, size, "record: \"%s\" cannot be made: %s; give a file in a "
		                          "directory that may be written", r->path, strerror(-rc));
	return rc;
}

/* ------------------------------------------------------------ the contract */

static int wrong_uri(const char *uri, char *ret_error, size_t size)
{
	snprintf(ret_error, size, "\"%s\" says not what to record where; write record:FILE,URI, "
	                          "as in record:/var/tmp/host.jsonl,qemu:///system",
	         uri ? uri : "");
	return -EINVAL;
}

static int record_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	const char *path, *comma;
	struct record *r;
	int rc;

	if (!uri || strncmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return wrong_uri(uri, ret_error, size);
	path = uri + strlen(SCHEME);
	comma = strchr(path, ',');
	if (!comma || comma == path || !comma[1])
		return wrong_uri(uri, ret_error, size);
	r = calloc(1, sizeof(*r) + (size_t)(comma - path) + 1);
	if (!r)
		return -ENOMEM;
	memcpy(r->path, path, (size_t)(comma - path));
	rc = bl_inner_open(comma + 1, &r->inner, ret_error, size);
	if (rc == 0) {
		rc = open_file(r, ret_error, size);
		if (rc < 0)
			bl_inner_close(&r->inner);
	}
	if (rc < 0) {
		free(r);
		return rc;
	}
	write_header(r, comma + 1);
	*ret_self = r;
	return 0;
}

static void record_close(void *self)
{
	struct record *r = self;

	bl_inner_close(&r->inner);
	if (r->ink)
		bl_ink_close(r->ink, CLOSE_S);
	bl_text_free(&r->line);
	bl_rows_free(&r->rows);
	free(r);
}

static const char *inner_error(struct record *r)
{
	const char *why = NULL;

	if (r->inner.backend->error)
		why = r->inner.backend->error(r->inner.self);
	return why ? why : "";
}

static int record_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct record *r = self;
	int rc = r->inner.backend->observe(r->inner.self, now_ns, ret_sheet);
	struct bl_look look = {.now_ns = now_ns, .rc = rc, .sheet = ret_sheet};

	look.number = ++r->looks;
	if (!r->ink)
		return rc;
	if (rc)
		look.why = inner_error(r);
	bl_text_clear(&r->line);
	commit(r, bl_write_look(&r->line, &r->rows, &look));
	return rc;
}

static int record_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct record *r = self;
	int rc = r->inner.backend->order(r->inner.self, now_ns, orders, n);

	if (!r->ink)
		return rc;
	bl_text_clear(&r->line);
	bl_write_orders(&r->line, orders, n, now_ns, rc);
	commit(r, 0);
	return rc;
}

static int record_fd(void *self)
{
	struct record *r = self;

	return r->inner.backend->fd ? r->inner.backend->fd(r->inner.self) : -ENOTSUP;
}

/* What the backend has to say, and once that the recording ended. */
static const char *record_error(void *self)
{
	struct record *r = self;
	const char *why = inner_error(r);

	if (!r->notice[0])
		return why;
	snprintf(r->sentence, sizeof(r->sentence), "%.*s%s%s", SENTENCE_SIZE - 3, why,
	         *why ? "; " : "", r->notice);
	r->notice[0] = 0;
	return r->sentence;
}

const struct balloon_backend balloon_backend_module = {
        .struct_size = sizeof(struct balloon_backend),
        .abi = BALLOON_BACKEND_ABI,
        .name = "record",
        .open = record_open,
        .close = record_close,
        .observe = record_observe,
        .order = record_order,
        .fd = record_fd,
        .error = record_error,
};
