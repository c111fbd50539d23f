/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* maps and smaps of a process: parsers, and reading what may be long. */
#include "procmem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

/* A page of maps is about 40 mappings; a QEMU has 300 to 3000. What is longer than
 * the end is no process whose RAM could be told. */
#define MAPS_BYTES (1 << 16)
#define MAPS_MOST  (1 << 24)

/* smaps_rollup is 25 lines, and so is what smaps says of one mapping. */
#define FOOTPRINT_BYTES 4096

static bool flag(char c, char yes, char no, bool *ret_flag)
{
	*ret_flag = c == yes;
	return c == yes || c == no;
}

static bool permissions(struct bl_span word, struct bl_mapping *m)
{
	return word.end - word.p == 4 && flag(word.p[0], 'r', '-', &m->readable) &&
	       flag(word.p[1], 'w', '-', &m->writable) &&
	       flag(word.p[2], 'x', '-', &m->executable) &&
	       flag(word.p[3], 's', 'p', &m->shared);
}

static void take_name(struct bl_span line, struct bl_mapping *m)
{
	size_t n;

	while (line.p < line.end && *line.p == ' ')
		line.p++;
	n = (size_t)(line.end - line.p);
	n = n < sizeof(m->name) ? n : sizeof(m->name) - 1;
	memcpy(m->name, line.p, n);
	m->name[n] = '\0';
}

/* "7f00-7f10 rw-p 00000000 00:00 0    /name" */
static bool read_mapping(struct bl_span line, struct bl_mapping *m)
{
	struct bl_span word;

	if (!bl_span_hex(&line, &m->range.start) || !bl_span_skip(&line, "-") ||
	    !bl_span_hex(&line, &m->range.end) || m->range.start >= m->range.end)
		return false;
	if (!bl_span_word(&line, &word) || !permissions(word, m))
		return false;
	if (!bl_span_hex(&line, &m->offset) || !bl_span_word(&line, &word) ||
	    !bl_span_u64(&line, &m->inode))
		return false;
	take_name(line, m);
	return true;
}

int bl_maps_next(struct bl_span *text, struct bl_mapping *ret_mapping)
{
	struct bl_mapping m = { 0 };
	struct bl_span line;

	if (!bl_span_line(text, &line))
		return 0;
	if (!read_mapping(line, &m))
		return -EBADMSG;
	*ret_mapping = m;
	return 1;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	if (a == UINT64_MAX)
		return b;
	return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

static void footprint_line(struct bl_span line, struct bl_footprint *f)
{
	const struct {
		const char *label;
		uint64_t *field;
	} fields[] = {
		{ "Rss:", &f->resident_bytes },
		{ "Swap:", &f->swapped_bytes },
		{ "Referenced:", &f->referenced_bytes },
		{ "AnonHugePages:", &f->anon_huge_bytes },
		{ "KSM:", &f->ksm_bytes },
		{ "Shared_Hugetlb:", &f->hugetlb_bytes },
		{ "Private_Hugetlb:", &f->hugetlb_bytes },
		{ "Locked:", &f->locked_bytes },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (bl_span_skip(&line, fields[i].label)) {
			uint64_t bytes = bl_span_kib(line);

			if (bytes != UINT64_MAX)
				*fields[i].field = sum(*fields[i].field, bytes);
			return;
		}
	}
}

static const struct bl_footprint nothing_known = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
	                                           UINT64_MAX, UINT64_MAX, UINT64_MAX };

int bl_footprint_parse(const char *text, size_t n, struct bl_footprint *ret_footprint)
{
	struct bl_footprint f = nothing_known;
	struct bl_span rest = bl_span(text, n), line;

	while (bl_span_line(&rest, &line))
		footprint_line(line, &f);
	if (f.resident_bytes == UINT64_MAX)
		return -EBADMSG;
	*ret_footprint = f;
	return 0;
}

/* A process that has ended has no mappings, which reads as nothing at all. */
int bl_footprint_read(const struct bl_process *process, struct bl_footprint *ret_footprint)
{
	char text[FOOTPRINT_BYTES];
	ssize_t n = bl_file_read(process->dir, "smaps_rollup", text, sizeof(text));

	if (n <= 0)
		return n == 0 || n == -ENOENT ? -ESRCH : (int)n;
	return bl_footprint_parse(text, (size_t)n, ret_footprint);
}

