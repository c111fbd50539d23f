/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of settings turned. It is only ever appended to, one write(2) to
 * each step and before the step, so that it is right whenever its writer dies;
 * it is emptied when everything is put back.
 */
#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* A setting's text is at most a page; its value is one line, mostly a number. */
#define VALUE_BYTES 4096

/* Above any journal of a live host (some 100 bytes for each guest that is under a
 * ceiling, and again each time it moves); what is beyond is not read. */
#define JOURNAL_BYTES (1 << 20)

struct knob {
	struct knob *next; /* turned before this one */
	char *path;
	char *found;
	char *asked; /* NULL: the kernel's own doing */
};

struct bl_knobs {
	int fd;
	struct knob *last;
};

static void knob_free(struct knob *k)
{
	if (!k)
		return;
	free(k->path);
	free(k->found);
	free(k->asked);
	free(k);
}

static struct knob **slot(struct bl_knobs *knobs, const char *path)
{
	struct knob **k = &knobs->last;

	while (*k && strcmp((*k)->path, path) != 0)
		k = &(*k)->next;
	return k;
}

static char *copy(struct bl_span s)
{
	return strndup(s.p, (size_t)(s.end - s.p));
}

static struct knob *knob_new(struct bl_span path, struct bl_span found)
{
	struct knob *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->path = copy(path);
	k->found = copy(found);
	if (k->path && k->found)
		return k;
	knob_free(k);
	return NULL;
}

static int append(struct bl_knobs *knobs, const char *line, int n)
{
	ssize_t r;

	if (n < 0)
		return -ENOMEM;
	r = write(knobs->fd, line, (size_t)n);
	return r < 0 ? -errno : r == n ? 0 : -ENOSPC;
}

static int note(struct bl_knobs *knobs, const struct knob *k, const char *asked)
{
	char *line = NULL;
	int n = asprintf(&line, "+\t%s\t%s\t%s\t\n", k->path, k->found, asked ? asked : "");
	int rc = append(knobs, line, n);

	if (n >= 0)
		free(line);
	return rc;
}

static void forget(struct bl_knobs *knobs, struct knob **at)
{
	struct knob *k = *at;
	char *line = NULL;
	int n = asprintf(&line, "-\t%s\t\n", k->path);

	/* Unwritten, the setting would be put back twice: to the same value. */
	append(knobs, line, n);
	if (n >= 0)
		free(line);
	*at = k->next;
	knob_free(k);
	if (!knobs->last && ftruncate(knobs->fd, 0) < 0)
		return; /* longer than need be, and still right */
}

static int value_now(const char *path, char *buffer, size_t size, struct bl_span *ret_value)
{
	ssize_t n = bl_file_read(AT_FDCWD, path, buffer, size);

	if (n < 0)
		return (int)n;
	return bl_knobs_value(bl_span(buffer, (size_t)n), ret_value) ? 0 : -EBADMSG;
}

/* A knob for path with what it holds now. */
static int find_out(const char *path, struct knob **ret_knob)
{
	char buffer[VALUE_BYTES];
	struct bl_span value;
	int rc = value_now(path, buffer, sizeof(buffer), &value);

	if (rc < 0)
		return rc;
	*ret_knob = knob_new(bl_span(path, strlen(path)), value);
	return *ret_knob ? 0 : -ENOMEM;
}

/* Journal first, then memory. */
static int ask(struct bl_knobs *knobs, struct knob *k, const char *value)
{
	char *asked = value ? strdup(value) : NULL;
	int rc = value && !asked ? -ENOMEM : note(knobs, k, value);

	if (rc < 0) {
		free(asked);
		return rc;
	}
	free(k->asked);
	k->asked = asked;
	return 0;
}

static int turn_first(struct bl_knobs *knobs, const char *path, const char *value)
{
	struct knob *k;
	int rc = find_out(path, &k);

	if (rc < 0)
		return rc;
	rc = ask(knobs, k, value);
	if (rc < 0) {
		knob_free(k);
		return rc;
	}
	k->next = knobs->last;
	knobs->last = k;
	return 0;
}

/* What was refused stands as it did before. */
static int turn_again(struct bl_knobs *knobs, struct knob *k, const char *value,
                      int (*write)(void *, const char *), void *arg)
{
	char *before = k->asked ? strdup(k->asked) : NULL;
	int rc = k->asked && !before ? -ENOMEM : ask(knobs, k, value);

	if (!rc && value)
		rc = write(arg, value);
	if (rc < 0 && before)
		ask(knobs, k, before);
	free(before);
	return rc;
}

