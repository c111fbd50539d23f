/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a libvirt URI, with the grammar libvirt itself uses (libxml2's). Must
 * not talk to libvirt: whether somebody is there is not asked here.
 */
#include "address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libxml/uri.h>

/* An address may name this module before libvirt's own scheme: kvm+qemu:///… */
static const char *strip(const char *text)
{
	static const char prefix[] = "kvm+";

	return strncmp(text, prefix, sizeof(prefix) - 1) == 0 ? text + sizeof(prefix) - 1 : text;
}

/*
 * Only an address with no server, transport or socket is surely this machine:
 * a socket can be a tunnel's end. A wrong no costs one more call; a wrong yes
 * would take another host's memory for ours.
 */
static bool is_here(const xmlURI *u)
{
	return !u->server && !strchr(u->scheme, '+') &&
	       !(u->query_raw && strstr(u->query_raw, "socket="));
}

static bool drives(const xmlURI *u, const char *driver)
{
	size_t n = strlen(driver);

	return strncmp(u->scheme, driver, n) == 0 && (u->scheme[n] == '\0' || u->scheme[n] == '+');
}

static int refuse(const char *text, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "\"%.200s\" is not a libvirt URI; "
		         "write one like qemu:///system or qemu+ssh://host/system", text);
	return -EINVAL;
}

int bl_kvm_address_read(const char *text, struct bl_kvm_address *ret_address, char *ret_error,
                        size_t size)
{
	const char *uri = text ? strip(text) : "";
	xmlURI *u;

	if (strlen(uri) >= BL_KVM_URI_MAX || !strstr(uri, "://"))
		return refuse(text ? text : "", ret_error, size);
	u = xmlParseURI(uri);
	if (!u || !u->scheme || !u->scheme[0]) {
		xmlFreeURI(u);
		return refuse(text, ret_error, size);
	}
	snprintf(ret_address->uri, sizeof(ret_address->uri), "%s", uri);
	ret_address->qemu = drives(u, "qemu");
	ret_address->here = ret_address->qemu && is_here(u);
	ret_address->mock = drives(u, "test");
	xmlFreeURI(u);
	return 0;
}
