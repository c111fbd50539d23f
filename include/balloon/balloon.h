/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libballoon: who has how much memory on one host, and making it so.
 *
 * This header is for whoever uses the library; backend.h is for whoever
 * teaches it another hypervisor.
 *
 * Character. The library starts no thread, reads no clock, installs no signal
 * handler, prints nothing and keeps no global state: two handles know nothing
 * of each other. A handle is used by one thread at a time. (A backend module
 * may own threads to keep a hung hypervisor call away from you.)
 *
 * Units. Memory is in bytes, time in nanoseconds of any clock that only goes
 * forward and also counts while the host sleeps (CLOCK_BOOTTIME), rates in
 * basis points (10000 bp = 100 %). The unit is in the name. A number nobody
 * knows is BALLOON_UNKNOWN; it is never 0, and nothing is taken away on it.
 *
 * Errors. Calls return 0 or a negative errno. Outputs are called ret_…, are
 * written on success and left alone on failure. After a failure
 * balloon_error() has the sentence that says what was wrong with what, and
 * what to do. A shortage of memory is news in the report, never an error.
 *
 * Structs that may grow begin with struct_size: set it to sizeof. Fields are
 * only ever added at the end; a longer struct from a newer program is taken
 * if what this library does not know in it is zero, else refused (-E2BIG).
 *
 *	struct balloon *b;
 *	struct balloon_options o = { .struct_size = sizeof(o), .uri = "qemu:///system" };
 *	if (balloon_open(&o, &b) < 0) …
 *	for (;;) {
 *		uint64_t next_ns;
 *		balloon_tick(b, now_ns(), &next_ns);
 *		sleep_until(next_ns);
 *	}
 *
 * Stable is what these headers declare: names, values, what a field means, and the
 * binary interface of libballoon.so.0 (lib/libballoon.symbols). It grows, by
 * functions, by values at the end of an enum and by fields at the end of a struct;
 * what goes away or changes takes another SONAME, and before 1.0 another minor release.
 * Backends fit as long as BALLOON_BACKEND_ABI is the same. Not stable: what numbers a
 * policy comes to, the constants of a profile, the words of sentences.
 *
 * Docs: the README for a first look, this file for the rest; examples/manual.c has an
 * example of every function.
 */
#ifndef BALLOON_BALLOON_H
#define BALLOON_BALLOON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BALLOON_API __attribute__((visibility("default")))
#else
#define BALLOON_API
#endif

/* A number that nobody knows. */
#define BALLOON_UNKNOWN UINT64_MAX

/* Targets and entitlements are whole pages, except where a bound is not. */
#define BALLOON_PAGE_BYTES UINT64_C(4096)

/*
 * The widest world: larger numbers are refused at the door (-ERANGE), so that
 * no sum or product inside can overflow. 4 PiB, 67 million shares and a
 * million guests are beyond any host.
 */
#define BALLOON_BYTES_MAX (UINT64_C(1) << 52)
#define BALLOON_SHARES_MAX ((UINT64_C(1) << 26) - 1)
#define BALLOON_GUESTS_MAX (UINT64_C(1) << 20)

/* Of the library that runs, as "0.1.0"; a static string. */
BALLOON_API const char *balloon_version(void);

/* ---------------------------------------------------------------- entitle */

/*
 * The pure door: the exact division of capacity among claimants, with no
 * host, handle or state. Give each claimant what it may have at most and at
 * least, its shares and how much of its memory is in use.
 */
struct balloon_claimant {
	uint64_t shares;            /* its weight; 0 = served when all others are full */
	uint64_t active_bytes;      /* memory in use; BALLOON_UNKNOWN = all of it */
	uint64_t reservation_bytes; /* never less */
	uint64_t limit_bytes;       /* never more; BALLOON_UNKNOWN = no limit */
};

