/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * WMI's classes as this backend understands them. Class and property names are
 * those of Microsoft's pages on root/virtualization/v2.
 */
#include "rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Beyond any host: 4 EiB in MiB. A larger number is a lie or an overflow. */
#define MIB_MAX (UINT64_C(1) << 32)

static uint64_t mib(const xmlNode *object, const char *name)
{
	uint64_t value = bl_hyperv_number(object, name);

	return value > MIB_MAX ? BL_HYPERV_UNKNOWN : value;
}

/* 2 and 3 are what all documents agree on; 9 and 32768 are paused, 6 and 32769
 * saved, by different ones; from 32781 on states are critical, numbered in two ways. */
static enum bl_hyperv_state state_of(uint64_t enabled_state)
{
	switch (enabled_state) {
	case 2:
	case 10: /* starting */
		return BL_HYPERV_RUNNING;
	case 3:
	case 6:
	case 32769:
	case 32779: /* fast-saved */
		return BL_HYPERV_OFF;
	default:
		return enabled_state >= 32781 ? BL_HYPERV_CRITICAL : BL_HYPERV_PAUSED;
	}
}

int bl_hyperv_now_read(const xmlNode *object, struct bl_hyperv_now *ret_now)
{
	struct bl_hyperv_now now = {0};

	if (!bl_hyperv_copy(object, "Name", now.guid, sizeof(now.guid)))
		return -EBADMSG;
	if (!bl_hyperv_copy(object, "ElementName", now.name, sizeof(now.name)))
		memcpy(now.name, now.guid, sizeof(now.guid));
	now.state = state_of(bl_hyperv_number(object, "EnabledState"));
	now.usage_mib = mib(object, "MemoryUsage");
	now.available_pct = bl_hyperv_signed(object, "MemoryAvailable");
	now.uptime_ms = bl_hyperv_number(object, "UpTime");
	now.swap_in_use = bl_hyperv_flag(object, "SwapFilesInUse");
	*ret_now = now;
	return 0;
}

/* The GUID in "Microsoft:<GUID>" or "Microsoft:<GUID>\…". */
static int owner_of(const char *instance, char ret_owner[BL_HYPERV_GUID_MAX])
{
	static const char vendor[] = "Microsoft:";
	const char *guid = instance + sizeof(vendor) - 1;
	size_t n;

	if (strncmp(instance, vendor, sizeof(vendor) - 1) != 0)
		return -EBADMSG;
	n = strcspn(guid, "\\");
	if (n == 0 || n >= BL_HYPERV_GUID_MAX)
		return -EBADMSG;
	memcpy(ret_owner, guid, n);
	ret_owner[n] = '\0';
	return 0;
}

int bl_hyperv_memory_read(const xmlNode *object, struct bl_hyperv_memory *ret_memory,
                          char ret_owner[BL_HYPERV_GUID_MAX])
{
	struct bl_hyperv_memory m = {0};

	if (!bl_hyperv_copy(object, "InstanceID", m.device, sizeof(m.device)) ||
	    owner_of(m.device, ret_owner) < 0)
		return -EBADMSG;
	m.dynamic = bl_hyperv_flag(object, "DynamicMemoryEnabled");
	m.huge_pages = bl_hyperv_flag(object, "HugePagesEnabled");
	m.sgx = bl_hyperv_flag(object, "SgxEnabled");
	m.swap_in_use = bl_hyperv_flag(object, "SwapFilesInUse");
	m.reservation = mib(object, "Reservation");
	m.limit = mib(object, "Limit");
	m.quantity = mib(object, "VirtualQuantity");
	m.weight = mib(object, "Weight");
	m.buffer = mib(object, "TargetMemoryBuffer");
	if (m.quantity == BL_HYPERV_UNKNOWN)
		return -EBADMSG;
	if (m.dynamic && (m.reservation == BL_HYPERV_UNKNOWN || m.limit == BL_HYPERV_UNKNOWN ||
	                  m.buffer > 2000 || m.weight > 10000 || m.reservation > m.limit))
		return -EBADMSG;
	*ret_memory = m;
	return 0;
}

int bl_hyperv_version_read(const xmlNode *object, uint64_t *ret_version,
                           char ret_owner[BL_HYPERV_GUID_MAX])
{
	const char *type = bl_hyperv_text(object, "VirtualSystemType");
	const char *version = bl_hyperv_text(object, "Version");
	const char *instance = bl_hyperv_text(object, "InstanceID");
	uint64_t major = 0;

	if (!type || strcmp(type, "Microsoft:Hyper-V:System:Realized") != 0)
		return -ENOENT;
	if (!instance || owner_of(instance, ret_owner) < 0)
		return -EBADMSG;
	for (; version && *version >= '0' && *version <= '9' && major < 10000; version++)
		major = major * 10 + (uint64_t)(*version - '0');
	*ret_version = major;
	return 0;
}

int bl_hyperv_date_read(const char *text, char ret_date[BL_HYPERV_DATE_MAX])
{
	unsigned y, mo, d, h, mi, s;

	if (!text || sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u", &y, &mo, &d, &h, &mi, &s) != 6)
		return -EBADMSG;
	snprintf(ret_date, BL_HYPERV_DATE_MAX, "%04u%02u%02u%02u%02u%02u.000000+000", y, mo, d, h,
	         mi, s);
	return 0;
}

/* JobState: up to 6 on its way, 7 completed, 32768 completed with warnings. An
 * ErrorCode counts even in state 7. */
enum bl_hyperv_job_state bl_hyperv_job_read(const xmlNode *object, char *ret_text, size_t size)
{
	uint64_t state = bl_hyperv_number(object, "JobState");
	uint64_t error = bl_hyperv_number(object, "ErrorCode");

	if (!bl_hyperv_copy(object, "ErrorDescription", ret_text, size) &&
	    !bl_hyperv_copy(object, "ErrorSummaryDescription", ret_text, size))
		snprintf(ret_text, size, "its job ended in state %u", (unsigned)(state & 0xffff));
	if (state < 7)
		return BL_HYPERV_JOB_RUNS;
	if ((state == 7 || state == 32768) && (error == 0 || error == UINT64_MAX))
		return BL_HYPERV_JOB_DONE;
	return BL_HYPERV_JOB_FAILED;
}
