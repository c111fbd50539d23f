/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes as people write them; see size.h. */
#include "size.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <balloon/balloon.h>

/* Only words that mean one thing: MB is 1000 x 1000 to some and not to others. */
static const struct unit {
	const char *name;
	unsigned int shift;
} units[] = { { "B", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 }, { "TiB", 40 } };

static int unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(name, units[i].name))
			return (int)i;
	}
	return -1;
}

/* The unit that was probably meant by "MB", "m" or "mib". */
static const char *meant(const char *name)
{
	for (size_t i = 1; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strncasecmp(name, units[i].name, 1))
			return units[i].name;
	}
	return "MiB";
}

int size_parse(const char *text, uint64_t *ret_bytes, char *error, size_t size)
{
	const char *p = text;
	uint64_t v = 0;
	int unit;

	for (; *p >= '0' && *p <= '9' && v <= BALLOON_BYTES_MAX; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == text || *p == '.') {
		snprintf(error, size, "is not a size; write whole numbers with a unit, as in \"512MiB\"");
		return -EINVAL;
	}
	p += *p == ' ';
	unit = v > BALLOON_BYTES_MAX ? 0 : unit_of(p);
	if (unit < 0) {
		snprintf(error, size, "has no unit that means one thing only; write %s, as in \"512%s\"",
		         meant(p), meant(p));
		return -EINVAL;
	}
	if (v > BALLOON_BYTES_MAX >> units[unit].shift) {
		snprintf(error, size, "is more than any host has (4096TiB)");
		return -EINVAL;
	}
	*ret_bytes = v << units[unit].shift;
	return 0;
}
