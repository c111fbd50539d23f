/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a URI to a backend module. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hall.h"

/* Hypervisors whose schemes are older than our modules' names. */
static const struct {
	const char *scheme;
	const char *module;
} schemes[] = {
        {"qemu", "kvm"},
        {"test", "kvm"}, /* libvirt's built-in pretend host */
        {"xenstore", "xen"},
};

/* The scheme of uri, which ends at the first ':' or '+' ("qemu+ssh"). */
static int scheme_of(const char *uri, char *ret, size_t size)
{
	size_t n = uri ? strspn(uri, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	if (!n || n >= size || (uri[n] != ':' && uri[n] != '+'))
		return -EINVAL;
	memcpy(ret, uri, n);
	ret[n] = 0;
	return 0;
}

static const char *module_of(const char *scheme)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!strcmp(scheme, schemes[i].scheme))
			return schemes[i].module;
	}
	return scheme;
}

int bl_module_open(const char *uri, const struct balloon_backend **ret_backend, void **ret_module,
                   char *ret_error, size_t size)
{
	const char *dir = secure_getenv("BALLOON_BACKEND_DIR");
	const struct balloon_backend *backend;
	char scheme[32], path[4096];
	void *module;

	if (scheme_of(uri, scheme, sizeof(scheme)) < 0) {
		snprintf(ret_error, size, "\"%s\" is no host URI; give one like qemu:///system",
		         uri ? uri : "");
		return -EINVAL;
	}
	snprintf(path, sizeof(path), "%s/backend-%s.so", dir ? dir : BALLOON_MODULE_DIR,
	         module_of(scheme));
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module) {
		snprintf(ret_error, size,
		         "no backend for \"%s\": %s; install it, or set BALLOON_BACKEND_DIR", uri,
		         dlerror());
		return -ENOENT;
	}
	backend = dlsym(module, "balloon_backend_module");
	if (!backend) {
		snprintf(ret_error, size, "%s is no libballoon backend", path);
		dlclose(module);
		return -ENOEXEC;
	}
	*ret_backend = backend;
	*ret_module = module;
	return 0;
}
