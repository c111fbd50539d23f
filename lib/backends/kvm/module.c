/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backend-kvm: guests of QEMU/KVM, and of every other hypervisor libvirt
 * drives, behind the contract of backend.h. This file is the door: it opens,
 * closes and passes on.
 *
 * The module is linked so that it is never unmapped (-z nodelete): a call that
 * hangs for ever keeps its thread, and libvirt's event loop has no end.
 */
#include "kvm.h"

#include "../../os/meminfo.h"
#include "../../os/press.h"
#include "../hands/hands.h"
#include "ear.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libxml/parser.h>

/* What close() waits for in all: half for the old periods, half for threads. */
#define CLOSE_HALF_NS (BL_KVM_TOTAL_NS / 2)

void bl_kvm_say(struct bl_kvm *k, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(k->error, sizeof(k->error), format, args);
	va_end(args);
}

static int refuse(int rc, char *ret_error, size_t size)
{
	if (size)
		snprintf(ret_error, size, "backend-kvm could not start (errno %d); "
		         "free memory or raise the limit on open files", -rc);
	return rc;
}

static int kvm_open(const char *uri, void **ret_self, char *ret_error, size_t size)
{
	struct bl_kvm_address address;
	struct bl_kvm *k;
	int rc;

	rc = bl_kvm_address_read(uri, &address, ret_error, size);
	if (rc < 0)
		return rc;
	k = calloc(1, sizeof(*k));
	if (!k)
		return refuse(-ENOMEM, ret_error, size);
	rc = bl_kvm_hub_new(&address, &k->hub);
	if (rc < 0) {
		free(k);
		return refuse(rc, ret_error, size);
	}
	xmlInitParser(); /* before there are threads, as libxml2 asks */
	bl_kvm_ear_prepare();
	k->meminfo_fd = address.here ? bl_meminfo_open() : -1;
	k->press = address.here ? bl_hands_new() : NULL;
	k->news_fd = bl_hands_fd(k->press, k->hub->event_fd);
	*ret_self = k;
	return 0;
}

static void kvm_close(void *self)
{
	struct bl_kvm *k = self;

	if (!k)
		return;
	bl_kvm_harvest(k);
	if (k->view)
		bl_kvm_hub_put(k->view);
	k->view = NULL;
	bl_kvm_restore(k, bl_kvm_clock() + CLOSE_HALF_NS);
	bl_kvm_hub_close(k->hub, bl_kvm_clock() + CLOSE_HALF_NS);
	bl_kvm_roster_fini(&k->roster);
	if (k->news_fd >= 0)
		close(k->news_fd);
	bl_press_close(k->press);
	if (k->meminfo_fd >= 0)
		close(k->meminfo_fd);
	free(k->rows);
	free(k);
}

static int kvm_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet)
{
	struct bl_kvm *k = self;

	k->now_ns = now_ns;
	k->error[0] = '\0';
	return bl_kvm_observe(k, ret_sheet);
}

static int kvm_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n)
{
	struct bl_kvm *k = self;

	k->now_ns = now_ns;
	k->error[0] = '\0';
	return bl_kvm_order(k, orders, n);
}

static int kvm_fd(void *self)
{
	const struct bl_kvm *k = self;

	return k->news_fd >= 0 ? k->news_fd : k->hub->event_fd;
}

static const char *kvm_error(void *self)
{
	const struct bl_kvm *k = self;

	return k->error;
}

BALLOON_API const struct balloon_backend balloon_backend_module = {
	.struct_size = sizeof(struct balloon_backend),
	.abi = BALLOON_BACKEND_ABI,
	.name = "kvm",
	.open = kvm_open,
	.close = kvm_close,
	.observe = kvm_observe,
	.order = kvm_order,
	.fd = kvm_fd,
	.error = kvm_error,
};
