/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy's view of the world: rows of numbers in, rows of numbers out.
 * Nothing in core knows I/O, clocks, allocation, text or a hypervisor; time is
 * an argument, and what should happen is left in the rows.
 *
 * One beat: bl_verify, bl_estimate, bl_arbitrate, bl_plan, in this order, by
 * bl_beat(). The hall fills `seen` before it and acts on `order` after it.
 */
#ifndef BL_CORE_H
#define BL_CORE_H

#include <balloon/balloon.h>

#include "entitle.h"

/* As many as backend.h allows, which core does not read. */
#define BALLOON_NODES 16
/* And as many parts of a curve of misses. */
#define BL_MISSES 16

/* What the last observation says of a guest, already bounded by the guard. */
struct bl_seen {
	uint64_t size;
	uint64_t actual;
	uint64_t available; /* of the guest's memory, usable without swapping */
	uint64_t total;     /* what the guest itself sees */
	uint64_t swap_in;   /* counter */
	uint64_t resident;
	uint64_t active; /* sampled by the host */
	uint64_t serial; /* moves when the guest's figures are new */
	uint64_t cold;      /* host: resident, not referenced lately */
	uint64_t swapped;   /* host: held in swap, compressed or not */
	uint64_t refault;   /* host: counter of what came back from there */
	uint64_t shared;    /* host: saved by sharing */
	uint64_t shareable; /* host: more that sharing would save */
	uint64_t stall_bp;  /* of the time, it stood still for want of memory */
	uint64_t compress_bp; /* what its cold memory shrinks to */
	uint8_t curve; /* its misses are known: bl_curve() */
	uint8_t means; /* bits: what gets memory back from it beside the balloon */
	uint8_t here;    /* was in the sheet at all */
	uint8_t running;
	uint8_t fixed; /* enum balloon_fixed */
};

struct bl_guest {
	struct bl_seen seen;

	/* what the operator allows; UNKNOWN = default by size */
	uint64_t shares;
	uint64_t reservation;
	uint64_t limit;
	uint64_t floor; /* by its size */
	uint32_t tax_bp;

	/* verify: where it is on its way */
	uint64_t actual;    /* last known, or size */
	uint64_t resident;  /* last known; UNKNOWN = the host never says */
	uint64_t target;    /* last told, or adopted */
	uint64_t mark;      /* actual when it last showed progress */
	uint64_t ceiling;   /* it could not be grown above this; UNKNOWN = could */
	uint64_t ceiling_ns; /* when that was learnt */
	uint64_t born_ns;
	uint64_t fresh_ns;  /* its own figures were last new; UNKNOWN = never */
	uint64_t since_ns;  /* between its last two fresh figures; UNKNOWN = one only */
	uint64_t moved_ns;  /* last progress; only movement winds this clock */
	uint64_t lag_ns;    /* left its target; UNKNOWN = is there */
	uint64_t grown_ns;  /* last order to grow; UNKNOWN = none */
	uint64_t shrunk_ns; /* likewise to shrink */
	uint64_t retold_ns; /* last order repeated because it drifted */
	uint64_t serial;
	uint64_t swap_in;
	uint64_t refault;

	/* what the host holds behind it, against what it claims to have given */
	uint64_t proof_actual;   /* when it was last known to be honest */
	uint64_t proof_resident; /* most that was seen since then */
	uint64_t proof_beside;   /* of it, not the guest's: beyond what it had */
	uint64_t proven_ns;      /* when the host's view last bore it out */
	uint64_t given;          /* bytes its balloon gave, ever */
	uint64_t pace;           /* bytes a second it gives when told to; 0 = never seen */
	uint64_t refused;        /* bytes it was to give and did not in time, ever */
	uint64_t kept; /* most that may lie in host memory, told as it does not give; UNKNOWN */

	/* estimate */
	uint64_t fast;
	uint64_t slow;
	uint64_t active;
	uint64_t need;
	uint64_t learnt; /* had this when it last began to suffer from being shrunk */

