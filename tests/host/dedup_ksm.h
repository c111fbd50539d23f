/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real KSM of this machine, for a while: one user at a time (a lock file),
 * only where it does not run already, and every knob as it was afterwards, also
 * when the program is interrupted.
 */
#ifndef DEDUP_KSM_H
#define DEDUP_KSM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* 0; or 77 with the reason on stderr: no KSM, not root, or it is somebody's. */
int ksm_take(void);
void ksm_give_back(void); /* unmerges what was merged; idempotent */

/* A figure of /sys/kernel/mm/ksm, e.g. "pages_sharing". */
uint64_t ksm_figure(const char *name);

/* A field of /proc/PID/ksm_stat, e.g. "ksm_merging_pages"; 0 if there is none. */
uint64_t ksm_of(pid_t pid, const char *field);

/* CPU time of ksmd so far, in ns. */
uint64_t ksm_cpu(void);

/*
 * Lets ksmd run at full speed until, over all pids, what they have merged stays
 * the same for two passes; then stops it. Returns its CPU time from the start to
 * the pass after which nothing changed, in ns, or 0 if that took too long.
 */
uint64_t ksm_converge(const pid_t *pids, size_t n);

/* For changing targets: runs on for so many passes, and stops nothing. */
void ksm_passes(unsigned passes);

/* Other processes with mergeable memory, at most room of them; returns how many. */
size_t ksm_others(const pid_t *own, size_t n, pid_t *ret_pids, size_t room);

/* Sum of a field of /proc/PID/smaps_rollup, in pages. */
uint64_t smaps_pages(pid_t pid, const char *field);

#endif
