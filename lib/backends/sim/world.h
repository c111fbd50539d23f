/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated host inside: what the files of this room share. Nothing here
 * knows a policy; the only way in is sim.h and the backend contract.
 *
 * A hundred thousand guests are stepped each beat, so what every step touches
 * lies apart from what it rarely does: beat (16 bytes: may it be left alone?),
 * hot (its memory), row (what the hypervisor shows), press (what other means
 * than the balloon do to it), cold (all the rest). The five arrays run in step,
 * index by index, in the order guests were added.
 */
#ifndef BL_SIM_WORLD_H
#define BL_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <balloon/sim.h>

/* The host's clock counts these. */
#define MS_NS UINT64_C(1000000)
/* Nothing is due, ever. */
#define NEVER UINT64_MAX
/* The longest step taken in one piece: rates times this stay far from 2^64. */
#define PIECE_MS UINT64_C(60000)
/* A fault lasts until the next multiple of this. */
#define FAULT_MS UINT64_C(30000)
/* The guest's disk: what 2 spindles or a throttled volume give. */
#define DISK_BYTES_S (UINT64_C(100) << 20)
/* Faster is no machine; keeps rate times PIECE_MS below 2^64. */
#define RATE_MAX (UINT64_C(1) << 43)
/* Index bits of a key; the rest is the generation of the slot. */
#define SLOT_BITS 20u
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define NO_INDEX UINT32_MAX

/* What kind of step a guest needs. */
enum beat_flags {
	AT_REST = 1u << 0, /* nothing can change but the age of its figures */
	ODD = 1u << 1,     /* does not simply obey: odd.c */
	ABSENT = 1u << 2,  /* not started yet */
	MOVING = 1u << 3,  /* its demand changes by itself */
};

struct beat {
	uint64_t figures_ms; /* its figures are new at this time */
	uint32_t period_ms;
	uint32_t flags;
};

struct hot {
	uint64_t size, base; /* base: the kernel's */
	uint64_t target, actual;
	uint64_t move_ms;    /* driver moves from then on */
	uint64_t down, up;   /* bytes per second */
	uint64_t demand, hot_part, killed;
	uint64_t wants, used, unmet;
	uint64_t cache, cache_max, cache_rate;
	uint64_t resident;
	uint64_t swapped, swap_max, swap_in, swap_out, faults;
	uint64_t out, zipped; /* touched and not resident; of it in the host's pool */
	uint64_t shared;     /* of resident, saved */
	uint32_t carry;      /* thousandths of a byte moved, below 1000 */
	uint32_t pressure_bp;
	uint32_t stall_bp;   /* by the host */
	uint32_t busy;       /* the host's means have work with it */
};

/* What a guest was told by means other than the balloon, and their story. */
struct press {
	uint64_t told[BALLOON_MEANS_N]; /* the balloon's is unused */
	uint64_t had;        /* resident at the end of the last step */
	uint64_t refault, orders;
};

/* One point of a trace, in the host's milliseconds. */
struct point {
	uint64_t ms, bytes;
};

struct cold {
	char *names;         /* name and uuid, one block; outlives the guest by a beat */
	const char *uuid;
	uint64_t uid;        /* which guest this is, for chance */
	struct point *points;
	size_t points_n, cursor;
	bool wanders;
	uint64_t start_ms, boot_ms, boot_until_ms;
	uint64_t boot_actual; /* actual as shown until then; UNKNOWN = the true one */
	struct balloon_sim_behaviour own;
	struct balloon_sim_behaviour *fault; /* instead of own, or NULL */
	bool faulty;
	uint64_t behaviour_ms; /* since when it behaves so */
	uint64_t told, last_told;
	int moved_up;        /* 1, -1, 0 = never moved */
	uint64_t orders, moves, reversals, refused, oom_kills;
	uint64_t actual_min, unmet_kib_ms;
	uint32_t lives;
	struct balloon_sample late; /* figures on their way */
	uint64_t late_ms;
};

/* Before each block of rows or names: once buried, it is freed at the next
 * observe, as what was handed out may still point into it. */
struct grave {
	struct grave *next;
	uint64_t pad; /* keeps what follows aligned as malloc does */
};

struct balloon_sim {
	uint64_t seed;
	uint32_t faults_bp;
	uint64_t total, own, host_cache, capacity;
	uint64_t swap_max, pool_max;
	uint32_t compress_bp, share_bp, nodes_n, features;
	bool means;                  /* has any but the balloon */

	struct beat *beat;
	struct hot *hot;
	struct balloon_sample *row;
	struct press *press;
	struct cold *cold;
	uint32_t *slot_index;        /* by slot; NO_INDEX = free */
	uint32_t *slot_generation;
	size_t n, room, slots, absent_n;
	uint32_t *free_slots;        /* a stack of slots to use again */
	size_t free_n;
	struct balloon_sample *shown; /* rows without the absent, when there are any */
	size_t shown_room;
	uint64_t *misses, *node_bytes; /* behind the rows; filled when observed */
	size_t extras_room;
	struct balloon_node nodes[BALLOON_NODES_MAX];
	uint64_t uids;
	struct grave *graves;

	bool started;
	uint64_t origin_ns, ms;      /* ms since origin */
	uint64_t away_ms;            /* until then */