	/* demand; kept by profiles that lend alone */
	uint64_t used;    /* in its last figures; UNKNOWN = none yet */
	uint64_t works;   /* used, and the little that must lie free beside it */
	uint64_t demand;  /* works, or how that goes on where all it has is used */
	uint64_t idle;    /* bytes times beats that lay idle since it was last cut */
	uint64_t vol;     /* steepest change a beat, fading */
	uint64_t peak;    /* most it used or was taken to demand, fading */
	uint64_t full_ns; /* since when all it has is used; UNKNOWN = it is not */
	uint64_t grant;   /* bytes of its last growth */
	int64_t trend;    /* bytes a beat */

	/* lend */
	uint64_t base;  /* demand, and its rise for two beats */
	uint64_t claim; /* most it is to have in the deal by demand */
	uint64_t part;  /* bytes it is to be given, or to give */
	uint8_t led;    /* may be led at all: known, here, not held */

	/* arbitrate */
	uint64_t min;
	uint64_t max;
	uint64_t entitlement; /* what the rules grant it */
	uint64_t cap;         /* most that its NUMA nodes have room for; UNKNOWN = no matter */
	uint64_t pin;         /* what it holds beyond that and cannot give; 0 = nothing */
	uint64_t goal;        /* where it is led, the pinned holding what they hold */

	/* plan */
	uint64_t order; /* new target, or UNKNOWN for none */

	uint8_t born;
	uint8_t was_up;  /* had figures when first met: not booting */
	uint8_t fresh;   /* figures are new in this beat */
	uint8_t stale;   /* its figures are not to be used */
	uint8_t pressed; /* short of memory by its own figures */
	uint8_t curved;  /* its entitlement rests on its curve */
	uint8_t choked;  /* so short that what it would use does not show */
	uint8_t stuck;
	uint8_t hollow;  /* claims to have given what the host does not see */
	uint8_t hold;    /* enum bl_hold_mode; the hall's */
	uint8_t overridden; /* its hold keeps too much from the others */
	uint8_t crowded; /* a pool it is in has more than its limit */
	uint8_t drifted; /* went away from its target: somebody else told it so */
	uint8_t state;  /* enum balloon_state */
	uint8_t bound;  /* enum balloon_reason: the rule behind its entitlement */
	uint8_t reason; /* enum balloon_reason: the rule behind its target */
};

/* A pool of guests and pools. Pool 0 is the root, which holds all; the others
 * stand behind their parents, and those of one parent side by side. */
struct bl_pool {
	/* what the operator allows; UNKNOWN = none, no limit */
	uint64_t shares;
	uint64_t reservation;
	uint64_t limit;

	uint32_t parent;
	uint32_t pools, pools_n;   /* its pools: a run of them */
	uint32_t guests, guests_n; /* its guests: a run of bl_world.members */
	uint8_t expandable;

	/* arbitrate: sums over all below it */
	uint64_t reserved; /* admission: promised to members */
	bl_u128 owed; /* what min would be if it could not exceed the widest world */
	uint64_t min;
	uint64_t max;
	uint64_t active;
	uint64_t entitlement;
	uint64_t charged;
	uint8_t crowded; /* it, or one it is in, has more than its limit */
};

enum bl_hold_mode {
	BL_HOLD_NONE,
	BL_HOLD_FREEZE,
	BL_HOLD_KEEP,
	BL_HOLD_FULL,
};

struct bl_ladder; /* ladder.h */

struct bl_world {
	struct balloon_profile rules;
	uint64_t budget;     /* or UNKNOWN */
	uint64_t reserve;    /* or UNKNOWN */
	uint64_t claims;     /* what guests about to start reserve … */
	uint64_t claims_max; /* … and what they could use */

	uint32_t nodes_n;   /* NUMA nodes told apart; 0 = none */
	uint64_t node_free[BALLOON_NODES]; /* available on each */
	uint16_t *node_bp;  /* of each guest's memory, on each node; n * nodes_n */

	uint64_t *curves;   /* misses of each guest; n * (BL_MISSES + 1) */

	uint64_t total;     /* host, or UNKNOWN */
	uint64_t available; /* host, or UNKNOWN */
	uint64_t swap_free;     /* host, or UNKNOWN */
	uint64_t compress_free; /* memory that compressed pages may yet take; or UNKNOWN */
	uint64_t stall_bp;      /* of the time, somebody on the host stood still; or UNKNOWN */

