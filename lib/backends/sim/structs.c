/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See structs.h. Must not know what is in the structs but their first word.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "structs.h"

int bl_sim_take(const void *given, void *ret_known, size_t size)
{
	const unsigned char *bytes = given;
	uint32_t given_size;

	if (!given)
		return -EINVAL;
	memcpy(&given_size, given, sizeof(given_size));
	if (given_size < size)
		return -EINVAL;
	for (size_t i = size; i < given_size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(ret_known, given, size);
	return 0;
}

int bl_sim_give(const void *known, size_t size, void *ret_given)
{
	const unsigned char *from = known;
	unsigned char *to = ret_given;
	uint32_t given_size;

	if (!ret_given)
		return -EINVAL;
	memcpy(&given_size, ret_given, sizeof(given_size));
	if (given_size < sizeof(given_size))
		return -EINVAL;
	if (given_size < size)
		size = given_size;
	memcpy(to + sizeof(given_size), from + sizeof(given_size), size - sizeof(given_size));
	return 0;
}
