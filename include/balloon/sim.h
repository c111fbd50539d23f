/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulated host: guests that want memory, drivers that obey, lag, stick
 * or lie, and a clock that goes only when you move it. It is a backend like
 * the others, shipped with the library, for whoever wants to see what a policy
 * does before it is let loose on real guests.
 *
 * Two ways in. By URI alone, through the module backend-sim.so:
 *
 *	balloond --uri sim:guests=3,host=2GiB,size=1GiB,seed=1 --once
 *
 * makes a host of its own whose guests (sim-1, sim-2, …) want more and less
 * memory as the seed says; see "The URI" below. Or by program, with full
 * control and with the truth at hand:
 *
 *	struct balloon_sim_host host = { .struct_size = sizeof(host),
 *		.total_bytes = 4 * GIB, .own_bytes = GIB / 4, .seed = 1,
 *		.capacity_bytes = BALLOON_UNKNOWN };
 *	balloon_sim_new(&host, &sim);
 *	balloon_sim_add(sim, &guest, &key);
 *	balloon_sim_set_demand(sim, key, 300 * MIB, BALLOON_UNKNOWN);
 *	struct balloon_options o = { .struct_size = sizeof(o),
 *		.backend = balloon_sim_backend(sim) };
 *	balloon_open(&o, &b);
 *	for (now = 0; now < HOUR; now += 10 * SEC)
 *		balloon_tick(b, now, NULL);
 *	balloon_sim_truth(sim, key, &truth);
 *
 * Time. The host's clock starts at the first now_ns it is shown, by
 * balloon_sim_step() or by a beat (observe() moves it too), and counts whole
 * milliseconds from there; times called …_at_ns below count from that origin.
 * A gap of more than a day counts as one day.
 *
 * Reproducible. No float, no wall clock, no rand(): the same calls give the
 * same bytes on every machine. Movement of memory (rates, latency, sticking,
 * floors), traces, wandering demand, faults and the moments of statistics do
 * not depend on how finely time is cut either. What follows from demand seen
 * only at the end of a step (used, swap, cache, unmet sums) does.
 *
 * A guest. It was started with size_bytes. Its kernel needs 64 MiB + 2 % of
 * size, its programs want a working set (the demand), part of which is hot;
 * together that is what it wants. used = min(wants, actual); what remains of
 * actual is free, and clean disk cache grows into it as far as you allow. What
 * it wants and has not is unmet: it lives in the guest's swap and comes back
 * page by page (hot pages each second, cold ones each hundred seconds, at most
 * 100 MiB/s), seen as swap-ins, major faults and pressure. When swap is full
 * too, the guest kills a program: what did not fit is not wanted any more,
 * until it would fit or you set a demand again. actual follows the target after latency_ns, at
 * down_bytes_s and up_bytes_s, never below what the kernel needs.
 *
 * The host. available = total - own use - what backs the guests, where a page
 * backs a guest from its first touch until it is ballooned; cache_bytes of own
 * use is disk cache the host can drop at once and counts as available.
 *
 * Means. A host with swap, a compressed pool, equal pages or ceilings obeys
 * orders by those means as backend.h has them, and tells what it knows for it
 * (cold_bytes, swapped_bytes, refault_bytes, …); one without them says nothing
 * of it. Cold is what is touched and not hot. Cold pages go out when an order
 * says so, by 512 MiB/s to the pool and 100 MiB/s to swap, never more than
 * those have room for; what is out and wanted comes back like from the guest's
 * own swap, hot each second and cold each hundred seconds, through the same
 * 100 MiB/s or 1 GiB/s from the pool, and that is what refault_bytes counts.
 * First what no program uses goes out, then cold, and by a ceiling alone hot
 * pages too; where swap has no room for them the guest stands still instead of
 * growing. Sharing saves share_bp of what is offered, found at 20 MiB/s.
 * resident_bytes has no pages in it that are out, and shared ones in full, as
 * Linux counts them; saved pages are in available. Levels are lifted when a
 * handle is closed; what is shared stays so.
 *
 * C programs link the static libballoonsim (and zlib), or CMake's balloon::balloonsim.
 *
 * A handle is used by one thread at a time. Calls return 0 or -errno; unless
 * said otherwise -ESRCH is an unknown key, -EINVAL a wrong struct_size or a
 * number that makes no sense, -ERANGE one beyond BALLOON_BYTES_MAX, -ENOMEM.
 */
#ifndef BALLOON_SIM_H
#define BALLOON_SIM_H

#include <balloon/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

struct balloon_sim; /* one simulated host */

