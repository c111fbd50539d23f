/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* free() and realloc() that leave nothing behind. */
#include "wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void bl_hyperv_wipe_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void *bl_hyperv_wipe_realloc(void *p, size_t n)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *q = malloc(n);

	if (!q)
		return NULL;
	if (p)
		memcpy(q, p, had < n ? had : n);
	bl_hyperv_wipe_free(p);
	return q;
}
