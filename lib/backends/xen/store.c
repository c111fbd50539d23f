/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every word with xenstored but the orders. A steady beat asks it one question,
 * whether it is there: keys are read once per life, and again when a watch says
 * that they changed. A guest's figures are read when it has written them, so
 * that a dead agent's last words grow old though they still lie there.
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xenstored's own limit is 3072 for a path; ours are all short. */
#define PATH_BYTES 96

/* Tokens come back with an event: of one domain, or of all. */
#define TOKEN_ONE "one"
#define TOKEN_ALL "all"

#define PCI_BACKENDS "/local/domain/0/backend/pci"

/* What is watched of each domain, below /local/domain/N/. */
static const char *const watched[] = {
	"name", "memory", "control/feature-balloon", "data/meminfo_free",
};

#define WATCHED_N (sizeof(watched) / sizeof(watched[0]))

/* A key that is not there, or not to be read, is no failure of xenstored's. */
static bool is_absence(int err)
{
	return err == ENOENT || err == EACCES || err == EINVAL || err == EISDIR;
}

static void path_of(char *path, uint32_t domid, const char *key)
{
	snprintf(path, PATH_BYTES, "/local/domain/%u/%s", domid, key);
}

/* The value, to be freed, or NULL; *rc becomes -ENOTCONN if nobody answers, and
 * then nobody is asked any more. */
static char *get(const struct bl_xen_lib *lib, struct xs_handle *store, uint32_t domid,
                 const char *key, unsigned *ret_n, int *rc)
{
	char path[PATH_BYTES];
	char *value;

	*ret_n = 0;
	if (*rc < 0)
		return NULL;
	path_of(path, domid, key);
	errno = 0;
	value = lib->xs_read(store, 0, path, ret_n);
	if (!value && !is_absence(errno))
		*rc = -ENOTCONN;
	return value;
}

static uint64_t get_kib(const struct bl_xen_lib *lib, struct xs_handle *store, uint32_t domid,
                        const char *key, int *rc)
{
	unsigned n;
	char *value = get(lib, store, domid, key, &n, rc);
	uint64_t bytes = bl_xen_kib(value, n);

	free(value);
	return bytes;
}

int bl_xen_store_greet(const struct bl_xen_lib *lib, struct xs_handle *store)
{
	unsigned n;
	int rc = 0;

	free(get(lib, store, 0, "domid", &n, &rc));
	return rc;
}

bool bl_xen_store_has(const struct bl_xen_lib *lib, struct xs_handle *store, const char *path)
{
	unsigned n;
	char *value = lib->xs_read(store, 0, path, &n);

	free(value);
	return value != NULL;
}

/* ----------------------------------------------------------------- reading */

static bool has_devices(const struct bl_xen_lib *lib, struct xs_handle *store, uint32_t domid)
{
	char path[PATH_BYTES];
	unsigned n = 0;
	char **names;

	snprintf(path, sizeof(path), PCI_BACKENDS "/%u", domid);
	names = lib->xs_directory(store, 0, path, &n);
	free(names);
	return names && n > 0;
}

/* Only what people can read: a name goes into sentences and logs. */
static void take_name(struct bl_xen_domain *d, const char *value, unsigned n)
{
	size_t at = 0;

	if (n == 0)
		return;
	for (unsigned i = 0; i < n && value[i] && at < sizeof(d->name) - 1; i++)
		d->name[at++] = value[i] >= ' ' && value[i] < 0x7f ? value[i] : '?';
	d->name[at] = '\0';
	d->named = at > 0;
}

static int read_keys(const struct bl_xen_lib *lib, struct xs_handle *store,
                     struct bl_xen_domain *d)
{
	uint32_t id = d->info.domid;
	int rc = 0;
	unsigned n;
	char *value;

	d->keys.target_bytes = get_kib(lib, store, id, "memory/target", &rc);
	d->keys.static_max_bytes = get_kib(lib, store, id, "memory/static-max", &rc);
	d->keys.dynamic_min_bytes = get_kib(lib, store, id, "memory/dynamic-min", &rc);
	d->keys.dynamic_max_bytes = get_kib(lib, store, id, "memory/dynamic-max", &rc);
	d->keys.videoram_bytes = get_kib(lib, store, id, "memory/videoram", &rc);
	value = get(lib, store, id, "control/feature-balloon", &n, &rc);
	d->keys.feature_said = value != NULL;
	d->keys.feature = bl_xen_yes(value, n);
	free(value);
	value = get(lib, store, id, "name", &n, &rc);
	take_name(d, value, value ? n : 0);
	free(value);
	d->keys.passthrough = has_devices(lib, store, id);
	d->keys_old = rc < 0;
	return rc;
}