/* The whole of maps, the caller's to free(). */
static ssize_t read_maps(const struct bl_process *process, char **ret_text)
{
	for (size_t size = MAPS_BYTES; size <= MAPS_MOST; size *= 4) {
		char *text = malloc(size);
		ssize_t n;

		if (!text)
			return -ENOMEM;
		n = bl_file_read(process->dir, "maps", text, size);
		if (n > 0 && (size_t)n < size - 1) {
			*ret_text = text;
			return n;
		}
		free(text);
		if (n <= 0)
			return n == 0 || n == -ENOENT ? -ESRCH : n;
	}
	return -E2BIG;
}

static bool inside(struct bl_range r, const struct bl_ram *ram)
{
	for (size_t i = 0; i < ram->ranges_n; i++) {
		if (r.start >= ram->ranges[i].start && r.end <= ram->ranges[i].end)
			return true;
	}
	return false;
}

/* smaps line by line, as it is read: of what is one mapping of RAM, the figures. */
struct smaps {
	const struct bl_ram *ram;
	struct bl_footprint footprint;
	bool ours;
	bool hugetlb;
};

static bool flags_say(struct bl_span line, const char *flag)
{
	struct bl_span word;

	while (bl_span_word(&line, &word)) {
		if (bl_span_is(word, flag))
			return true;
	}
	return false;
}

static void smaps_line(struct smaps *s, struct bl_span line)
{
	struct bl_mapping m;

	if (read_mapping(line, &m))
		s->ours = inside(m.range, s->ram);
	else if (s->ours && bl_span_skip(&line, "VmFlags:"))
		s->hugetlb |= flags_say(line, "ht");
	else if (s->ours)
		footprint_line(line, &s->footprint);
}

/* Lines of a chunk that are whole; the rest is moved to its front. */
static size_t whole_lines(struct smaps *s, char *chunk, size_t n)
{
	char *end = memrchr(chunk, '\n', n);
	struct bl_span rest, line;

	if (!end)
		return n;
	rest = bl_span(chunk, (size_t)(end - chunk));
	while (bl_span_line(&rest, &line))
		smaps_line(s, line);
	n -= (size_t)(end + 1 - chunk);
	memmove(chunk, end + 1, n);
	return n;
}

static int read_smaps(int fd, struct smaps *s)
{
	char chunk[4 * FOOTPRINT_BYTES];
	size_t n = 0;

	for (;;) {
		ssize_t r;

		if (n == sizeof(chunk))
			return -EBADMSG; /* no line is as long as that */
		r = read(fd, chunk + n, sizeof(chunk) - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return 0;
		n = whole_lines(s, chunk, n + (size_t)r);
	}
}

static int look_up(const struct bl_process *process, struct smaps *s)
{
	int fd = openat(process->dir, "smaps", O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	s->footprint = nothing_known;
	rc = read_smaps(fd, s);
	close(fd);
	if (!rc && s->footprint.resident_bytes == UINT64_MAX)
		return -ESRCH; /* ended, or those mappings did */
	return rc;
}

int bl_ram_footprint(const struct bl_process *process, const struct bl_ram *ram,
                     struct bl_footprint *ret_footprint)
{
	struct smaps s = { .ram = ram };
	int rc = look_up(process, &s);

	if (!rc)
		*ret_footprint = s.footprint;
	return rc;
}

int bl_ram_of(const struct bl_process *process, uint64_t expected_bytes, struct bl_ram *ret_ram)
{
	struct bl_ram ram;
	struct smaps s = { .ram = &ram };
	char *text = NULL;
	ssize_t n = read_maps(process, &text);
	int rc = n < 0 ? (int)n : bl_ram_find(text, (size_t)n, expected_bytes, &ram);

	free(text);
	if (!rc)
		rc = look_up(process, &s);
	if (rc < 0)
		return rc;
	ram.hugetlb = s.hugetlb;
	*ret_ram = ram;
	return 0;
}
