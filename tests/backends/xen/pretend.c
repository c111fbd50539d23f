/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pretend host; see pretend.h. One lock for all of it. */
#include "pretend.h"

#include "backends/xen/symbols.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Every symbol of the list, with the list's own types: a definition below that
 * differs does not compile, and one that is missing does not load. */
#define DECLARE(type, name, args) BALLOON_API type name args;
BL_XEN_STORE_SYMBOLS(DECLARE)
BL_XEN_CTRL_SYMBOLS(DECLARE)
BL_XEN_VIRT_SYMBOLS(DECLARE)

#define DOMAINS_MAX 64
#define KEYS_MAX 1024
#define WATCHES_MAX 512
#define MIB_KIB 1024u

struct key {
	char path[96];
	char *value;
	unsigned n;
};

struct watch {
	char path[96], token[16];
};

struct event {
	struct event *next;
	char path[96], token[16];
};

struct xs_handle {
	int fd;
	struct watch watches[WATCHES_MAX];
	size_t n;
	struct event *first, **last;
	struct xs_handle *next;
	bool broken;
};

struct pretend_host pretend;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct pretend_domain domains[DOMAINS_MAX]; /* the index is the number */
static uint32_t domains_n;
static struct key keys[KEYS_MAX];
static size_t keys_n;
static struct xs_handle *handles;

void pretend_lock(void)
{
	pthread_mutex_lock(&lock);
}

