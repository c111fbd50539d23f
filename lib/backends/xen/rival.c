/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other controllers of memory. squeezed balances all guests, every ten seconds.
 * Autoballoon, of xl and of libvirt, shrinks dom0 to make room for each new
 * guest, and so takes what was kept free for somebody else. Beside either this
 * backend only observes.
 */
#include "rival.h"

#include "figures.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XL_CONF "/etc/xen/xl.conf"
#define LIBXL_CONF "/etc/libvirt/libxl.conf"

/* Both come with comments of two or three KiB; what lies beyond this is ours
 * to overlook. */
#define CONF_BYTES (64 * 1024)

#define COMMAND_LINE_BYTES 1025

/* "auto", which is the default, goes by whether dom0 was given a size. */
static bool autoballoons(const char *conf, size_t n, const char *command_line)
{
	enum bl_xen_auto mode = bl_xen_autoballoon(conf, n);

	return mode == BL_XEN_AUTO_ON ||
	       (mode == BL_XEN_AUTO && !bl_xen_dom0_sized(command_line));
}

void bl_xen_rival_judge(const struct bl_xen_signs *s, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	if (s->squeezed)
		snprintf(ret_text, size, "squeezed moves memory on this host (it has "
		         BL_XEN_SQUEEZED " in xenstore): guests are only observed; let it rest for good "
		         "(systemctl disable --now squeezed, xenstore-rm " BL_XEN_SQUEEZED
		         ") to have them arbitrated here");
	else if (s->xl && autoballoons(s->xl_conf, s->xl_conf_n, s->command_line))
		snprintf(ret_text, size, "xl's autoballoon moves dom0's memory on this host: "
		         "guests are only observed; write autoballoon=\"off\" in " XL_CONF
		         ", or boot Xen with dom0_mem=SIZE,max:SIZE");
	else if (s->virt && autoballoons(s->libxl_conf, s->libxl_conf_n, s->command_line))
		snprintf(ret_text, size, "libvirt's autoballoon moves dom0's memory on this host: "
		         "guests are only observed; write autoballoon = 0 in " LIBXL_CONF
		         ", or boot Xen with dom0_mem=SIZE,max:SIZE");
}

/* The file's beginning, to be freed, or NULL. */
static char *read_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(CONF_BYTES) : NULL;

	*ret_n = text ? fread(text, 1, CONF_BYTES, f) : 0;
	if (f)
		fclose(f);
	return text;
}

void bl_xen_rival_find(const struct bl_xen_lib *lib, struct xc_interface_core *ctrl,
                       struct xs_handle *store, bool virt, char *ret_text, size_t size)
{
	char command_line[COMMAND_LINE_BYTES];
	struct bl_xen_signs signs = { .command_line = command_line };
	char *xl_conf = read_file(XL_CONF, &signs.xl_conf_n);
	char *libxl_conf = read_file(LIBXL_CONF, &signs.libxl_conf_n);

	bl_xen_command_line(lib, ctrl, command_line, sizeof(command_line));
	signs.squeezed = bl_xen_store_has(lib, store, BL_XEN_SQUEEZED);
	signs.xl_conf = xl_conf;
	signs.libxl_conf = libxl_conf;
	signs.xl = access(XL_CONF, F_OK) == 0;
	signs.virt = virt || access(LIBXL_CONF, F_OK) == 0;
	bl_xen_rival_judge(&signs, ret_text, size);
	free(xl_conf);
	free(libxl_conf);
}
