/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading what QEMU says: one line, and what an answer means. Pure: takes
 * bytes, which may be anything; a QEMU may have been taken over by its guest.
 */
#ifndef BL_QMP_REPLY_H
#define BL_QMP_REPLY_H

#include "ask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct json_tokener;

enum bl_qmp_kind {
	BL_QMP_GREETS,
	BL_QMP_RETURNS,
	BL_QMP_FAILS,
	BL_QMP_TELLS, /* an event */
};

struct bl_qmp_line {
	enum bl_qmp_kind kind;
	uint64_t id;               /* of the question; UNKNOWN = none that is ours */
	struct json_object *root;
	struct json_object *value; /* within root: what is returned; may be NULL */
	const char *word;          /* within root: the event's name, or the error's class; "" */
	const char *text;          /* within root: what the error says; "" */
};

/* 0 and a line to be freed; -EBADMSG: not QMP; -ENOMEM. */
int bl_qmp_line_read(struct json_tokener *tok, const char *text, size_t n,
                     struct bl_qmp_line *ret_line);
void bl_qmp_line_free(struct bl_qmp_line *line);

/* What changes from beat to beat, in the units of struct balloon_sample. */
struct bl_qmp_figures {
	uint64_t size_bytes;    /* without DIMMs */
	uint64_t plugged_bytes; /* DIMMs and virtio-mem together */
	uint64_t actual_bytes;
	uint64_t total_bytes;
	uint64_t available_bytes;
	uint64_t unused_bytes;
	uint64_t cache_bytes;
	uint64_t swap_in_bytes;
	uint64_t swap_out_bytes;
	uint64_t major_faults;
	uint64_t serial;
	bool running;
	bool never_answered;    /* the guest's driver never gave figures */
	bool migrating;         /* or saved or restored, with its memory */
	bool backed_up;         /* its disks are */
};

#define BL_QMP_NAME_MAX 256 /* as long as a file name */
#define BL_QMP_UUID_MAX 37

/* What was learnt of its devices. */
struct bl_qmp_facts {
	char name[BL_QMP_NAME_MAX];
	char uuid[BL_QMP_UUID_MAX];     /* "" = none */
	char device[BL_QMP_DEVICE_MAX]; /* the balloon device's path; "" = has none */
	unsigned lists;                 /* of devices, that were read */
	bool passthrough;
	bool encrypted;
	uint64_t dimm_bytes;            /* that a balloon reaches */
	uint64_t period_s;              /* of statistics; UNKNOWN = not told */
	bool reports;                   /* free page reporting is on */
	bool deflates;                  /* deflate-on-oom is on */
};

#define BL_QMP_LISTS 3 /* named, anonymous devices, objects */

void bl_qmp_figures_clear(struct bl_qmp_figures *f);
void bl_qmp_facts_clear(struct bl_qmp_facts *facts);

/* Takes what line returned to the question ask into where it belongs; what does
 * not make sense is left unknown. */
void bl_qmp_reply_read(enum bl_qmp_ask ask, const struct bl_qmp_line *line,
                       struct bl_qmp_figures *f, struct bl_qmp_facts *facts);

#endif
