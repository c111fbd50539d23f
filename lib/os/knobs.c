/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is turned now, in the order of turning, and noted in the journal before. */
#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "knobs_journal.h"

/* A setting's text is at most a page; its value is one line, mostly a number. */
#define VALUE_BYTES 4096

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

static void forget(struct bl_knobs *knobs, struct knob **at)
{
	struct knob *k = *at;

	/* Unwritten, the setting would be put back twice: to the same value. */
	bl_journal_gone(knobs->fd, k->path);
	*at = k->next;
	knob_free(k);
	if (!knobs->last)
		bl_journal_empty(knobs->fd); /* else longer than need be, and still right */
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
	int rc = value && !asked ? -ENOMEM : bl_journal_turned(knobs->fd, k->path, k->found, value);

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

static struct knob *recalled(struct bl_knobs *knobs, const struct bl_knobs_line *line)
{
	struct knob *k = knob_new(line->path, line->found);

	if (k) {
		k->next = knobs->last;
		knobs->last = k;
	}
	return k;
}

static void drop(struct knob **at)
{
	struct knob *k = *at;

	*at = k->next;
	knob_free(k);
}

/* A line of a predecessor's. What was noted and never turned holds what was found. */
static int recall(void *arg, const struct bl_knobs_line *line)
{
	bool asked = line->asked.p != line->asked.end;
	struct bl_knobs *knobs = arg;
	char *path = copy(line->path);
	struct knob **at, *k;

	if (!path)
		return -ENOMEM;
	at = slot(knobs, path);
	free(path);
	if (line->gone && *at)
		drop(at);
	if (line->gone)
		return 0;
	k = *at ? *at : recalled(knobs, line);
	if (!k)
		return -ENOMEM;
	free(k->asked);
	k->asked = asked ? copy(line->asked) : NULL;
	return asked && !k->asked ? -ENOMEM : 0;
}

/* What a predecessor left, put back. */
static int clear_up(struct bl_knobs *knobs)
{
	int rc = bl_journal_read(knobs->fd, recall, knobs);

	if (rc < 0)
		return rc;
	bl_knobs_restore(knobs, NULL);
	return knobs->last ? 0 : bl_journal_empty(knobs->fd);
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
	struct bl_knobs *knobs;
	int fd = bl_journal_take(journal), rc;

	if (fd < 0)
		return fd;
	knobs = calloc(1, sizeof(*knobs));
	if (!knobs) {
		close(fd);
		return -ENOMEM;
	}
	knobs->fd = fd;
	rc = clear_up(knobs);
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
