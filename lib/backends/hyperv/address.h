/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the address of a Hyper-V host. Pure.
 *
 *	hyperv://HOST[:PORT]/[?OPTION&OPTION…]        https, port 5986
 *	hyperv+http://HOST[:PORT]/[?…]                http, port 5985: sealed messages
 *
 *	credentials=FILE    who we are; default /etc/balloon/hyperv.credentials
 *	auth=negotiate      NTLM, or Kerberos for user@REALM (default)
 *	auth=basic          only over https, unless insecure=yes
 *	ca=FILE             whom to trust; default: whom the system trusts
 *	insecure=yes        no certificate check; Basic and plain messages over http
 *	raise-limit=SIZE    a guest's Limit may be raised so far, which cannot be undone
 *	                    while it runs; SIZE like 8GiB
 *	lower-reservation=yes   its Reservation may be lowered; likewise
 */
#ifndef BL_HYPERV_ADDRESS_H
#define BL_HYPERV_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any host name (255) and path (4096 is the kernel's, but people's are shorter). */
#define BL_HYPERV_HOST_MAX 256
#define BL_HYPERV_PATH_MAX 1024

struct bl_hyperv_address {
	char host[BL_HYPERV_HOST_MAX];
	char url[BL_HYPERV_HOST_MAX + 32]; /* http(s)://host:port/wsman */
	char credentials[BL_HYPERV_PATH_MAX];
	char ca[BL_HYPERV_PATH_MAX];       /* "" = the system's */
	bool tls;
	bool basic;
	bool insecure;
	bool lower_reservation;
	uint64_t raise_limit_mib;          /* 0 = never */
};

/* -EINVAL with a sentence in ret_error (size bytes). */
int bl_hyperv_address_read(const char *text, struct bl_hyperv_address *ret_address,
                           char *ret_error, size_t size);

#endif
