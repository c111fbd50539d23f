/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GSSAPI, as far as WinRM needs it. The cryptography is libgssapi's and, for
 * NTLM, that of its plug-in gss-ntlmssp, which is loaded if it is installed.
 */
#include "seal.h"

#include "base64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

/* NTLM's signature; gss_wrap() puts it before the sealed bytes. */
#define NTLM_SIGNATURE 16

static gss_OID_desc ntlm_oid = {10, (void *)(uintptr_t)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};
static gss_OID_desc spnego_oid = {6, (void *)(uintptr_t)"\x2b\x06\x01\x05\x05\x02"};

static int fail(OM_uint32 major, OM_uint32 minor, gss_OID mech, const char *what,
                char *ret_error, size_t size)
{
	gss_buffer_desc general = GSS_C_EMPTY_BUFFER, special = GSS_C_EMPTY_BUFFER;
	OM_uint32 ignored, more = 0;

	gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &general);
	more = 0;
	gss_display_status(&ignored, minor, GSS_C_MECH_CODE, mech, &more, &special);
	if (size)
		snprintf(ret_error, size, "%s (%.*s: %.*s)", what, (int)general.length,
		         general.length ? (const char *)general.value : "", (int)special.length,
		         special.length ? (const char *)special.value : "");
	gss_release_buffer(&ignored, &general);
	gss_release_buffer(&ignored, &special);
	return -EACCES;
}

/* ------------------------------------------------------------ handshake */

static int import(const char *text, gss_OID type, gss_name_t *ret_name)
{
	gss_buffer_desc b = {strlen(text), (void *)(uintptr_t)text};
	OM_uint32 minor;

	return gss_import_name(&minor, &b, type, ret_name) == GSS_S_COMPLETE ? 0 : -EINVAL;
}

static int acquire(struct bl_hyperv_seal *s, const struct bl_hyperv_creds *creds,
                   char *ret_error, size_t size)
{
	gss_buffer_desc password = {strlen(creds->password), (void *)(uintptr_t)creds->password};
	gss_OID_set_desc mechs = {1, s->mech};
	OM_uint32 major, minor, ignored;
	gss_name_t user = GSS_C_NO_NAME;

	if (!creds->password[0])
		return 0; /* what this process has: GSS_C_NO_CREDENTIAL */
	if (import(creds->user, GSS_C_NT_USER_NAME, &user) < 0)
		return -EACCES;
	major = gss_acquire_cred_with_password(&minor, user, &password, GSS_C_INDEFINITE, &mechs,
	                                       GSS_C_INITIATE, &s->cred, NULL, NULL);
	gss_release_name(&ignored, &user);
	if (GSS_ERROR(major))
		return fail(major, minor, s->mech, s->ntlm ?
		            "NTLM is not to be had; install gss-ntlmssp, or use auth=basic" :
		            "Kerberos does not know us; check user@REALM and /etc/krb5.conf",
		            ret_error, size);
	return 0;
}

int bl_hyperv_seal_begin(struct bl_hyperv_seal *s, const char *host,
                         const struct bl_hyperv_creds *creds, char *ret_error, size_t size)
{
	char service[300];
	int rc;

	bl_hyperv_seal_end(s);
	s->ntlm = creds->password[0] && !strchr(creds->user, '@');
	s->mech = s->ntlm ? &ntlm_oid : (gss_OID)(uintptr_t)gss_mech_krb5;
	snprintf(service, sizeof(service), "HTTP@%.255s", host);
	rc = import(service, GSS_C_NT_HOSTBASED_SERVICE, &s->host);
	if (rc < 0 && size)
		snprintf(ret_error, size, "\"%.200s\" is no host name for Kerberos or NTLM", host);
	if (rc == 0)
		rc = acquire(s, creds, ret_error, size);
	/* Kerberos goes inside SPNEGO; NTLM may go bare, and does so everywhere. */
	if (!s->ntlm)
		s->mech = &spnego_oid;
	return rc;
}