/*
 * Divides capacity_bytes among claimants[0..n) and writes n numbers to
 * ret_bytes (which the caller owns). A claimant's idle memory (above active)
 * is worth tax_bp less than its active memory: 0 divides by shares alone,
 * 7500 (ESX's rate) lets three quarters of an idle surplus go.
 *
 * Always: reservation <= ret <= limit; more shares or more active memory
 * never means less; the order of the claimants does not matter (of claimants
 * alike in everything, earlier ones get an odd page first); the sum is
 * capacity_bytes to the byte, unless all limits together are less (then all
 * have their limit) or all reservations are more (then all have their
 * reservation, and the sum tells the shortfall).
 *
 * -EINVAL: a reservation above its limit, tax_bp over 9999, a NULL with n > 0.
 * -ERANGE: a number beyond the widest world. -ENOMEM.
 */
BALLOON_API int balloon_entitle(const struct balloon_claimant *claimants, size_t n,
                                uint64_t capacity_bytes, uint32_t tax_bp, uint64_t *ret_bytes);

/* ----------------------------------------------------------------- policy */

#define BALLOON_FLOORS_MAX 64

/* A point of a floor curve: sizes ascend, and no floor is above its size. Linear
 * between points, level before the first and after the last, and never above the
 * guest's size. */
struct balloon_floor_point {
	uint64_t size_bytes;
	uint64_t floor_bytes;
};

/* What one guest is allowed; UNKNOWN fields take the policy's default. */
struct balloon_allocation {
	uint32_t struct_size;
	uint32_t pad;
	uint64_t shares;            /* default 1000 */
	uint64_t reservation_bytes; /* default: a floor by size, see floors */
	uint64_t limit_bytes;       /* default: the guest's size */
	const char *pool;           /* the pool it belongs to; NULL = the root */
	uint32_t tax_bp;            /* its own idle memory tax, with … */
	uint32_t flags;             /* enum balloon_allocation_flags */
	const struct balloon_floor_point *floors; /* a floor curve of its own; NULL = that of
	                               the fallback, and without one balloon_floor() */
	uint64_t floors_n;          /* at most BALLOON_FLOORS_MAX */
	uint64_t reserved[6];       /* 0: allocations stand in arrays by value, so they keep
	                               their size and grow in here */
};

enum balloon_allocation_flags {
	BALLOON_ALLOCATION_TAX = 1u << 0, /* … this; else the profile's rate */
};

/*
 * A pool: guests, and pools, that share what they are entitled to together. Its
 * reservation is theirs even if its members reserve less, and its limit binds
 * their sum. An expandable pool may reserve more than its own reservation for
 * its members, out of what its parent has not given away.
 */
enum balloon_pool_flags {
	BALLOON_POOL_EXPANDABLE = 1u << 0,
};

/* One pool of a policy. */
struct balloon_pool {
	uint32_t struct_size;
	uint32_t flags;             /* enum balloon_pool_flags */
	const char *name;           /* not empty, and no other pool's */
	const char *parent;         /* a pool that stands before it; NULL = the root */
	uint64_t shares;            /* UNKNOWN = 1000 */
	uint64_t reservation_bytes; /* UNKNOWN = none */
	uint64_t limit_bytes;       /* UNKNOWN = none */
};

/* What this guest is allowed, instead of the fallback. */
struct balloon_named_allocation {
	const char *guest; /* name or UUID as the hypervisor says it */
	struct balloon_allocation allocation;
};

/*
 * The constants of a policy. Take one by name with balloon_profile(), change
 * what you want to and hand it over in struct balloon_policy.
 */
struct balloon_profile {
	uint32_t struct_size;
	uint32_t tax_bp;          /* idle memory tax, 0..9999 */
	uint32_t headroom_bp;     /* need = active + this much of active */
	uint32_t balloon_max_bp;  /* most of a guest's size that ballooning takes */
	uint32_t pool_bp;         /* of capacity, kept free to be granted at once */
	uint32_t deadband_bp;     /* of a guest's size: smaller changes are not ordered */
	uint32_t shrink_step_bp;  /* of a guest's size: most taken in one beat */
	uint32_t pressed_bp;      /* of what it has: a guest with less available is pressed */
	uint64_t beat_ns;         /* time between beats */
	uint64_t fast_ns;         /* time constants of the two averages of active memory */
	uint64_t slow_ns;
	uint64_t stale_ns;        /* guest figures older than this are unknown */
	uint64_t stuck_ns;        /* no movement towards its target for so long: stuck */
	uint64_t settle_ns;       /* no change of direction twice within this */
	uint64_t boot_ns;         /* a new guest is left alone for so long */
	uint32_t hold_max_bp;     /* of capacity: most that holds keep from the others */
	uint32_t flags;           /* enum balloon_profile_flags */
};

