/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Giving up what a reader of other processes' memory does not need. */
#ifndef CONFINE_H
#define CONFINE_H

/*
 * From here on: no capability but CAP_SYS_PTRACE, no new privileges, no core dump,
 * nobody may look into this process, and, where libseccomp was there to build with,
 * no system call but those that reading takes. With reopen, files may be opened, also
 * other users' (CAP_DAC_READ_SEARCH stays, too).
 * 0, or -errno with what failed in *ret_what.
 */
int confine(int reopen, const char **ret_what);

#endif
