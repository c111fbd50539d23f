# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words of the headers: every enum there, by the same names.

str() of a state or a reason is the library's own word for it ("stuck", "tax")."""
from enum import IntEnum, IntFlag
from typing import Dict, Tuple, Type, Union

from ._library import call


class Spoken(IntEnum):
    """A value that the library has a word for."""
    def __str__(self) -> str:
        word: bytes = call(SPOKEN[type(self)])(int(self))
        return word.decode()

    @property
    def word(self) -> str:
        return str(self)


class Means(Spoken):
    BALLOON = 0
    SHARE = 1
    COMPRESS = 2
    SWAP = 3
    CEILING = 4


class State(Spoken):
    OK = 0
    BOOTING = 1
    PRESSED = 2
    STALE = 3
    STUCK = 4
    FIXED = 5
    PAUSED = 6


class HostState(Spoken):
    UNKNOWN = 0
    HIGH = 1
    CLEAR = 2
    SOFT = 3
    HARD = 4
    LOW = 5


class Fixed(Spoken):
    NOT = 0
    NO_DEVICE = 1
    NO_DRIVER = 2
    PASSTHROUGH = 3
    HUGEPAGES = 4
    LOCKED = 5
    OTHER = 6


class Reason(Spoken):
    NONE = 0
    PLENTY = 1
    SHARE = 2
    TAX = 3
    RESERVATION = 4
    LIMIT = 5
    STEP = 6
    WAIT = 7
    SETTLE = 8
    STEADY = 9
    STALE = 10
    STUCK = 11
    BOOT = 12
    FIXED = 13
    PRESSED = 14
    RELEASED = 15
    HOLD = 16
    LENT = 17
    NODE = 18
    BLIND = 19
    LEARNT = 20
    MISSES = 21


SPOKEN: Dict[type, str] = {
    Means: "balloon_means_name",
    State: "balloon_state_name",
    HostState: "balloon_host_state_name",
    Fixed: "balloon_fixed_name",
    Reason: "balloon_reason_name",
}


class AllocationFlags(IntFlag):
    TAX = 1 << 0


class PoolFlags(IntFlag):
    EXPANDABLE = 1 << 0


class ProfileFlags(IntFlag):
    PROGRESSIVE_TAX = 1 << 0
    LEND = 1 << 1
    SHARE = 1 << 2


class OpenFlags(IntFlag):
    DRY_RUN = 1 << 0


class HoldMode(IntEnum):
    FREEZE = 0
    KEEP = 1
    FULL = 2


class Clamp(IntFlag):
    RESERVATION = 1 << 0
    LIMIT = 1 << 1
    CEILING = 1 << 2
    NODE = 1 << 3
    PIN = 1 << 4
    HOLD = 1 << 5
    OVERRIDDEN = 1 << 6
    SETTLE = 1 << 7
    DEADBAND = 1 << 8
    FREE = 1 << 9
    LEARNT = 1 << 10


class Source(IntEnum):
    NONE = 0
    GUEST = 1
    HOST = 2
    CURVE = 3


class SampleFlags(IntFlag):
    RUNNING = 1 << 0


class Trait(IntFlag):
    REPORTING = 1 << 0
    DEFLATE_ON_OOM = 1 << 1
    NO_FIGURES = 1 << 2


class SimFeatures(IntFlag):
    CEILINGS = 1 << 0
    TELLS_STALL = 1 << 1
    TELLS_MISSES = 1 << 2


class Restart(IntEnum):
    RESTART = 0
    RESET = 1


class SimFlags(IntFlag):
    STICK = 1 << 0
    STUTTER = 1 << 1
    TRICKLE = 1 << 2
    REFUSE = 1 << 3
    DEAF = 1 << 4
    HUNG = 1 << 5
    CLAIM_FULL = 1 << 6
    CLAIM_EMPTY = 1 << 7
    CLAIM_ABSURD = 1 << 8
    CLAIM_TARGET = 1 << 9
    CLAIM_ACTUAL = 1 << 10
    STALE = 1 << 11
    SILENT = 1 << 12
    DRIVERLESS = 1 << 13
    RETAKE = 1 << 14
    FLUTTER = 1 << 15
    INHIBITED = 1 << 16
    PAUSED = 1 << 17
    SPIKES = 1 << 18
    TOUCHES_ALL = 1 << 19
    DIES = 1 << 20


class DedupFlags(IntFlag):
    LINES = 1 << 0


class PageFlags(IntFlag):
    MERGEABLE = 1 << 0
    HUGE = 1 << 1


class ReadingFlags(IntFlag):
    MERGEABLE_ONLY = 1 << 0
    COPY = 1 << 1


class FiguresFlags(IntFlag):
    EXACT = 1 << 0


ENUMS: Dict[str, Tuple[Type[Union[IntEnum, IntFlag]], str]] = {
    "balloon_means": (Means, "BALLOON_MEANS_"),
    "balloon_state": (State, "BALLOON_STATE_"),
    "balloon_host_state": (HostState, "BALLOON_HOST_"),
    "balloon_fixed": (Fixed, "BALLOON_FIXED_"),
    "balloon_reason": (Reason, "BALLOON_REASON_"),
    "balloon_allocation_flags": (AllocationFlags, "BALLOON_ALLOCATION_"),
    "balloon_pool_flags": (PoolFlags, "BALLOON_POOL_"),
    "balloon_profile_flags": (ProfileFlags, "BALLOON_PROFILE_"),
    "balloon_open_flags": (OpenFlags, "BALLOON_OPEN_"),
    "balloon_hold_mode": (HoldMode, "BALLOON_HOLD_"),
    "balloon_clamp": (Clamp, "BALLOON_CLAMP_"),
    "balloon_source": (Source, "BALLOON_SOURCE_"),
    "balloon_sample_flags": (SampleFlags, "BALLOON_SAMPLE_"),
    "balloon_trait": (Trait, "BALLOON_TRAIT_"),
    "balloon_sim_features": (SimFeatures, "BALLOON_SIM_"),
    "balloon_sim_restart": (Restart, "BALLOON_SIM_"),
    "balloon_sim_flags": (SimFlags, "BALLOON_SIM_"),
    "balloon_dedup_flags": (DedupFlags, "BALLOON_DEDUP_"),
    "balloon_dedup_page_flags": (PageFlags, "BALLOON_DEDUP_"),
    "balloon_dedup_reading_flags": (ReadingFlags, "BALLOON_DEDUP_"),
    "balloon_dedup_figures_flags": (FiguresFlags, "BALLOON_DEDUP_FIGURES_"),
}
"""Each enum of the headers, its class here, and what its constants begin with."""