static char *encode(const gss_buffer_desc *b)
{
	char *text = malloc(BL_HYPERV_BASE64_SIZE(b->length));

	if (text)
		bl_hyperv_encode(b->value, b->length, text);
	return text;
}

static int decode(const char *text, gss_buffer_desc *ret)
{
	if (!text)
		return 0;
	ret->value = malloc(strlen(text) / 4 * 3 + 3);
	if (!ret->value)
		return -ENOMEM;
	ret->length = bl_hyperv_decode(text, ret->value);
	return 0;
}

static void note_mech(struct bl_hyperv_seal *s)
{
	OM_uint32 minor;
	gss_OID mech = GSS_C_NO_OID;

	gss_inquire_context(&minor, s->context, NULL, NULL, NULL, &mech, NULL, NULL, NULL);
	s->ntlm = mech && gss_oid_equal(mech, &ntlm_oid);
}

int bl_hyperv_seal_step(struct bl_hyperv_seal *s, const char *theirs, char **ret_ours,
                        char *ret_error, size_t size)
{
	const OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG |
	                        GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG;
	gss_buffer_desc in = GSS_C_EMPTY_BUFFER, out = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor, ignored;
	int rc = decode(theirs, &in);

	*ret_ours = NULL;
	if (rc < 0)
		return rc;
	major = gss_init_sec_context(&minor, s->cred, &s->context, s->host, s->mech, flags, 0,
	                             GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &out, NULL, NULL);
	free(in.value);
	if (GSS_ERROR(major)) {
		rc = fail(major, minor, s->mech, "the host and we do not agree on who we are; check "
		          "user, password and the host's name", ret_error, size);
	} else if (out.length) {
		*ret_ours = encode(&out);
		rc = *ret_ours ? 0 : -ENOMEM;
	}
	gss_release_buffer(&ignored, &out);
	s->complete = rc == 0 && major == GSS_S_COMPLETE;
	if (s->complete)
		note_mech(s);
	return rc;
}

void bl_hyperv_seal_end(struct bl_hyperv_seal *s)
{
	OM_uint32 minor;

	if (s->context)
		gss_delete_sec_context(&minor, &s->context, GSS_C_NO_BUFFER);
	if (s->cred)
		gss_release_cred(&minor, &s->cred);
	if (s->host)
		gss_release_name(&minor, &s->host);
	memset(s, 0, sizeof(*s));
}

/* -------------------------------------------------------------- sealing */

static int frame(const char *signature, size_t signature_n, const char *data, size_t data_n,
                 size_t plain_n, char **ret, size_t *ret_n)
{
	FILE *out = open_memstream(ret, ret_n);
	unsigned char length[4];
	int bad;

	if (!out)
		return -ENOMEM;
	for (int i = 0; i < 4; i++)
		length[i] = (unsigned char)(signature_n >> (8 * i));
	fprintf(out, "--Encrypted Boundary\r\n"
	        "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
	        "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%zu\r\n"
	        "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n", plain_n);
	fwrite(length, 1, sizeof(length), out);
	fwrite(signature, 1, signature_n, out);
	fwrite(data, 1, data_n, out);
	fputs("--Encrypted Boundary--\r\n", out);
	bad = ferror(out);
	if (fclose(out) == 0 && !bad)
		return 0;
	free(*ret);
	return -ENOMEM;
}

static int wrap_ntlm(struct bl_hyperv_seal *s, const char *plain, size_t n, char **ret,
                     size_t *ret_n)
{
	gss_buffer_desc in = {n, (void *)(uintptr_t)plain}, out = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	int conf = 0, rc = -EBADMSG;

	if (gss_wrap(&minor, s->context, 1, GSS_C_QOP_DEFAULT, &in, &conf, &out) ==
	    GSS_S_COMPLETE && conf && out.length >= NTLM_SIGNATURE)
		rc = frame(out.value, NTLM_SIGNATURE, (char *)out.value + NTLM_SIGNATURE,
		           out.length - NTLM_SIGNATURE, n, ret, ret_n);
	gss_release_buffer(&minor, &out);
	return rc;
}

