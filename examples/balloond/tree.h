/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON text as json-c has it, once scan.h found it good. Knows no keys. */
#ifndef BALLOOND_TREE_H
#define BALLOOND_TREE_H

#include "field.h"

/* 0 and the object, the caller's to put; or -EINVAL or -ENOMEM with a sentence. */
int tree_parse(struct parser *p, const char *text, size_t len, json_object **ret);

#endif