	struct bl_guest *guests;
	size_t n;
	struct bl_pool *pools; /* at least the root */
	size_t pools_n;
	uint32_t *members; /* all guests, by pool */
	struct bl_ladder *ladders; /* one a guest */

	struct bl_claimant *claimants; /* room for n + pools_n each */
	struct bl_scratch *scratch;
	uint64_t *entitled;

	uint64_t kept;      /* reserve in effect */
	uint64_t host_room; /* what guests have and could have by the host's figures */
	uint64_t capacity;  /* what there is to divide, or UNKNOWN */
	uint64_t beat_ns;   /* when the last beat was … */
	uint64_t since_ns;  /* … and the time since the one before */
	uint64_t spare;     /* of it, not dealt but kept to be granted at once */
	uint64_t claimed;   /* kept for guests about to start; not in capacity */
	uint64_t held;      /* above entitlements, kept by holds */
	uint8_t state;      /* enum balloon_host_state */
	uint64_t charged;   /* what guests have or were promised */
	uint64_t shortfall;
	uint64_t owed;      /* by guests that do not give, and waited for by others */
	uint64_t lacking;   /* host memory below what it should have free */
	uint8_t plenty;
	uint8_t by_demand; /* guests claim what they demand, not what they may have */
	uint8_t scarce;    /* lending: demands come to more than there is … */
	uint64_t scarce_ns; /* … and did for so long in the last days */
	uint8_t needy;     /* somebody waits for what he needs, not for a surplus */
};

/* Constants by name; 0 or -ENOENT. The name is compared by the hall. */
extern const struct balloon_profile bl_balanced, bl_aggressive, bl_conservative, bl_lending;

uint64_t bl_floor(uint64_t size);

/* Likewise by a curve of n points; without any the same. */
uint64_t bl_floor_by(const struct balloon_floor_point *points, size_t n, uint64_t size);
uint64_t bl_min_free(uint64_t total);

/* A guest before it was seen: nothing is known of it. */
void bl_meet(struct bl_guest *g);

void bl_verify(const struct bl_world *w, struct bl_guest *g, uint64_t now);
void bl_estimate(const struct bl_world *w, struct bl_guest *g);
void bl_arbitrate(struct bl_world *w, uint64_t now);

/* Memory in use now, best source first; UNKNOWN without any. */
uint64_t bl_in_use(const struct bl_guest *g);

/* What a guest would use if it could. */
void bl_demand(const struct bl_world *w, struct bl_guest *g, uint64_t now);

/* New here and without a driver so far: not squeezed while it comes up. */
int bl_booting(const struct bl_world *w, const struct bl_guest *g, uint64_t now);

/* Among a pool's guests that have curves: what they are entitled to together,
 * where it saves most. */
void bl_curves_deal(struct bl_world *w, const struct bl_pool *p);

/* A guest's claim on its pool, its bounds being set. */
struct bl_claimant bl_claim(const struct bl_world *w, const struct bl_guest *g);

/* Sums pools from below, and divides from above: into each guest's goal. */
void bl_pools_sum(struct bl_world *w);
void bl_pools_divide(struct bl_world *w, uint64_t capacity);

/* Tells the guests of pools that have more than their limits. */
void bl_pools_crowd(struct bl_world *w);

/* Keeps what guests are led to within what their NUMA nodes have. */
void bl_numa(struct bl_world *w, uint64_t capacity);
void bl_plan(struct bl_world *w, uint64_t now);

/* Orders a guest to have so much more than its target. */
void bl_grow(struct bl_guest *g, uint64_t part, uint8_t why);

/* Guests below their bounds: what they miss, and their orders. */
uint64_t bl_missing(const struct bl_world *w, uint64_t most);
uint64_t bl_restore(struct bl_world *w, uint64_t free);

/* It is here, runs and is not fixed. */
int bl_can_move(const struct bl_guest *g);

/* Somebody wants its target left as it is, and may. */
int bl_frozen(const struct bl_guest *g);