enum balloon_profile_flags {
	BALLOON_PROFILE_PROGRESSIVE_TAX = 1u << 0, /* the more of it idles, the higher the rate */
	BALLOON_PROFILE_LEND = 1u << 1,            /* lead guests by demand, not to entitlements;
	                                              see the profile "lending" */
	BALLOON_PROFILE_SHARE = 1u << 2,           /* all guests trust each other: equal pages
	                                              of theirs may be kept once. What one of
	                                              them writes, others can time */
};

/* Fills *ret_profile (struct_size set by the caller) with the profile called
 * name: "balanced", "aggressive", "conservative" or "lending". -ENOENT: no such profile. */
BALLOON_API int balloon_profile(const char *name, struct balloon_profile *ret_profile);

/* Everything the operator decides, handed over whole. */
struct balloon_policy {
	uint32_t struct_size;
	uint32_t pad;
	const struct balloon_profile *profile; /* NULL = balanced */
	uint64_t budget_bytes;                 /* most all guests may have; UNKNOWN = what the host can */
	uint64_t reserve_bytes;                /* kept free on the host; UNKNOWN = balloon_min_free() */
	struct balloon_allocation fallback;    /* for guests not named */
	const struct balloon_named_allocation *guests;
	size_t guests_n;
	const struct balloon_pool *pools; /* parents before children; all of one struct_size */
	size_t pools_n;
};

/* A safe floor for a guest of this size where nothing better is known: the
 * curve of the Hyper-V guest driver (128 MiB -> 72, 2 GiB -> 360, 8 GiB -> 744). */
BALLOON_API uint64_t balloon_floor(uint64_t size_bytes);

/* ESX's sliding minimum of free host memory: 6 % of the first 4 GiB, 4 % to
 * 12, 2 % to 28, 1 % of the rest. */
BALLOON_API uint64_t balloon_min_free(uint64_t total_bytes);

/* ----------------------------------------------------------------- handle */

struct balloon;         /* one host under arbitration */
struct balloon_backend; /* backend.h */

/* What balloon_open() opens, and how. It is read during the call only; what it points
 * to is copied, except backend and log_arg, which must outlive the handle. */
struct balloon_options {
	uint32_t struct_size;
	uint32_t flags;                        /* enum balloon_open_flags */
	const char *uri;                       /* which host; see balloon_open() */
	const struct balloon_backend *backend; /* your own, instead of a module; or NULL */
	const struct balloon_policy *policy;   /* NULL = balanced, all defaults */
	void (*log)(void *arg, int level, const char *sentence); /* or NULL; level as syslog */
	void *log_arg;
	char *error_text;                      /* why balloon_open() failed; or NULL */
	size_t error_size;
};

enum balloon_open_flags {
	BALLOON_OPEN_DRY_RUN = 1u << 0, /* decide and report, order nothing */
};

/*
 * Opens the host at uri. The scheme chooses the backend module, found in
 * $BALLOON_BACKEND_DIR or where the library was installed to:
 *
 *	qemu:///system  test:///default   backend-kvm, over libvirt
 *	sim:guests=3,host=2GiB,seed=1     backend-sim, the simulated host
 *
 * An embedder's own backend is given by options.backend; uri is then handed
 * to its open() as it is. On success *ret_b is the caller's, to balloon_close().
 *
 * -EINVAL bad options or policy; -ENOENT no module for this scheme; -ENOEXEC a
 * module that does not fit this library; else what the backend's open() said.
 * There is no handle to ask yet, so the sentence goes to options.error_text.
 */
BALLOON_API int balloon_open(const struct balloon_options *options, struct balloon **ret_b);

