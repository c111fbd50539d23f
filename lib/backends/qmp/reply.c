/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of QMP by json-c, and what is in an answer. A value of the wrong
 * type is a value that is not there. Reports what it was told: whether that is
 * believable is judged elsewhere.
 */
#include "reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <balloon/balloon.h>

/* -------------------------------------------------------------- one line */

static struct json_object *member(struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_get_ex(o, key, &value);
	return value;
}

static const char *text_of(struct json_object *o)
{
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
}

/* Negative numbers keep their bits: -1 is unknown, and all others larger than
 * anything that could be true. */
static uint64_t number_of(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_int))
		return BALLOON_UNKNOWN;
	if (json_object_get_int64(o) < 0)
		return (uint64_t)json_object_get_int64(o);
	return json_object_get_uint64(o);
}

static bool is_true(struct json_object *o)
{
	return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o);
}

static int sort_out(struct bl_qmp_line *line)
{
	struct json_object *error = member(line->root, "error");

	line->id = number_of(member(line->root, "id"));
	if (member(line->root, "QMP")) {
		line->kind = BL_QMP_GREETS;
	} else if (member(line->root, "event")) {
		line->kind = BL_QMP_TELLS;
		line->word = text_of(member(line->root, "event"));
	} else if (error) {
		line->kind = BL_QMP_FAILS;
		line->word = text_of(member(error, "class"));
		line->text = text_of(member(error, "desc"));
	} else if (json_object_object_get_ex(line->root, "return", &line->value)) {
		line->kind = BL_QMP_RETURNS;
	} else {
		return -EBADMSG;
	}
	return 0;
}

int bl_qmp_line_read(struct json_tokener *tok, const char *text, size_t n,
                     struct bl_qmp_line *ret_line)
{
	struct bl_qmp_line line = { .word = "", .text = "" };
	int rc = -EBADMSG;

	json_tokener_reset(tok);
	line.root = json_tokener_parse_ex(tok, text, (int)n);
	if (json_object_is_type(line.root, json_type_object))
		rc = sort_out(&line);
	if (rc < 0)
		json_object_put(line.root);
	else
		*ret_line = line;
	return rc;
}

void bl_qmp_line_free(struct bl_qmp_line *line)
{
	json_object_put(line->root);
	line->root = NULL;
}

/* --------------------------------------------------------- every beat */

void bl_qmp_figures_clear(struct bl_qmp_figures *f)
{
	memset(f, 0xff, offsetof(struct bl_qmp_figures, running));
	f->running = false;
	f->never_answered = false;
	f->migrating = false;
	f->backed_up = false;
}

/*
 * A figure that the guest did not give is -1 (hw/virtio/virtio-balloon.c), and
 * last-update is 0 until it gave any. Beware: this "available" is the guest's
 * MemAvailable, unlike libvirt's of the same name.
 */
static void read_stats(struct json_object *value, struct bl_qmp_figures *f)
{
	static const struct { const char *name; size_t offset; } fields[] = {
		{ "stat-total-memory", offsetof(struct bl_qmp_figures, total_bytes) },
		{ "stat-available-memory", offsetof(struct bl_qmp_figures, available_bytes) },
		{ "stat-free-memory", offsetof(struct bl_qmp_figures, unused_bytes) },
		{ "stat-disk-caches", offsetof(struct bl_qmp_figures, cache_bytes) },
		{ "stat-swap-in", offsetof(struct bl_qmp_figures, swap_in_bytes) },
		{ "stat-swap-out", offsetof(struct bl_qmp_figures, swap_out_bytes) },
		{ "stat-major-faults", offsetof(struct bl_qmp_figures, major_faults) },
	};
	uint64_t serial = number_of(member(value, "last-update"));

	f->never_answered = serial == 0;
	f->serial = serial ? serial : BALLOON_UNKNOWN;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t v = number_of(member(member(value, "stats"), fields[i].name));

		memcpy((char *)f + fields[i].offset, &v, sizeof(v));
	}
}

static bool one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

static void read_status(struct json_object *value, struct bl_qmp_figures *f)
{
	static const char *const moving[] = { "inmigrate", "finish-migrate", "save-vm", "restore-vm",
	                                      NULL };
	const char *status = text_of(member(value, "status"));

	f->running = strcmp(status, "running") == 0;
	f->migrating |= one_of(status, moving);
}

/* Nothing at all where there never was a migration. */
static void read_migration(struct json_object *value, struct bl_qmp_figures *f)
{
	static const char *const over[] = { "", "none", "completed", "failed", "cancelled", NULL };

	f->migrating |= !one_of(text_of(member(value, "status")), over);
}

static void read_jobs(struct json_object *value, struct bl_qmp_figures *f)
{
	static const char *const copying[] = { "backup", NULL };
	static const char *const moving[] = { "snapshot-save", "snapshot-load", NULL };
	static const char *const over[] = { "concluded", "null", "undefined", NULL };
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *job = json_object_array_get_idx(value, i);

		const char *type = text_of(member(job, "type"));

		if (one_of(text_of(member(job, "status")), over))
			continue;
		f->backed_up |= one_of(type, copying);
		f->migrating |= one_of(type, moving);
	}
}