/* ------------------------------------------------------------------- host */

/* A host, for balloon_sim_new(). */
struct balloon_sim_host {
	uint32_t struct_size;
	uint32_t faults_bp;      /* seeded misfortune, see balloon_sim_behaviour; 0 = none */
	uint64_t total_bytes;
	uint64_t own_bytes;      /* the host's own use, cache_bytes included */
	uint64_t cache_bytes;    /* of it, reclaimable at once */
	uint64_t capacity_bytes; /* what guests may be promised; UNKNOWN = total - own + cache */
	uint64_t seed;
	uint64_t swap_bytes;         /* host swap; 0 = none */
	uint64_t compress_max_bytes; /* memory that compressed pages may take up; 0 = none */
	uint32_t compress_bp;        /* what a page shrinks to in there */
	uint32_t share_bp;           /* of offered memory, what sharing saves; 0 = it cannot */
	uint32_t nodes;              /* NUMA nodes, each with its part of the memory; guests
	                                lie on one each, in turn. 0 or 1 = none told */
	uint32_t features;           /* enum balloon_sim_features */
};

enum balloon_sim_features {
	BALLOON_SIM_CEILINGS = 1u << 0,     /* obeys ceilings */
	BALLOON_SIM_TELLS_STALL = 1u << 1,  /* guests give stall_bp with their figures: a lie
	                                       where they lie */
	BALLOON_SIM_TELLS_MISSES = 1u << 2, /* samples have misses */
};

/* On success *ret_sim is the caller's, to balloon_sim_free(). -ENFILE: more
 * than 64 of them live in this process. */
BALLOON_API int balloon_sim_new(const struct balloon_sim_host *host, struct balloon_sim **ret_sim);

/* Close every balloon handle on it first. NULL is welcome. */
BALLOON_API void balloon_sim_free(struct balloon_sim *sim);

/*
 * A backend for balloon_options.backend that attaches to this very host,
 * whatever the uri says; close() of it leaves the host alone. Several handles
 * may be open on one host: that is how two controllers fight. Valid as long as
 * sim.
 */
BALLOON_API const struct balloon_backend *balloon_sim_backend(struct balloon_sim *sim);

/* "sim:handle=N", which attaches to this host when opened by the same loaded
 * copy of this code (Python: load backend-sim.so from where the library will). */
BALLOON_API const char *balloon_sim_uri(struct balloon_sim *sim);

/* Moves the host's clock to now_ns. -EINVAL: it went back. */
BALLOON_API int balloon_sim_step(struct balloon_sim *sim, uint64_t now_ns);

/* The host's own use and the cache in it, from now on. */
BALLOON_API int balloon_sim_set_host(struct balloon_sim *sim, uint64_t own_bytes,
                                     uint64_t cache_bytes);

/* The hypervisor's daemon goes away: for so long of the host's time observe()
 * and order() answer -EAGAIN. The guests live on. */
BALLOON_API void balloon_sim_away(struct balloon_sim *sim, uint64_t for_ns);

/* Makes the backend's descriptor readable, as a hypervisor's event would. It
 * also becomes so when a guest comes or goes. */
BALLOON_API void balloon_sim_nudge(struct balloon_sim *sim);

/* ----------------------------------------------------------------- guests */

/* A guest, for balloon_sim_add(). */
struct balloon_sim_guest {
	uint32_t struct_size;
	uint32_t fixed;         /* enum balloon_fixed, as the backend reports it */
	const char *name;       /* copied; need not be unique, but better is */
	uint64_t size_bytes;
	uint64_t actual_bytes;  /* what it starts with; UNKNOWN = all of size */
	uint64_t start_at_ns;   /* it is not there before; 0 or past = now */
	uint64_t boot_ns;       /* from start to driver and first figures */
	uint64_t swap_bytes;    /* its own swap; UNKNOWN = as much as size */
};

/* *ret_key (or NULL) is the key its samples will carry. -E2BIG: a guest too
 * many (BALLOON_GUESTS_MAX). -EINVAL also: no name, a size below 1 MiB,
 * actual above size. */
BALLOON_API int balloon_sim_add(struct balloon_sim *sim, const struct balloon_sim_guest *guest,
                                uint64_t *ret_key);

/* It is gone, now. */
BALLOON_API int balloon_sim_remove(struct balloon_sim *sim, uint64_t key);

enum balloon_sim_restart {
	BALLOON_SIM_RESTART = 0, /* stopped and started: full size, target forgotten */
	BALLOON_SIM_RESET,       /* reset: the old target and the old figure of actual
	                            survive, though the guest has all of its size until
	                            its driver is back (so QEMU 7.2 does) */
};

