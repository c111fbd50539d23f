/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The credentials file: two lines,
 *
 *	user = DOMAIN\name      (or user@REALM)
 *	password = secret       (none: Kerberos with the tickets of this process)
 *
 * readable by its owner alone, who is root or whoever runs us. It is read
 * when a connection is made and wiped when that is done.
 */
#ifndef BL_HYPERV_CREDS_H
#define BL_HYPERV_CREDS_H

#include <stddef.h>

/* Windows allows 256 characters of password, up to 4 bytes each, and 104 + 15 of a name. */
struct bl_hyperv_creds {
	char user[512];
	char password[1088]; /* "" = none */
};

/* One to fill, in memory that is not swapped and not part of a core. NULL: -ENOMEM. */
struct bl_hyperv_creds *bl_hyperv_creds_new(void);

/* The header line with which Basic says who we are, in the same memory. */
const char *bl_hyperv_creds_basic(struct bl_hyperv_creds *c);

/* Wipes and frees. NULL is welcome. */
void bl_hyperv_creds_free(struct bl_hyperv_creds *c);

/* -EACCES, -ENOENT, -EINVAL with a sentence in ret_error, which never has a
 * line of the file in it. */
int bl_hyperv_creds_read(const char *path, struct bl_hyperv_creds *ret_c, char *ret_error,
                         size_t size);

#endif
