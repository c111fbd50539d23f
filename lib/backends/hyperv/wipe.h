/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An allocator that wipes what is given back. It is handed to libcurl, which
 * copies the header with our password into its buffers and frees them as they are.
 */
#ifndef BL_HYPERV_WIPE_H
#define BL_HYPERV_WIPE_H

#include <stddef.h>

void bl_hyperv_wipe_free(void *p);
void *bl_hyperv_wipe_realloc(void *p, size_t n);

#endif
