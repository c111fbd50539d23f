/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A fuzz target without a fuzzer: every file that is named goes in once, and every
 * prefix of it. What was found before is not found again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Seeds are small; what is beyond would make the prefixes endless. */
#define MOST 16384

static int feed(const char *path)
{
	static uint8_t bytes[MOST];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		fprintf(stderr, "feed: %s cannot be read\n", path);
		return 1;
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (size_t i = 0; i <= n; i++)
		LLVMFuzzerTestOneInput(bytes, i);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed |= feed(argv[i]);
	printf("%d files and all their prefixes\n", argc - 1);
	return failed;
}