static int read_told(const struct bl_xen_lib *lib, struct xs_handle *store,
                     struct bl_xen_domain *d)
{
	uint32_t id = d->info.domid;
	int rc = 0;
	unsigned n;
	char *value;

	bl_xen_told_clear(&d->told);
	d->told.total_bytes = get_kib(lib, store, id, "data/meminfo_total", &rc);
	d->told.free_bytes = get_kib(lib, store, id, "data/meminfo_free", &rc);
	value = get(lib, store, id, "memory/meminfo", &n, &rc);
	bl_xen_meminfo(value, n, &d->told);
	free(value);
	d->told_old = rc < 0;
	return rc;
}

int bl_xen_store_read(const struct bl_xen_lib *lib, struct xs_handle *store,
                      struct bl_xen_domain *d)
{
	int rc = d->keys_old ? read_keys(lib, store, d) : 0;

	if (rc == 0 && d->told_old)
		rc = read_told(lib, store, d);
	return rc;
}

/* -------------------------------------------------------------------- news */

int bl_xen_store_watch(const struct bl_xen_lib *lib, struct xs_handle *store,
                       struct bl_xen_domain *d)
{
	char path[PATH_BYTES];

	for (size_t i = 0; i < WATCHED_N; i++) {
		path_of(path, d->info.domid, watched[i]);
		if (!lib->xs_watch(store, path, TOKEN_ONE))
			return -ENOTCONN;
	}
	d->watched = true;
	d->greeted = false;
	return 0;
}

/* xenstored keeps watches on paths that are gone, for whoever comes next. */
void bl_xen_store_unwatch(const struct bl_xen_lib *lib, struct xs_handle *store,
                          const struct bl_xen_domain *d)
{
	char path[PATH_BYTES];

	for (size_t i = 0; d->watched && i < WATCHED_N; i++) {
		path_of(path, d->info.domid, watched[i]);
		lib->xs_unwatch(store, path, TOKEN_ONE);
	}
}

int bl_xen_store_watch_all(const struct bl_xen_lib *lib, struct xs_handle *store)
{
	return lib->xs_watch(store, PCI_BACKENDS, TOKEN_ALL) ? 0 : -ENOTCONN;
}

static int by_domid(const void *key, const void *element)
{
	uint32_t domid = *(const uint32_t *)key;
	const struct bl_xen_domain *d = element;

	return domid < d->info.domid ? -1 : domid > d->info.domid;
}

/* Registering fires each watch once, so that what changed before is read; of the
 * figures' that is no sign of life. */
static void figures_came(struct bl_xen_domain *d, const char *path)
{
	bool first = !d->greeted && !strstr(path, "/memory/meminfo");

	d->told_old = true;
	if (first)
		d->greeted = true;
	else
		d->serial = d->serial == BALLOON_UNKNOWN ? 1 : d->serial + 1;
}

static void hear_one(const char *path, struct bl_xen_domain *domains, size_t n)
{
	struct bl_xen_domain *d;
	uint32_t domid = 0;
	enum bl_xen_news news = bl_xen_event(path, &domid);

	d = bsearch(&domid, domains, n, sizeof(*domains), by_domid);
	if (!d || news == BL_XEN_NEWS_NONE)
		return;
	if (news == BL_XEN_NEWS_FIGURES)
		figures_came(d, path);
	else
		d->keys_old = true;
}

void bl_xen_store_hear(const struct bl_xen_lib *lib, struct xs_handle *store,
                       struct bl_xen_domain *domains, size_t n)
{
	char **event; /* path and token, in one piece of memory */

	while ((event = lib->xs_check_watch(store))) {
		if (strcmp(event[1], TOKEN_ALL) == 0)
			for (size_t i = 0; i < n; i++)
				domains[i].keys_old = true;
		else
			hear_one(event[0], domains, n);
		free(event);
	}
}
