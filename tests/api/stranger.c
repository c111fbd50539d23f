/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program outside of the tree that knows only what is installed: compiled by
 * outside, as C99 and as C++17. Opens the simulated host and minds it a while.
 */
#include <balloon/balloon.h>
#include <stdio.h>
#include <string.h>

static struct balloon *open_host(const char *uri)
{
	struct balloon_options o;
	struct balloon *b = NULL;
	char error[256] = "";

	memset(&o, 0, sizeof(o));
	o.struct_size = sizeof(o);
	o.uri = uri;
	o.error_text = error;
	o.error_size = sizeof(error);
	if (balloon_open(&o, &b) < 0)
		fprintf(stderr, "stranger: %s\n", error);
	return b;
}

int main(void)
{
	struct balloon *b = open_host("sim:guests=3,host=2GiB,size=1GiB,seed=7");
	struct balloon_report r;
	uint64_t now = 0, next = 1;
	int k;

	if (!b)
		return 1;
	for (k = 0; k < 200; k++, now = next) {
		if (balloon_tick(b, now, &next) < 0) {
			fprintf(stderr, "stranger: %s\n", balloon_error(b));
			return 1;
		}
	}
	memset(&r, 0, sizeof(r));
	r.struct_size = sizeof(r);
	if (balloon_report(b, &r) < 0 || !r.orders)
		return 1;
	printf("stranger: %u guests, %u orders, version %s\n", (unsigned)r.guests_n,
	       (unsigned)r.orders, balloon_version());
	balloon_close(b);
	balloon_close(NULL);
	return 0;
}
