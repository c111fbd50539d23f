/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who we are, said to a host. By GSSAPI rather than by libcurl, which does not
 * seal messages; one way for http and https is simpler than two.
 */
#include "line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Legs of a handshake: NTLM takes two, Kerberos one or two. More is a loop. */
#define LEGS_MAX 4

int bl_hyperv_line_refused(struct bl_hyperv_line *line)
{
	return bl_hyperv_line_fail(line, -EACCES, "it does not let us in; check user and password in %.200s%s",
	            line->address.credentials,
	            !line->address.basic && line->basic_offered && !line->address.insecure
	            ? ", and that the host allows Negotiate" : "");
}

/* Legs of the handshake, on empty letters, until both sides are content. */
static int negotiate(struct bl_hyperv_line *line)
{
	char *theirs = NULL, *ours = NULL;
	long status = 0;
	int rc = 0;

	for (int leg = 0; rc == 0 && !line->proven; leg++) {
		rc = bl_hyperv_seal_step(&line->seal, theirs, &ours, line->error,
		                         sizeof(line->error));
		free(theirs);
		theirs = NULL;
		if (rc < 0) {
			char text[BL_HYPERV_ERROR_MAX];

			memcpy(text, line->error, sizeof(text));
			return leg ? bl_hyperv_line_refused(line) : bl_hyperv_line_fail(line, rc, "%s", text);
		}
		if (ours)
			rc = bl_hyperv_line_post(line, BL_HYPERV_PLAIN_TYPE, ours, "", 0, &status);
		free(ours);
		if (rc < 0)
			return rc;
		line->proven = line->seal.complete && status == 200;
		theirs = line->token;
		line->token = NULL;
		if (!line->proven && (status != 401 || !theirs) && !(status == 200 && theirs))
			rc = bl_hyperv_line_refused(line);
		if (leg >= LEGS_MAX)
			rc = bl_hyperv_line_refused(line);
	}
	free(theirs);
	return rc;
}

static int prove_with(struct bl_hyperv_line *line, const struct bl_hyperv_creds *creds)
{
	char text[BL_HYPERV_ERROR_MAX] = "";
	int rc = bl_hyperv_seal_begin(&line->seal, line->address.host, creds, text,
	                              sizeof(text));

	return rc < 0 ? bl_hyperv_line_fail(line, rc, "%s", text) : negotiate(line);
}

int bl_hyperv_line_prove(struct bl_hyperv_line *line)
{
	struct bl_hyperv_creds *creds = bl_hyperv_creds_new();
	char text[BL_HYPERV_ERROR_MAX] = "";
	int rc;

	if (!creds)
		return bl_hyperv_line_fail(line, -ENOMEM, "no memory is left here");
	rc = bl_hyperv_creds_read(line->address.credentials, creds, text, sizeof(text));
	if (rc < 0)
		rc = bl_hyperv_line_fail(line, -EACCES, "%s", text);
	else if (!line->address.basic)
		rc = prove_with(line, creds);
	if (rc < 0 || !line->address.basic) {
		bl_hyperv_creds_free(creds);
		return rc;
	}
	bl_hyperv_creds_free(line->creds);
	line->creds = creds;
	line->proven = true; /* as far as it goes: every letter says it */
	return 0;
}
