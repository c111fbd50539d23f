/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base64, as HTTP's authentication headers have it. Pure. */
#ifndef BL_HYPERV_BASE64_H
#define BL_HYPERV_BASE64_H

#include <stddef.h>

/* With the end of the string. */
#define BL_HYPERV_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

void bl_hyperv_encode(const void *bytes, size_t n, char *ret_text);

/* Up to the first stranger in text; ret_bytes has strlen(text) / 4 * 3 + 3. */
size_t bl_hyperv_decode(const char *text, unsigned char *ret_bytes);

#endif
