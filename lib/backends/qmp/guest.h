/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One guest: what was learnt of it, what that means over time, and the
 * connection it is asked over. Data and conclusions; asks nobody, reads no clock.
 */
#ifndef BL_QMP_GUEST_H
#define BL_QMP_GUEST_H

#include "process.h"
#include "reply.h"
#include "wire.h"

#include <balloon/backend.h>

/* Figures come every second; after five the guest has missed several. QEMU
 * asks again only when it was answered, so one lost answer ends them all. */
#define BL_QMP_STALE_NS UINT64_C(5000000000)

/* How often guests are asked for figures: the finest that QEMU has. */
#define BL_QMP_PERIOD_S 1

/*
 * What an operator should know of a guest and cannot see: bits, each with a
 * sentence. None of it keeps the guest from being served.
 */
enum bl_qmp_trait {
	BL_QMP_TRAIT_BUSY = 1u << 0,       /* somebody else holds its socket */
	BL_QMP_TRAIT_STOPPED = 1u << 1,    /* its QEMU was stopped by a signal */
	BL_QMP_TRAIT_NO_REPORTING = 1u << 2,
	BL_QMP_TRAIT_DEFLATES = 1u << 3,
	BL_QMP_TRAIT_NO_STATS = 1u << 4,
	BL_QMP_TRAIT_MIGRATING = 1u << 5,
	BL_QMP_TRAIT_BACKED_UP = 1u << 6,
	BL_QMP_TRAIT_NO_PROCESS = 1u << 7, /* whose process it is cannot be told */
	BL_QMP_TRAIT_RIVAL = 1u << 8,      /* another controller runs here */
};

/* "is …; do …": to be put after the guest's name. For one bit; never NULL. */
const char *bl_qmp_trait_sentence(uint32_t trait);

enum bl_qmp_phase {
	BL_QMP_DOWN,
	BL_QMP_KNOCKING, /* connected, but not greeted */
	BL_QMP_TALKING,
};

struct bl_qmp_asked {
	uint64_t id;
	enum bl_qmp_ask ask;
};

/* The longest round, a first look, has ten. */
#define BL_QMP_ASKED_MAX 16

enum bl_qmp_round {
	BL_QMP_NO_ROUND,
	BL_QMP_LEARN,  /* what it is; a look follows */
	BL_QMP_LOOK,   /* how it is */
	BL_QMP_TELL,   /* its target, or its old period at the end */
};

struct bl_qmp_guest {
	char *path;
	bool listed;             /* the directory has the socket */
	bool there;              /* somebody listens, or its process lives */
	bool spare;              /* another socket of a guest that has a better one … */
	bool idle;               /* … which works, so that this one is not needed */

	struct bl_qmp_wire wire;
	enum bl_qmp_phase phase;
	bool capable;            /* it was told to leave its first mode */
	enum bl_qmp_round round; /* that is out, or is sent when it greets */
	struct bl_qmp_asked asked[BL_QMP_ASKED_MAX];
	size_t asked_n;
	uint64_t asked_ns;       /* our clock */
	bool awaited;            /* in the wait that goes on */
	bool slow;               /* its last answer took long: not waited for as long */
	bool muted;              /* floods us: not listened to until the next call */
	unsigned events_n;       /* heard during this call */
	uint64_t retry_ns;       /* our clock: not connected to before this; then the pause doubles */
	uint64_t pause_ns;

	struct balloon_order *order; /* that is out, or NULL */

	struct bl_qmp_process process;
	struct bl_qmp_memory memory;
	bool alive;              /* memory is of now */
	bool rivalled;           /* another controller moves guests like it */
	bool own;                /* the process was seen to be large enough to be its QEMU */

	bool learned;
	uint64_t learned_ns;
	bool ask_device;         /* what its balloon device is set to */
	struct bl_qmp_facts facts, learning;
	struct bl_qmp_figures figures, incoming;
	bool heard;              /* figures are of this call */

	uint64_t key;
	uint64_t generation;     /* moves when it is reset within the life of its process */
	uint64_t lives;          /* connections to this path, where processes are not known */
	char name[BL_QMP_NAME_MAX];

	bool nudging;            /* its period stands, but nothing comes */
	bool period_owned;       /* we set its statistics period, and owe it the old one */
	uint64_t period_old_s;
	uint64_t ask_ns;         /* no errand before this; then its pause doubles */
	uint64_t ask_pause_ns;
	uint64_t since_ns;       /* running and observed without a break since */
	bool driver_alive;       /* gave figures, or moved, in this life */
	uint64_t serial;         /* last one seen, and when it was seen to change */
	uint64_t serial_ns;
	uint64_t serial_void;    /* figures with this serial are from before a reset */
};

/* NULL: no memory. */
struct bl_qmp_guest *bl_qmp_guest_new(const char *path);
void bl_qmp_guest_free(struct bl_qmp_guest *g);

/* Another process listens: nothing learnt of the one before holds. */
void bl_qmp_guest_start(struct bl_qmp_guest *g, uint64_t now_ns);

/* It was reset: another life for the policy, the same process for us. */
void bl_qmp_guest_renew(struct bl_qmp_guest *g, uint64_t now_ns);

/* g->learning is complete: takes it in; false if it is not of use. */
bool bl_qmp_guest_learn(struct bl_qmp_guest *g, uint64_t now_ns);

/* g->incoming is complete: takes it in and concludes. */
void bl_qmp_guest_update(struct bl_qmp_guest *g, uint64_t now_ns);

/* Once a call: looks at its process, and draws conclusions from silence. */
void bl_qmp_guest_check(struct bl_qmp_guest *g, uint64_t now_ns);

uint32_t bl_qmp_guest_traits(const struct bl_qmp_guest *g, uint64_t now_ns);

/* The guest as the library wants it. Strings stay the guest's. */
void bl_qmp_guest_sample(const struct bl_qmp_guest *g, uint64_t now_ns,
                         struct balloon_sample *ret_sample);

#endif