	uint64_t resident, promised, wants, unmet; /* sums over present guests */
	uint64_t out, zipped, shared, stall_bp;    /* likewise */
	uint64_t refault, means_orders;
	uint64_t available_min, over_max, promised_over_max;
	uint64_t over_kib_ms, over_kib_s, wants_kib_ms, wants_kib_s, unmet_kib_ms, unmet_kib_s;
	uint64_t orders, moves, reversals, refused, oom_kills;

	int event_fd;
	int door;                    /* which of the doors in door.c; -1 = none */
	bool owned;                  /* made by its URI: close() frees it */
	char uri[32];
};

/* chance.c: the same three numbers give the same chance, always. */
uint64_t bl_sim_chance(uint64_t seed, uint64_t who, uint64_t when);

/* world.c */
int bl_sim_create(const struct balloon_sim_host *host, struct balloon_sim **ret_sim);
void bl_sim_destroy(struct balloon_sim *sim);
uint32_t bl_sim_find(const struct balloon_sim *sim, uint64_t key);
void *bl_sim_block(size_t size);
void bl_sim_unblock(void *block);
void bl_sim_bury(struct balloon_sim *sim, void *block);
void bl_sim_forget_graves(struct balloon_sim *sim);
void bl_sim_news(struct balloon_sim *sim);

/* life.c */
void bl_sim_begin(struct balloon_sim *sim, uint32_t i, uint64_t at_ms);
void bl_sim_remove_index(struct balloon_sim *sim, uint32_t i);
void bl_sim_restart_index(struct balloon_sim *sim, uint32_t i, uint32_t how);

/* step.c */
uint64_t bl_sim_part(uint64_t bytes_s, uint64_t ms, uint32_t *carry);
void bl_sim_advance(struct balloon_sim *sim, uint64_t ms);
void bl_sim_touch(struct balloon_sim *sim, uint32_t i);
void bl_sim_count(struct balloon_sim *sim, uint32_t i);
void bl_sim_uncount(struct balloon_sim *sim, uint32_t i);
void bl_sim_record(struct balloon_sim *sim);
uint64_t bl_sim_available(const struct balloon_sim *sim);
void bl_sim_move(struct hot *h, uint64_t goal, uint64_t ms);
void bl_sim_use(struct balloon_sim *sim, uint32_t i, uint64_t spike, uint64_t ms);

/* means.c */
uint64_t bl_sim_hot(const struct hot *h);
uint64_t bl_sim_cold(const struct hot *h);
uint64_t bl_sim_pool(const struct balloon_sim *sim);
uint32_t bl_sim_means(const struct balloon_sim *sim, uint32_t i);
void bl_sim_unpressed(struct press *p);
void bl_sim_trim(struct hot *h);
void bl_sim_press(struct balloon_sim *sim, uint32_t i, uint64_t ms);
int bl_sim_tell_means(struct balloon_sim *sim, uint64_t key, uint32_t means, uint64_t level);
void bl_sim_lift(struct balloon_sim *sim);

/* extras.c */
int bl_sim_extras(struct balloon_sim *sim);
uint32_t bl_sim_node(const struct balloon_sim *sim, uint32_t i);

/* demand.c */
uint64_t bl_sim_between(uint64_t from, uint64_t to, uint64_t part, uint64_t whole);
uint64_t bl_sim_demand(struct balloon_sim *sim, uint32_t i, uint64_t ms);

/* figures.c */
void bl_sim_figures(const struct balloon_sim *sim, const struct hot *h,
                    struct balloon_sample *row);
void bl_sim_no_figures(struct balloon_sample *row);
uint64_t bl_sim_figures_due(struct beat *b, uint64_t ms);

/* odd.c, lies.c */
const struct balloon_sim_behaviour *bl_sim_now(const struct cold *c);
void bl_sim_classify(struct balloon_sim *sim, uint32_t i);
void bl_sim_step_odd(struct balloon_sim *sim, uint32_t i, uint64_t from_ms, uint64_t to_ms);
void bl_sim_show_odd(struct balloon_sim *sim, uint32_t i, uint64_t ms);

/* tell.c */
int bl_sim_tell(struct balloon_sim *sim, uint64_t key, uint64_t target_bytes);

/* faults.c */
void bl_sim_faults(struct balloon_sim *sim, uint64_t slot);

/* uri.c */
int bl_sim_from_uri(const char *uri, struct balloon_sim **ret_sim, char *ret_error, size_t size);

/* lines_zlib.c, or lines_plain.c where there is no zlib */
void *bl_sim_lines_open(const char *path);
int bl_sim_line(void *lines, char *ret_line, size_t size);
void bl_sim_lines_close(void *lines);

/* door.c */
int bl_sim_open_door(struct balloon_sim *sim);
void bl_sim_close_door(struct balloon_sim *sim);
struct balloon_sim *bl_sim_behind(uint64_t door);

/* contract.c: the backend's calls but open(), which each door has of its own */
int bl_sim_open_uri(const char *uri, void **ret_self, char *ret_error, size_t size);
void bl_sim_close(void *self);
int bl_sim_observe(void *self, uint64_t now_ns, struct balloon_sheet *ret_sheet);
int bl_sim_order(void *self, uint64_t now_ns, struct balloon_order *orders, size_t n);
int bl_sim_fd(void *self);
const char *bl_sim_error(void *self);
extern BALLOON_API const struct balloon_backend balloon_backend_module;

#endif