/* Kerberos: header and padding around the data (pypsrp reads the same from Windows). */
static int wrap_kerberos(struct bl_hyperv_seal *s, const char *plain, size_t n, char **ret,
                         size_t *ret_n)
{
	gss_iov_buffer_desc iov[3] = {
		{.type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE},
		{.type = GSS_IOV_BUFFER_TYPE_DATA},
		{.type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE},
	};
	char *copy = malloc(n ? n : 1);
	OM_uint32 minor;
	int conf = 0, rc = -EBADMSG;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, plain, n);
	iov[1].buffer = (gss_buffer_desc){n, copy};
	/* AES needs no padding, and nothing else is offered since 2008. */
	if (gss_wrap_iov(&minor, s->context, 1, GSS_C_QOP_DEFAULT, &conf, iov, 3) ==
	    GSS_S_COMPLETE && conf && iov[2].buffer.length == 0)
		rc = frame(iov[0].buffer.value, iov[0].buffer.length, copy, n, n, ret, ret_n);
	gss_release_iov_buffer(&minor, iov, 3);
	free(copy);
	return rc;
}

int bl_hyperv_seal_wrap(struct bl_hyperv_seal *s, const char *plain, size_t n, char **ret,
                        size_t *ret_n)
{
	if (s->ntlm)
		return wrap_ntlm(s, plain, n, ret, ret_n);
	return wrap_kerberos(s, plain, n, ret, ret_n);
}

static int unwrap_ntlm(struct bl_hyperv_seal *s, const struct bl_hyperv_frame *f, char **ret,
                       size_t *ret_n)
{
	/* Signature and data lie side by side but for nothing between them. */
	gss_buffer_desc in = {f->signature_n + f->data_n, (void *)(uintptr_t)f->signature};
	gss_buffer_desc out = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	int conf = 0, rc = -EBADMSG;

	if (gss_unwrap(&minor, s->context, &in, &out, &conf, NULL) == GSS_S_COMPLETE && conf) {
		*ret = malloc(out.length + 1);
		rc = *ret ? 0 : -ENOMEM;
	}
	if (rc == 0) {
		memcpy(*ret, out.value, out.length);
		*ret_n = out.length;
	}
	gss_release_buffer(&minor, &out);
	return rc;
}

static int unwrap_kerberos(struct bl_hyperv_seal *s, const struct bl_hyperv_frame *f, char **ret,
                           size_t *ret_n)
{
	char *copy = malloc(f->signature_n + f->data_n + 1);
	gss_iov_buffer_desc iov[2] = {
		{.type = GSS_IOV_BUFFER_TYPE_STREAM},
		{.type = GSS_IOV_BUFFER_TYPE_DATA},
	};
	OM_uint32 minor;
	int conf = 0;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, f->signature, f->signature_n + f->data_n);
	iov[0].buffer = (gss_buffer_desc){f->signature_n + f->data_n, copy};
	if (gss_unwrap_iov(&minor, s->context, &conf, NULL, iov, 2) != GSS_S_COMPLETE || !conf) {
		free(copy);
		return -EBADMSG;
	}
	*ret_n = iov[1].buffer.length;
	memmove(copy, iov[1].buffer.value, *ret_n);
	*ret = copy;
	return 0;
}

int bl_hyperv_seal_unwrap(struct bl_hyperv_seal *s, const char *body, size_t n, char **ret,
                          size_t *ret_n)
{
	struct bl_hyperv_frame f;
	int rc = bl_hyperv_frame_read(body, n, &f);

	if (rc == 0)
		rc = s->ntlm ? unwrap_ntlm(s, &f, ret, ret_n) : unwrap_kerberos(s, &f, ret, ret_n);
	if (rc < 0)
		return rc;
	if (*ret_n == f.plain_n)
		return 0;
	free(*ret);
	return -EBADMSG;
}