/* Lets go of the host. Targets stay as they are: call balloon_release() first
 * if nobody will mind the guests from now on. NULL is welcome. */
BALLOON_API void balloon_close(struct balloon *b);

/* The sentence for the last failure on this handle; "" if there was none.
 * Valid until the next call on the handle. */
BALLOON_API const char *balloon_error(const struct balloon *b);

/*
 * Replaces the whole policy, or nothing of it: every number is checked first.
 * Strings are copied. -EINVAL or -ERANGE with a sentence that names the guest and
 * key; -ENOMEM.
 */
BALLOON_API int balloon_set_policy(struct balloon *b, const struct balloon_policy *policy);

/*
 * One beat: observe, verify, estimate, arbitrate, plan, act. now_ns must not
 * go back. Returns 0 when the beat was completed, also if guests were lost,
 * stale or refused on the way (the report says so). *ret_next_ns (or NULL) is
 * when the next beat is due, on failure too.
 *
 * -EINVAL now_ns went back. -EAGAIN the host could not be observed: nothing
 * was decided and nothing ordered. -ENOMEM likewise, and -EPROTO: what the
 * backend handed in cannot be a host.
 */
BALLOON_API int balloon_tick(struct balloon *b, uint64_t now_ns, uint64_t *ret_next_ns);

/* A descriptor that becomes readable when a beat is wanted before its time,
 * or -ENOTSUP. Poll it, do not read it: balloon_tick() does. */
BALLOON_API int balloon_fd(struct balloon *b);

/*
 * Before leaving for good: raises every guest to what it may have at most, as
 * far as the host's free memory goes, whatever the budget says; nothing is
 * lowered. Guests that nobody minds are then safe. Errors as of balloon_tick(): the host
 * could not be observed, and nobody was told anything.
 */
BALLOON_API int balloon_release(struct balloon *b, uint64_t now_ns);

/* -------------------------------------------------------------- admission */

/* What a guest about to start asks for. */
struct balloon_request {
	uint32_t struct_size;
	uint32_t pad;
	const char *pool;           /* where it will belong; NULL = the root */
	uint64_t reservation_bytes; /* to be its own for sure */
	uint64_t overhead_bytes;    /* the hypervisor's own need for it; 0 = none */
	uint64_t size_bytes;        /* what it is started with; UNKNOWN = its reservation */
};

/*
 * Could the guest be let in? 0 if every pool up to the root has room for its
 * reservation and overhead among what is reserved there already, and, where the
 * backend says how much swap the host has, memory and swap together could hold
 * all that all guests may ever use. -ENOSPC with a sentence that names what is
 * short and by how much, *ret_short_bytes (or NULL) being that; nothing is
 * changed. -ENOENT no such pool; -EAGAIN the
 * host was not observed yet.
 */
BALLOON_API int balloon_admit(struct balloon *b, const struct balloon_request *request,
                              uint64_t *ret_short_bytes);

/*
 * Admits the guest, if balloon_admit() would, and keeps memory for it: from the
 * next beat on the others are shrunk, if need be, until its size (as far as
 * the host can, its reservation in any case) lies free. guest is the name (or
 * UUID) it will have: when it appears, what was claimed becomes its own. A
 * claim that is neither taken nor renewed by lease_ns lapses, so that a client
 * that crashed leaks nothing. *ret_claim names it; never 0. Errors as of
 * balloon_admit(); -EINVAL no guest, or a lease that has ended; -ENOSPC also too many
 * claims; -ENOMEM.
 */
BALLOON_API int balloon_claim(struct balloon *b, const struct balloon_request *request,
                              const char *guest, uint64_t lease_ns, uint64_t *ret_claim);

/* 0 if the memory lies free, as last seen: start the guest now. -EAGAIN not
 * yet; *ret_missing_bytes (or NULL) is what is missing. -ENOENT lapsed, taken
 * by its guest, or never made. */
BALLOON_API int balloon_claim_ready(struct balloon *b, uint64_t claim,
                                    uint64_t *ret_missing_bytes);

