/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said to QEMU, as text. Pure.
 */
#ifndef BL_QMP_ASK_H
#define BL_QMP_ASK_H

#include <stddef.h>
#include <stdint.h>

enum bl_qmp_ask {
	BL_QMP_CAPABILITIES,

	/* once per life, and when devices changed */
	BL_QMP_NAME,
	BL_QMP_UUID,
	BL_QMP_DEVICES,      /* those with a name … */
	BL_QMP_DEVICES_ANON, /* … and those without */
	BL_QMP_OBJECTS,
	BL_QMP_DIMMS,
	BL_QMP_PERIOD,       /* these three of the balloon device */
	BL_QMP_REPORTING,
	BL_QMP_DEFLATES,

	/* every beat */
	BL_QMP_STATUS,
	BL_QMP_ACTUAL,
	BL_QMP_SIZE,
	BL_QMP_STATS,
	BL_QMP_MIGRATION,
	BL_QMP_JOBS,

	BL_QMP_SET_TARGET,   /* bytes */
	BL_QMP_SET_PERIOD,   /* seconds */
	BL_QMP_ASKS,
};

/* A QOM path that can stand in a question as it is. */
#define BL_QMP_DEVICE_MAX 128

/* The longest question, with a device's path in it. */
#define BL_QMP_ASK_MAX 384

/* Writes one line to buf[BL_QMP_ASK_MAX] and returns its length. device and
 * value where the question has them. */
size_t bl_qmp_ask_write(enum bl_qmp_ask ask, uint64_t id, const char *device, uint64_t value,
                        char *buf);

#endif