void pretend_unlock(void)
{
	for (struct xs_handle *h = handles; pretend.away && h; h = h->next)
		h->broken = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/* ------------------------------------------------------------------- store */

static struct key *find_key(const char *path)
{
	for (size_t i = 0; i < keys_n; i++)
		if (keys[i].value && strcmp(keys[i].path, path) == 0)
			return &keys[i];
	return NULL;
}

static bool is_below(const char *path, const char *watched)
{
	size_t n = strlen(watched);

	return strncmp(path, watched, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void fire_one(struct xs_handle *h, const struct watch *w, const char *path)
{
	struct event *e = calloc(1, sizeof(*e));
	uint64_t one = 1;

	if (!e)
		abort();
	snprintf(e->path, sizeof(e->path), "%s", path);
	snprintf(e->token, sizeof(e->token), "%s", w->token);
	*h->last = e;
	h->last = &e->next;
	if (write(h->fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
}

static void fire(const char *path)
{
	for (struct xs_handle *h = handles; h; h = h->next)
		for (size_t i = 0; i < h->n; i++)
			if (is_below(path, h->watches[i].path))
				fire_one(h, &h->watches[i], path);
}

static void put_key(const char *path, const void *value, unsigned n)
{
	struct key *k = find_key(path);

	if (!k) {
		if (keys_n == KEYS_MAX)
			abort();
		k = &keys[keys_n++];
		k->value = NULL;
		snprintf(k->path, sizeof(k->path), "%s", path);
	}
	free(k->value);
	k->value = value ? malloc(n + 1) : NULL;
	k->n = n;
	if (k->value) {
		memcpy(k->value, value, n);
		k->value[n] = '\0';
	}
	fire(path);
}

/* xenstored's answer is waited for, and may be that there is none. */
static bool is_answered(const struct xs_handle *h)
{
	while (pretend.hangs)
		pthread_cond_wait(&changed, &lock);
	if (!h->broken)
		return true;
	errno = EPIPE;
	return false;
}

struct xs_handle *xs_open(unsigned long flags)
{
	struct xs_handle *h = calloc(1, sizeof(*h));

	if (!h || flags)
		abort();
	pthread_mutex_lock(&lock);
	if (pretend.away) {
		pthread_mutex_unlock(&lock);
		free(h);
		errno = ENOENT;
		return NULL;
	}
	h->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	h->last = &h->first;
	h->next = handles;
	handles = h;
	pretend.handles++;
	pthread_mutex_unlock(&lock);
	return h;
}

static bool take_event(struct xs_handle *h, struct event **ret)
{
	uint64_t count;

	*ret = h->first;
	if (!h->first)
		return false;
	h->first = h->first->next;
	if (h->first)
		return true;
	h->last = &h->first;
	if (read(h->fd, &count, sizeof(count)) < 0)
		abort();
	return true;
}

void xs_close(struct xs_handle *h)
{
	struct event *e;

	pthread_mutex_lock(&lock);
	for (struct xs_handle **p = &handles; *p; p = &(*p)->next) {
		if (*p == h) {
			*p = h->next;
			break;
		}
	}
	pretend.handles--;
	pretend.watches -= (unsigned)h->n;
	pthread_mutex_unlock(&lock);
	while (take_event(h, &e))
		free(e);
	close(h->fd);
	free(h);
}

void *xs_read(struct xs_handle *h, uint32_t t, const char *path, unsigned *len)
{
	const struct key *k;
	char *value = NULL;

	(void)t;
	pthread_mutex_lock(&lock);
	if (is_answered(h)) {
		k = find_key(path);
		errno = ENOENT;
		value = k ? malloc(k->n + 1) : NULL;
		if (value)
			memcpy(value, k->value, k->n + 1);
		*len = k ? k->n : 0;
	}
	pthread_mutex_unlock(&lock);
	return value;
}

bool xs_write(struct xs_handle *h, uint32_t t, const char *path, const void *data, unsigned len)
{
	bool ok;

	(void)t;
	pthread_mutex_lock(&lock);
	ok = is_answered(h);
	if (ok)
		put_key(path, data, len);
	pthread_mutex_unlock(&lock);
	return ok;
}

/* One name stands for all: the backend only counts them. */
char **xs_directory(struct xs_handle *h, uint32_t t, const char *path, unsigned *num)
{
	char **names = NULL;

	(void)t;
	pthread_mutex_lock(&lock);
	if (is_answered(h)) {
		errno = ENOENT;
		*num = 0;
		for (size_t i = 0; i < keys_n; i++)
			*num += keys[i].value && is_below(keys[i].path, path) &&
			        strcmp(keys[i].path, path) != 0;
		if (*num || find_key(path))
			names = calloc(*num + 1, sizeof(*names));
	}
	pthread_mutex_unlock(&lock);
	return names;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	bool ok;

	pthread_mutex_lock(&lock);
	ok = is_answered(h);
	if (ok) {
		struct watch *w = &h->watches[h->n++];

		if (h->n == WATCHES_MAX)
			abort();
		snprintf(w->path, sizeof(w->path), "%s", path);
		snprintf(w->token, sizeof(w->token), "%s", token);
		pretend.watches++;
		fire_one(h, w, path); /* as xenstored does */
	}
	pthread_mutex_unlock(&lock);
	return ok;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	bool ok = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; is_answered(h) && i < h->n; i++) {
		if (strcmp(h->watches[i].path, path) != 0 ||
		    strcmp(h->watches[i].token, token) != 0)
			continue;
		h->watches[i] = h->watches[--h->n];
		pretend.watches--;
		ok = true;
		break;
	}
	pthread_mutex_unlock(&lock);
	return ok;
}

char **xs_check_watch(struct xs_handle *h)
{
	struct event *e;
	char **vector = NULL, *text;

	pthread_mutex_lock(&lock);
	if (take_event(h, &e)) {
		vector = malloc(2 * sizeof(*vector) + sizeof(e->path) + sizeof(e->token));
		if (!vector)
			abort();
		text = (char *)(vector + 2);
		vector[0] = strcpy(text, e->path);
		vector[1] = strcpy(text + sizeof(e->path), e->token);
		free(e);
	}
	pthread_mutex_unlock(&lock);
	errno = EAGAIN;
	return vector;
}

int xs_fileno(struct xs_handle *h)
{
	return h->fd;
}

/* -------------------------------------------------------------- hypervisor */

static void put_number(unsigned char *at, uint64_t value, size_t n)
{
	memcpy(at, &value, n);
}

static struct pretend_domain *living(uint32_t domid)
{
	if (domid < domains_n && domains[domid].used)
		return &domains[domid];
	errno = ESRCH;
	return NULL;
}

struct xc_interface_core *xc_interface_open(void *logger, void *build_logger, unsigned flags)
{
	(void)logger;
	(void)build_logger;
	(void)flags;
	pthread_mutex_lock(&lock);
	pretend.handles++;
	pthread_mutex_unlock(&lock);
	return (struct xc_interface_core *)(void *)domains; /* not NULL, and never looked into */
}

int xc_interface_close(struct xc_interface_core *x)
{
	(void)x;
	pthread_mutex_lock(&lock);
	pretend.handles--;
	pthread_mutex_unlock(&lock);
	return 0;
}

int xc_version(struct xc_interface_core *x, int cmd, void *arg)
{
	(void)x;
	if (cmd == 9)
		strcpy(arg, pretend.command_line);
	return cmd == 0 ? pretend.version : 0;
}

/* struct xen_sysctl_physinfo before 4.17 and since. */
int xc_physinfo(struct xc_interface_core *x, void *info)
{
	unsigned char *at = info;
	uint64_t used = 0, claimed;

	(void)x;
	pthread_mutex_lock(&lock);
	claimed = pretend.claimed_pages;
	for (uint32_t i = 0; i < domains_n; i++) {
		used += domains[i].used ? domains[i].tot_kib / 4 : 0;
		claimed += domains[i].used ? domains[i].claimed_kib / 4 : 0;
	}
	memset(at, 0x5a, 32);
	at += 32;
	if (pretend.version >= (4 << 16 | 17)) {
		memset(at, 0x5a, 8);
		at += 8;
	}
	put_number(at, pretend.total_pages, 8);
	put_number(at + 8, pretend.total_pages - used, 8);
	put_number(at + 16, 0, 8);
	put_number(at + 24, claimed, 8);
	pthread_mutex_unlock(&lock);
	return 0;
}

/* struct xen_domctl_getdomaininfo */
int xc_domain_getinfolist(struct xc_interface_core *x, uint32_t first, unsigned max, void *info)
{
	unsigned char *at = info;
	int n = 0;

	(void)x;
	if (max != 1)
		abort();
	pthread_mutex_lock(&lock);
	while (first < domains_n && !domains[first].used)
		first++;
	if (first < domains_n) {
		const struct pretend_domain *d = &domains[first];

		n = 1;
		put_number(at, d->domid, 2);
		put_number(at + 4, d->flags, 4);
		put_number(at + 8, d->tot_kib / 4, 8);
		put_number(at + 16, d->max_kib / 4, 8);
		put_number(at + 24, d->claimed_kib / 4, 8);
		put_number(at + 56, d->cpu_ns, 8);
		memcpy(at + 76, d->uuid, sizeof(d->uuid));
	}
	pthread_mutex_unlock(&lock);
	return n;
}

int xc_domain_setmaxmem(struct xc_interface_core *x, uint32_t domid, uint64_t kib)
{
	struct pretend_domain *d;

	(void)x;
	pthread_mutex_lock(&lock);
	d = living(domid);
	if (d) {
		d->max_kib = kib;
		pretend.ceilings++;
	}
	pthread_mutex_unlock(&lock);
	return d ? 0 : -1;
}

int xc_domain_set_pod_target(struct xc_interface_core *x, uint32_t domid, uint64_t pages,
                             uint64_t *tot, uint64_t *cache, uint64_t *entries)
{
	struct pretend_domain *d;

	(void)x;
	(void)tot;
	(void)cache;
	(void)entries;
	pthread_mutex_lock(&lock);
	d = living(domid);
	if (d)
		d->pod_target = pages;
	pthread_mutex_unlock(&lock);
	return d ? 0 : -1;
}

int xc_domain_get_pod_target(struct xc_interface_core *x, uint32_t domid, uint64_t *tot,
                             uint64_t *cache, uint64_t *entries)
{
	struct pretend_domain *d;

	(void)x;
	pthread_mutex_lock(&lock);
	d = living(domid);
	*tot = 0;
	*cache = d ? d->cache : 0;
	*entries = d ? d->entries : 0;
	pthread_mutex_unlock(&lock);
	return d ? 0 : -1;
}

/* ------------------------------------------------------------------ libvirt */

void virSetErrorFunc(void *arg, void (*f)(void *arg, struct _virError *e))
{
	(void)arg;
	(void)f;
}

const char *virGetLastErrorMessage(void)
{
	return "pretended";
}

struct _virConnect *virConnectOpen(const char *uri)
{
	bool away;

	pthread_mutex_lock(&lock);
	away = pretend.virt_away || strcmp(uri, "xen:///system") != 0;
	pretend.handles += !away;
	pthread_mutex_unlock(&lock);
	return away ? NULL : (struct _virConnect *)(void *)&pretend;
}

int virConnectClose(struct _virConnect *c)
{
	(void)c;
	pthread_mutex_lock(&lock);
	pretend.handles--;
	pthread_mutex_unlock(&lock);
	return 0;
}

int virConnectIsAlive(struct _virConnect *c)
{
	(void)c;
	return !pretend.virt_away;
}

int virConnectListAllDomains(struct _virConnect *c, struct _virDomain ***ret, unsigned flags)
{
	int n = 0;

	(void)c;
	(void)flags;
	*ret = calloc(DOMAINS_MAX, sizeof(**ret));
	pthread_mutex_lock(&lock);
	for (uint32_t i = domains_n; i-- > 0;) /* in no order that one could rely on */
		if (domains[i].used && domains[i].native)
			(*ret)[n++] = (struct _virDomain *)(void *)&domains[i];
	pthread_mutex_unlock(&lock);
	return n;
}

struct _virDomain *virDomainLookupByUUID(struct _virConnect *c, const unsigned char *uuid)
{
	struct pretend_domain *found = NULL;

	(void)c;
	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < domains_n; i++)
		if (domains[i].used && domains[i].native &&
		    memcmp(domains[i].uuid, uuid, sizeof(domains[i].uuid)) == 0)
			found = &domains[i];
	pthread_mutex_unlock(&lock);
	return (struct _virDomain *)(void *)found;
}

unsigned virDomainGetID(struct _virDomain *d)
{
	return ((struct pretend_domain *)(void *)d)->domid;
}

int virDomainGetUUID(struct _virDomain *d, unsigned char *uuid)
{
	memcpy(uuid, ((struct pretend_domain *)(void *)d)->uuid, 16);
	return 0;
}

int virDomainSetMemoryFlags(struct _virDomain *d, unsigned long kib, unsigned flags)
{
	struct pretend_domain *p = (void *)d;
	char path[64], value[32];
	int n;

	pthread_mutex_lock(&lock);
	while (p->virt_hangs)
		pthread_cond_wait(&changed, &lock);
	p->virt_kib = kib;
	p->max_kib = kib + MIB_KIB;
	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", p->domid);
	n = snprintf(value, sizeof(value), "%lu", kib);
	put_key(path, value, (unsigned)n);
	pthread_mutex_unlock(&lock);
	return flags == 1 ? 0 : -1;
}

int virDomainFree(struct _virDomain *d)
{
	(void)d;
	return 0;
}

/* ------------------------------------------------------------- the test's side */

void pretend_set_path(const char *path, const char *value, unsigned n)
{
	pthread_mutex_lock(&lock);
	put_key(path, value, n);
	pthread_mutex_unlock(&lock);
}

void pretend_set(uint32_t domid, const char *key, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
	pretend_set_path(path, value, value ? (unsigned)strlen(value) : 0);
}

static void set_mib(uint32_t domid, const char *key, uint64_t mib)
{
	char value[32];

	snprintf(value, sizeof(value), "%llu", (unsigned long long)mib * MIB_KIB);
	pretend_set(domid, key, value);
}

uint64_t pretend_kib(uint32_t domid, const char *key)
{
	char path[96];
	const struct key *k;
	uint64_t kib;

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, key);
	pthread_mutex_lock(&lock);
	k = find_key(path);
	kib = k ? strtoull(k->value, NULL, 10) : 0;
	pthread_mutex_unlock(&lock);
	return kib;
}

struct pretend_domain *pretend_find(uint32_t domid)
{
	return &domains[domid];
}

static uint32_t add(uint64_t mib)
{
	uint32_t domid = domains_n++;

	if (domains_n > DOMAINS_MAX)
		abort();
	domains[domid] = (struct pretend_domain){ .used = true, .domid = domid,
		.tot_kib = mib * MIB_KIB, .max_kib = (mib + 1) * MIB_KIB, .cpu_ns = 1 };
	memset(domains[domid].uuid, (int)domid, sizeof(domains[domid].uuid));
	return domid;
}

void pretend_begin(void)
{
	pretend_lock();
	for (size_t i = 0; i < keys_n; i++)
		free(keys[i].value);
	keys_n = domains_n = 0;
	pretend = (struct pretend_host){ .version = 4 << 16 | 17,
		.total_pages = UINT64_C(4096) * 256,
		.command_line = "dom0_mem=512M,max:512M", .handles = pretend.handles,
		.watches = pretend.watches };
	add(512);
	pretend_unlock();
	pretend_set(0, "domid", "0");
	pretend_set(0, "name", "Domain-0");
}

uint32_t pretend_guest(const char *name, uint64_t mib, uint64_t max_mib)
{
	uint32_t domid;

	pretend_lock();
	domid = add(mib);
	pretend_unlock();
	pretend_set(domid, "name", name);
	set_mib(domid, "memory/target", mib);
	set_mib(domid, "memory/static-max", max_mib);
	pretend_set_path("@introduceDomain", "", 0);
	return domid;
}

uint32_t pretend_begun(void)
{
	uint32_t domid;

	pretend_lock();
	domid = add(0);
	domains[domid].max_kib = domains[domid].cpu_ns = 0;
	domains[domid].flags = PRETEND_PAUSED;
	pretend_unlock();
	pretend_set_path("@introduceDomain", "", 0);
	return domid;
}

void pretend_end(uint32_t domid)
{
	pretend_lock();
	domains[domid].used = false;
	pretend_unlock();
	pretend_set_path("@releaseDomain", "", 0);
}

void pretend_follow(uint32_t domid)
{
	uint64_t target = pretend_kib(domid, "memory/target");
	struct pretend_domain *d = &domains[domid];

	pretend_lock();
	if (target < d->tot_kib)
		d->tot_kib = target;
	else if (d->max_kib > d->tot_kib)
		d->tot_kib = target < d->max_kib ? target : d->max_kib;
	pretend_unlock();
}

void pretend_tell(uint32_t domid, uint64_t total_mib, uint64_t free_mib)
{
	set_mib(domid, "data/meminfo_total", total_mib);
	set_mib(domid, "data/meminfo_free", free_mib);
}