/* The guest begins another life under another key and takes boot_ns to boot.
 * Its demand and behaviour stay. */
BALLOON_API int balloon_sim_restart(struct balloon_sim *sim, uint64_t key, uint32_t how,
                                    uint64_t *ret_key);

/* enum balloon_fixed, from now on: a device was assigned, or taken away. */
BALLOON_API int balloon_sim_set_fixed(struct balloon_sim *sim, uint64_t key, uint32_t fixed);

/* The working set its programs want from now on, the kernel's part not
 * included; hot_bytes of it is touched all the time (UNKNOWN = half). */
BALLOON_API int balloon_sim_set_demand(struct balloon_sim *sim, uint64_t key,
                                       uint64_t demand_bytes, uint64_t hot_bytes);

/* A moment of a trace. */
struct balloon_sim_point {
	uint64_t at_ns;
	uint64_t demand_bytes;
};

/* Demand by points, linear between them, level before the first and after the
 * last; half of it is hot. Times ascend strictly, by a millisecond at least.
 * Points are copied. */
BALLOON_API int balloon_sim_set_trace(struct balloon_sim *sim, uint64_t key,
                                      const struct balloon_sim_point *points, size_t n);

/* Demand that wanders by itself, as with the URI: each minute of the host's
 * time another level between 1/16 and 15/16 of what the kernel leaves. */
BALLOON_API int balloon_sim_set_wander(struct balloon_sim *sim, uint64_t key);

/*
 * Demands of real guests, from STEM-active-mib.csv (or .csv.gz where the sim was
 * built with zlib): a line of names, "unix_s" first, then a line for each moment,
 * its second and the MiB of each guest; nothing between commas = not known then.
 * Beside it lies STEM-provisioned-mib.csv, lines of name and MiB of size. The
 * format is that of GWA-T-12 Bitbrains, condensed.
 */
struct balloon_sim_trace_file {
	uint32_t struct_size;
	uint32_t speed;       /* so many of its seconds go by in one of the host's; 0 = 1 */
	const char *path;     /* STEM-active-mib.csv, a directory that has one, or a pattern as
	                         of glob(7): the first by name is read */
	uint64_t guests_max;  /* seeded choice among those in the file; UNKNOWN = all */
	uint64_t skip_s;      /* into the file, of its own seconds */
	uint64_t actual_bp;   /* of its size, what a guest starts with; 0 = what all of them
	                         can have of the host's capacity */
};

/*
 * Adds a guest for each of the file's, named as there and in its order, and sets
 * its trace. One of which the file knows no moment wants nothing. *ret_n (or NULL) is how many. On failure none is added and a sentence goes to
 * ret_error (size bytes): -ENOENT no such file, -EPROTO what is in it cannot be
 * read (a compressed one where the sim was built without zlib, too).
 */
BALLOON_API int balloon_sim_add_traces(struct balloon_sim *sim,
                                       const struct balloon_sim_trace_file *file, size_t *ret_n,
                                       char *ret_error, size_t size);

/* Clean disk cache grows at bytes_s into free memory, up to max_bytes, and is
 * dropped at once when the room is wanted. Default none. */
BALLOON_API int balloon_sim_set_cache(struct balloon_sim *sim, uint64_t key, uint64_t max_bytes,
                                      uint64_t bytes_s);

/* -------------------------------------------------------------- behaviour */

enum balloon_sim_flags {
	BALLOON_SIM_STICK = 1u << 0,        /* moves no more once actual <= stick_at_bytes */
	BALLOON_SIM_STUTTER = 1u << 1,      /* moves only on_ns after every off_ns */
	BALLOON_SIM_TRICKLE = 1u << 2,      /* moves one page per trickle_ns */
	BALLOON_SIM_REFUSE = 1u << 3,       /* answers refuse_rc to every order */
	BALLOON_SIM_DEAF = 1u << 4,         /* accepts every order and ignores it */
	BALLOON_SIM_HUNG = 1u << 5,         /* orders time out, nothing of it is known */
	BALLOON_SIM_CLAIM_FULL = 1u << 6,   /* says all of its memory is used */
	BALLOON_SIM_CLAIM_EMPTY = 1u << 7,  /* says none of it is */
	BALLOON_SIM_CLAIM_ABSURD = 1u << 8, /* 2^64-1, -17591112298496, beyond its size, noise */
	BALLOON_SIM_CLAIM_TARGET = 1u << 9, /* says it has what it was told, and does not move */
	BALLOON_SIM_CLAIM_ACTUAL = 1u << 10,/* says it has claim_actual_bytes */
	BALLOON_SIM_STALE = 1u << 11,       /* its figures stop, serial and all */
	BALLOON_SIM_SILENT = 1u << 12,      /* gives no figures (no service in the guest) */
	BALLOON_SIM_DRIVERLESS = 1u << 13,  /* no driver: no figures, no movement */
	BALLOON_SIM_RETAKE = 1u << 14,      /* takes ballooned memory back when short of it */
	BALLOON_SIM_FLUTTER = 1u << 15,     /* takes flutter_bytes back, gives them, … each 5 s */
	BALLOON_SIM_INHIBITED = 1u << 16,   /* gives memory, the host gains none */
	BALLOON_SIM_PAUSED = 1u << 17,      /* does not run */
	BALLOON_SIM_SPIKES = 1u << 18,      /* wants spike_bytes more, 20 s of every 120 s */
	BALLOON_SIM_TOUCHES_ALL = 1u << 19, /* touches all it has (zeroes it at boot) */
	BALLOON_SIM_DIES = 1u << 20,        /* gone when the next order reaches it */
};

