/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BALLOOND_TRIM_H
#define BALLOOND_TRIM_H

/* Lets go of the code and constants that only the start needed. */
void trim(void);

#endif
