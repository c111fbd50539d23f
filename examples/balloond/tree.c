/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON text as json-c has it; see tree.h. */
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scan.h"

/* Keys of a thousand guests with all they can have, and as much again. */
#define KEYS_MAX 8192

/* Every key the scan saw must be there: json-c loses one when malloc() fails. */
static size_t count_members(json_object *object)
{
	struct json_object_iterator i, end;
	size_t n = 0;

	if (!json_object_is_type(object, json_type_object))
		return 0;
	i = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		n += 1 + count_members(json_object_iter_peek_value(&i));
	return n;
}

static int scan_text(struct parser *p, const char *text, size_t len, size_t *ret_members)
{
	struct scan scan = { .text = text, .len = len, .keys_max = KEYS_MAX };
	int rc;

	scan.keys = calloc(KEYS_MAX, sizeof(*scan.keys));
	if (!scan.keys)
		return no_memory(p);
	rc = scan_json(&scan);
	free(scan.keys);
	if (rc)
		snprintf(p->error, p->size, "%s", scan.error);
	*ret_members = scan.members;
	return rc;
}

static int parse_tree(struct parser *p, const char *text, size_t len, json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex(SCAN_DEPTH + 1);
	json_object *root;
	enum json_tokener_error why;

	if (!tokener)
		return no_memory(p);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, (int)len);
	why = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (why == json_tokener_success && root) {
		*ret = root;
		return 0;
	}
	/* The scan found nothing wrong with the text, so it is not the text. */
	json_object_put(root);
	return no_memory(p);
}

int tree_parse(struct parser *p, const char *text, size_t len, json_object **ret)
{
	json_object *root = NULL;
	size_t members = 0;
	int rc = scan_text(p, text, len, &members);

	if (rc)
		return rc;
	rc = parse_tree(p, text, len, &root);
	if (!rc && count_members(root) != members)
		rc = no_memory(p);
	if (rc)
		json_object_put(root);
	else
		*ret = root;
	return rc;
}
