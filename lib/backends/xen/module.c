/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-xen: the domains of the Xen host this runs on, in its dom0, behind the
 * contract of backend.h. This file is the door: it opens, closes and passes on.
 *
 *	xenstore:        straight to xenstored and the hypervisor
 *	xenstore:/DIR    the same, with vendor libraries from that directory
 *	xen:///system    orders through libvirt, for hosts that libvirt minds
 *
 * The module is linked so that it is never unmapped (-z nodelete): a call that
 * hangs for ever keeps its thread.
 */
#include "xen.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What close() waits for in all: half for ceilings, half for threads. */
#define CLOSE_HALF_NS (BL_XEN_TOTAL_NS / 2)

/* See BL_XEN_LANES_MAX; straight there is one xenstored to hang, and one mouth. */
#define MOUTHS_VIRT BL_XEN_MOUTHS_MAX
#define MOUTHS_STRAIGHT 1

void bl_xen_say(struct bl_xen *x, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(x->error, sizeof(x->error), format, args);
	va_end(args);
}

static int read_uri(const char *uri, bool *ret_virt, const char **ret_dir, char *ret_error,
                    size_t size)
{
	static const char straight[] = "xenstore:";

	*ret_virt = uri && strcmp(uri, "xen:///system") == 0;
	*ret_dir = "";
	if (*ret_virt)
		return 0;
	if (uri && strncmp(uri, straight, sizeof(straight) - 1) == 0) {
		*ret_dir = uri + sizeof(straight) - 1;
		if (!(*ret_dir)[0] || (*ret_dir)[0] == '/')
			return 0;
	}
	if (size)
		snprintf(ret_error, size, "\"%.200s\" is no Xen host; write xenstore: for this "
		         "one, or xen:///system to go through its libvirt", uri ? uri : "");
	return -EINVAL;
}

static int refuse(int rc, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "backend-xen could not start (errno %d); free memory or "
		         "raise the limit on open files", -rc);
	return rc;
}

static void hush(void *arg, struct _virError *error)
{
	(void)arg;
	(void)error;
}

static int hire(struct bl_xen *x, const struct bl_xen_lib *lib)
{
	struct bl_xen_trade trades[BL_XEN_LANES_MAX];
	size_t n = 1;

	x->mouths_n = x->virt ? MOUTHS_VIRT : MOUTHS_STRAIGHT;
	x->eyes = bl_xen_eyes_new(lib, x->virt);
	if (!x->eyes)
		return -ENOMEM;
	trades[0] = (struct bl_xen_trade){ bl_xen_eyes_look, bl_xen_eyes_drop, x->eyes };
	for (; n <= x->mouths_n; n++) {
		struct bl_xen_mouth *m = bl_xen_mouth_new(lib, x->virt);

		if (!m)
			break;
		x->mouths[n - 1] = m;
		trades[n] = (struct bl_xen_trade){ bl_xen_mouth_talk, bl_xen_mouth_drop, m };
	}
	if (n <= x->mouths_n) {
		while (n-- > 0)
			trades[n].drop(trades[n].tools);
		return -ENOMEM;
	}
	x->bell = x->eyes->bell;
	return bl_xen_crew_new(trades, n, &x->crew);
}

static int xen_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	struct bl_xen_lib lib;
	struct bl_xen *x;
	const char *dir;
	bool virt;
	int rc;

	rc = read_uri(uri, &virt, &dir, ret_error, size);
	if (rc == 0)
		rc = bl_xen_load(dir, virt, &lib, ret_error, size);
	if (rc < 0)
		return rc;
	x = calloc(1, sizeof(*x));
	if (!x)
		return refuse(-ENOMEM, ret_error, size);
	x->virt = virt;
	rc = hire(x, &lib);
	if (rc < 0) {
		free(x);
		return refuse(rc, ret_error, size);
	}
	if (virt) /* a connect that fails would print, at every beat */
		lib.virSetErrorFunc(NULL, hush);
	*ret_self = x;
	return 0;
}

static void xen_close(void *self)
{
	struct bl_xen *x = self;

	if (!x)
		return;
	if (x->seen && !x->looking)
		bl_xen_lift(x, bl_xen_clock() + CLOSE_HALF_NS);
	bl_xen_crew_close(x->crew, bl_xen_clock() + CLOSE_HALF_NS);
	free(x->natives);
	free(x->rows);
	free(x);
}

static int xen_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct bl_xen *x = self;

	x->now_ns = now_ns;
	x->error[0] = '\0';
	return bl_xen_observe(x, ret_sheet);
}

static int xen_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct bl_xen *x = self;

	x->now_ns = now_ns;
	x->error[0] = '\0';
	return bl_xen_order(x, orders, n);
}

static int xen_fd(void *self)
{
	const struct bl_xen *x = self;

	return x->bell;
}

static const char *xen_error(void *self)
{
	const struct bl_xen *x = self;

	return x->error;
}

BALLOON_API const struct balloon_backend balloon_backend_module = {
	.struct_size = sizeof(struct balloon_backend),
	.abi = BALLOON_BACKEND_ABI,
	.name = "xen",
	.open = xen_open,
	.close = xen_close,
	.observe = xen_observe,
	.order = xen_order,
	.fd = xen_fd,
	.error = xen_error,
};
