/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the backends have in common whose guests are processes of this host: the
 * host's own means, from lib/os/press.h into the contract's words. Must not know
 * which hypervisor.
 */
#ifndef BL_HANDS_H
#define BL_HANDS_H

#include <balloon/backend.h>

struct bl_press;

/* NULL where there is no thread to be had: a host that has the balloon alone. */
struct bl_press *bl_hands_new(void);

/* Completes a row that is filled already: by which means, and what the host sees.
 * pid 0: its process is not known. What was told of the host's figures before stays
 * where nothing better is known. */
void bl_hands_sample(struct bl_press *press, int pid, struct balloon_sample *sample);

/* Once a beat, when all rows are filled: the host's side. */
void bl_hands_sheet(struct bl_press *press, struct balloon_sheet *sheet);

/* A descriptor for what is readable at fd, or as soon as the host stalls: the
 * caller's to close(); -ENOTSUP: fd alone tells as much. */
int bl_hands_fd(struct bl_press *press, int fd);

/* An order by a means other than the balloon; what to answer. */
int bl_hands_order(struct bl_press *press, const struct balloon_order *order);

#endif
