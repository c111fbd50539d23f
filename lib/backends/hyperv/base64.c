/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64, for tokens that GSSAPI makes and takes, and for Basic. */
#include "base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void bl_hyperv_encode(const void *bytes, size_t n, char *ret_text)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)b[i] << 16 | (i + 1 < n ? (unsigned)b[i + 1] << 8 : 0) |
		             (i + 2 < n ? b[i + 2] : 0);

		*ret_text++ = digits[v >> 18];
		*ret_text++ = digits[v >> 12 & 63];
		*ret_text++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*ret_text++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*ret_text = '\0';
}

size_t bl_hyperv_decode(const char *text, unsigned char *ret_bytes)
{
	unsigned bits = 0, value = 0;
	const char *at;
	size_t n = 0;

	for (; *text && (at = strchr(digits, *text)); text++) {
		value = (value << 6 | (unsigned)(at - digits)) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			ret_bytes[n++] = (unsigned char)(value >> bits);
		}
	}
	return n;
}