int bl_knobs_set_by(struct bl_knobs *knobs, const char *path, const char *value,
                    int (*write)(void *arg, const char *value), void *arg)
{
	int rc;

	if (strpbrk(path, "\t\n") || (value && (!*value || strpbrk(value, "\t\n"))))
		return -EINVAL;
	if (bl_knobs_has(knobs, path))
		return turn_again(knobs, *slot(knobs, path), value, write, arg);
	rc = turn_first(knobs, path, value);
	if (rc < 0 || !value)
		return rc;
	rc = write(arg, value);
	if (rc < 0)
		forget(knobs, slot(knobs, path));
	return rc;
}

struct file {
	const char *path;
};

static int write_file(void *arg, const char *value)
{
	const struct file *f = arg;

	return bl_file_write(AT_FDCWD, f->path, value);
}

int bl_knobs_set(struct bl_knobs *knobs, const char *path, const char *value)
{
	struct file f = { path };

	return bl_knobs_set_by(knobs, path, value, write_file, &f);
}

bool bl_knobs_has(struct bl_knobs *knobs, const char *path)
{
	return *slot(knobs, path) != NULL;
}

static int put_back(struct knob *k)
{
	char buffer[VALUE_BYTES];
	struct bl_span value;
	int rc = value_now(k->path, buffer, sizeof(buffer), &value);

	if (rc == -ENOENT || rc == -ENODEV)
		return 0;
	if (rc < 0)
		return rc;
	if (k->asked && !bl_span_is(value, k->asked))
		return 0;
	return bl_file_write(AT_FDCWD, k->path, k->found);
}

int bl_knobs_restore(struct bl_knobs *knobs, const char *path)
{
	struct knob **at = path ? slot(knobs, path) : &knobs->last;
	int first = 0;

	while (*at) {
		int rc = put_back(*at);

		if (!rc)
			forget(knobs, at);
		else
			at = &(*at)->next; /* a successor may do better */
		if (!first)
			first = rc;
		if (path)
			break;
	}
	return first;
}

/* A line of a predecessor's. What was noted and never turned holds what was found. */
static int recall(struct bl_knobs *knobs, const struct bl_knobs_line *line)
{
	char *path = copy(line->path);
	struct knob **at, *k;

	if (!path)
		return -ENOMEM;
	at = slot(knobs, path);
	free(path);
	k = *at;
	if (line->gone) {
		if (k) {
			*at = k->next;
			knob_free(k);
		}
		return 0;
	}
	if (!k) {
		k = knob_new(line->path, line->found);
		if (!k)
			return -ENOMEM;
		k->next = knobs->last;
		knobs->last = k;
	}
	free(k->asked);
	k->asked = line->asked.p == line->asked.end ? NULL : copy(line->asked);
	return line->asked.p == line->asked.end || k->asked ? 0 : -ENOMEM;
}

static int read_journal(struct bl_knobs *knobs)
{
	char *text = malloc(JOURNAL_BYTES);
	struct bl_knobs_line entry;
	struct bl_span rest, line;
	ssize_t n;
	int rc = 0;

	if (!text)
		return -ENOMEM;
	n = bl_fd_read(knobs->fd, text, JOURNAL_BYTES);
	rest = bl_span(text, n < 0 ? 0 : (size_t)n);
	while (!rc && bl_span_line(&rest, &line)) {
		if (bl_knobs_line(line, &entry))
			rc = recall(knobs, &entry);
	}
	free(text);
	return n < 0 ? (int)n : rc;
}

/* Whoever can write the journal can have any file written by us. */
static int check_owner(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

static int take_journal(struct bl_knobs *knobs)
{
	int rc = check_owner(knobs->fd);

	if (rc < 0)
		return rc;
	if (flock(knobs->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	rc = read_journal(knobs);
	if (!rc)
		bl_knobs_restore(knobs, NULL);
	return !rc && !knobs->last && ftruncate(knobs->fd, 0) < 0 ? -errno : rc;
}

static void end(struct bl_knobs *knobs)
{
	while (knobs->last) {
		struct knob *k = knobs->last;

		knobs->last = k->next;
		knob_free(k);
	}
	close(knobs->fd);
	free(knobs);
}

int bl_knobs_open(const char *journal, struct bl_knobs **ret_knobs)
{
	struct bl_knobs *knobs = calloc(1, sizeof(*knobs));
	int rc;

	if (!knobs)
		return -ENOMEM;
	knobs->fd = open(journal, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (knobs->fd < 0) {
		rc = -errno;
		free(knobs);
		return rc;
	}
	rc = take_journal(knobs);
	if (rc < 0) {
		end(knobs);
		return rc;
	}
	*ret_knobs = knobs;
	return 0;
}

void bl_knobs_close(struct bl_knobs *knobs)
{
	if (!knobs)
		return;
	bl_knobs_restore(knobs, NULL);
	end(knobs);
}
