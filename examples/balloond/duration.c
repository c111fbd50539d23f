/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans of time as people write them; see duration.h. */
#include "duration.h"

#include <errno.h>
#include <stdio.h>

/* What lasts longer is a reservation, and stands in the configuration. */
#define MOST_S UINT64_C(604800)
#define SECOND_NS UINT64_C(1000000000)

static uint64_t unit_s(char unit)
{
	switch (unit) {
	case 's': return 1;
	case 'm': return 60;
	case 'h': return 3600;
	case 'd': return 86400;
	default: return 0;
	}
}

int duration_parse(const char *text, uint64_t *ret_ns, char *error, size_t size)
{
	const char *p = text;
	uint64_t v = 0, unit;

	/* Beyond the most in seconds it is too much in any unit. */
	for (; *p >= '0' && *p <= '9' && v <= MOST_S; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	unit = unit_s(*p);
	if (p == text || (v <= MOST_S && (!unit || p[1]))) {
		snprintf(error, size, "is no time; write a whole number with s, m, h or d, as in \"90s\" "
		         "or \"2h\"");
		return -EINVAL;
	}
	if (!v || v > MOST_S || v * unit > MOST_S) {
		snprintf(error, size, "is out of range, \"1s\" to \"7d\"");
		return -EINVAL;
	}
	*ret_ns = v * unit * SECOND_NS;
	return 0;
}