/* The rule that forbids to shrink a guest, or NONE. */
uint8_t bl_spared(const struct bl_world *w, const struct bl_guest *g, uint64_t now);

/* Pins what holds keep; returns how many guests. */
size_t bl_hold(struct bl_world *w);

/* The host's state from free memory and its minimum, having been in was. */
uint8_t bl_host_state(uint8_t was, uint64_t free, uint64_t minimum);

/* Admission. First what guests reserve, then what else is reserved
 * (bl_reserve), then what pools do; then the question, whether so many bytes
 * more fit. If not, 0, and which pool refuses and what it is short of. */
void bl_reserve_guests(struct bl_world *w);
void bl_reserve(struct bl_pool *pools, uint32_t pool, uint64_t bytes);
void bl_reserve_pools(struct bl_world *w);
int bl_admit(const struct bl_world *w, uint32_t pool, uint64_t bytes, uint64_t capacity,
             uint32_t *ret_pool, uint64_t *ret_short);

/* What the host takes by its own means where balloons do not give. */
void bl_ladder(struct bl_world *w, uint64_t now);

/* A guest of which nothing was taken yet. */
void bl_ladder_meet(struct bl_ladder *l);

/* Records what the backend said to an order by a means other than the balloon. */
void bl_ladder_told(struct bl_world *w, size_t i, uint32_t means, uint64_t level, int rc,
                    uint64_t now);

/* Lets everybody go whom the host presses. */
void bl_ladder_release(struct bl_world *w);

/* The host can take from it though it does not give: what lies in host memory
 * is known, and the backend has a means. */
int bl_pressable(const struct bl_guest *g);

/* Guest i refuses, and the host has a means left to take from it nevertheless. */
int bl_can_press(const struct bl_world *w, size_t i, uint64_t now);

void bl_beat(struct bl_world *w, uint64_t now);

/* Raises everybody as far as the host's free memory goes. */
void bl_release(struct bl_world *w);

/* Records that g was told target, for sure or perhaps: a guest that may or may
 * not have heard is charged with the worse of the two. */
void bl_told(struct bl_guest *g, uint64_t target, int sure, uint64_t now);

static inline uint64_t bl_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t bl_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Host memory behind a guest. What is not resident (never touched, swapped) is
 * not there to be divided yet. */
static inline uint64_t bl_backed(const struct bl_guest *g)
{
	return bl_min(g->actual, g->resident);
}

/* What a guest has or was promised: what was ordered and not yet taken counts as
 * taken, and what was to be given back and is still held as well. */
static inline uint64_t bl_promised(const struct bl_guest *g)
{
	return bl_max(g->actual, g->target);
}

/* What it is charged with: that, unless the host itself keeps it smaller. */
static inline uint64_t bl_charge(const struct bl_guest *g)
{
	return g->kept == BALLOON_UNKNOWN ? bl_promised(g)
	                                  : bl_min(bl_promised(g), bl_max(g->kept, g->resident));
}

/* a - b, or 0 */
static inline uint64_t bl_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Guest i's misses with 0, 1, … BL_MISSES parts of its size, if they are known. */
static inline uint64_t *bl_curve(const struct bl_world *w, size_t i)
{
	return &w->curves[i * (BL_MISSES + 1)];
}

/* The most a guest may have and could take. */
static inline uint64_t bl_most(const struct bl_guest *g)
{
	return bl_min(g->max, bl_max(bl_min(g->ceiling, g->cap), g->min));
}

/* What was given in ns, as bytes a second, and the pace of before: even parts. */
static inline uint64_t bl_pace(uint64_t pace, uint64_t given, uint64_t ns)
{
	uint64_t now = ns ? (uint64_t)bl_min((uint64_t)((bl_u128)given * 1000000000 / ns),
	                                     BALLOON_BYTES_MAX) : 0;

	return !now ? pace : pace ? pace / 2 + now / 2 : now;
}

/* bp of v; v <= 2^52, so no overflow below a rate of 4096 times. */
static inline uint64_t bl_part(uint64_t v, uint32_t bp)
{
	return v / 10000 * bp + v % 10000 * bp / 10000;
}

#endif
