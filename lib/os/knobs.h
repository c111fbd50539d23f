/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings of the host that are turned for a while and turned back: what was
 * found is written to a journal before anything is changed, so that whoever
 * comes after a kill -9 can still put it back. Must not know what a setting does.
 *
 * A setting that somebody else has turned since is left as he wants it.
 * One user of a journal at a time: a second one is told -EBUSY.
 */
#ifndef BL_OS_KNOBS_H
#define BL_OS_KNOBS_H

#include <stdbool.h>

#include "text.h"

struct bl_knobs;

/* The journal is a file (its directory must exist; /run is forgotten at boot,
 * as the settings are). What a predecessor left in it is put back first.
 * 0; -EBUSY: another process holds it; -EPERM: the file is not ours alone; -errno. */
int bl_knobs_open(const char *journal, struct bl_knobs **ret_knobs);

/* Writes value to path, after noting what path held. Values are one line; where
 * the kernel shows a choice ("[none] scan-time"), the one in brackets was found.
 * Turning again keeps the first note. value NULL changes nothing: it notes what
 * the kernel will change by itself with what is turned next, and that is put back
 * whatever it says then. 0 or -errno, with nothing changed. */
int bl_knobs_set(struct bl_knobs *knobs, const char *path, const char *value);

/* The same where somebody else must do the writing: write(arg, value) does. */
int bl_knobs_set_by(struct bl_knobs *knobs, const char *path, const char *value,
                    int (*write)(void *arg, const char *value), void *arg);

/* Whether path is turned now. */
bool bl_knobs_has(struct bl_knobs *knobs, const char *path);

/* Puts back one path, or all (path NULL), last turned first. 0, or the first
 * -errno; a path that no longer exists is well. */
int bl_knobs_restore(struct bl_knobs *knobs, const char *path);

/* Restores all and ends; NULL is well. */
void bl_knobs_close(struct bl_knobs *knobs);

/* One line of the journal, split; pure. "+", path, found, asked ("" for NULL), or
 * "-", path; tabs between. False: no such line. */
struct bl_knobs_line {
	bool gone;
	struct bl_span path;
	struct bl_span found;
	struct bl_span asked;
};
bool bl_knobs_line(struct bl_span line, struct bl_knobs_line *ret_line);

/* What of a setting's text is its value: its one line, or of a choice the one in
 * brackets; pure. False: several lines, or nothing, or a tab. */
bool bl_knobs_value(struct bl_span text, struct bl_span *ret_value);

#endif