/* How a guest and its driver take orders and tell of themselves. Fill it with
 * balloon_sim_behaviour(), change what you want to, hand it over. */
struct balloon_sim_behaviour {
	uint32_t struct_size;
	uint32_t flags;              /* enum balloon_sim_flags, any of them together */
	uint64_t down_bytes_s;       /* giving: 128 MiB/s */
	uint64_t up_bytes_s;         /* taking back: 1 GiB/s */
	uint64_t latency_ns;         /* from an order to a driver at rest, to its moving: 0 */
	uint64_t figures_period_ns;  /* its figures are new each: 1 s */
	uint64_t figures_delay_ns;   /* and seen so much later: 0 */
	uint32_t noise_bp;           /* available is off by up to so much of it: 0 */
	int32_t refuse_rc;           /* -EPERM */
	uint64_t floor_bytes;        /* hidden lower limit of actual: 0 */
	uint64_t free_floor_bytes;   /* driver stops so far above used; UNKNOWN = it does not */
	uint64_t ceiling_bytes;      /* hidden upper limit of actual; UNKNOWN = none */
	uint64_t stick_at_bytes;     /* UNKNOWN = wherever it is */
	uint64_t off_ns;             /* 19 s */
	uint64_t on_ns;              /* 1 s */
	uint64_t trickle_ns;         /* 5 s */
	uint64_t claim_actual_bytes; /* any number at all */
	uint64_t flutter_bytes;      /* 64 MiB */
	uint64_t spike_bytes;        /* a quarter of size */
};

/*
 * Fills *ret_behaviour (struct_size set by the caller) with the behaviour
 * called name, for a guest of size_bytes. Names may be joined with "+".
 *
 *	obey        moves at once, tells the truth
 *	slow        4 MiB/s down, 16 MiB/s up, 3 s latency
 *	late        figures each 5 s, seen 3 s later
 *	noisy       figures off by up to 5 %
 *	floor       hidden lower limit at half of size
 *	ceiling     hidden upper limit at half of size
 *	keeps-free  stops 1/8 of size above what it uses
 *	stick  stutter  trickle  refuse  deaf  hung  full  empty  absurd
 *	claims-target  stale  silent  driverless  retake  flutter  inhibited
 *	paused  spiky  greedy  dies         the flags above
 *
 * faults_bp of a host is the chance, per guest and half minute of its time,
 * that the guest behaves in one of these ways (dies: is restarted or reset)
 * until the half minute is over; and a tenth of it that the host is away for
 * up to 20 s. -ENOENT: no such behaviour.
 */
BALLOON_API int balloon_sim_behaviour(const char *name, uint64_t size_bytes,
                                      struct balloon_sim_behaviour *ret_behaviour);

/* It behaves so from now on; *behaviour is copied. */
BALLOON_API int balloon_sim_set_behaviour(struct balloon_sim *sim, uint64_t key,
                                          const struct balloon_sim_behaviour *behaviour);

/* ------------------------------------------------------------------ truth */

