/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* He who sits between library and host and judges what passes. */
#ifndef SPECTATOR_H
#define SPECTATOR_H

#include "stage.h"

/* The backend to hand to balloon_open(); one stage at a time. */
const struct balloon_backend *spectator_of(struct stage *s);

/* After a beat that ended with rc. */
void spectator_judges(struct stage *s, int rc);

#endif
