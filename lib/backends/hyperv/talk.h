/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line to one host: a letter out, the reply's bytes in. One at a time, on
 * one connection, which is what NTLM and Kerberos prove themselves to.
 */
#ifndef BL_HYPERV_TALK_H
#define BL_HYPERV_TALK_H

#include "address.h"
#include "seal.h"

#include <stdatomic.h>

#include <curl/curl.h>

/* A sentence with the server's own words in it. */
#define BL_HYPERV_ERROR_MAX 640

struct bl_hyperv_line {
	struct bl_hyperv_address address;
	CURLM *multi;
	CURL *easy;
	struct bl_hyperv_seal seal;
	struct bl_hyperv_creds *creds; /* Basic: said with every letter; else NULL */
	bool proven;             /* this connection knows who we are */
	atomic_bool stopping;
	unsigned long requests;  /* letters sent and answered */
	char error[BL_HYPERV_ERROR_MAX];

	char *body;              /* of the reply being received */
	size_t body_n, body_cap;
	char *token;             /* its "WWW-Authenticate: Negotiate …" */
	bool basic_offered;
};

int bl_hyperv_line_new(const struct bl_hyperv_address *address, struct bl_hyperv_line **ret_line);
void bl_hyperv_line_free(struct bl_hyperv_line *line);

/* Ends a call that another thread is in, and all later ones, with -ECANCELED. */
void bl_hyperv_line_stop(struct bl_hyperv_line *line);

/*
 * *ret_body belongs to the line, until the next call. A fault is a reply like
 * others. -ECANCELED; -EHOSTUNREACH, -ETIMEDOUT, -EACCES (who we are), -EPROTO
 * (no such server) with a sentence in line->error.
 */
int bl_hyperv_line_send(struct bl_hyperv_line *line, const char *text, size_t n,
                        const char **ret_body, size_t *ret_n);

#endif