/* What a guest really has and what became of it. */
struct balloon_sim_truth {
	uint32_t struct_size;
	uint32_t present;       /* 0 = not started yet */
	uint64_t size_bytes;
	uint64_t actual_bytes;
	uint64_t actual_min_bytes; /* the least it ever had */
	uint64_t told_bytes;    /* the last order that reached it; UNKNOWN = none did */
	uint64_t wants_bytes;   /* kernel, demand and spikes, at most size */
	uint64_t used_bytes;
	uint64_t cache_bytes;
	uint64_t unmet_bytes;   /* wanted and not there, now */
	uint64_t unmet_kib_s;   /* the sum of it over time, KiB times seconds */
	uint64_t resident_bytes;
	uint64_t swap_in_bytes; /* these three since boot */
	uint64_t swap_out_bytes;
	uint64_t major_faults;
	uint64_t oom_kills;     /* the rest in all its lives */
	uint64_t orders;        /* that reached it */
	uint64_t moves;         /* of them, off the last by 1 MiB or more */
	uint64_t reversals;     /* of these, against the direction of the one before */
	uint64_t refused;       /* answered with an error */
	uint32_t pressure_bp;   /* time lost waiting for its swap */
	uint32_t lives;         /* 1 = never restarted */
	uint32_t stall_bp;      /* time lost waiting for the host: swap, pool, ceiling */
	uint32_t node;          /* where its memory lies */
	uint64_t hot_bytes;     /* touched all the time: kernel and hot working set */
	uint64_t cold_bytes;    /* resident and not hot */
	uint64_t swapped_bytes; /* out, in the pool or in the host's swap */
	uint64_t compressed_bytes; /* of it in the pool, before compression */
	uint64_t refault_bytes; /* came back from there, in all its lives */
	uint64_t shared_bytes;  /* saved */
	uint64_t share_told;    /* the levels in force: 0 and UNKNOWN = none */
	uint64_t compress_told;
	uint64_t swap_told;
	uint64_t ceiling_told;
	uint64_t means_orders;  /* by other means than the balloon */
};

/* struct_size set by the caller. */
BALLOON_API int balloon_sim_truth(struct balloon_sim *sim, uint64_t key,
                                  struct balloon_sim_truth *ret_truth);

/* The same of the host. */
struct balloon_sim_host_truth {
	uint32_t struct_size;
	uint32_t away;               /* 1 = observe() would say -EAGAIN */
	uint64_t guests_n;           /* present */
	uint64_t clock_ns;           /* since the origin */
	uint64_t available_bytes;
	uint64_t available_min_bytes;/* the least there ever was */
	uint64_t over_max_bytes;     /* most by which guests and host exceeded its memory */
	uint64_t promised_bytes;     /* sum of max(actual, target) */
	uint64_t promised_over_bytes;/* of it above capacity, now */
	uint64_t promised_over_max_bytes;
	uint64_t promised_over_kib_s;/* summed over time */
	uint64_t wants_kib_s;        /* sum over guests and time of wants */
	uint64_t unmet_kib_s;        /* and of unmet */
	uint64_t orders;             /* these four over all guests, gone ones too */
	uint64_t moves;
	uint64_t reversals;
	uint64_t refused;
	uint64_t oom_kills;
	uint64_t swap_used_bytes;
	uint64_t compress_used_bytes; /* memory the pool takes up */
	uint64_t shared_bytes;
	uint64_t refault_bytes;
	uint64_t means_orders;
	uint32_t stall_bp;
};

/* struct_size set by the caller. */
BALLOON_API int balloon_sim_host_truth(struct balloon_sim *sim,
                                       struct balloon_sim_host_truth *ret_truth);

/*
 * The URI: "sim:" and keys, joined with commas, in any order, each at most
 * once. Memory is a number and B, KiB, MiB, GiB or TiB; time a number and ms,
 * s or min. An unknown key or a malformed value refuses the whole URI with a
 * sentence that names it.
 *
 *	guests=3          how many, sim-1 …            size=1GiB    of each
 *	host=2GiB         host memory                  seed=1       of all chance
 *	own=256MiB        host's own use               cache=0B     reclaimable part
 *	demand=…          fixed working set; without it, it wanders
 *	boot=0s           time to boot                 faults=0     basis points
 *	behaviour=obey    of all; behaviour-2=stick    of sim-2 alone
 *	swap=0B           host swap             ceiling=0    1 = obeys ceilings
 *	compress=0%       a page shrinks to so much, in a pool of a fifth of the host's
 *	                  memory (zswap's own measure); 0 % = there is none
 *	share=0%          of a guest's memory, what sharing saves
 *	nodes=1           NUMA nodes            tells=…      stall, misses or stall+misses
 *	trace=PATH        guests of a trace file, see balloon_sim_add_traces(); guests= is
 *	                  then how many at most, size= and demand= are the file's
 *	speed=1           how much faster the trace goes than the host's clock
 *	handle=N          attach to a host made by balloon_sim_new(); stands alone
 */

#ifdef __cplusplus
}
#endif

#endif
