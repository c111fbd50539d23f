/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hypervisor's own figures, through libxenctrl. Dom0's /proc/meminfo is
 * dom0's memory and not the host's: it is never read. Must not know xenstore.
 *
 * libxenctrl's structs are the hypervisor's, and change. What is read here was
 * found at these places in public/sysctl.h and public/domctl.h of Xen 4.13,
 * 4.15, 4.16, 4.17, 4.18, 4.19, 4.20, 4.21 and 4.22; seen to work on 4.17.
 */
#include "host.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <balloon/balloon.h>

/* Much larger than either struct in any release: the library writes its whole
 * struct, and we do not know how long that is. */
#define ROOM_BYTES 4096

/* xc_version() commands, and what the second writes. */
#define XENVER_VERSION 0
#define XENVER_COMMANDLINE 9
#define COMMANDLINE_BYTES 1024

/* Places in struct xen_domctl_getdomaininfo. */
#define DOMAIN_AT 0 /* 16 bits */
#define FLAGS_AT 4  /* 32 bits; the rest are 64 */
#define TOT_AT 8
#define MAX_AT 16
#define CLAIMED_AT 24
#define CPU_TIME_AT 56
#define HANDLE_AT 76

/* Places in struct xen_sysctl_physinfo, from its total_pages on, which 4.17
 * moved by eight bytes (arch_capabilities). */
#define TOTAL_AT 32
#define TOTAL_AT_4_17 40
#define FREE_AFTER 8
#define OUTSTANDING_AFTER 24

/* Most domains one host can have: numbers from 0x7ff0 on are Xen's own. */
#define DOMAINS_END 0x7ff0

struct logger {
	void (*vmessage)(struct logger *l, int level, int errnum, const char *context,
	                 const char *format, va_list args);
	void (*progress)(struct logger *l, const char *context, const char *what, int percent,
	                 unsigned long done, unsigned long total);
	void (*destroy)(struct logger *l);
};

static void __attribute__((format(printf, 5, 0)))
hush_message(struct logger *l, int level, int errnum, const char *context, const char *format,
             va_list args)
{
	(void)l;
	(void)level;
	(void)errnum;
	(void)context;
	(void)format;
	(void)args;
}

static void hush_progress(struct logger *l, const char *context, const char *what, int percent,
                          unsigned long done, unsigned long total)
{
	(void)l;
	(void)context;
	(void)what;
	(void)percent;
	(void)done;
	(void)total;
}

static void hush_destroy(struct logger *l)
{
	(void)l;
}

/* Without a logger libxenctrl writes to stderr. This is libxentoollog's struct,
 * the same since its ABI 1. */
struct xc_interface_core *bl_xen_ctrl_open(const struct bl_xen_lib *lib)
{
	static struct logger silent = { hush_message, hush_progress, hush_destroy };

	return lib->xc_interface_open(&silent, &silent, 0);
}

static uint64_t number_at(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint64_t pages_to_kib(uint64_t pages)
{
	return pages > BALLOON_BYTES_MAX / 1024 ? BALLOON_UNKNOWN : pages * BL_XEN_PAGE_KIB;
}

static int failure(void)
{
	return errno > 0 ? -errno : -EIO;
}

int bl_xen_host_read(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                     struct bl_xen_host *ret_host)
{
	unsigned char room[ROOM_BYTES] = { 0 };
	int version = lib->xc_version(ctrl, XENVER_VERSION, NULL);
	size_t at = version >= (4 << 16 | 17) ? TOTAL_AT_4_17 : TOTAL_AT;
	uint64_t total, free_pages, claimed;

	if (version < 0 || lib->xc_physinfo(ctrl, room) != 0)
		return failure();
	total = number_at(room, at);
	free_pages = number_at(room, at + FREE_AFTER);
	claimed = number_at(room, at + OUTSTANDING_AFTER);
	if (!total || total > BALLOON_BYTES_MAX / 4096 || free_pages > total)
		return -EPROTO; /* a layout nobody has seen yet */
	/* Claimed pages are free, and somebody is about to be built of them. */
	ret_host->total_bytes = total * 4096;
	ret_host->free_bytes = claimed < free_pages ? (free_pages - claimed) * 4096 : 0;
	return 0;
}

/* One at a time: the stride of a list is the library's secret. */
int bl_xen_info_read(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                     uint32_t domid, struct bl_xen_info *ret_info)
{
	unsigned char room[ROOM_BYTES] = { 0 };
	uint16_t found;
	int n;

	if (domid >= DOMAINS_END)
		return -ESRCH;
	n = lib->xc_domain_getinfolist(ctrl, domid, 1, room);
	if (n < 0)
		return failure();
	memcpy(&found, room + DOMAIN_AT, sizeof(found));
	if (n == 0 || found < domid)
		return -ESRCH;
	ret_info->domid = found;
	memcpy(&ret_info->flags, room + FLAGS_AT, sizeof(ret_info->flags));
	ret_info->tot_kib = pages_to_kib(number_at(room, TOT_AT));
	ret_info->max_kib = pages_to_kib(number_at(room, MAX_AT));
	ret_info->claimed_kib = pages_to_kib(number_at(room, CLAIMED_AT));
	ret_info->cpu_ns = number_at(room, CPU_TIME_AT);
	memcpy(ret_info->uuid, room + HANDLE_AT, sizeof(ret_info->uuid));
	return 0;
}

bool bl_xen_on_demand(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                      uint32_t domid)
{
	uint64_t tot = 0, cache = 0, entries = 0;

	return lib->xc_domain_get_pod_target(ctrl, domid, &tot, &cache, &entries) == 0 &&
	       entries > cache;
}

void bl_xen_command_line(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                         char *ret_text, size_t size)
{
	char text[COMMANDLINE_BYTES + 1] = "";

	if (lib->xc_version(ctrl, XENVER_COMMANDLINE, text) < 0)
		text[0] = '\0';
	text[COMMANDLINE_BYTES] = '\0';
	ret_text[0] = '\0';
	strncat(ret_text, text, size - 1);
}
