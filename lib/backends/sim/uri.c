/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads "sim:guests=3,host=2GiB,…" strictly. What it cannot read is named in the
 * sentence it fails with. Must not know what is made of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wish.h"

struct unit {
	const char *name;
	uint64_t times;
};

static const struct unit memory_units[] = {
	{ "B", 1 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct unit time_units[] = {
	{ "ms", 1 },
	{ "s", 1000 },
	{ "min", 60000 },
	{ NULL, 0 },
};

static const struct unit part_units[] = {
	{ "%", 100 },
	{ NULL, 0 },
};

/* A bare number. */
static const struct unit no_units[] = {
	{ "", 1 },
	{ NULL, 0 },
};

int bl_sim_complain(const struct complaint *why, const char *what, const char *word)
{
	if (why->text && why->size)
		snprintf(why->text, why->size, "sim: %s \"%s\"; see balloon/sim.h for what may "
		                               "stand in the URI",
		         what, word);
	return -EINVAL;
}

static int check_behaviour(const char *name, const struct complaint *why)
{
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };

	if (balloon_sim_behaviour(name, 0, &b) < 0)
		return bl_sim_complain(why, "no such behaviour", name);
	return 0;
}

static int check_tells(const char *word, const struct complaint *why)
{
	return bl_sim_tells(word) < 0 ? bl_sim_complain(why, "cannot tell", word) : 0;
}

/* Whether it is there is seen when it is opened. */
static int check_path(const char *path, const struct complaint *why)
{
	return *path ? 0 : bl_sim_complain(why, "no path in", "trace=");
}

static const struct key {
	const char *name;
	const struct unit *units;
	size_t offset;
	uint64_t max;
} keys[] = {
	{ "guests", no_units, offsetof(struct wish, guests), BALLOON_GUESTS_MAX },
	{ "host", memory_units, offsetof(struct wish, host), BALLOON_BYTES_MAX },
	{ "own", memory_units, offsetof(struct wish, own), BALLOON_BYTES_MAX },
	{ "cache", memory_units, offsetof(struct wish, cache), BALLOON_BYTES_MAX },
	{ "size", memory_units, offsetof(struct wish, size), BALLOON_BYTES_MAX },
	{ "demand", memory_units, offsetof(struct wish, demand), BALLOON_BYTES_MAX },
	{ "seed", no_units, offsetof(struct wish, seed), UINT64_MAX },
	{ "faults", no_units, offsetof(struct wish, faults), 10000 },
	{ "boot", time_units, offsetof(struct wish, boot_ms), UINT64_C(86400000) },
	{ "handle", no_units, offsetof(struct wish, handle), UINT32_MAX },
	{ "swap", memory_units, offsetof(struct wish, swap), BALLOON_BYTES_MAX },
	{ "compress", part_units, offsetof(struct wish, compress_bp), 10000 },
	{ "share", part_units, offsetof(struct wish, share_bp), 10000 },
	{ "ceiling", no_units, offsetof(struct wish, ceiling), 1 },
	{ "nodes", no_units, offsetof(struct wish, nodes), BALLOON_NODES_MAX },
	{ "speed", no_units, offsetof(struct wish, speed), UINT32_MAX },
};

#define KEYS_N (sizeof(keys) / sizeof(keys[0]))

static const struct word {
	const char *name;
	size_t offset, size;
	int (*check)(const char *word, const struct complaint *why);
} words[] = {
	{ "behaviour", offsetof(struct wish, behaviour), WORD_SIZE, check_behaviour },
	{ "tells", offsetof(struct wish, tells), WORD_SIZE, check_tells },
	{ "trace", offsetof(struct wish, trace), PATH_SIZE, check_path },
};

#define WORDS_N (sizeof(words) / sizeof(words[0]))

static int digits(const char **text, uint64_t *ret_number)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*text = p;
	*ret_number = n;
	return 0;
}

/* A number and its unit, the whole of text, at most max. */
static int measure(const char *text, const struct unit *units, uint64_t max, uint64_t *ret_value)
{
	uint64_t n;
	int rc = digits(&text, &n);

	if (rc < 0)
		return rc;
	for (; units->name; units++) {
		if (strcmp(text, units->name))
			continue;
		if (n > max / units->times)
			return -ERANGE;
		*ret_value = n * units->times;
		return 0;
	}
	return -EINVAL;
}

