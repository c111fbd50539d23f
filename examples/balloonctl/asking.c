/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options made into a request; see asking.h. */
#include "asking.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "size.h"

#define BIT(option) (1u << (option))

enum kind { WORD, TIME, SIZE, SETTING, ADDITION, LIST };

static const struct option {
	const char *name; /* --name */
	const char *key;  /* in the request ... */
	const char *in;   /* ... or in this object of it */
	enum kind kind;
} options[ASKING_OPTIONS] = {
	[ASKING_FOR] = { "for", "for", NULL, TIME },
	[ASKING_OWNER] = { "owner", "owner", NULL, WORD },
	[ASKING_REASON] = { "reason", "reason", NULL, WORD },
	[ASKING_MODE] = { "mode", "mode", NULL, WORD },
	[ASKING_SIZE] = { "size", "size", NULL, SIZE },
	[ASKING_RESERVATION] = { "reservation", "reservation", NULL, SIZE },
	[ASKING_OVERHEAD] = { "overhead", "overhead", NULL, SIZE },
	[ASKING_POOL] = { "pool", "pool", NULL, WORD },
	[ASKING_CLAIM] = { "claim", "claim", NULL, WORD },
	[ASKING_BUDGET] = { "budget", "budget", NULL, SIZE },
	[ASKING_SET] = { "set", NULL, "guests", SETTING },
	[ASKING_ADD] = { "add", NULL, "add", ADDITION },
	[ASKING_GONE] = { "gone", "gone", NULL, LIST },
	[ASKING_TOTAL] = { "host-total", "total", "host", SIZE },
	[ASKING_AVAILABLE] = { "host-available", "available", "host", SIZE },
};

static const struct fit {
	const char *command;
	unsigned int needs, may;
} fits[] = {
	{ "hold", BIT(ASKING_FOR) | BIT(ASKING_OWNER), BIT(ASKING_REASON) | BIT(ASKING_MODE) },
	{ "unhold", BIT(ASKING_OWNER), 0 },
	{ "admit", BIT(ASKING_SIZE) | BIT(ASKING_RESERVATION),
	  BIT(ASKING_OVERHEAD) | BIT(ASKING_POOL) },
	{ "claim", BIT(ASKING_SIZE) | BIT(ASKING_RESERVATION) | BIT(ASKING_FOR),
	  BIT(ASKING_OVERHEAD) | BIT(ASKING_POOL) },
	{ "ready", BIT(ASKING_CLAIM), BIT(ASKING_FOR) },
	{ "unclaim", BIT(ASKING_CLAIM), 0 },
	{ "plan", 0, BIT(ASKING_BUDGET) | BIT(ASKING_SET) | BIT(ASKING_ADD) | BIT(ASKING_GONE) |
	             BIT(ASKING_TOTAL) | BIT(ASKING_AVAILABLE) },
	{ NULL, 0, 0 }, /* all the others */
};

static int short_of_memory(char *error, size_t size)
{
	snprintf(error, size, "there is not enough memory");
	return -ENOMEM;
}

static int twice(const struct option *o, const char *what, char *error, size_t size)
{
	snprintf(error, size, "--%s is given twice%s%s", o->name, *what ? " for " : "", what);
	return -EINVAL;
}

/* Puts value, which is then object's, and says so if there is one already. */
static int put(const struct option *o, json_object *object, const char *key, const char *what,
               json_object *value, char *error, size_t size)
{
	int rc = 0;

	if (!value)
		return short_of_memory(error, size);
	if (json_object_object_get_ex(object, key, NULL))
		rc = twice(o, what, error, size);
	else if (json_object_object_add(object, key, value) < 0)
		rc = short_of_memory(error, size);
	if (rc)
		json_object_put(value);
	return rc;
}

/* The object called key in object, made if need be; NULL if memory ran short. */
static json_object *inside(json_object *object, const char *key)
{
	json_object *v = NULL;

	if (!key || json_object_object_get_ex(object, key, &v))
		return key ? v : object;
	v = json_object_new_object();
	if (v && json_object_object_add(object, key, v) < 0) {
		json_object_put(v);
		v = NULL;
	}
	return v;
}

static int judge(const struct option *o, enum kind kind, const char *arg, char *error, size_t size)
{
	char why[160];
	uint64_t n;
	int rc = kind == TIME ? duration_parse(arg, &n, why, sizeof(why))
	       : kind == SIZE ? size_parse(arg, &n, why, sizeof(why)) : 0;

	if (rc < 0)
		snprintf(error, size, "--%s: '%s' %s", o->name, arg, why);
	return rc;
}

