# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structs of sim.h, field by field; see structs.py."""
from typing import Annotated

from ._struct import I32, U32, U64, Maybe, Struct, Text, bits, struct, word
from .words import Fixed, SimFeatures, SimFlags


@struct("balloon_sim_host")
class CHost(Struct):
    struct_size: U32
    faults_bp: U32
    total_bytes: U64
    own_bytes: U64
    cache_bytes: U64
    capacity_bytes: Maybe = None
    seed: U64
    swap_bytes: U64
    compress_max_bytes: U64
    compress_bp: U32
    share_bp: U32
    nodes: U32
    features: Annotated[SimFeatures, bits(SimFeatures)]


@struct("balloon_sim_guest")
class CGuest(Struct):
    struct_size: U32
    fixed: Annotated[Fixed, word(Fixed)]
    name: Text
    size_bytes: U64
    actual_bytes: Maybe = None
    start_at_ns: U64
    boot_ns: U64
    swap_bytes: Maybe = None


@struct("balloon_sim_point")
class Point(Struct):
    """Demand at a moment, from the origin of the host's clock."""
    at_ns: U64
    demand_bytes: U64


@struct("balloon_sim_trace_file")
class CTraceFile(Struct):
    struct_size: U32
    speed: U32
    path: Text
    guests_max: Maybe = None
    skip_s: U64
    actual_bp: U64


@struct("balloon_sim_behaviour")
class Behaviour(Struct):
    """How a guest and its driver take orders and tell of themselves; see behaviour()."""
    struct_size: U32
    flags: Annotated[SimFlags, bits(SimFlags)]
    down_bytes_s: U64
    up_bytes_s: U64
    latency_ns: U64
    figures_period_ns: U64
    figures_delay_ns: U64
    noise_bp: U32
    refuse_rc: I32
    floor_bytes: U64
    free_floor_bytes: Maybe
    ceiling_bytes: Maybe
    stick_at_bytes: Maybe
    off_ns: U64
    on_ns: U64
    trickle_ns: U64
    claim_actual_bytes: U64
    flutter_bytes: U64
    spike_bytes: U64


@struct("balloon_sim_truth")
class Truth(Struct):
    """What a guest really has and what became of it."""
    struct_size: U32
    present: U32
    size_bytes: U64
    actual_bytes: U64
    actual_min_bytes: U64
    told_bytes: Maybe
    wants_bytes: U64
    used_bytes: U64
    cache_bytes: U64
    unmet_bytes: U64
    unmet_kib_s: U64
    resident_bytes: U64
    swap_in_bytes: U64
    swap_out_bytes: U64
    major_faults: U64
    oom_kills: U64
    orders: U64
    moves: U64
    reversals: U64
    refused: U64
    pressure_bp: U32
    lives: U32
    stall_bp: U32
    node: U32
    hot_bytes: U64
    cold_bytes: U64
    swapped_bytes: U64
    compressed_bytes: U64
    refault_bytes: U64
    shared_bytes: U64
    share_told: Maybe
    compress_told: Maybe
    swap_told: Maybe
    ceiling_told: Maybe
    means_orders: U64


@struct("balloon_sim_host_truth")
class HostTruth(Struct):
    """What became of a simulated host."""
    struct_size: U32
    away: U32
    guests_n: U64
    clock_ns: U64
    available_bytes: U64
    available_min_bytes: U64
    over_max_bytes: U64
    promised_bytes: U64
    promised_over_bytes: U64
    promised_over_max_bytes: U64
    promised_over_kib_s: U64
    wants_kib_s: U64
    unmet_kib_s: U64
    orders: U64
    moves: U64
    reversals: U64
    refused: U64
    oom_kills: U64
    swap_used_bytes: U64
    compress_used_bytes: U64
    shared_bytes: U64
    refault_bytes: U64
    means_orders: U64
    stall_bp: U32