/* Keeps it until lease_ns. -ENOENT as above; -EINVAL a lease that has ended. */
BALLOON_API int balloon_claim_renew(struct balloon *b, uint64_t claim, uint64_t lease_ns);

/* Gives it up. -ENOENT as above. */
BALLOON_API int balloon_claim_release(struct balloon *b, uint64_t claim);

/* ---------------------------------------------------------------- what if */

/*
 * A view of the host as it was seen last, for asking what would be: the same
 * engine, on copies. It is a handle like any other, dry, with no host behind:
 * change its policy with balloon_set_policy() (the view starts with the policy
 * in force), its host and guests with the two calls below, then balloon_tick()
 * it at the time of the last beat or later, and read the plan in its reports:
 * target_bytes is what guests would be told. b is not touched. *ret_view is the
 * caller's, to balloon_close(). -EAGAIN before the first beat.
 */
BALLOON_API int balloon_what_if(struct balloon *b, struct balloon **ret_view);

/* On a view: the host has so much memory, and so much of it free. -EINVAL on a handle
 * that is no view, here and below; -ERANGE more than there can be, or more free than
 * there is. */
BALLOON_API int balloon_what_if_host(struct balloon *view, uint64_t total_bytes,
                                     uint64_t available_bytes);

/* On a view: another guest of this size is there, using active_bytes of it
 * (UNKNOWN = all). The host's free memory is less by what it holds. The name is copied.
 * -EINVAL no name or size; -ENOMEM. */
BALLOON_API int balloon_what_if_guest(struct balloon *view, const char *name,
                                      uint64_t size_bytes, uint64_t active_bytes);

/* On a view: the guest (name or UUID) is gone, and its memory free. -ENOENT: it is not
 * there. */
BALLOON_API int balloon_what_if_gone(struct balloon *view, const char *guest);

/* ------------------------------------------------------------------ holds */

enum balloon_hold_mode {
	BALLOON_HOLD_FREEZE = 0, /* leave its target as it is (migration, snapshot) */
	BALLOON_HOLD_KEEP,       /* do not shrink it; it may grow (backup) */
	BALLOON_HOLD_FULL,       /* lead it to all it may have, and keep it there */
};

/* Who holds a guest, how and until when. */
struct balloon_hold {
	uint32_t struct_size;
	uint32_t mode;      /* enum balloon_hold_mode */
	const char *owner;  /* who holds: "backup" */
	const char *reason; /* for people */
	uint64_t until_ns;  /* it ends by itself: a crashed backup pins nothing for ever */
};

/*
 * Holds a guest (by name or UUID; it need not be there yet). One owner has one
 * hold on a guest: the next replaces it. Of several owners' holds a freeze wins,
 * then full, then keep. A backend that sees a hypervisor at work on a guest (a
 * backup, a migration) holds it likewise, as owner "backend NAME", for as long as
 * it says so. All held guests together may keep at
 * most hold_max_bp of the capacity above their entitlements; what exceeds that
 * is overridden, largest first, and said so. -EINVAL no owner, or until_ns in
 * the past; -ENOSPC too many holds (1024).
 */
BALLOON_API int balloon_hold(struct balloon *b, const char *guest,
                             const struct balloon_hold *hold);

/* Ends owner's hold. -ENOENT: there is none. */
BALLOON_API int balloon_unhold(struct balloon *b, const char *guest, const char *owner);

/* ----------------------------------------------------------------- report */

/* The ways to have a guest's memory given back. */
enum balloon_means {
	BALLOON_MEANS_BALLOON = 0, /* the guest gives pages of its own choice */
	BALLOON_MEANS_SHARE,       /* equal pages are kept once */
	BALLOON_MEANS_COMPRESS,    /* cold pages are compressed in host memory */
	BALLOON_MEANS_SWAP,        /* cold pages go to the host's swap */
	BALLOON_MEANS_CEILING,     /* the host lets it have no more, by force */
};
#define BALLOON_MEANS_N 5

