/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the vendor libraries of the Xen that runs, whichever release that is,
 * and every symbol of the list in them. Must not call any of them.
 */
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Longer than any path to a library. */
#define PATH_BYTES 512

/* One entry of the list: where its pointer goes, and which library has it. */
struct symbol {
	const char *name;
	size_t offset;
};

#define ENTRY(type, name, args) { #name, offsetof(struct bl_xen_lib, name) },
static const struct symbol store_symbols[] = { BL_XEN_STORE_SYMBOLS(ENTRY) };
static const struct symbol ctrl_symbols[] = { BL_XEN_CTRL_SYMBOLS(ENTRY) };
static const struct symbol virt_symbols[] = { BL_XEN_VIRT_SYMBOLS(ENTRY) };
#undef ENTRY

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* libxenstore's ABI number: 3.0 until Xen 4.13, 4 since (seen in the sources up
 * to 4.22). The name without one is what a development package brings. */
static const char *const store_names[] = {
	"libxenstore.so.4", "libxenstore.so.3.0", "libxenstore.so", NULL,
};
static const char *const virt_names[] = { "libvirt.so.0", NULL };

/* A number that the kernel shows of the hypervisor, or -1. */
static int release(const char *which)
{
	char path[64];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/hypervisor/version/%s", which);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static void *open_one(const char *dir, const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] ? "/" : "", name);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static void *open_any(const char *dir, const char *const *names)
{
	void *so = NULL;

	for (; !so && *names; names++)
		so = open_one(dir, *names);
	return so;
}

/* libxenctrl speaks to one release of the hypervisor and carries its number. */
static void *open_ctrl(const char *dir)
{
	int major = release("major"), minor = release("minor");
	char name[64];
	const char *const names[] = { name, "libxenctrl.so", NULL };

	snprintf(name, sizeof(name), "libxenctrl.so.%d.%d", major, minor);
	return open_any(dir, names);
}

static int find_all(void *so, const struct symbol *symbols, size_t n, struct bl_xen_lib *lib,
                    const char **ret_missing)
{
	for (size_t i = 0; i < n; i++) {
		void *found = so ? dlsym(so, symbols[i].name) : NULL;

		if (!found) {
			*ret_missing = symbols[i].name;
			return -ENOENT;
		}
		memcpy((char *)lib + symbols[i].offset, &found, sizeof(found));
	}
	return 0;
}

static int refuse(const char *library, const char *missing, const char *advice, char *ret_error,
                  size_t size)
{
	if (size)
		snprintf(ret_error, size, "%s with %s() was not found; %s", library, missing,
		         advice);
	return -ENOENT;
}

int bl_xen_load(const char *dir, bool virt, struct bl_xen_lib *ret_lib, char *ret_error,
                size_t size)
{
	static const char advice[] = "is this dom0, with the tools of the Xen that runs? "
	                             "If they are elsewhere, write xenstore:/THEIR/DIRECTORY";
	const char *missing = "";

	memset(ret_lib, 0, sizeof(*ret_lib));
	if (find_all(open_any(dir, store_names), store_symbols, COUNT(store_symbols), ret_lib,
	             &missing) < 0)
		return refuse("libxenstore", missing, advice, ret_error, size);
	if (find_all(open_ctrl(dir), ctrl_symbols, COUNT(ctrl_symbols), ret_lib, &missing) < 0)
		return refuse("libxenctrl", missing, advice, ret_error, size);
	if (virt && find_all(open_any(dir, virt_names), virt_symbols, COUNT(virt_symbols),
	                     ret_lib, &missing) < 0)
		return refuse("libvirt.so.0", missing, "install libvirt0, or write xenstore:",
		              ret_error, size);
	return 0;
}