/* As the configuration would have it: a number where it is one, else a string. */
static json_object *value_of(const char *text)
{
	char *end;
	double d = strtod(text, &end);

	if (strspn(text, "0123456789.") != strlen(text) || *end || end == text)
		return json_object_new_string(text);
	if (!strchr(text, '.') && strlen(text) < 19) /* fits into 63 bits */
		return json_object_new_int64(strtoll(text, NULL, 10));
	return json_object_new_double_s(d, text);
}

static int cannot_split(const struct option *o, const char *arg, const char *form, char *error,
                        size_t size)
{
	snprintf(error, size, "--%s takes %s, not '%s'", o->name, form, arg);
	return -EINVAL;
}

/* GUEST.KEY=VALUE: a guest's name may have dots, a key has none. */
static int set(const struct option *o, json_object *guests, char *arg, char *error, size_t size)
{
	char whole[256], *equals = strchr(arg, '='), *dot;
	json_object *guest;

	snprintf(whole, sizeof(whole), "%s", arg);
	if (equals)
		*equals = '\0';
	dot = strrchr(arg, '.');
	if (!equals || !dot || dot == arg || !dot[1] || !equals[1])
		return cannot_split(o, whole, "GUEST.KEY=VALUE", error, size);
	snprintf(whole, sizeof(whole), "%s", arg);
	*dot = '\0';
	guest = inside(guests, arg);
	if (!guest)
		return short_of_memory(error, size);
	return put(o, guest, dot + 1, whole, value_of(equals + 1), error, size);
}

/* NAME=SIZE: a size has no equals sign, a name may. */
static int add(const struct option *o, json_object *guests, char *arg, char *error, size_t size)
{
	char *equals = strrchr(arg, '=');
	int rc;

	if (!equals || equals == arg)
		return cannot_split(o, arg, "NAME=SIZE", error, size);
	*equals = '\0';
	rc = judge(o, SIZE, equals + 1, error, size);
	return rc ? rc : put(o, guests, arg, arg, json_object_new_string(equals + 1), error, size);
}

static int split(const struct option *o, json_object *object, const char *arg, char *error,
                 size_t size)
{
	char *copy = strdup(arg);
	int rc;

	if (!copy)
		return short_of_memory(error, size);
	rc = o->kind == SETTING ? set(o, object, copy, error, size)
	                        : add(o, object, copy, error, size);
	free(copy);
	return rc;
}

/* One more in the list called o->key. */
static int append(const struct option *o, json_object *object, const char *arg, char *error,
                  size_t size)
{
	json_object *list = NULL, *v = json_object_new_string(arg);

	if (!json_object_object_get_ex(object, o->key, &list)) {
		list = json_object_new_array();
		if (list && json_object_object_add(object, o->key, list) < 0) {
			json_object_put(list);
			list = NULL;
		}
	}
	if (v && list && !json_object_array_add(list, v))
		return 0;
	json_object_put(v);
	return short_of_memory(error, size);
}

int asking_option(struct asking *a, enum asking_option option, const char *arg, char *error,
                  size_t size)
{
	const struct option *o = &options[option];
	json_object *object;
	int rc = judge(o, o->kind, arg, error, size);

	if (rc)
		return rc;
	if (!a->request)
		a->request = json_object_new_object();
	object = a->request ? inside(a->request, o->in) : NULL;
	if (!object)
		return short_of_memory(error, size);
	a->given |= BIT(option);
	if (o->kind == SETTING || o->kind == ADDITION)
		return split(o, object, arg, error, size);
	if (o->kind == LIST)
		return append(o, object, arg, error, size);
	return put(o, object, o->key, "", json_object_new_string(arg), error, size);
}

int asking_check(const struct asking *a, const char *command, char *error, size_t size)
{
	const struct fit *f = fits;

	while (f->command && strcmp(f->command, command) != 0)
		f++;
	for (unsigned int k = 0; k < ASKING_OPTIONS; k++) {
		const char *verb = f->needs & ~a->given & BIT(k) ? "needs"
		                 : a->given & ~(f->needs | f->may) & BIT(k) ? "takes no" : NULL;

		if (!verb)
			continue;
		snprintf(error, size, "%s %s --%s", command, verb, options[k].name);
		return -EINVAL;
	}
	return 0;
}

static int add_word(json_object *object, const char *key, const char *word)
{
	json_object *v = word ? json_object_new_string(word) : NULL;

	if (!word)
		return 0;
	return v ? json_object_object_add(object, key, v) : -1;
}

const char *asking_request(struct asking *a, const char *command, const char *guest)
{
	if (!a->request)
		a->request = json_object_new_object();
	if (!a->request || add_word(a->request, "cmd", command) < 0 ||
	    add_word(a->request, "guest", guest) < 0)
		return NULL;
	return json_object_to_json_string_ext(a->request, JSON_C_TO_STRING_PLAIN |
	                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
}

void asking_free(struct asking *a)
{
	json_object_put(a->request);
	a->request = NULL;
}
