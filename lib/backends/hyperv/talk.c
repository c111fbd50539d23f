/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP by libcurl, with deadlines and a way to be stopped. Must not read what it
 * carries.
 */
#include "line.h"
#include "read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A host in the next room connects in a millisecond; one across the world, over
 * TLS, in less than this. */
#define CONNECT_MS 5000L

/* The whole of one exchange. A healthy host answers in 10-100 ms; WinRM's own
 * patience with an operation is asked to be 8 s (soap.c), so that its answer
 * "timed out" comes before ours. */
#define EXCHANGE_MS 10000L

int bl_hyperv_line_fail(struct bl_hyperv_line *line, int rc, const char *format, ...)
{
	char text[BL_HYPERV_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line->error, sizeof(line->error), "Hyper-V host %.100s: %.500s",
	         line->address.host, text);
	return rc;
}

/* ------------------------------------------------------------- receiving */

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct bl_hyperv_line *line = arg;

	n *= size;
	if (n > BL_HYPERV_REPLY_MAX - line->body_n)
		return 0; /* which makes libcurl give up */
	if (line->body_n + n > line->body_cap) {
		size_t cap = 2 * (line->body_n + n);
		char *body = realloc(line->body, cap);

		if (!body)
			return 0;
		line->body = body;
		line->body_cap = cap;
	}
	memcpy(line->body + line->body_n, bytes, n);
	line->body_n += n;
	return n;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
	static const char challenge[] = "WWW-Authenticate:", scheme[] = "Negotiate ";
	struct bl_hyperv_line *line = arg;
	size_t skip = sizeof(challenge) - 1;

	n *= size;
	if (n <= skip || strncasecmp(bytes, challenge, skip) != 0)
		return n;
	while (skip < n && bytes[skip] == ' ')
		skip++;
	line->basic_offered |= n - skip >= 5 && strncasecmp(bytes + skip, "Basic", 5) == 0;
	if (n - skip < sizeof(scheme) || strncasecmp(bytes + skip, scheme, sizeof(scheme) - 1) != 0)
		return n;
	free(line->token);
	line->token = strndup(bytes + skip + sizeof(scheme) - 1, n - skip - sizeof(scheme) + 1);
	return n;
}

/* --------------------------------------------------------------- one post */

static int why_not(struct bl_hyperv_line *line, CURLcode code)
{
	const char *text = curl_easy_strerror(code);

	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return bl_hyperv_line_fail(line, -EACCES, "its certificate is not trusted, or is for another name "
		            "(%s); name its CA with ca=FILE and the host as the certificate does",
		            text);
	case CURLE_OPERATION_TIMEDOUT:
		return bl_hyperv_line_fail(line, -ETIMEDOUT, "it does not answer; check that it is up and that its "
		            "firewall lets us in");
	case CURLE_WRITE_ERROR:
		return bl_hyperv_line_fail(line, -EPROTO, "its reply is longer than %u MiB, so it is no Hyper-V "
		            "host, or memory is short here; check the address",
		            BL_HYPERV_REPLY_MAX >> 20);
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	default:
		return bl_hyperv_line_fail(line, -EHOSTUNREACH, "it cannot be reached (%s); check the address, that "
		            "it is up, and that WinRM listens (winrm quickconfig)", text);
	}
}

