/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One sentence per line to stderr; see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syslog.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* A sentence that comes again and again is read at most so often ... */
#define BURST 5
#define REFILL_NS UINT64_C(10000000000)
/* ... and kinds of sentences that share a slot share its allowance. */
#define SLOTS 256

struct slot {
	uint64_t since_ns;
	unsigned int said;
	unsigned int hidden;
};

static struct slot slots[SLOTS];
static int up_to = LOG_INFO;

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t); /* cannot fail with this clock */
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void say_up_to(int level)
{
	up_to = level;
}

int say_level(const char *name)
{
	static const char *const names[] = { "err", "warning", "notice", "info", "debug" };

	for (int i = 0; i < 5; i++) {
		if (!strcmp(name, names[i]))
			return LOG_ERR + i;
	}
	return -1;
}

/* Sentences that differ in numbers only are of one kind. */
static struct slot *slot_of(const char *sentence)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *sentence; sentence++) {
		if (*sentence < '0' || *sentence > '9')
			h = (h ^ (unsigned char)*sentence) * 16777619u;
	}
	return &slots[(h ^ h >> 16) % SLOTS];
}

static bool allowed(struct slot *s, uint64_t now)
{
	uint64_t refills = (now - s->since_ns) / REFILL_NS;

	if (refills) {
		s->said = refills < s->said ? s->said - (unsigned int)refills : 0;
		s->since_ns = now;
	}
	if (s->said == BURST) {
		s->hidden++;
		return false;
	}
	s->said++;
	return true;
}

/* journald reads "<4>" as the level, where stderr goes to it. */
static bool to_journal(void)
{
	const char *where = getenv("JOURNAL_STREAM");
	char self[64];
	struct stat st;

	if (!where || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(self, sizeof(self), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return !strcmp(where, self);
}

static void put(int level, const char *sentence)
{
	struct slot *s = slot_of(sentence);
	char head[16] = "", tail[64] = "";

	if (!allowed(s, now_ns()))
		return;
	if (to_journal())
		snprintf(head, sizeof(head), "<%d>", level);
	if (s->hidden)
		snprintf(tail, sizeof(tail), " (%u more like this were not shown)", s->hidden);
	s->hidden = 0;
	fprintf(stderr, "%sballoond: %s%s\n", head, sentence, tail);
}

void say(int level, const char *format, ...)
{
	char line[1536], clean[1536];
	va_list args;

	if (level > up_to)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printable(line, clean, sizeof(clean));
	put(level, clean);
}

void say_sentence(void *arg, int level, const char *sentence)
{
	(void)arg;
	say(level, "%s", sentence);
}
