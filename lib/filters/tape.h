/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the lines of a recording mean (write.h has their form). Pure: takes
 * lines, opens nothing. Every line is checked, whatever wrote it; a tape that
 * refused one is of no more use than to be freed or cleared.
 */
#ifndef BALLOON_FILTERS_TAPE_H
#define BALLOON_FILTERS_TAPE_H

#include "rows.h"
#include "text.h"

/* One order as it was recorded. */
struct bl_told {
	uint64_t key;
	uint64_t target_bytes;
	uint32_t means;
	int32_t rc;       /* the answer for this guest */
	int32_t batch_rc; /* the answer to all of them */
	int met;          /* the player's mark: it was given again */
};

enum bl_line { BL_LINE_HEADER, BL_LINE_LOOK, BL_LINE_ORDERS };

struct bl_tape {
	struct bl_text uri;     /* the header's; ends with a 0 */
	struct bl_text library;
	uint64_t looks;         /* number of the last look */
	uint64_t now_ns;        /* this and the rest: of the last look */
	int32_t rc;
	int absurd;
	struct bl_text why;
	struct balloon_sheet sheet; /* its numbers and nodes; its guests are … */
	struct balloon_node nodes[BALLOON_NODES_MAX];
	struct bl_rows rows;    /* … these */
	struct bl_told *told;   /* orders since the last look */
	size_t told_n;
	size_t told_room;
	int began;              /* the header was there */
	struct bl_text string;  /* scratch */
};

/* Takes the next line, without its newline. Returns enum bl_line, or -EINVAL
 * or -ENOMEM with the end of a sentence in error. */
int bl_tape_line(struct bl_tape *t, const char *line, size_t n, char *error, size_t size);

/* Which line is it, by its first words? *ret_now_ns (a look's) is set for
 * looks. Changes nothing. -EINVAL as above. */
int bl_tape_peek(const char *line, size_t n, uint64_t *ret_now_ns, char *error, size_t size);

/* Back to before the header. */
void bl_tape_clear(struct bl_tape *t);

#endif
