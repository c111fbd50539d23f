/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a target to Hyper-V's levers. Pure: numbers in, numbers out. Everything
 * is in MiB here, as Hyper-V counts.
 *
 * Hyper-V has no call for a target. A guest with dynamic memory is kept at
 *
 *	clamp(demand * (1 + TargetMemoryBuffer / 100), Reservation, Limit)
 *
 * while memory lasts, and at Reservation and a part of the rest by Weight when
 * it does not; so a target becomes a buffer (and a weight). While it runs its
 * Limit can only go up and its Reservation only down. A static guest has what
 * VirtualQuantity says, which moves while it runs from Windows Server 2016 on.
 */
#ifndef BL_HYPERV_STEER_H
#define BL_HYPERV_STEER_H

#include <stdbool.h>
#include <stdint.h>

#define BL_HYPERV_UNKNOWN UINT64_MAX

enum bl_hyperv_lever {
	BL_HYPERV_BUFFER = 1u << 0,
	BL_HYPERV_WEIGHT = 1u << 1,
	BL_HYPERV_RESERVATION = 1u << 2,
	BL_HYPERV_LIMIT = 1u << 3,
	BL_HYPERV_QUANTITY = 1u << 4,
};

/* A guest's Msvm_MemorySettingData. */
struct bl_hyperv_memory {
	char device[128]; /* InstanceID */
	bool dynamic;
	bool huge_pages, sgx, swap_in_use;
	uint64_t reservation, limit, quantity;
	uint64_t weight, buffer;
};

/* New values for the levers in set. */
struct bl_hyperv_change {
	uint32_t set; /* enum bl_hyperv_lever */
	uint64_t reservation, limit, quantity;
	uint64_t weight, buffer;
};

enum bl_hyperv_caps {
	BL_HYPERV_CAN_TARGET = 1u << 0, /* has what it is told (static) */
	BL_HYPERV_CAN_BOUNDS = 1u << 1, /* is led there by bounds and buffer (dynamic) */
	BL_HYPERV_CAN_SHRINK = 1u << 2,
	BL_HYPERV_CAN_GROW = 1u << 3,
};

/* Why a guest is not led to just where it was told to go. */
enum bl_hyperv_snag {
	BL_HYPERV_NO_SNAG = 0,
	BL_HYPERV_NO_DEMAND,   /* nobody knows its demand: its driver does not say */
	BL_HYPERV_AT_MINIMUM,  /* Reservation can only be lowered, and we may not */
	BL_HYPERV_AT_MAXIMUM,  /* Limit can only be raised, and we may not, or no further */
	BL_HYPERV_AT_DEMAND,   /* Hyper-V gives its demand and at least 5 % */
	BL_HYPERV_AT_BUFFER,   /* and at most 21 times its demand */
	BL_HYPERV_PAGING,      /* Smart Paging is in use: nobody is shrunk on this host */
	BL_HYPERV_NO_LEVER,    /* static, and the host or its configuration is too old */
};

struct bl_hyperv_rules {
	bool resizes;             /* host is 2016 or later */
	bool paging;              /* Smart Paging in use by any guest of it */
	bool lower_reservation;   /* permissions, since neither can be undone */
	uint64_t raise_limit;     /* so far; 0 = never */
	uint64_t weight_unit;     /* see bl_hyperv_weight_unit(); 0 = leave weights alone */
};

struct bl_hyperv_case {
	const struct bl_hyperv_memory *now;
	uint64_t version;         /* of the guest's configuration */
	uint64_t usage, demand;   /* UNKNOWN where not known */
	uint64_t target;
	bool fresh;               /* the target is new: be exact; else let small drifts be */
};

struct bl_hyperv_course {
	struct bl_hyperv_change change;  /* set = 0: all stands as it should */
	enum bl_hyperv_snag snag;
	uint64_t floor, ceiling;  /* what can be reached; UNKNOWN where not known */
	uint64_t expected;        /* where it will be */
};

uint32_t bl_hyperv_caps(const struct bl_hyperv_memory *m, uint64_t version,
                        const struct bl_hyperv_rules *rules);

/* What the guest works with: usage less what is available, of which available_pct is
 * known in whole percent of usage; INT32_MAX is not known. */
uint64_t bl_hyperv_demand(uint64_t usage, int64_t available_pct);

/*
 * The same to the MiB, for a guest that has come to rest where its buffer leads it:
 *
 *	demand = usage / (1 + buffer / 100)
 *
 * as long as that agrees with demand, which is rounded to a percent of usage.
 */
uint64_t bl_hyperv_demand_at_rest(uint64_t usage, uint64_t buffer, uint64_t demand);

/*
 * Weights are relative: what 10000 stands for on this host. The power of two
 * keeps it where it is while targets move a little.
 */
uint64_t bl_hyperv_weight_unit(uint64_t largest_spare);

void bl_hyperv_steer(const struct bl_hyperv_case *c, const struct bl_hyperv_rules *rules,
                     struct bl_hyperv_course *ret_course);

#endif
