/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a Hyper-V host's address with libxml2's URI grammar. Must not look
 * anything up: whether the host is there, or the file, is not asked here.
 */
#include "address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/uri.h>

#define CREDENTIALS "/etc/balloon/hyperv.credentials"

/* WinRM's ports since 2.0. */
#define PORT_HTTP 5985
#define PORT_HTTPS 5986

struct reader {
	struct bl_hyperv_address a;
	char *error;
	size_t size;
};

static int refuse(struct reader *r, const char *what, const char *instead)
{
	if (r->size)
		snprintf(r->error, r->size, "\"%.200s\" is not understood; %s", what, instead);
	return -EINVAL;
}

static bool is_yes(const char *value)
{
	return strcmp(value, "yes") == 0;
}

static int read_path(struct reader *r, const char *value, char *ret, size_t size)
{
	if (value[0] != '/' || strlen(value) >= size)
		return refuse(r, value, "give the file's whole path");
	snprintf(ret, size, "%s", value);
	return 0;
}

/* MiB of "8GiB" or "512MiB"; 0 if it is neither. */
static uint64_t read_mib(const char *value)
{
	char *end;
	unsigned long n;

	if (value[0] < '1' || value[0] > '9')
		return 0;
	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || n > UINT64_C(1) << 32) /* 4 EiB in MiB: beyond any host */
		return 0;
	if (strcmp(end, "GiB") == 0)
		return (uint64_t)n * 1024;
	return strcmp(end, "MiB") == 0 ? n : 0;
}

static int read_flag(struct reader *r, const char *value, bool *ret)
{
	if (!is_yes(value) && strcmp(value, "no") != 0)
		return refuse(r, value, "say yes or no");
	*ret = is_yes(value);
	return 0;
}

static int read_auth(struct reader *r, const char *value)
{
	r->a.basic = strcmp(value, "basic") == 0;
	if (!r->a.basic && strcmp(value, "negotiate") != 0)
		return refuse(r, value, "auth is negotiate or basic");
	return 0;
}

static int read_option(struct reader *r, const char *name, const char *value)
{
	if (strcmp(name, "credentials") == 0)
		return read_path(r, value, r->a.credentials, sizeof(r->a.credentials));
	if (strcmp(name, "ca") == 0)
		return read_path(r, value, r->a.ca, sizeof(r->a.ca));
	if (strcmp(name, "auth") == 0)
		return read_auth(r, value);
	if (strcmp(name, "insecure") == 0)
		return read_flag(r, value, &r->a.insecure);
	if (strcmp(name, "lower-reservation") == 0)
		return read_flag(r, value, &r->a.lower_reservation);
	if (strcmp(name, "raise-limit") != 0)
		return refuse(r, name, "options are credentials, auth, ca, insecure, raise-limit "
		              "and lower-reservation");
	r->a.raise_limit_mib = read_mib(value);
	return r->a.raise_limit_mib ? 0 : refuse(r, value, "give a size like 8GiB");
}

static int read_pair(struct reader *r, char *pair)
{
	char *value = strchr(pair, '='), *plain;
	int rc;

	if (!value)
		return refuse(r, pair, "options are NAME=VALUE, joined with &");
	*value++ = '\0';
	plain = xmlURIUnescapeString(value, 0, NULL);
	if (!plain)
		return refuse(r, value, "its % signs are wrong");
	rc = read_option(r, pair, plain);
	xmlFree(plain);
	return rc;
}

static int read_query(struct reader *r, const char *query)
{
	char text[2 * BL_HYPERV_PATH_MAX + 256], *rest = text, *pair;
	int rc = 0;

	if (!query)
		return 0;
	if (strlen(query) >= sizeof(text))
		return refuse(r, query, "it is too long");
	snprintf(text, sizeof(text), "%s", query);
	while (rc == 0 && (pair = strsep(&rest, "&")))
		rc = *pair ? read_pair(r, pair) : 0;
	return rc;
}

static int read_scheme(struct reader *r, const char *scheme)
{
	r->a.tls = strcmp(scheme, "hyperv") == 0 || strcmp(scheme, "hyperv+https") == 0;
	if (!r->a.tls && strcmp(scheme, "hyperv+http") != 0)
		return refuse(r, scheme, "write hyperv://HOST/ or hyperv+http://HOST/");
	return 0;
}

static int read_uri(struct reader *r, const xmlURI *u)
{
	int port, rc = read_scheme(r, u->scheme);

	if (rc < 0)
		return rc;
	if (u->user)
		return refuse(r, "USER@", "who we are stands in the credentials file");
	if (u->path && strcmp(u->path, "/") != 0)
		return refuse(r, u->path, "nothing comes after the host but options");
	port = u->port > 0 ? u->port : r->a.tls ? PORT_HTTPS : PORT_HTTP;
	snprintf(r->a.host, sizeof(r->a.host), "%s", u->server);
	snprintf(r->a.url, sizeof(r->a.url), "%s://%s:%d/wsman", r->a.tls ? "https" : "http",
	         r->a.host, port);
	snprintf(r->a.credentials, sizeof(r->a.credentials), "%s", CREDENTIALS);
	rc = read_query(r, u->query_raw);
	if (rc == 0 && r->a.basic && !r->a.tls && !r->a.insecure)
		return refuse(r, "auth=basic", "over http it shows the password to everybody: use "
		              "https, or add insecure=yes");
	return rc;
}

int bl_hyperv_address_read(const char *text, struct bl_hyperv_address *ret_address,
                           char *ret_error, size_t size)
{
	struct reader r = {.error = ret_error, .size = size};
	xmlURI *u = text ? xmlParseURI(text) : NULL;
	int rc;

	if (!u || !u->scheme || !u->server || !u->server[0] ||
	    strlen(u->server) >= sizeof(r.a.host))
		/* What has an @ in it may have a password before that. */
		rc = refuse(&r, text && !strchr(text, '@') ? text : "the address",
		            "write one like hyperv://hv7.example.net/");
	else
		rc = read_uri(&r, u);
	xmlFreeURI(u);
	if (rc == 0)
		*ret_address = r.a;
	return rc;
}
