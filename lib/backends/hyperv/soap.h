/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing WS-Management envelopes: the five operations this backend needs, and
 * the two methods. Pure but for the random numbers in message ids.
 */
#ifndef BL_HYPERV_SOAP_H
#define BL_HYPERV_SOAP_H

#include "steer.h"

#include <stddef.h>

#define BL_HYPERV_V2 "root/virtualization/v2"
#define BL_HYPERV_CIMV2 "root/cimv2"

struct bl_hyperv_letter {
	char *text; /* malloc()ed */
	size_t n;
	char id[48];
};

/* Each fills *ret_letter, to be freed with bl_hyperv_letter_free(). -ENOMEM. */
int bl_hyperv_write_identify(struct bl_hyperv_letter *ret_letter);
int bl_hyperv_write_enumerate(const char *url, const char *space, const char *wql,
                              struct bl_hyperv_letter *ret_letter);
int bl_hyperv_write_pull(const char *url, const char *space, const char *context,
                         struct bl_hyperv_letter *ret_letter);
/* An instance of a V2 class that has InstanceID as its key. */
int bl_hyperv_write_get(const char *url, const char *class, const char *instance,
                        struct bl_hyperv_letter *ret_letter);
int bl_hyperv_write_summary(const char *url, struct bl_hyperv_letter *ret_letter);
/* Changes what is set in change of the memory device, and nothing else. */
int bl_hyperv_write_modify(const char *url, const char *device,
                           const struct bl_hyperv_change *change,
                           struct bl_hyperv_letter *ret_letter);

void bl_hyperv_letter_free(struct bl_hyperv_letter *letter);

#endif