/* How a guest is doing. */
enum balloon_state {
	BALLOON_STATE_OK = 0,
	BALLOON_STATE_BOOTING,   /* new here, left alone for boot_ns */
	BALLOON_STATE_PRESSED,   /* short of memory by its own figures */
	BALLOON_STATE_STALE,     /* its figures are old or absurd: not shrunk */
	BALLOON_STATE_STUCK,     /* does not move to its target */
	BALLOON_STATE_FIXED,     /* cannot be moved; see enum balloon_fixed */
	BALLOON_STATE_PAUSED,    /* does not run */
};

/*
 * How the host is doing, by free memory against its minimum (reserve_bytes),
 * and what may be done to get memory back: high nothing, clear sharing, soft
 * also ballooning, hard also compressing and swapping, low also holding every
 * guest at its target. Each border is left upwards a tenth above it.
 */
enum balloon_host_state {
	BALLOON_HOST_UNKNOWN = 0,
	BALLOON_HOST_HIGH,  /* free >= 400 % of the minimum */
	BALLOON_HOST_CLEAR, /* >= 100 % */
	BALLOON_HOST_SOFT,  /* >= 64 % */
	BALLOON_HOST_HARD,  /* >= 32 % */
	BALLOON_HOST_LOW,
};

/* Why a guest cannot be moved at all. */
enum balloon_fixed {
	BALLOON_FIXED_NOT = 0,     /* it can */
	BALLOON_FIXED_NO_DEVICE,   /* has no balloon device */
	BALLOON_FIXED_NO_DRIVER,   /* device there, driver never answered */
	BALLOON_FIXED_PASSTHROUGH, /* a device is assigned: its memory is pinned */
	BALLOON_FIXED_HUGEPAGES,   /* backed by huge pages */
	BALLOON_FIXED_LOCKED,      /* its memory is locked */
	BALLOON_FIXED_OTHER,       /* backend says so */
};

/* Which rule bound a guest's target. */
enum balloon_reason {
	BALLOON_REASON_NONE = 0,    /* not decided yet */
	BALLOON_REASON_PLENTY,      /* there is enough for all */
	BALLOON_REASON_SHARE,       /* its share of what there is */
	BALLOON_REASON_TAX,         /* its idle memory was taxed */
	BALLOON_REASON_RESERVATION, /* not below its reservation or floor */
	BALLOON_REASON_LIMIT,       /* not above its limit or size */
	BALLOON_REASON_STEP,        /* on its way, in steps */
	BALLOON_REASON_WAIT,        /* to grow when others are seen to have given */
	BALLOON_REASON_SETTLE,      /* too soon to change direction again */
	BALLOON_REASON_STEADY,      /* near enough; not worth an order */
	BALLOON_REASON_STALE,       /* not shrunk on unknown figures */
	BALLOON_REASON_STUCK,       /* does not follow; charged for what it keeps */
	BALLOON_REASON_BOOT,        /* booting, left alone */
	BALLOON_REASON_FIXED,       /* cannot be moved */
	BALLOON_REASON_PRESSED,     /* relief in one step */
	BALLOON_REASON_RELEASED,    /* let go by balloon_release() */
	BALLOON_REASON_HOLD,        /* somebody holds it */
	BALLOON_REASON_LENT,        /* what it does not use is lent to those who are short */
	BALLOON_REASON_NODE,        /* a NUMA node it has memory on is full */
	BALLOON_REASON_BLIND,       /* how much there is to divide is not known */
	BALLOON_REASON_LEARNT,      /* it suffered below this lately, and nobody needs it now */
	BALLOON_REASON_MISSES,      /* by its curve, more would save it less than others */
};

/* Short lower-case words for those ("share"); static; never NULL. */
BALLOON_API const char *balloon_state_name(uint32_t state);
BALLOON_API const char *balloon_fixed_name(uint32_t fixed);
BALLOON_API const char *balloon_reason_name(uint32_t reason);
BALLOON_API const char *balloon_host_state_name(uint32_t state);
BALLOON_API const char *balloon_means_name(uint32_t means);

