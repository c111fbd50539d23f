/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads "sim:guests=3,host=2GiB,…" strictly and makes that host. What it
 * cannot read is named in the sentence it fails with. Must not know what
 * guests do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* Enough for any key or number that could be right. */
#define WORD_SIZE 64u
/* So many guests may be given a behaviour of their own in a URI. */
#define OWN_MAX 64u

struct wish {
	uint64_t guests, host, own, cache, size, seed, faults, boot_ms, demand, handle;
	char behaviour[WORD_SIZE];
	struct {
		uint64_t guest;
		char behaviour[WORD_SIZE];
	} its_own[OWN_MAX];
	size_t its_own_n;
	uint32_t seen; /* a bit per key of keys[] */
};

struct complaint {
	char *text;
	size_t size;
};

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

/* A bare number. */
static const struct unit no_units[] = {
	{ "", 1 },
	{ NULL, 0 },
};

static const struct key {
	const char *name;
	const struct unit *units; /* NULL = a word */
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
	{ "behaviour", NULL, offsetof(struct wish, behaviour), 0 },
};

#define KEYS_N (sizeof(keys) / sizeof(keys[0]))

static int complain(const struct complaint *why, const char *what, const char *word)
{
	if (why->text && why->size)
		snprintf(why->text, why->size, "sim: %s \"%s\"; see balloon/sim.h for what may "
		                               "stand in the URI",
		         what, word);
	return -EINVAL;
}

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

static int check_behaviour(const char *name, const struct complaint *why)
{
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };

	if (balloon_sim_behaviour(name, 0, &b) < 0)
		return complain(why, "no such behaviour", name);
	return 0;
}

static int read_key(size_t k, const char *value, struct wish *w, const struct complaint *why)
{
	char *field = (char *)w + keys[k].offset;
	uint64_t number;

	if (w->seen & 1u << k)
		return complain(why, "given twice:", keys[k].name);
	w->seen |= 1u << k;
	if (!keys[k].units) {
		snprintf(field, WORD_SIZE, "%s", value);
		return check_behaviour(value, why);
	}
	if (measure(value, keys[k].units, keys[k].max, &number) < 0) {
		char word[2 * WORD_SIZE];

		snprintf(word, sizeof(word), "%s=%s", keys[k].name, value);
		return complain(why, "not a number in range with a unit that fits:", word);
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
		return complain(why, "no such guest as in behaviour-", number);
	if (n == OWN_MAX)
		return complain(why, "too many guests with a behaviour of their own at", number);
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
		return complain(why, "a key without a value:", pair);
	*value++ = '\0';
	if (!strncmp(pair, "behaviour-", 10))
		return read_its_own(pair + 10, value, w, why);
	for (size_t k = 0; k < KEYS_N; k++)
		if (!strcmp(pair, keys[k].name))
			return read_key(k, value, w, why);
	return complain(why, "unknown key", pair);
}

static int read_pairs(const char *text, struct wish *w, const struct complaint *why)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		char pair[2 * WORD_SIZE];
		int rc;

		snprintf(pair, sizeof(pair), "%.*s", (int)(length < WORD_SIZE ? length : WORD_SIZE),
		         text);
		if (length >= WORD_SIZE)
			return complain(why, "too long:", pair);
		rc = read_pair(pair, w, why);
		if (rc < 0)
			return rc;
		text += length;
		if (!*text)
			break;
		if (!*++text)
			return complain(why, "nothing after the last comma of", pair);
	}
	return 0;
}

static int attach(const struct wish *w, struct balloon_sim **ret_sim, const struct complaint *why)
{
	char number[WORD_SIZE];
	struct balloon_sim *sim = bl_sim_behind(w->handle);

	snprintf(number, sizeof(number), "%llu", (unsigned long long)w->handle);
	if (w->seen & (w->seen - 1))
		return complain(why, "other keys beside handle", number);
	if (!sim)
		return complain(why, "no host in this process with handle", number);
	*ret_sim = sim;
	return 0;
}

static int behave(struct balloon_sim *sim, const struct wish *w, uint64_t key, uint64_t n)
{
	const char *name = w->behaviour;
	struct balloon_sim_behaviour b = { .struct_size = sizeof(b) };
	int rc;

	for (size_t k = 0; k < w->its_own_n; k++)
		if (w->its_own[k].guest == n)
			name = w->its_own[k].behaviour;
	rc = balloon_sim_behaviour(name, w->size, &b);
	return rc < 0 ? rc : balloon_sim_set_behaviour(sim, key, &b);
}

static int add_guest(struct balloon_sim *sim, const struct wish *w, uint64_t n)
{
	char name[WORD_SIZE];
	struct balloon_sim_guest g = {
		.struct_size = sizeof(g),
		.name = name,
		.size_bytes = w->size,
		.actual_bytes = BALLOON_UNKNOWN,
		.boot_ns = w->boot_ms * MS_NS,
		.swap_bytes = BALLOON_UNKNOWN,
	};
	uint64_t key;
	int rc;

	snprintf(name, sizeof(name), "sim-%llu", (unsigned long long)n);
	rc = balloon_sim_add(sim, &g, &key);
	if (rc < 0)
		return rc;
	if (w->demand == BALLOON_UNKNOWN)
		rc = balloon_sim_set_wander(sim, key);
	else
		rc = balloon_sim_set_demand(sim, key, w->demand, BALLOON_UNKNOWN);
	return rc < 0 ? rc : behave(sim, w, key, n);
}

static int build(const struct wish *w, struct balloon_sim **ret_sim)
{
	struct balloon_sim_host host = {
		.struct_size = sizeof(host),
		.faults_bp = (uint32_t)w->faults,
		.total_bytes = w->host,
		.own_bytes = w->own,
		.cache_bytes = w->cache,
		.capacity_bytes = BALLOON_UNKNOWN,
		.seed = w->seed,
	};
	struct balloon_sim *sim;
	int rc = bl_sim_create(&host, &sim);

	if (rc < 0)
		return rc;
	sim->owned = true;
	for (uint64_t n = 1; n <= w->guests; n++) {
		rc = add_guest(sim, w, n);
		if (rc < 0) {
			bl_sim_destroy(sim);
			return rc;
		}
	}
	*ret_sim = sim;
	return 0;
}

/* What a URI says that says nothing: three guests that want a bit more than
 * there is. */
static const struct wish defaults = {
	.guests = 3,
	.host = UINT64_C(2) << 30,
	.own = UINT64_C(256) << 20,
	.size = UINT64_C(1) << 30,
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
		return complain(&why, "not a URI of the simulated host:", uri ? uri : "");
	rc = read_pairs(uri + 4, &w, &why);
	if (rc < 0)
		return rc;
	if (w.handle != BALLOON_UNKNOWN)
		return attach(&w, ret_sim, &why);
	for (size_t k = 0; k < w.its_own_n; k++)
		if (w.its_own[k].guest > w.guests)
			return complain(&why, "no guest for the behaviour", w.its_own[k].behaviour);
	rc = build(&w, ret_sim);
	if (rc == -EINVAL)
		return complain(&why, "a host that cannot be (own use or cache too big, or guests "
		                      "below 1 MiB):", uri);
	if (rc < 0 && size)
		snprintf(ret_error, size, "sim: %s while making the host of \"%s\"", strerror(-rc),
		         uri);
	return rc;
}
