/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hashes of a processor that nobody wrote one for yet. */
#include "hash_xxh3.h"

const struct bl_hash *const bl_hashes[] = {&bl_hash_xxh3};
const size_t bl_hashes_n = 1;
