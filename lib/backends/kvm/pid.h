/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process of a guest, which libvirt's interface does not tell: from the file
 * libvirtd keeps beside it. Must not be asked of another host.
 */
#ifndef BL_KVM_PID_H
#define BL_KVM_PID_H

#include <stdbool.h>
#include <stddef.h>

/* The file for a guest of this name at this URI; false: there is none to know of. */
bool bl_kvm_pid_path(const char *uri, const char *name, char *ret_path, size_t size);

/* Its process if it still is the one with this UUID on its command line; 0 = not
 * known. */
int bl_kvm_pid(const char *uri, const char *name, const char *uuid_text);

#endif