static int first_time(size_t bit, const char *name, struct wish *w, const struct complaint *why)
{
	if (w->seen & 1u << bit)
		return bl_sim_complain(why, "given twice:", name);
	w->seen |= 1u << bit;
	return 0;
}

static int read_word(size_t k, const char *value, struct wish *w, const struct complaint *why)
{
	if (first_time(KEYS_N + k, words[k].name, w, why) < 0)
		return -EINVAL;
	if (strlen(value) >= words[k].size)
		return bl_sim_complain(why, "too long:", value);
	memcpy((char *)w + words[k].offset, value, strlen(value) + 1);
	return words[k].check(value, why);
}

static int read_key(size_t k, const char *value, struct wish *w, const struct complaint *why)
{
	char *field = (char *)w + keys[k].offset;
	uint64_t number;

	if (first_time(k, keys[k].name, w, why) < 0)
		return -EINVAL;
	if (measure(value, keys[k].units, keys[k].max, &number) < 0) {
		char word[2 * WORD_SIZE];

		snprintf(word, sizeof(word), "%s=%s", keys[k].name, value);
		return bl_sim_complain(why, "not a number in range with a unit that fits:", word);
	}
	memcpy(field, &number, sizeof(number));
	return 0;
}

/* "behaviour-2=stick" */
static int read_its_own(const char *number, const char *value, struct wish *w,
                        const struct complaint *why)
{
	size_t n = w->its_own_n;
	uint64_t guest;

	if (measure(number, no_units, BALLOON_GUESTS_MAX, &guest) < 0 || guest == 0)
		return bl_sim_complain(why, "no such guest as in behaviour-", number);
	if (n == OWN_MAX)
		return bl_sim_complain(why, "too many guests with a behaviour of their own at", number);
	w->its_own[n].guest = guest;
	snprintf(w->its_own[n].behaviour, WORD_SIZE, "%s", value);
	w->its_own_n = n + 1;
	return check_behaviour(value, why);
}

/* One "key=value", already cut out and writable. */
static int read_pair(char *pair, struct wish *w, const struct complaint *why)
{
	char *value = strchr(pair, '=');

	if (!value)
		return bl_sim_complain(why, "a key without a value:", pair);
	*value++ = '\0';
	if (!strncmp(pair, "behaviour-", 10))
		return read_its_own(pair + 10, value, w, why);
	for (size_t k = 0; k < KEYS_N; k++)
		if (!strcmp(pair, keys[k].name))
			return read_key(k, value, w, why);
	for (size_t k = 0; k < WORDS_N; k++)
		if (!strcmp(pair, words[k].name))
			return read_word(k, value, w, why);
	return bl_sim_complain(why, "unknown key", pair);
}

static int read_pairs(const char *text, struct wish *w, const struct complaint *why)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		char pair[PATH_SIZE + WORD_SIZE];
		int rc;

		if (length >= sizeof(pair))
			return bl_sim_complain(why, "too long a word in", "the URI");
		snprintf(pair, sizeof(pair), "%.*s", (int)length, text);
		if (length >= WORD_SIZE && strncmp(pair, "trace=", 6))
			return bl_sim_complain(why, "too long:", pair);
		rc = read_pair(pair, w, why);
		if (rc < 0)
			return rc;
		text += length;
		if (!*text)
			break;
		if (!*++text)
			return bl_sim_complain(why, "nothing after the last comma of", pair);
	}
	return 0;
}

/* What a URI says that says nothing; see also wish.c. */
static const struct wish defaults = {
	.guests = BALLOON_UNKNOWN,
	.host = UINT64_C(2) << 30,
	.own = UINT64_C(256) << 20,
	.size = BALLOON_UNKNOWN,
	.seed = 1,
	.demand = BALLOON_UNKNOWN,
	.handle = BALLOON_UNKNOWN,
	.behaviour = "obey",
};

int bl_sim_from_uri(const char *uri, struct balloon_sim **ret_sim, char *ret_error, size_t size)
{
	struct complaint why = { ret_error, size };
	struct wish w = defaults;
	int rc;

	if (!uri || strncmp(uri, "sim:", 4))
		return bl_sim_complain(&why, "not a URI of the simulated host:", uri ? uri : "");
	rc = read_pairs(uri + 4, &w, &why);
	if (rc < 0)
		return rc;
	return bl_sim_fulfil(&w, ret_sim, &why);
}
