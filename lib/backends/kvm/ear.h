/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening to libvirt: domains that come and go, resets, devices, and the end
 * of the connection.
 */
#ifndef BL_KVM_EAR_H
#define BL_KVM_EAR_H

#include "hub.h"

#include <libvirt/virterror.h>

/*
 * libvirt delivers events and keepalives through an event loop of which a
 * process can have only one, registered before its first connection. If the
 * program has one, it is used (and the program must run it, as libvirt asks
 * of it anyway); otherwise libvirt's own is registered here and run by a
 * thread that lives as long as the process, since libvirt allows no end to it.
 */
void bl_kvm_ear_prepare(void);

/* On the lane's thread, on a fresh connection. Not to hear is no failure: the
 * beats see everything, only later. */
void bl_kvm_ear_attach(struct bl_kvm_lane *lane);
void bl_kvm_ear_detach(struct bl_kvm_lane *lane);

/* For connections that shall not print. */
void bl_kvm_ear_hush(void *arg, virErrorPtr error);

#endif
