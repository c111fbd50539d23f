/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real guests for the dedup test: QEMU processes of this one, without libvirt and
 * hardware virtualization, with the memory back-end QEMU takes by itself. They
 * end with this process.
 */
#ifndef DEDUP_GUESTS_H
#define DEDUP_GUESTS_H

#include <sys/types.h>

enum { GUESTS = 4, GUEST_MIB = 512 };

enum guests_kind {
	GUESTS_SMALL_PAGES = 0, /* 4 KiB, whatever the host prefers */
	GUESTS_HUGE_PAGES,      /* as QEMU asks for them */
};

struct guests {
	pid_t pids[GUESTS];
	int ears[GUESTS];   /* their consoles, to write to */
	int voices[GUESTS]; /* and to read from */
	char dir[64];
};

/* Makes their image. 0; 77 with the reason on stderr: no QEMU, no kernel. */
int guests_prepare(struct guests *g);

/* Boots all and waits until they are ready. 0, or 77 likewise. */
int guests_boot(struct guests *g, enum guests_kind kind);

void guests_tell(const struct guests *g, char command); /* see dedup_init.c */
void guests_stop(const struct guests *g);               /* SIGSTOP */
void guests_go_on(const struct guests *g);
void guests_kill(struct guests *g);
void guests_forget(struct guests *g); /* the image */

#endif
