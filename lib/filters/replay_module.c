/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backend-replay: the player as a module for the library to load. A file of its
 * own, so that a program may link the player and another backend. */
#include "replay.h"

extern BALLOON_API const struct balloon_backend balloon_backend_module;

const struct balloon_backend balloon_backend_module = BL_REPLAY_BACKEND;