/* -------------------------------------------------------- once per life */

void bl_qmp_facts_clear(struct bl_qmp_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->period_s = BALLOON_UNKNOWN;
}

/* A name that can be printed and put into a path as it is; else none at all. */
static bool is_plain(const char *name, const char *also)
{
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || strchr(also, *name)))
			return false;
	return true;
}

/* Control characters have no place in a name, on a screen or in a log. */
static void read_name(struct json_object *value, struct bl_qmp_facts *facts)
{
	const char *name = text_of(member(value, "name"));

	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return;
	if (strlen(name) < sizeof(facts->name))
		snprintf(facts->name, sizeof(facts->name), "%s", name);
}

static void read_uuid(struct json_object *value, struct bl_qmp_facts *facts)
{
	const char *uuid = text_of(member(value, "UUID"));

	if (strlen(uuid) == sizeof(facts->uuid) - 1 && is_plain(uuid, "-") &&
	    strspn(uuid, "0-") != strlen(uuid)) /* all zero: it was given none */
		memcpy(facts->uuid, uuid, sizeof(facts->uuid));
}

/*
 * Are pages of a guest with such a device pinned? VFIO says no for its s390
 * kinds alone (ram_block_discard_disable in hw/vfio), and vDPA pins as well.
 */
static bool pins(const char *type)
{
	static const char *const free_kinds[] = { "child<vfio-ap>", "child<vfio-ccw>", NULL };

	if (strncmp(type, "child<vfio-", 11) == 0)
		return !one_of(type, free_kinds);
	return strncmp(type, "child<vhost-vdpa-", 17) == 0;
}

/* QEMU keeps the memory of encrypted guests and ignores their balloon. */
static bool encrypts(const char *type)
{
	return strncmp(type, "child<sev-", 10) == 0 || strncmp(type, "child<tdx-", 10) == 0;
}

static void read_device(const char *where, struct json_object *entry, struct bl_qmp_facts *facts)
{
	const char *name = text_of(member(entry, "name")), *type = text_of(member(entry, "type"));
	char path[BL_QMP_DEVICE_MAX];
	int n;

	facts->passthrough |= pins(type);
	facts->encrypted |= encrypts(type);
	if (strncmp(type, "child<virtio-balloon-", 21) != 0 || !is_plain(name, "-_.[]"))
		return;
	n = snprintf(path, sizeof(path), "%s/%s", where, name);
	if (n > 0 && (size_t)n < sizeof(path))
		memcpy(facts->device, path, (size_t)n + 1);
}

static void read_list(const char *where, struct json_object *value, struct bl_qmp_facts *facts)
{
	if (!json_object_is_type(value, json_type_array))
		return;
	facts->lists++;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		read_device(where, json_object_array_get_idx(value, i), facts);
}

/* QEMU's balloon counts base memory and DIMMs, nothing else that was plugged
 * (get_current_ram_size() in hw/virtio/virtio-balloon.c). */
static void read_dimms(struct json_object *value, struct bl_qmp_facts *facts)
{
	size_t n = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;

	facts->dimm_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		struct json_object *device = json_object_array_get_idx(value, i);
		uint64_t size = number_of(member(member(device, "data"), "size"));

		if (strcmp(text_of(member(device, "type")), "dimm") == 0 && size <= BALLOON_BYTES_MAX)
			facts->dimm_bytes += size;
	}
}

void bl_qmp_reply_read(enum bl_qmp_ask ask, const struct bl_qmp_line *line,
                       struct bl_qmp_figures *f, struct bl_qmp_facts *facts)
{
	struct json_object *value = line->value;

	switch (ask) {
	case BL_QMP_NAME: read_name(value, facts); break;
	case BL_QMP_UUID: read_uuid(value, facts); break;
	case BL_QMP_DEVICES: read_list("/machine/peripheral", value, facts); break;
	case BL_QMP_DEVICES_ANON: read_list("/machine/peripheral-anon", value, facts); break;
	case BL_QMP_OBJECTS: read_list("/objects", value, facts); break;
	case BL_QMP_DIMMS: read_dimms(value, facts); break;
	case BL_QMP_PERIOD: facts->period_s = number_of(value); break;
	case BL_QMP_REPORTING: facts->reports = is_true(value); break;
	case BL_QMP_DEFLATES: facts->deflates = is_true(value); break;
	case BL_QMP_STATUS: read_status(value, f); break;
	case BL_QMP_ACTUAL: f->actual_bytes = number_of(member(value, "actual")); break;
	case BL_QMP_SIZE:
		f->size_bytes = number_of(member(value, "base-memory"));
		f->plugged_bytes = number_of(member(value, "plugged-memory"));
		break;
	case BL_QMP_STATS: read_stats(value, f); break;
	case BL_QMP_MIGRATION: read_migration(value, f); break;
	case BL_QMP_JOBS: read_jobs(value, f); break;
	default: break;
	}
}
