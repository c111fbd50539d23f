/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a URI to the backend that a filter wraps; see inner.h. Must not know
 * what the filter does with it. */
#include "inner.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Hypervisors whose schemes are older than our modules' names, as in the hall. */
static const struct {
	const char *scheme;
	const char *module;
} schemes[] = {
        {"qemu", "kvm"},
        {"test", "kvm"},
};

static int name_of(const char *uri, char *ret, size_t size)
{
	size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (!n || n >= size || (uri[n] != ':' && uri[n] != '+'))
		return -EINVAL;
	memcpy(ret, uri, n);
	ret[n] = 0;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!strcmp(ret, schemes[i].scheme))
			snprintf(ret, size, "%s", schemes[i].module);
	}
	return 0;
}

/* The directory this code was loaded from, without knowing who loaded it. */
static int own_directory(char *ret, size_t size)
{
	static const char here;
	Dl_info info;
	const char *slash;

	if (!dladdr(&here, &info) || !info.dli_fname)
		return -ENOENT;
	slash = strrchr(info.dli_fname, '/');
	if (!slash || (size_t)(slash - info.dli_fname) >= size)
		return -ENOENT;
	snprintf(ret, size, "%.*s", (int)(slash - info.dli_fname), info.dli_fname);
	return 0;
}

static int load(const char *uri, struct bl_inner *inner, char *ret_error, size_t size)
{
	const char *dir = secure_getenv("BALLOON_BACKEND_DIR");
	char name[32], own[4096], path[4096 + 64];

	if (name_of(uri, name, sizeof(name)) < 0) {
		snprintf(ret_error, size, "\"%s\" is no host URI; give one like qemu:///system",
		         uri);
		return -EINVAL;
	}
	if (!dir && own_directory(own, sizeof(own)) == 0)
		dir = own;
	snprintf(path, sizeof(path), "%s/backend-%s.so", dir ? dir : ".", name);
	inner->module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (inner->module)
		return 0;
	snprintf(ret_error, size,
	         "no backend for \"%s\": %s; install it, or set BALLOON_BACKEND_DIR", uri,
	         dlerror());
	return -ENOENT;
}

static int check(const struct balloon_backend *be, const char *uri, char *ret_error, size_t size)
{
	if (be && be->abi == BALLOON_BACKEND_ABI && be->struct_size >= sizeof(*be) && be->name &&
	    be->open && be->close && be->observe && be->order)
		return 0;
	snprintf(ret_error, size, "the backend for \"%s\" does not fit this filter; install both "
	                          "from one release", uri);
	return -ENOEXEC;
}

int bl_inner_open(const char *uri, struct bl_inner *ret_inner, char *ret_error, size_t size)
{
	struct bl_inner inner = {0};
	int rc = load(uri, &inner, ret_error, size);

	if (rc < 0)
		return rc;
	inner.backend = dlsym(inner.module, "balloon_backend_module");
	rc = check(inner.backend, uri, ret_error, size);
	if (rc == 0)
		rc = inner.backend->open(uri, &inner.self, ret_error, size);
	if (rc != 0) {
		dlclose(inner.module);
		return rc < 0 ? rc : -EPROTO;
	}
	*ret_inner = inner;
	return 0;
}

void bl_inner_close(struct bl_inner *inner)
{
	inner->backend->close(inner->self);
	dlclose(inner->module);
}