/* Runs the transfer; a stop wakes it. */
static CURLcode perform(struct bl_hyperv_line *line)
{
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;
	CURLMsg *m;

	if (curl_multi_add_handle(line->multi, line->easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (running && !atomic_load(&line->stopping)) {
		if (curl_multi_perform(line->multi, &running) != CURLM_OK)
			break;
		if (running)
			curl_multi_poll(line->multi, NULL, 0, 1000, NULL);
	}
	while ((m = curl_multi_info_read(line->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			code = m->data.result;
	curl_multi_remove_handle(line->multi, line->easy);
	return code;
}

static void forget_reply(struct bl_hyperv_line *line)
{
	line->body_n = 0;
	free(line->token);
	line->token = NULL;
	line->basic_offered = false;
}

/* The header list of one request. */
static struct curl_slist *headers(const char *type, const char *negotiate)
{
	struct curl_slist *list = NULL;
	char *text = NULL;

	if (asprintf(&text, "Content-Type: %s", type) < 0)
		return NULL;
	list = curl_slist_append(NULL, text);
	free(text);
	if (list && negotiate && asprintf(&text, "Authorization: Negotiate %s", negotiate) >= 0) {
		curl_slist_append(list, text);
		free(text);
	}
	return list;
}

/* Sends once. *ret_status is HTTP's. */
int bl_hyperv_line_post(struct bl_hyperv_line *line, const char *type, const char *negotiate,
                        const char *text, size_t n, long *ret_status)
{
	struct curl_slist *list = headers(type, negotiate), basic = {NULL, list};
	CURLcode code;

	if (!list)
		return bl_hyperv_line_fail(line, -ENOMEM, "no memory is left here");
	forget_reply(line);
	/* Not through libcurl's list: that would copy it. */
	if (line->creds)
		basic.data = (char *)(uintptr_t)bl_hyperv_creds_basic(line->creds);
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, line->creds ? &basic : list);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDS, text);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	code = perform(line);
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	if (code != CURLE_OK) {
		line->proven = false;
		return why_not(line, code);
	}
	curl_easy_getinfo(line->easy, CURLINFO_RESPONSE_CODE, ret_status);
	return 0;
}

/* ------------------------------------------------------------- exchanges */

static bool seals(const struct bl_hyperv_line *line)
{
	return !line->address.tls && !line->address.basic;
}

static int post_sealed(struct bl_hyperv_line *line, const char *text, size_t n, long *ret_status)
{
	char *sealed;
	size_t sealed_n;
	int rc;

	if (!seals(line))
		return bl_hyperv_line_post(line, BL_HYPERV_PLAIN_TYPE, NULL, text, n, ret_status);
	rc = bl_hyperv_seal_wrap(&line->seal, text, n, &sealed, &sealed_n);
	if (rc < 0)
		return bl_hyperv_line_fail(line, rc, "a message could not be sealed; use https");
	rc = bl_hyperv_line_post(line, BL_HYPERV_SEAL_TYPE, NULL, sealed, sealed_n, ret_status);
	free(sealed);
	return rc;
}

/* What came back must be sealed if what went out was: else anybody on the way
 * could have written it. */
static int open_reply(struct bl_hyperv_line *line)
{
	const char *type = NULL;
	char *plain;
	size_t n;
	int rc;

	if (!seals(line))
		return 0;
	curl_easy_getinfo(line->easy, CURLINFO_CONTENT_TYPE, &type);
	if (!type || strncasecmp(type, "multipart/encrypted", 19) != 0)
		return bl_hyperv_line_fail(line, -EPROTO, "it answers a sealed message in the open, which is not "
		            "believed; use https");
	rc = bl_hyperv_seal_unwrap(&line->seal, line->body, line->body_n, &plain, &n);
	if (rc < 0) {
		line->proven = false;
		return bl_hyperv_line_fail(line, -EPROTO, "a sealed reply was damaged or changed on the way; it is "
		            "asked again");
	}
	free(line->body);
	line->body = plain;
	line->body_n = line->body_cap = n;
	return 0;
}

static int judge(struct bl_hyperv_line *line, long status)
{
	if (status == 200 || status == 500 || status == 400)
		return open_reply(line);
	if (status == 401)
		return bl_hyperv_line_refused(line);
	if (status >= 300 && status < 400)
		return bl_hyperv_line_fail(line, -EPROTO, "it sends us elsewhere (HTTP %ld), which is not followed; "
		            "give the address of the host itself", status);
	return bl_hyperv_line_fail(line, -EPROTO, "it answers HTTP %ld, so WinRM is not there; check port and "
	            "address", status);
}

/* A connection that was lost took our proof with it: then we prove it again, once. */
int bl_hyperv_line_send(struct bl_hyperv_line *line, const char *text, size_t n,
                        const char **ret_body, size_t *ret_n)
{
	long status = 401;
	int rc = 0;

	for (int attempt = 0; attempt < 2 && rc == 0 && status == 401; attempt++) {
		bool fresh = !line->proven;

		if (fresh)
			rc = bl_hyperv_line_prove(line);
		if (rc == 0)
			rc = post_sealed(line, text, n, &status);
		if (rc == 0 && status == 401)
			line->proven = false;
		if (fresh)
			break;
	}
	if (rc == 0)
		rc = judge(line, status);
	if (rc < 0)
		return atomic_load(&line->stopping) ? -ECANCELED : rc;
	line->requests++;
	*ret_body = line->body;
	*ret_n = line->body_n;
	return 0;
}

/* ------------------------------------------------------------- the line */

static void set_up(struct bl_hyperv_line *line)
{
	const struct bl_hyperv_address *a = &line->address;
	CURL *e = line->easy;

	curl_easy_setopt(e, CURLOPT_URL, a->url);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, a->tls ? "https" : "http");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	/* A proxy would see, and could change, what is not sealed; and it breaks NTLM. */
	curl_easy_setopt(e, CURLOPT_PROXY, "");
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, EXCHANGE_MS);
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, a->insecure ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, a->insecure ? 0L : 2L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (a->ca[0])
		curl_easy_setopt(e, CURLOPT_CAINFO, a->ca);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, line);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, line);
	curl_multi_setopt(line->multi, CURLMOPT_MAXCONNECTS, 1L);
}

int bl_hyperv_line_new(const struct bl_hyperv_address *address, struct bl_hyperv_line **ret_line)
{
	struct bl_hyperv_line *line = calloc(1, sizeof(*line));

	if (!line)
		return -ENOMEM;
	line->address = *address;
	line->multi = curl_multi_init();
	line->easy = curl_easy_init();
	if (!line->multi || !line->easy) {
		bl_hyperv_line_free(line);
		return -ENOMEM;
	}
	set_up(line);
	*ret_line = line;
	return 0;
}

void bl_hyperv_line_free(struct bl_hyperv_line *line)
{
	if (!line)
		return;
	forget_reply(line);
	curl_easy_cleanup(line->easy);
	curl_multi_cleanup(line->multi);
	bl_hyperv_seal_end(&line->seal);
	bl_hyperv_creds_free(line->creds);
	free(line->body);
	free(line);
}

void bl_hyperv_line_stop(struct bl_hyperv_line *line)
{
	atomic_store(&line->stopping, true);
	curl_multi_wakeup(line->multi);
}
