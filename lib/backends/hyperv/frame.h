/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the frame around a sealed message. Pure. */
#ifndef BL_HYPERV_FRAME_H
#define BL_HYPERV_FRAME_H

#include <stddef.h>

/*
 * The frame of a sealed message, for it is what strangers send: where in
 * body[0..n) its signature and its data lie, and how long it says it is in
 * plain. -EBADMSG.
 */
struct bl_hyperv_frame {
	const char *signature, *data;
	size_t signature_n, data_n, plain_n;
};
int bl_hyperv_frame_read(const char *body, size_t n, struct bl_hyperv_frame *ret_frame);

#endif
