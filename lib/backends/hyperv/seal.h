/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proving who we are by GSSAPI, and sealing messages with what comes of it, as
 * WinRM does on plain http. Knows no socket.
 */
#ifndef BL_HYPERV_SEAL_H
#define BL_HYPERV_SEAL_H

#include "creds.h"
#include "frame.h"

#include <stdbool.h>
#include <stddef.h>

#include <gssapi/gssapi.h>

/* What stands around a sealed message. */
#define BL_HYPERV_SEAL_TYPE \
	"multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";" \
	"boundary=\"Encrypted Boundary\""

struct bl_hyperv_seal {
	gss_ctx_id_t context;
	gss_cred_id_t cred;
	gss_name_t host;
	gss_OID mech;   /* to ask for */
	bool complete;
	bool ntlm;      /* what was agreed on in the end */
};

/* Begins anew for that host: NTLM for DOMAIN\name, else Kerberos, which without
 * a password uses this process's tickets. 0 or -EACCES with a sentence. */
int bl_hyperv_seal_begin(struct bl_hyperv_seal *s, const char *host,
                         const struct bl_hyperv_creds *creds, char *ret_error, size_t size);

/* One leg: theirs is the text after "Negotiate " or NULL at first. *ret_ours is
 * the text to answer with, malloc()ed, or NULL when nothing is left to say; see
 * complete. */
int bl_hyperv_seal_step(struct bl_hyperv_seal *s, const char *theirs, char **ret_ours,
                        char *ret_error, size_t size);

void bl_hyperv_seal_end(struct bl_hyperv_seal *s);

/* *ret is malloc()ed. -EBADMSG: not a sealed message, or tampered with. */
int bl_hyperv_seal_wrap(struct bl_hyperv_seal *s, const char *plain, size_t n, char **ret,
                        size_t *ret_n);
int bl_hyperv_seal_unwrap(struct bl_hyperv_seal *s, const char *body, size_t n, char **ret,
                          size_t *ret_n);

#endif