/* What is known of a guest, and was decided, at the last beat. */
struct balloon_guest_report {
	uint64_t key;               /* the backend's key for this life of the guest */
	const char *name;           /* until the next beat or release */
	const char *uuid;           /* likewise; "" where there is none */
	uint64_t size_bytes;        /* most it could ever have */
	uint64_t actual_bytes;      /* what it has */
	uint64_t target_bytes;      /* what it was last told, or should be (dry run) */
	uint64_t entitlement_bytes; /* what the rules grant it */
	uint64_t active_bytes;      /* its working set, estimated */
	uint64_t need_bytes;        /* active and headroom */
	uint64_t shares;
	uint64_t reservation_bytes; /* in effect, with the floor */
	uint64_t limit_bytes;       /* in effect, with the size */
	uint64_t age_ns;            /* of its own figures; UNKNOWN = never had any */
	uint64_t lag_ns;            /* since when it is not where it was told to be; 0 = it is */
	uint32_t state;             /* enum balloon_state */
	uint32_t reason;            /* enum balloon_reason */
	uint32_t fixed;             /* enum balloon_fixed */
	int32_t order_rc;           /* what the backend last said to an order */
	uint64_t orders;            /* orders given to it */
	uint64_t lost_samples;      /* samples of it that were dropped as absurd */
	uint64_t resident_bytes;    /* host memory behind it; UNKNOWN = the host does not say */
	uint64_t kept_bytes;        /* most of it that the host keeps in memory; UNKNOWN = all */
	uint32_t means;             /* by which enum balloon_means it does */
	uint32_t pad;
	const char *note;           /* what the backend says of it to people, "is being backed
	                               up; …"; "" = nothing; until the next beat or release */
};

/* The host's side of it. */
struct balloon_report {
	uint32_t struct_size;
	uint32_t dry_run;
	uint64_t beat;             /* completed beats */
	uint64_t now_ns;           /* of the last of them */
	uint64_t total_bytes;      /* host memory */
	uint64_t available_bytes;  /* of it, free or reclaimable at once */
	uint64_t reserve_bytes;    /* kept free for the host */
	uint64_t capacity_bytes;   /* what there is to divide; UNKNOWN = could not be told */
	uint64_t charged_bytes;    /* what guests have or were promised */
	uint64_t shortfall_bytes;  /* by which reservations exceed capacity */
	uint64_t orders;           /* orders given, ever */
	uint64_t refused;          /* of them, refused by the backend */
	uint64_t moved_bytes;      /* memory seen to move, both ways */
	uint64_t lost_samples;     /* guest samples dropped as absurd */
	uint64_t lost_beats;       /* beats without an observation */
	uint64_t clamped;          /* orders the guard had to correct: a defect if not 0 */
	size_t guests_n;
	uint64_t spare_bytes;      /* of capacity, kept to be granted at once */
	uint64_t claimed_bytes;    /* kept for guests about to start */
	uint64_t held_bytes;       /* above entitlement, kept by holds */
	uint64_t reserved_bytes;   /* by guests, pools and claims together */
	uint32_t host_state;       /* enum balloon_host_state */
	uint32_t pad;
};

/* Copies the host's side of the last beat (struct_size set by the caller, else
 * -EINVAL). */
BALLOON_API int balloon_report(struct balloon *b, struct balloon_report *ret_report);

/* Copies the reports of at most n guests to ret_guests and returns how many
 * there are in all, in the order the backend lists them. stride is
 * sizeof(struct balloon_guest_report) in your program. Strings in them are the
 * handle's. -EINVAL: n, and nowhere to write to. */
BALLOON_API int balloon_guests(struct balloon *b, struct balloon_guest_report *ret_guests,
                               size_t stride, size_t n);

/*
 * A rung of the ladder: one way to have memory given back. The cheapest are used
 * first, and one that shows nothing within its deadline is left for the next.
 * Applied is what the host saw come, whatever a guest says it gave.
 */
struct balloon_rung {
	uint32_t means;          /* enum balloon_means */
	uint32_t price;          /* of its cheapest byte, in faults on a page still in memory
	                            (1); 0 = it offers nothing */
	uint64_t offered_bytes;  /* could be had by it */
	uint64_t ordered_bytes;  /* on their way */
	uint64_t applied_bytes;  /* came by it, ever; by sharing: are saved now */
	uint64_t refused_bytes;  /* were ordered and did not come in time, ever */
	uint64_t expected_ns;    /* until what is ordered is there, at the pace that was seen;
	                            UNKNOWN = none was seen yet */
	uint64_t deadline_ns;    /* how long it may show nothing */
};

