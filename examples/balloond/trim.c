/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A daemon that minds memory should hold little of it. libvirt brings some
 * fifty libraries whose pages are touched once, by the loader and by their
 * constructors, and stay resident for ever. Pages of a segment that nobody may
 * write are copies of the file: what is still needed comes back from the page
 * cache by itself, a fault at a time.
 */
#include "trim.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int trim_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	if (!info->dlpi_name || !*info->dlpi_name)
		return 0; /* ourselves, at work; and the vdso */
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;

		if (p->p_type != PT_LOAD || (p->p_flags & PF_W))
			continue;
		from = (from + page - 1) / page * page;
		to = to / page * page;
		if (from < to)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void trim(void)
{
	dl_iterate_phdr(trim_object, NULL);
}
