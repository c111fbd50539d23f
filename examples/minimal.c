/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Minds a host, a beat when due or when there is news: minimal URI BEATS
 */
#include <balloon/balloon.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	char text[512] = "";
	struct balloon_options o = {.struct_size = sizeof(o), .uri = argc > 1 ? argv[1] : "sim:",
	                            .error_text = text, .error_size = sizeof(text)};
	struct balloon_guest_report g[64];
	struct balloon *b;

	if (balloon_open(&o, &b) < 0)
		return fprintf(stderr, "minimal: %s\n", text), 1;
	for (int beats = argc > 2 ? atoi(argv[2]) : 10; beats > 0; beats--) {
		struct pollfd news = {.fd = balloon_fd(b), .events = POLLIN}; /* < 0 is left out */
		uint64_t now = now_ns(), next = now;

		if (balloon_tick(b, now, &next) < 0)
			fprintf(stderr, "minimal: %s\n", balloon_error(b));
		for (int i = 0, n = balloon_guests(b, g, sizeof(g[0]), 64); i < n && i < 64; i++)
			puts(balloon_explain(b, g[i].name, text, sizeof(text)) < 0 ? "?" : text);
		poll(&news, 1, beats > 1 && next > now ? (int)((next - now) / 1000000) : 0);
	}
	balloon_close(b);
}
