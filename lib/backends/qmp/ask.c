/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands. QEMU before 5.1 does not know free-page-reporting, and before
 * 3.0 no query-jobs: then the answer is an error, and the thing unknown.
 */
#include "ask.h"

#include <inttypes.h>
#include <stdio.h>

/* What is read of the balloon device has its property here, what is listed its path. */
static const struct {
	const char *command;
	const char *path;
	const char *property;
} asks[BL_QMP_ASKS] = {
	[BL_QMP_CAPABILITIES] = { .command = "qmp_capabilities" },
	[BL_QMP_NAME] = { .command = "query-name" },
	[BL_QMP_UUID] = { .command = "query-uuid" },
	[BL_QMP_DEVICES] = { "qom-list", .path = "/machine/peripheral" },
	[BL_QMP_DEVICES_ANON] = { "qom-list", .path = "/machine/peripheral-anon" },
	[BL_QMP_OBJECTS] = { "qom-list", .path = "/objects" },
	[BL_QMP_DIMMS] = { .command = "query-memory-devices" },
	[BL_QMP_PERIOD] = { "qom-get", .property = "guest-stats-polling-interval" },
	[BL_QMP_REPORTING] = { "qom-get", .property = "free-page-reporting" },
	[BL_QMP_DEFLATES] = { "qom-get", .property = "deflate-on-oom" },
	[BL_QMP_STATUS] = { .command = "query-status" },
	[BL_QMP_ACTUAL] = { .command = "query-balloon" },
	[BL_QMP_SIZE] = { .command = "query-memory-size-summary" },
	[BL_QMP_STATS] = { "qom-get", .property = "guest-stats" },
	[BL_QMP_MIGRATION] = { .command = "query-migrate" },
	[BL_QMP_JOBS] = { .command = "query-jobs" },
	[BL_QMP_SET_TARGET] = { .command = "balloon" },
	[BL_QMP_SET_PERIOD] = { "qom-set", .property = "guest-stats-polling-interval" },
};

/* ",\"arguments\":{…}" or nothing. */
static void write_arguments(enum bl_qmp_ask ask, const char *device, uint64_t value, char *buf,
                            size_t size)
{
	char given[40] = "";

	if (ask == BL_QMP_SET_PERIOD)
		snprintf(given, sizeof(given), ",\"value\":%" PRIu64, value);
	if (ask == BL_QMP_SET_TARGET)
		snprintf(buf, size, ",\"arguments\":{\"value\":%" PRIu64 "}", value);
	else if (asks[ask].property)
		snprintf(buf, size, ",\"arguments\":{\"path\":\"%s\",\"property\":\"%s\"%s}",
		         device, asks[ask].property, given);
	else if (asks[ask].path)
		snprintf(buf, size, ",\"arguments\":{\"path\":\"%s\"}", asks[ask].path);
}

size_t bl_qmp_ask_write(enum bl_qmp_ask ask, uint64_t id, const char *device, uint64_t value,
                        char *buf)
{
	char arguments[BL_QMP_ASK_MAX - 96] = "";
	int n;

	write_arguments(ask, device, value, arguments, sizeof(arguments));
	n = snprintf(buf, BL_QMP_ASK_MAX, "{\"execute\":\"%s\",\"id\":%" PRIu64 "%s}\n",
	             asks[ask].command, id, arguments);
	return (size_t)n;
}
