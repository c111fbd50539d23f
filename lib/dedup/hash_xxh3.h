/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For the lists of hashes alone. */
#ifndef BL_DEDUP_HASH_XXH3_H
#define BL_DEDUP_HASH_XXH3_H

#include "hash.h"

extern const struct bl_hash bl_hash_xxh3;

#endif
