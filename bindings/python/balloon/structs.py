# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structs of balloon.h and backend.h, field by field.

tests/python/layout_test.py holds every line against the headers. None is a number
that nobody knows. Units are in the names, as there."""
import ctypes
from typing import Annotated, Any

from ._struct import (I32, U32, U64, Address, Kind, Maybe, Size, Struct, Text, bits, struct, word)
from .words import (Clamp, Fixed, HoldMode, HostState, Means, ProfileFlags, Reason, SampleFlags,
                    Source, State, Trait)


def to(pointed: Any) -> Kind:
    return Kind(ctypes.POINTER(pointed))


LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)

# ---------------------------------------------------------------- balloon.h


@struct("balloon_claimant")
class Claimant(Struct):
    """One of those among whom capacity is divided; see entitle()."""
    shares: U64
    active_bytes: Maybe = None
    reservation_bytes: U64
    limit_bytes: Maybe = None


@struct("balloon_floor_point")
class FloorPoint(Struct):
    """A point of a floor curve."""
    size_bytes: U64
    floor_bytes: U64


@struct("balloon_allocation")
class CAllocation(Struct):
    struct_size: U32
    pad: U32
    shares: Maybe = None
    reservation_bytes: Maybe = None
    limit_bytes: Maybe = None
    pool: Text
    tax_bp: U32
    flags: U32
    floors: Annotated[Any, to(FloorPoint)]
    floors_n: U64
    reserved: Annotated[Any, Kind(ctypes.c_uint64 * 6)]


@struct("balloon_pool")
class CPool(Struct):
    struct_size: U32
    flags: U32
    name: Text
    parent: Text
    shares: Maybe = None
    reservation_bytes: Maybe = None
    limit_bytes: Maybe = None


@struct("balloon_named_allocation")
class CNamedAllocation(Struct):
    guest: Text
    allocation: Annotated[CAllocation, Kind(CAllocation)]


@struct("balloon_profile")
class Profile(Struct):
    """The constants of a policy; take one with profile() and change what you want to."""
    struct_size: U32
    tax_bp: U32
    headroom_bp: U32
    balloon_max_bp: U32
    pool_bp: U32
    deadband_bp: U32
    shrink_step_bp: U32
    pressed_bp: U32
    beat_ns: U64
    fast_ns: U64
    slow_ns: U64
    stale_ns: U64
    stuck_ns: U64
    settle_ns: U64
    boot_ns: U64
    hold_max_bp: U32
    flags: Annotated[ProfileFlags, bits(ProfileFlags)]


@struct("balloon_policy")
class CPolicy(Struct):
    struct_size: U32
    pad: U32
    profile: Annotated[Any, to(Profile)]
    budget_bytes: Maybe = None
    reserve_bytes: Maybe = None
    fallback: Annotated[CAllocation, Kind(CAllocation)]
    guests: Annotated[Any, to(CNamedAllocation)]
    guests_n: Size
    pools: Annotated[Any, to(CPool)]
    pools_n: Size


@struct("balloon_options")
class COptions(Struct):
    struct_size: U32
    flags: U32
    uri: Text
    backend: Address
    policy: Annotated[Any, to(CPolicy)]
    log: Annotated[Any, Kind(LOG)]
    log_arg: Address
    error_text: Address
    error_size: Size


@struct("balloon_request")
class Request(Struct):
    """What a guest about to start asks for."""
    struct_size: U32
    pad: U32
    pool: Text
    reservation_bytes: U64
    overhead_bytes: U64
    size_bytes: Maybe = None


@struct("balloon_hold")
class CHold(Struct):
    struct_size: U32
    mode: Annotated[HoldMode, word(HoldMode)]
    owner: Text
    reason: Text
    until_ns: U64


@struct("balloon_guest_report")
class GuestReport(Struct):
    """How one guest is doing, and what it was told."""
    key: U64
    name: Text
    uuid: Text
    size_bytes: Maybe
    actual_bytes: U64
    target_bytes: U64
    entitlement_bytes: U64
    active_bytes: U64
    need_bytes: U64
    shares: U64
    reservation_bytes: U64
    limit_bytes: U64
    age_ns: Maybe
    lag_ns: U64
    state: Annotated[State, word(State)]
    reason: Annotated[Reason, word(Reason)]
    fixed: Annotated[Fixed, word(Fixed)]
    order_rc: I32
    orders: U64
    lost_samples: U64
    resident_bytes: Maybe
    kept_bytes: Maybe
    means: U32
    pad: U32
    note: Text


@struct("balloon_report")
class Report(Struct):
    """The host's side of the last beat."""
    struct_size: U32
    dry_run: U32
    beat: U64
    now_ns: U64
    total_bytes: Maybe
    available_bytes: Maybe
    reserve_bytes: U64
    capacity_bytes: Maybe
    charged_bytes: U64
    shortfall_bytes: U64
    orders: U64
    refused: U64
    moved_bytes: U64
    lost_samples: U64
    lost_beats: U64
    clamped: U64
    guests_n: Size
    spare_bytes: U64
    claimed_bytes: U64
    held_bytes: U64
    reserved_bytes: U64
    host_state: Annotated[HostState, word(HostState)]
    pad: U32


