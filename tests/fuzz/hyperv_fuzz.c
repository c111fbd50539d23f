/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a Hyper-V host could send: an envelope, or the frame of a sealed one.
 * Everything that reads is run over it, whatever the reply was to, and what it
 * says goes on to the levers.
 */
#include "../../lib/backends/hyperv/frame.h"
#include "../../lib/backends/hyperv/rows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void steer_by(const struct bl_hyperv_memory *m, const struct bl_hyperv_now *now)
{
	struct bl_hyperv_rules rules = {.resizes = true, .lower_reservation = true,
	                                .raise_limit = 1 << 20, .weight_unit = 4096};
	struct bl_hyperv_case c = {.now = m, .version = 9, .usage = now->usage_mib, .fresh = true,
	                           .demand = bl_hyperv_demand(now->usage_mib, now->available_pct),
	                           .target = 4096};
	struct bl_hyperv_course course;

	c.demand = bl_hyperv_demand_at_rest(c.usage, m->buffer, c.demand);
	bl_hyperv_steer(&c, &rules, &course);
	if ((course.change.set & BL_HYPERV_BUFFER) &&
	    (course.change.buffer < 5 || course.change.buffer > 2000))
		abort();
	if ((course.change.set & BL_HYPERV_WEIGHT) && course.change.weight > 10000)
		abort();
	if ((course.change.set & BL_HYPERV_RESERVATION) &&
	    course.change.reservation > m->reservation)
		abort();
	if ((course.change.set & BL_HYPERV_LIMIT) && course.change.limit < m->limit)
		abort();
}

static int take(void *arg, const xmlNode *object)
{
	char owner[BL_HYPERV_GUID_MAX], date[BL_HYPERV_DATE_MAX], text[32];
	struct bl_hyperv_now now = {.usage_mib = 1000, .available_pct = 20};
	struct bl_hyperv_memory memory;
	uint64_t version;

	bl_hyperv_now_read(object, &now);
	if (bl_hyperv_memory_read(object, &memory, owner) == 0)
		steer_by(&memory, &now);
	bl_hyperv_version_read(object, &version, owner);
	bl_hyperv_job_read(object, text, sizeof(text));
	bl_hyperv_date_read(bl_hyperv_text(object, "TimeOfLastConfigurationChange"), date);
	return ++*(int *)arg > 1000;
}

static void read_reply(const char *bytes, size_t n)
{
	char context[BL_HYPERV_CONTEXT_MAX], text[64];
	struct bl_hyperv_reply reply;
	const xmlNode *object;
	uint32_t value;
	int taken = 0;

	if (bl_hyperv_reply_read(bytes, n, &reply) < 0)
		return;
	bl_hyperv_items(&reply, take, &taken, context);
	bl_hyperv_summaries(&reply, take, &taken);
	bl_hyperv_output(&reply, &value, text, sizeof(text));
	bl_hyperv_identity(&reply, text, sizeof(text));
	if (bl_hyperv_object(&reply, &object) == 0)
		take(&taken, object);
	bl_hyperv_reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bl_hyperv_frame frame;
	const char *bytes = (const char *)data;

	if (bl_hyperv_frame_read(bytes, n, &frame) == 0 &&
	    (frame.signature < bytes || frame.data < frame.signature + frame.signature_n ||
	     frame.data + frame.data_n > bytes + n))
		abort();
	read_reply(bytes, n);
	return 0;
}
