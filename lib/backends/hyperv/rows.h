/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WMI objects as structs: what this backend wants to know of each class. Pure.
 */
#ifndef BL_HYPERV_ROWS_H
#define BL_HYPERV_ROWS_H

#include "read.h"
#include "steer.h"

/* A GUID's text, with room for servers that write braces around it. */
#define BL_HYPERV_GUID_MAX 40

/* Windows allows 100 UTF-16 units, at most 3 bytes each in UTF-8. */
#define BL_HYPERV_NAME_MAX 304

/* EnabledState, of which the documents have several numberings. */
enum bl_hyperv_state {
	BL_HYPERV_OFF,      /* or saved: has no memory */
	BL_HYPERV_RUNNING,
	BL_HYPERV_PAUSED,   /* has memory and does not run; also on the way somewhere */
	BL_HYPERV_CRITICAL, /* alive, not to be touched */
};

/* Msvm_SummaryInformation. */
struct bl_hyperv_now {
	char guid[BL_HYPERV_GUID_MAX];
	char name[BL_HYPERV_NAME_MAX];
	enum bl_hyperv_state state;
	uint64_t usage_mib;
	int64_t available_pct;  /* of usage; INT32_MAX and beyond = not known */
	uint64_t uptime_ms;     /* UNKNOWN where not known */
	bool swap_in_use;
};

/* -EBADMSG: it has no GUID. */
int bl_hyperv_now_read(const xmlNode *object, struct bl_hyperv_now *ret_now);

/* Msvm_MemorySettingData. ret_owner is the GUID in its InstanceID. -EBADMSG: it is
 * nobody's, or its numbers are none. */
int bl_hyperv_memory_read(const xmlNode *object, struct bl_hyperv_memory *ret_memory,
                          char ret_owner[BL_HYPERV_GUID_MAX]);

/* Msvm_VirtualSystemSettingData: a live VM's configuration version. -ENOENT: a
 * snapshot's or a template's. */
int bl_hyperv_version_read(const xmlNode *object, uint64_t *ret_version,
                           char ret_owner[BL_HYPERV_GUID_MAX]);

/* A date as WQL compares it, yyyymmddHHMMSS.000000+000, from one as it is on the
 * wire, 2026-03-09T03:06:25Z; texts of this form sort as the dates do. */
#define BL_HYPERV_DATE_MAX 32
int bl_hyperv_date_read(const char *text, char ret_date[BL_HYPERV_DATE_MAX]);

enum bl_hyperv_job_state { BL_HYPERV_JOB_RUNS, BL_HYPERV_JOB_DONE, BL_HYPERV_JOB_FAILED };

/* Msvm_ConcreteJob. ret_text: what it says of its failure. */
enum bl_hyperv_job_state bl_hyperv_job_read(const xmlNode *object, char *ret_text, size_t size);

#endif