@struct("balloon_rung")
class Rung(Struct):
    """One way to have memory given back, and what it gave."""
    means: Annotated[Means, word(Means)]
    price: U32
    offered_bytes: U64
    ordered_bytes: U64
    applied_bytes: U64
    refused_bytes: U64
    expected_ns: Maybe
    deadline_ns: U64


@struct("balloon_why")
class Why(Struct):
    """A decision with all that went into it."""
    struct_size: U32
    rule: Annotated[Reason, word(Reason)]
    bound: Annotated[Reason, word(Reason)]
    clamps: Annotated[Clamp, bits(Clamp)]
    source: Annotated[Source, word(Source)]
    confidence_bp: U32
    age_ns: Maybe
    actual_bytes: U64
    active_bytes: U64
    need_bytes: U64
    reservation_bytes: U64
    limit_bytes: U64
    entitlement_bytes: U64
    goal_bytes: Maybe
    target_bytes: U64
    capacity_bytes: Maybe
    free_bytes: Maybe
    wanted_bytes: U64
    rivals: U64
    again_ns: U64
    learnt_bytes: U64


# ---------------------------------------------------------------- backend.h


@struct("balloon_sample")
class Sample(Struct):
    """One guest as seen now."""
    key: U64
    name: Text
    uuid: Text
    flags: Annotated[SampleFlags, bits(SampleFlags)] = SampleFlags.RUNNING
    fixed: Annotated[Fixed, word(Fixed)]
    size_bytes: Maybe = None
    actual_bytes: Maybe = None
    total_bytes: Maybe = None
    available_bytes: Maybe = None
    unused_bytes: Maybe = None
    cache_bytes: Maybe = None
    swap_in_bytes: Maybe = None
    swap_out_bytes: Maybe = None
    major_faults: Maybe = None
    resident_bytes: Maybe = None
    active_bytes: Maybe = None
    serial: Maybe = None
    node_bytes: Address
    means: U32
    traits: Annotated[Trait, bits(Trait)]
    cold_bytes: Maybe = None
    compress_bp: Maybe = None
    swapped_bytes: Maybe = None
    refault_bytes: Maybe = None
    shared_bytes: Maybe = None
    shareable_bytes: Maybe = None
    stall_bp: Maybe = None
    misses: Address
    note: Text
    hold: U32
    pad: U32


@struct("balloon_node")
class Node(Struct):
    """A NUMA node of the host."""
    total_bytes: Maybe = None
    available_bytes: Maybe = None


@struct("balloon_sheet")
class CSheet(Struct):
    struct_size: U32
    stride: U32
    total_bytes: Maybe = None
    available_bytes: Maybe = None
    guests: Address
    guests_n: Size
    nodes: Address
    nodes_n: Size
    swap_bytes: Maybe = None
    swap_free_bytes: Maybe = None
    compress_free_bytes: Maybe = None
    stall_bp: Maybe = None


@struct("balloon_order")
class Order(Struct):
    """One number for one guest by one means: by the balloon, the size it shall have.
    rc is the answer, 0 or -errno. UNKNOWN lifts what other means had set."""
    key: U64
    target_bytes: U64
    rc: I32
    means: Annotated[Means, word(Means)]


OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p),
                        ctypes.c_void_p, ctypes.c_size_t)
CLOSE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
OBSERVE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(CSheet))
ORDER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(Order),
                         ctypes.c_size_t)
FD = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


@struct("balloon_backend")
class CBackend(Struct):
    struct_size: U32
    abi: U32
    name: Text
    open: Annotated[Any, Kind(OPEN)]
    close: Annotated[Any, Kind(CLOSE)]
    observe: Annotated[Any, Kind(OBSERVE)]
    order: Annotated[Any, Kind(ORDER)]
    fd: Annotated[Any, Kind(FD)]
    error: Annotated[Any, Kind(ERROR)]