/*
 * Copies the rungs of the ladder for one guest (name or UUID), or for all of the
 * host (NULL), to at most n ret_rungs of stride bytes each, in the order of enum
 * balloon_means. Returns how many there are, or -ENOENT.
 */
BALLOON_API int balloon_ladder(struct balloon *b, const char *guest,
                               struct balloon_rung *ret_rungs, size_t stride, size_t n);

/* What bore on a guest's target, as bits. */
enum balloon_clamp {
	BALLOON_CLAMP_RESERVATION = 1u << 0, /* raised to its reservation or floor */
	BALLOON_CLAMP_LIMIT = 1u << 1,       /* held down by its limit or size */
	BALLOON_CLAMP_CEILING = 1u << 2,     /* it could not take more */
	BALLOON_CLAMP_NODE = 1u << 3,        /* its NUMA nodes have no more */
	BALLOON_CLAMP_PIN = 1u << 4,         /* what it keeps cannot be had */
	BALLOON_CLAMP_HOLD = 1u << 5,        /* somebody holds it */
	BALLOON_CLAMP_OVERRIDDEN = 1u << 6,  /* somebody does, but holds keep too much */
	BALLOON_CLAMP_SETTLE = 1u << 7,      /* too soon to turn around */
	BALLOON_CLAMP_DEADBAND = 1u << 8,    /* the difference is not worth an order */
	BALLOON_CLAMP_FREE = 1u << 9,        /* not enough was seen free */
	BALLOON_CLAMP_LEARNT = 1u << 10,     /* not again below where it began to suffer */
};

/* Where the figures come from that its entitlement rests on. */
enum balloon_source {
	BALLOON_SOURCE_NONE = 0, /* nowhere: all it has counts as active */
	BALLOON_SOURCE_GUEST,    /* the guest's own figures */
	BALLOON_SOURCE_HOST,     /* pages that the host saw referenced */
	BALLOON_SOURCE_CURVE,    /* its misses by size, beside either */
};

/* A decision with all that went into it. */
struct balloon_why {
	uint32_t struct_size;
	uint32_t rule;              /* enum balloon_reason: behind its target */
	uint32_t bound;             /* enum balloon_reason: behind its entitlement */
	uint32_t clamps;            /* enum balloon_clamp */
	uint32_t source;            /* enum balloon_source */
	uint32_t confidence_bp;     /* in its source: all for a curve and for fresh host figures,
	                               four fifths for fresh guest figures, fading to none
	                               when stale */
	uint64_t age_ns;            /* of its figures; UNKNOWN = never had any */
	uint64_t actual_bytes;
	uint64_t active_bytes;
	uint64_t need_bytes;        /* active and headroom; more where it is pressed */
	uint64_t reservation_bytes;
	uint64_t limit_bytes;
	uint64_t entitlement_bytes;
	uint64_t goal_bytes;        /* where it is led for now */
	uint64_t target_bytes;
	uint64_t capacity_bytes;
	uint64_t free_bytes;        /* of capacity, neither held nor promised */
	uint64_t wanted_bytes;      /* by others who are below their goals */
	uint64_t rivals;            /* how many they are */
	uint64_t again_ns;          /* from the last beat: when this is looked at again */
	uint64_t learnt_bytes;      /* what it had when it last began to suffer from being
	                               shrunk, wearing off; 0 = it never did */
};

/* Fills *ret_why (struct_size set by the caller, else -EINVAL) for a guest (name or
 * UUID; -ENOENT: it is not there). */
BALLOON_API int balloon_why(struct balloon *b, const char *guest, struct balloon_why *ret_why);

/*
 * The same as one English sentence with the numbers in it. Returns its length
 * like snprintf(), or -ENOENT.
 */
BALLOON_API int balloon_explain(struct balloon *b, const char *guest, char *ret_text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
