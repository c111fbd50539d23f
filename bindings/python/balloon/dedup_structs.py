# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structs of dedup.h, field by field; see structs.py."""
from typing import Annotated

from ._struct import I32, U32, U64, Maybe, Struct, Text, bits, struct
from .words import DedupFlags, FiguresFlags, ReadingFlags


@struct("balloon_dedup_options")
class COptions(Struct):
    struct_size: U32
    flags: Annotated[DedupFlags, bits(DedupFlags)]
    sample_one_in: U32
    sharers_max: U32
    group_bytes: U64
    pages_hint: U64


@struct("balloon_dedup_reading")
class CReading(Struct):
    struct_size: U32
    flags: Annotated[ReadingFlags, bits(ReadingFlags)]
    part: U32
    parts: U32
    node: I32 = -1
    pad: U32


@struct("balloon_dedup_figures")
class Figures(Struct):
    """What was found of a guest, a group or all."""
    struct_size: U32
    flags: Annotated[FiguresFlags, bits(FiguresFlags)]
    guests: U32
    sample_one_in: U32
    name: Text
    group: Text
    present_bytes: U64
    mergeable_bytes: U64
    zero_bytes: U64
    filled_bytes: U64
    distinct_bytes: U64
    saved_bytes: U64
    saved_low_bytes: U64
    saved_high_bytes: U64
    inside_bytes: U64
    across_bytes: U64
    saved_filled_bytes: U64
    saved_mergeable_bytes: U64
    huge_pages: U64
    huge_broken: U64
    stable_bp: Maybe
    swapped_bytes: U64
    zero_mapped_bytes: U64
    lost_bytes: U64
    memory_bytes: U64
    ksm_sharing_pages: U64
    ksm_shared_pages: U64
    ksm_unshared_pages: U64


@struct("balloon_dedup_yield")
class Yield(Struct):
    """What an arbiter may count on from merging one guest's pages, and its price."""
    struct_size: U32
    pad: U32
    shareable_bytes: U64
    low_bytes: U64
    high_bytes: U64
    cost_ns: U64
    ns_per_mib: Maybe
    takes_ns: Maybe
    huge_broken: U64
