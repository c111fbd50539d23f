/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The frame around a sealed message (MS-WSMV 2.2.9.1.1): two parts, whose header lines
 * begin with a tab, no blank line before the bytes and none after:
 *
 *	--Encrypted Boundary\r\n
 *	\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n
 *	\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=N\r\n
 *	--Encrypted Boundary\r\n
 *	\tContent-Type: application/octet-stream\r\n
 *	<length of signature, 4 bytes, little endian><signature><data>--Encrypted Boundary--\r\n
 *
 * Takes bytes that may be anything.
 */
#include "frame.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define END "--Encrypted Boundary--"
#define OCTETS "application/octet-stream\r\n"

static uint32_t little_endian(const unsigned char *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static const char *find(const char *from, size_t n, const char *what)
{
	return memmem(from, n, what, strlen(what));
}

/* The digits after "Length=", which the caller knows to be followed by OCTETS. */
static int read_length(const char *body, const char *end, size_t *ret)
{
	const char *at = find(body, (size_t)(end - body), "Length=");
	size_t value = 0;

	if (!at)
		return -EBADMSG;
	for (at += strlen("Length="); at < end && *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (size_t)(*at - '0');
		if (value > UINT32_MAX)
			return -EBADMSG;
	}
	*ret = value;
	return 0;
}

int bl_hyperv_frame_read(const char *body, size_t n, struct bl_hyperv_frame *ret_frame)
{
	const char *from = find(body, n, OCTETS), *end = NULL;
	struct bl_hyperv_frame f;
	size_t left;

	if (!from || read_length(body, from, &f.plain_n) < 0)
		return -EBADMSG;
	from += strlen(OCTETS);
	left = n - (size_t)(from - body);
	/* The boundary is looked for from the end: sealed bytes may look like it. */
	for (size_t cut = strlen(END); cut <= left && cut <= strlen(END) + 4 && !end; cut++)
		if (memcmp(from + left - cut, END, strlen(END)) == 0)
			end = from + left - cut;
	if (!end || end - from < 4)
		return -EBADMSG;
	f.signature_n = little_endian((const unsigned char *)from);
	f.signature = from + 4;
	if (f.signature_n > (size_t)(end - f.signature))
		return -EBADMSG;
	f.data = f.signature + f.signature_n;
	f.data_n = (size_t)(end - f.data);
	*ret_frame = f;
	return 0;
}
